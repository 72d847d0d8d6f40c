//! `split`: lines to words.
//!
//! ```toml
//! [component.split]
//! plugin = "split"
//! inputs = [{ from = "lines", grouping = "shuffle" }]
//! ```
//!
//! Takes a field of `bytes` or `string`, the only one of its input or the one named by `field`, and emits `word` of the
//! same type. Words are what lies between ASCII white space: space, tab, newline, form feed and carriage return. No
//! byte of a word is changed; empty lines have no words.

use inputs::text_field;
use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::split::emit_words;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Schema,
};

/// The bolt.
#[derive(Debug)]
pub struct Split;

impl BatchBolt for Split {
    fn config_keys() -> Vec<ConfigKey> {
        vec![ConfigKey::optional(
            "field",
            ConfigKind::Text,
            "the field to split; needed where several are text or bytes",
        )]
    }

    fn describe(
        configuration: &petrel_sdk::serde_json::Value,
        inputs: &[InputStream],
    ) -> Result<Description, ConfigError> {
        let wanted = configuration["field"].as_str();
        let needs = inputs.iter().map(|input| text_field(input, wanted).cloned()).collect::<Result<Vec<Field>, _>>()?;
        let Some(first) = needs.first() else {
            return Err(ConfigError::general("split needs an input with a field of text to split"));
        };
        if let Some(other) = needs.iter().find(|field| field.scalar != first.scalar) {
            return Err(ConfigError::general(format!(
                "the inputs differ: {first} and {other}; words have one type, so split them with two components"
            )));
        }
        let words = Schema::new([Field::new("word", first.scalar)]);
        Ok(Description {
            inputs: needs.into_iter().map(|field| Schema::new([field])).collect(),
            outputs: vec![OutputStream::default_stream(words)],
            ..Description::default()
        })
    }

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Split)
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        emit_words(&frame.column(0), out.stream(0));
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Split);

#[cfg(test)]
mod tests;
