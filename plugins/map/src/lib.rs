//! `map`: sets fields by expressions; keeps and drops fields.
//!
//! ```toml
//! [component.minutes]
//! plugin = "map"
//! config = { set = { minute = "truncate(time, duration('1m'))", failed = "status >= 500" }, keep = ["status"] }
//! inputs = [{ from = "log", grouping = "local-or-shuffle" }]
//! ```
//!
//! Emits the fields of the input, without those in `drop`, or only those in `keep`, and then those that `set` adds,
//! sorted by name. A field that is set anew takes the place of the old one. Expressions see the tuple as it came.
//!
//! Expressions are [CEL](https://cel.dev): `bool`, `int` (a field of i64), `double` (f64), `string`, `bytes`, `timestamp`
//! and lists of them; an absent value is `null`. Beyond the standard there are the functions of its string extension
//! (`lowerAscii`, `replace`, `split`, `substring` …) and `truncate(time, duration('1m'))`, `formatTime(time, '%H:%M')`,
//! `parseTime(text, '%d/%b/%Y:%H:%M:%S %z')`. They are checked before the topology starts; the type of a field that is
//! set is that of its expression. A tuple on which one fails is rejected with the reason.

use expressions::{Evaluator, Expression};
use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::FrameBuilder;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Schema, serde_json,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// So many rows become a frame at a time.
const PART_ROWS: usize = 4_096;

#[derive(Debug, Default, Deserialize)]
struct Config {
    #[serde(default)]
    set: BTreeMap<String, String>,
    keep: Option<Vec<String>>,
    drop: Option<Vec<String>>,
}

/// Where a field of the output comes from.
#[derive(Debug)]
enum Source {
    /// A column of the input.
    Column(usize),
    Expression(Expression),
}

/// The output, field by field. It is the same for an input that has only the fields that are [`read`].
fn plan(configuration: &serde_json::Value, input: &InputStream) -> Result<Vec<(Field, Source)>, ConfigError> {
    let config = Config::deserialize(configuration).map_err(|error| {
        ConfigError::new(
            "set",
            format!("expected {{ FIELD = \"EXPRESSION\", … }}, and lists of names to keep or drop: {error}"),
        )
    })?;
    if config.keep.is_some() && config.drop.is_some() {
        return Err(ConfigError::new("drop", "keep is set as well; choose one of them"));
    }
    for (key, names) in [("keep", &config.keep), ("drop", &config.drop)] {
        for name in names.iter().flatten() {
            inputs::field(input, key, name)?;
        }
    }
    let stays = |field: &Field| match (&config.keep, &config.drop) {
        (Some(keep), _) => keep.contains(&field.name),
        (_, Some(drop)) => !drop.contains(&field.name),
        _ => true,
    };
    let set = |name: &str, source: &str| {
        let error = |message| ConfigError::new("set", format!("{name}: {message}"));
        let expression = Expression::new(source, &input.schema).map_err(error)?;
        Ok((expression.field(name).map_err(error)?, Source::Expression(expression)))
    };
    let mut plan = Vec::new();
    let mut added = config.set.clone();
    for (column, field) in input.schema.fields.iter().enumerate() {
        if let Some(source) = added.remove(&field.name) {
            plan.push(set(&field.name, &source)?);
        } else if stays(field) {
            plan.push((field.clone(), Source::Column(column)));
        }
    }
    for (name, source) in &added {
        plan.push(set(name, source)?);
    }
    Ok(plan)
}

/// The fields of the input that the output depends on. Those that are dropped stay among them: the plan is made again
/// from these, and names them.
fn read(configuration: &serde_json::Value, input: &InputStream, plan: &[(Field, Source)]) -> Schema {
    let drops = |name: &str| configuration["drop"].as_array().is_some_and(|drop| drop.iter().any(|drop| drop == name));
    let is_read = |field: &&Field| {
        let by = |(output, source): &(Field, Source)| match source {
            Source::Expression(expression) => output.name == field.name || expression.reads(&field.name),
            Source::Column(_) => output.name == field.name,
        };
        plan.iter().any(by) || drops(&field.name)
    };
    Schema::new(input.schema.fields.iter().filter(is_read).cloned().collect::<Vec<_>>())
}

/// The bolt.
#[derive(Debug)]
pub struct Map {
    input: Schema,
    plan: Vec<Source>,
    frame: FrameBuilder,
    anchors: Vec<u32>,
}

impl BatchBolt for Map {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional(
                "set",
                ConfigKind::Json,
                "fields and the expressions they are set to: { minute = \"…\" }",
            ),
            ConfigKey::optional("keep", ConfigKind::Texts, "the fields of the input that stay; by default all"),
            ConfigKey::optional("drop", ConfigKind::Texts, "the fields of the input that do not stay"),
        ]
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let input = inputs::single(inputs, "map")?;
        let plan = plan(configuration, input)?;
        let read = read(configuration, input, &plan);
        let fields: Vec<Field> = plan.into_iter().map(|(field, _)| field).collect();
        let outputs = vec![OutputStream::default_stream(Schema::new(fields))];
        Ok(Description { inputs: vec![read], outputs, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let input = inputs::single(&context.inputs, "map")?;
        let (fields, plan): (Vec<Field>, _) = plan(&context.configuration, input)?.into_iter().unzip();
        let frame = FrameBuilder::new(&Schema::new(fields));
        Ok(Map { input: input.schema.clone(), plan, frame, anchors: Vec::new() })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let mut failed = BTreeMap::new();
        for start in (0..frame.rows()).step_by(PART_ROWS) {
            let part = start..frame.rows().min(start + PART_ROWS);
            self.build(frame, part.clone(), &mut failed)?;
            // A rejected row makes the host call again without it: what was built is of no use then.
            if failed.is_empty() {
                self.anchors.clear();
                self.anchors.extend(part.start as u32..part.end as u32);
                out.emit_frame(0, self.frame.finish()?, Anchors::PerRow(&self.anchors));
            }
        }
        for (row, reason) in &failed {
            out.reject(*row, reason);
        }
        Ok(())
    }
}

impl Map {
    /// Builds the output of some rows; collects those that fail, with the reason.
    fn build(
        &mut self,
        frame: &FrameView<'_>,
        rows: Range<usize>,
        failed: &mut BTreeMap<usize, String>,
    ) -> Result<(), Error> {
        let evaluator = Evaluator::new(&self.input, frame);
        self.frame.clear();
        self.frame.end_rows(rows.len());
        for (column, source) in self.plan.iter().enumerate() {
            let to = self.frame.column(column);
            match source {
                Source::Column(from) => columns::append(&frame.column(*from), rows.clone(), to)?,
                Source::Expression(expression) => {
                    for row in rows.clone() {
                        if let Err(reason) = evaluator.push(expression, row, to) {
                            failed.entry(row).or_insert(reason);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Map);

#[cfg(test)]
mod tests;
