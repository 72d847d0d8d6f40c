//! `top`: the tuples with the greatest value of a field.
//!
//! ```toml
//! [component.top]
//! plugin = "top"
//! config = { k = 10, by = "count" }
//! inputs = [{ from = "count", grouping = "global" }]
//! ```
//!
//! Emits the `k` tuples whose field `by` is greatest, greatest first, as they came and with `rank: i64` from 1 on: once
//! when its input has ended, and with `tick_ms` set for the component also at every tick. Of equal ones those come first
//! whose other fields sort lower. An absent value is no candidate.
//!
//! With `key` (a list of fields) a tuple takes the place of an earlier one with the same values of them: that is what
//! counts that grow need (`count` with `emit = "every"`). Values that fall are not followed: what was pushed out of
//! the `k` is forgotten.
//!
//! What is kept is this task's: give it a global grouping for the top of everything, or a fields grouping and another
//! `top` after it for many tuples. The host keeps it as state, at most `k` tuples.

mod ranking;

use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::{FrameBuf, FrameBuilder, Value};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Scalar, Schema, TableSpec, serde_json,
};
use ranking::Ranking;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Config {
    k: i64,
    by: String,
    #[serde(default)]
    key: Vec<String>,
}

/// The most tuples that may be kept: they travel with every batch.
const K_MAX: i64 = 10_000;

fn ranking(configuration: &serde_json::Value, input: &InputStream) -> Result<Ranking, ConfigError> {
    let config = Config::deserialize(configuration).map_err(|error| ConfigError::general(error.to_string()))?;
    if !(1..=K_MAX).contains(&config.k) {
        return Err(ConfigError::new("k", format!("{} tuples cannot be kept, but 1 to {K_MAX}", config.k)));
    }
    let by = inputs::field(input, "by", &config.by)?;
    if by.list || !matches!(by.scalar, Scalar::I64 | Scalar::F64 | Scalar::Timestamp) {
        return Err(ConfigError::new("by", format!("{by} has no size: it must be i64, f64 or timestamp")));
    }
    let column = |name: &str| input.schema.position(name).expect("the field was found");
    let mut key = Vec::new();
    for name in &config.key {
        let field = inputs::field(input, "key", name)?;
        if field.list {
            return Err(ConfigError::new("key", format!("{field} can be no key")));
        }
        key.push(column(name));
    }
    Ok(Ranking { k: config.k as usize, by: column(&config.by), key })
}

/// The bolt.
#[derive(Debug)]
pub struct Top {
    ranking: Ranking,
    frame: FrameBuilder,
    kept: FrameBuilder,
}

impl BatchBolt for Top {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::with_default("k", ConfigKind::Integer, 10, "how many tuples to keep"),
            ConfigKey::required("by", ConfigKind::Text, "the field whose greatest values are wanted"),
            ConfigKey::optional(
                "key",
                ConfigKind::Texts,
                "fields of which a later tuple replaces an earlier one with the same values",
            ),
        ]
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let input = inputs::single(inputs, "top")?;
        ranking(configuration, input)?;
        if input.schema.position("rank").is_some() {
            return Err(ConfigError::general(format!(
                "{} has a field `rank` already; rename it in inputs",
                input.stream
            )));
        }
        let mut fields = input.schema.fields.clone();
        fields.push(Field::new("rank", Scalar::I64));
        Ok(Description {
            inputs: vec![input.schema.clone()],
            outputs: vec![OutputStream::default_stream(Schema::new(fields))],
            tables: vec![TableSpec::value("top", Scalar::Bytes)],
            ..Description::default()
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let output = Top::describe(&context.configuration, &context.inputs)?.outputs.swap_remove(0).schema;
        Ok(Top {
            ranking: ranking(&context.configuration, inputs::single(&context.inputs, "top")?)?,
            frame: FrameBuilder::new(&output),
            kept: FrameBuilder::new(&Schema::new([Field::new("top", Scalar::Bytes).optional()])),
        })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        state: &mut BatchState<'_>,
        _: &mut Outputs,
    ) -> Result<(), Error> {
        let best = kept(state);
        let best = best.as_deref().map(FrameView::parse).transpose()?;
        let Some(better) = self.ranking.merge(best.as_ref(), frame)? else { return Ok(()) };
        self.kept.clear();
        self.kept.column(0).push_bytes(&better);
        state.put(0, self.kept.finish()?)
    }

    fn on_tick(&mut self, _: i64, state: &mut BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        self.emit(state, out)
    }

    fn on_end(&mut self, _: usize, state: &mut BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        self.emit(state, out)
    }
}

impl Top {
    fn emit(&mut self, state: &BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        let Some(best) = kept(state) else { return Ok(()) };
        let best = FrameView::parse(&best)?;
        self.frame.clear();
        for column in 0..best.columns() {
            columns::append(&best.column(column), 0..best.rows(), self.frame.column(column))?;
        }
        let ranks = self.frame.column(best.columns());
        (1..=best.rows() as i64).for_each(|rank| ranks.push_i64(rank));
        out.emit_frame(0, self.frame.finish()?, Anchors::All);
        Ok(())
    }
}

/// The frame that the state holds.
fn kept(state: &BatchState<'_>) -> Option<FrameBuf> {
    match state.values(0)?.value(0) {
        Value::Bytes(frame) => Some(FrameBuf::from_slice(frame)),
        _ => None,
    }
}

petrel_sdk::export_batch_bolt!(Top);

#[cfg(test)]
mod tests;
