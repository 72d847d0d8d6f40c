//! A dead letter as a tuple of the stream that `on_reject` names.

use crate::call::{Emitted, Origin};
use crate::dead_letter::{Cause, DeadLetter};
use crate::fields::Fields;
use crate::frame::Frame;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use petrel_frame::{FrameBuf, FrameBuilder, ListView, Value};
use petrel_model::{Component, Digest, OutputIndex, dead_letter_schema};

/// Makes rows of the stream of dead letters of a component.
#[derive(Debug)]
pub(crate) struct LetterStream {
    output: OutputIndex,
    plugin: Digest,
}

impl LetterStream {
    /// None where the component has no such stream.
    pub(crate) fn new(component: &Component) -> Option<LetterStream> {
        Some(LetterStream { output: component.on_reject?, plugin: component.plugin })
    }

    /// The letter as a row that was emitted to the stream. None if it is too long for a frame.
    pub(crate) fn row(&self, letter: &DeadLetter, now_us: i64) -> Option<Emitted> {
        let mut builder = FrameBuilder::new(&dead_letter_schema());
        let backtrace = if let Cause::Fault(trap) = &letter.cause { &trap.backtrace[..] } else { &[] };
        let backtrace: Vec<Value<'_>> = backtrace.iter().map(|line| Value::String(line)).collect();
        let input = letter.input.as_ref().map_or("", |input| input.stream.as_str());
        let plugin = self.plugin.to_string();
        let fields = json(&letter.fields);
        let row = [
            Value::String(letter.component.as_str()),
            Value::I64(i64::from(letter.task.task.0)),
            Value::String(input),
            Value::String(letter.call),
            Value::String(letter.cause.name()),
            Value::String(letter.cause.reason()),
            Value::List(ListView::from_values(&backtrace)),
            Value::I64(i64::from(letter.attempts)),
            Value::Timestamp(now_us),
            Value::String(&plugin),
            Value::String(&fields),
            Value::Bytes(&letter.tuple),
        ];
        builder.push_row(&row).ok()?;
        let mut bytes = FrameBuf::new();
        builder.finish_into(&mut bytes).ok()?;
        let frame = Frame::validate(bytes).ok()?;
        Some(Emitted { output: self.output.0, direct: None, frame, origin: Origin::Anchors(Vec::new()) })
    }
}

/// The fields as a JSON object of texts.
fn json(fields: &Fields) -> String {
    let pairs: Vec<String> = fields.0.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

fn text(value: &str) -> String {
    let mut quoted = String::from('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_a_json_object() {
        let fields = Fields(Vec::from([("word".into(), "\"a\\n\"\u{1}".into()), ("n".into(), "1".into())]));
        assert_eq!(json(&fields), r#"{"word":"\"a\\n\"\u0001","n":"1"}"#);
        assert_eq!(json(&Fields(Vec::new())), "{}");
    }
}
