//! `count`: how often each key was seen.
//!
//! ```toml
//! [component.count]
//! plugin = "count"
//! config = { emit = "final" }
//! inputs = [{ from = "split", grouping = "fields", fields = ["word"] }]
//! ```
//!
//! The key is what the fields grouping groups by, or the fields that `fields` names (none at all counts everything).
//! Emits the key's fields and `count: i64`: with `emit = "every"` one tuple for each that comes in, with the count so
//! far; with `emit = "final"` one for each key once all inputs have ended. `into` is another name for `count`.
//!
//! The counts are the host's: a table `count` with a value for each key. The host passes the values of a batch's keys
//! with the batch and takes them back changed, so there is no map here and no look-up. Without a fields grouping
//! each task counts what it gets.

use columns::append;
use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::FrameBuilder;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Scalar, Schema, TableSpec,
};
use serde::Deserialize;
use std::ops::Range;

/// About so much is read of the table at a time, in bytes.
const SCAN_BYTES: usize = 64 << 10;

/// A frame larger than this goes out in parts: with the counts it might not fit one.
const PART_BYTES: usize = 4 << 20;

#[derive(Debug, Deserialize)]
struct Config {
    fields: Option<Vec<String>>,
    emit: Option<String>,
    into: Option<String>,
}

impl Config {
    fn read(configuration: &petrel_sdk::serde_json::Value) -> Result<Config, ConfigError> {
        Config::deserialize(configuration).map_err(|error| ConfigError::general(error.to_string()))
    }

    fn emits_final(&self) -> Result<bool, ConfigError> {
        match self.emit.as_deref() {
            None | Some("every") => Ok(false),
            Some("final") => Ok(true),
            Some(other) => Err(ConfigError::new("emit", format!("\"{other}\" is none; choose \"every\" or \"final\""))),
        }
    }

    /// The key's fields in an input.
    fn key(&self, input: &InputStream) -> Result<Schema, ConfigError> {
        let names = match &self.fields {
            Some(names) => names,
            None if input.key.is_empty() => {
                return Err(ConfigError::new(
                    "fields",
                    format!("say what to count: give {} a fields grouping, or name the fields here", input.stream),
                ));
            }
            None => &input.key,
        };
        let fields: Vec<Field> =
            names.iter().map(|name| inputs::field(input, "fields", name).cloned()).collect::<Result<_, _>>()?;
        match fields.iter().find(|field| field.list || !field.scalar.is_key()) {
            Some(field) => Err(ConfigError::new(
                "fields",
                format!("{field} of {} can be no key: lists and f64 cannot", input.stream),
            )),
            None => Ok(Schema::new(fields)),
        }
    }
}

/// The bolt.
#[derive(Debug)]
pub struct Count {
    emits_final: bool,
    inputs_open: usize,
    output: Schema,
    frame: FrameBuilder,
    counts: Vec<i64>,
    so_far: Vec<i64>,
    anchors: Vec<u32>,
}

impl BatchBolt for Count {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional(
                "fields",
                ConfigKind::Texts,
                "the fields to count by; by default those of the fields grouping",
            ),
            ConfigKey::with_default(
                "emit",
                ConfigKind::Text,
                "every",
                "\"every\": the count so far for each tuple; \"final\": each key's count at the end",
            ),
            ConfigKey::with_default("into", ConfigKind::Text, "count", "the name of the field that holds the count"),
        ]
    }

    fn describe(
        configuration: &petrel_sdk::serde_json::Value,
        inputs: &[InputStream],
    ) -> Result<Description, ConfigError> {
        let config = Config::read(configuration)?;
        config.emits_final()?;
        let keys: Vec<Schema> = inputs.iter().map(|input| config.key(input)).collect::<Result<_, _>>()?;
        let Some(key) = keys.first() else { return Err(ConfigError::general("count needs an input")) };
        if let Some(other) = keys.iter().find(|other| *other != key) {
            return Err(ConfigError::general(format!("the inputs have different keys, ({key}) and ({other})")));
        }
        let into = config.into.as_deref().unwrap_or("count");
        if key.position(into).is_some() {
            return Err(ConfigError::new(
                "into",
                format!("`{into}` is already a field of the key; choose another name"),
            ));
        }
        let mut fields = key.fields.clone();
        fields.push(Field::new(into, Scalar::I64));
        Ok(Description {
            outputs: vec![OutputStream::default_stream(Schema::new(fields))],
            tables: vec![TableSpec::value("count", Scalar::I64)],
            state_key: key.fields.iter().map(|field| field.name.clone()).collect(),
            inputs: keys,
            ..Description::default()
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let output = Count::describe(&context.configuration, &context.inputs)?.outputs.swap_remove(0).schema;
        Ok(Count {
            emits_final: Config::read(&context.configuration)?.emits_final()?,
            inputs_open: context.inputs.len(),
            frame: FrameBuilder::new(&output),
            output,
            counts: Vec::new(),
            so_far: Vec::new(),
            anchors: Vec::new(),
        })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        state: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        state.read_i64s(0, 0, &mut self.counts);
        if self.emits_final {
            for &key in state.key_of_row() {
                self.counts[key as usize] += 1;
            }
        } else {
            self.so_far.clear();
            for &key in state.key_of_row() {
                let count = &mut self.counts[key as usize];
                *count += 1;
                self.so_far.push(*count);
            }
            let part = if frame.bytes().len() <= PART_BYTES { frame.rows() } else { 1_000 };
            for start in (0..frame.rows()).step_by(part.max(1)) {
                self.emit(frame, start..frame.rows().min(start + part), out)?;
            }
        }
        state.put_i64s(0, &self.counts)
    }

    fn on_end(&mut self, _: usize, state: &mut BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        self.inputs_open = self.inputs_open.saturating_sub(1);
        if !self.emits_final || self.inputs_open > 0 {
            return Ok(());
        }
        let (mut from, mut rows) = (0, 1_000);
        loop {
            let (next, block) = state.scan(0, from, rows)?;
            let counts = FrameView::parse(&block)?;
            if counts.rows() == 0 {
                return Ok(());
            }
            counts.expect(&self.output)?;
            out.emit_frame(0, &block, Anchors::All);
            let row_bytes = block.len().div_ceil(counts.rows());
            (from, rows) = (next, (SCAN_BYTES / row_bytes).clamp(1, 10_000) as u32);
        }
    }
}

impl Count {
    /// Emits the keys of some rows with their counts so far.
    fn emit(&mut self, frame: &FrameView<'_>, rows: Range<usize>, out: &mut Outputs) -> Result<(), Error> {
        self.frame.clear();
        for column in 0..frame.columns() {
            append(&frame.column(column), rows.clone(), self.frame.column(column))?;
        }
        self.frame.column(frame.columns()).extend_i64s(&self.so_far[rows.clone()]);
        if out.tracking() {
            self.anchors.clear();
            self.anchors.extend(rows.start as u32..rows.end as u32);
        }
        out.emit_frame(0, self.frame.finish()?, Anchors::PerRow(&self.anchors));
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Count);

#[cfg(test)]
mod tests;
