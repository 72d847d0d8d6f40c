//! `filter`: passes the tuples for which an expression is true.
//!
//! ```toml
//! [component.failed]
//! plugin = "filter"
//! config = { where = "status >= 500 && !path.startsWith('/health')" }
//! inputs = [{ from = "log", grouping = "local-or-shuffle" }]
//! ```
//!
//! The expression is [CEL](https://cel.dev) over the fields of the input; see the `map` plugin for its types and
//! functions. It is checked before the topology starts. A tuple on which it fails (a division by zero, a comparison
//! with an absent value) is rejected with the reason. Fields pass unchanged.

use expressions::{Evaluator, Expression};
use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, FrameView, InputStream, OutputStream, Schema,
    frame, serde_json,
};

/// The bolt.
#[derive(Debug)]
pub struct Filter {
    schema: Schema,
    condition: Expression,
    kept: Vec<u32>,
}

fn condition(configuration: &serde_json::Value, schema: &Schema) -> Result<Expression, ConfigError> {
    let Some(source) = configuration["where"].as_str() else {
        return Err(ConfigError::new("where", "say what to keep, such as \"status >= 500\""));
    };
    Expression::condition(source, schema).map_err(|message| ConfigError::new("where", message))
}

impl BatchBolt for Filter {
    fn config_keys() -> Vec<ConfigKey> {
        vec![ConfigKey::required("where", ConfigKind::Text, "what a tuple must be to pass: \"status >= 500\"")]
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let schema = &inputs::single(inputs, "filter")?.schema;
        condition(configuration, schema)?;
        let outputs = vec![OutputStream::default_stream(schema.clone())];
        Ok(Description { inputs: vec![schema.clone()], outputs, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let schema = inputs::single(&context.inputs, "filter")?.schema.clone();
        Ok(Filter { condition: condition(&context.configuration, &schema)?, schema, kept: Vec::new() })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let rows = Evaluator::new(&self.schema, frame);
        self.kept.clear();
        for row in 0..frame.rows() {
            match rows.truth(&self.condition, row) {
                Ok(true) => self.kept.push(row as u32),
                Ok(false) => {}
                Err(reason) => out.reject(row, &reason),
            }
        }
        if self.kept.len() == frame.rows() {
            out.emit_frame(0, frame.bytes(), Anchors::PerRow(&self.kept));
        } else if !self.kept.is_empty() {
            out.emit_frame(0, &frame::take(frame, &self.kept)?, Anchors::PerRow(&self.kept));
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Filter);

#[cfg(test)]
mod tests;
