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
//!
//! `poison = "TEXT"` makes it panic at a line that has this text in it: to try what becomes of a plugin that fails.

use inputs::text_field;
use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::Value;
use petrel_sdk::split::emit_words;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Schema,
};

/// The bolt.
#[derive(Debug)]
pub struct Split {
    poison: Option<Vec<u8>>,
}

impl BatchBolt for Split {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional(
                "field",
                ConfigKind::Text,
                "the field to split; needed where several are text or bytes",
            ),
            ConfigKey::optional(
                "poison",
                ConfigKind::Text,
                "a text: at a line with it in it it panics, to try how faults are handled",
            ),
        ]
    }

    fn describe(
        configuration: &petrel_sdk::serde_json::Value,
        inputs: &[InputStream],
    ) -> Result<Description, ConfigError> {
        if configuration["poison"].as_str() == Some("") {
            return Err(ConfigError::new("poison", "expected a text, found \"\", which is in every line"));
        }
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

    fn open(context: &Context) -> Result<Self, Error> {
        let poison = context.configuration["poison"].as_str().map(|word| word.as_bytes().to_vec());
        Ok(Split { poison })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        if let Some(poison) = &self.poison {
            refuse(poison, frame, out);
        }
        emit_words(&frame.column(0), out.stream(0));
        Ok(())
    }
}

/// Panics at the first line with that text in it.
fn refuse(poison: &[u8], frame: &FrameView<'_>, out: &mut Outputs) {
    let (lines, finder) = (frame.column(0), memchr::memmem::Finder::new(poison));
    for row in 0..frame.rows() {
        let line = match lines.value(row) {
            Value::String(line) => line.as_bytes(),
            Value::Bytes(line) => line,
            _ => continue,
        };
        if finder.find(line).is_some() {
            out.at(row);
            panic!("the text {:?}, as config.poison has it", String::from_utf8_lossy(poison));
        }
    }
}

petrel_sdk::export_batch_bolt!(Split);

#[cfg(test)]
mod tests;
