//! `extract`: fields out of text, by a regular expression with named groups.
//!
//! ```toml
//! [component.log]
//! plugin = "extract"
//! config = { format = "common" }                     # a line of an access log
//! inputs = [{ from = "lines", grouping = "shuffle" }]
//!
//! [component.sensor]
//! plugin = "extract"
//! config = { pattern = '^(?<sensor>\w+) (?<at>\S+ \S+) (?<value>\S+)$', time_format = "%Y-%m-%d %H:%M:%S", fields = { at = "timestamp", value = "f64" } }
//! inputs = [{ from = "lines", grouping = "shuffle" }]
//! ```
//!
//! Takes a field of `bytes` or `string`, the only one of its input or the one named by `field`. Emits a field for each
//! named group, in the order of the pattern, of the type that `fields` declares (`string` where it does not). A group
//! that takes no part in a match is absent, which its type must allow: `optional<i64>`. Times are read by
//! `time_format`, or as RFC 3339. Text that does not match is rejected, or, with `unmatched = "drop"`, passed over.
//!
//! The formats `common` and `combined` are those of web servers, and make `host`, `user`, `time`, `method`, `path`,
//! `protocol`, `status`, `size`, and `referer` and `agent`.
//!
//! A pattern works on bytes: `.` and `\w` stand for characters of UTF-8, with `(?-u)` in front for single bytes.

mod pattern;

use declared::{TimeFormat, from_text};
use inputs::{single, text_field};
use pattern::Pattern;
use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::{FrameBuilder, Value};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Schema, serde_json,
};
use regex::bytes::CaptureLocations;
use std::ops::Range;

/// So many rows become a frame at a time.
const PART_ROWS: usize = 4_096;

/// The bolt.
#[derive(Debug)]
pub struct Extract {
    pattern: Pattern,
    found: CaptureLocations,
    frame: FrameBuilder,
    anchors: Vec<u32>,
}

impl BatchBolt for Extract {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional("pattern", ConfigKind::Text, "a regular expression with named groups: (?<name>…)"),
            ConfigKey::optional(
                "format",
                ConfigKind::Text,
                "instead of a pattern: \"common\" or \"combined\", access logs",
            ),
            ConfigKey::optional(
                "fields",
                ConfigKind::Json,
                "the types of groups that are not strings: { status = \"i64\" }",
            ),
            ConfigKey::optional(
                "time_format",
                ConfigKind::Text,
                "how timestamps are written: \"%d/%b/%Y:%H:%M:%S %z\"",
            ),
            ConfigKey::optional(
                "field",
                ConfigKind::Text,
                "the field to take apart; needed where several are text or bytes",
            ),
            ConfigKey::with_default(
                "unmatched",
                ConfigKind::Text,
                "reject",
                "what does not match: \"reject\" or \"drop\"",
            ),
        ]
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let field = text_field(single(inputs, "extract")?, configuration["field"].as_str())?;
        let pattern = Pattern::read(configuration)?;
        Ok(Description {
            inputs: vec![Schema::new([field.clone()])],
            outputs: vec![OutputStream::default_stream(pattern.schema())],
            ..Description::default()
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let pattern = Pattern::read(&context.configuration)?;
        let (found, frame) = (pattern.regex.capture_locations(), FrameBuilder::new(&pattern.schema()));
        Ok(Extract { pattern, found, frame, anchors: Vec::new() })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let text = frame.column(0);
        let mut failed = false;
        for part in parts(frame.rows()) {
            self.frame.clear();
            self.anchors.clear();
            for row in part {
                match extract(&self.pattern, &mut self.found, text.bytes_at(row), &mut self.frame) {
                    Ok(true) => self.anchors.push(row as u32),
                    Ok(false) => {}
                    Err(reason) => {
                        out.reject(row, &reason);
                        failed = true;
                    }
                }
            }
            // A rejected row makes the host call again without it: what was built is of no use then.
            if !failed && !self.anchors.is_empty() {
                out.emit_frame(0, self.frame.finish()?, Anchors::PerRow(&self.anchors));
            }
        }
        Ok(())
    }
}

fn parts(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(PART_ROWS).map(move |start| start..rows.min(start + PART_ROWS))
}

/// Adds a row of what is found in a text. Whether there was one.
fn extract(
    pattern: &Pattern,
    found: &mut CaptureLocations,
    text: &[u8],
    frame: &mut FrameBuilder,
) -> Result<bool, String> {
    if pattern.regex.captures_read(found, text).is_none() {
        return if pattern.drops { Ok(false) } else { Err(format!("{} does not match", shown(text))) };
    }
    for (column, group) in pattern.groups.iter().enumerate() {
        let value = match found.get(group.number) {
            Some((start, end)) => from_text(&text[start..end], group.field.scalar, pattern.time_format.as_ref())
                .map_err(|reason| format!("{}: {reason}", group.field.name))?,
            None => Value::Null,
        };
        let to = frame.column(column);
        to.push_value(value).map_err(|_| format!("{}: absent in {}", group.field.name, shown(text)))?;
    }
    Ok(true)
}

/// The beginning of a text, for a message.
fn shown(text: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&text[..text.len().min(200)]);
    format!("{shown:?}{}", if text.len() > 200 { "…" } else { "" })
}

petrel_sdk::export_batch_bolt!(Extract);

#[cfg(test)]
mod tests;
