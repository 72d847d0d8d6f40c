//! `json`: JSON documents to fields, and fields to JSON documents.
//!
//! ```toml
//! [component.parse]
//! plugin = "json"
//! config = { mode = "parse", fields = { status = "i64", path = "string", tags = "list<string>", user = "optional<string>" } }
//! inputs = [{ from = "lines", grouping = "shuffle" }]
//!
//! [component.format]
//! plugin = "json"
//! config = { mode = "format" }
//! inputs = [{ from = "parse", grouping = "shuffle" }]
//! ```
//!
//! `parse` takes a field of `bytes` or `string` (the only one of its input, or the one named by `field`) that holds one
//! JSON object, and emits the fields declared, sorted by name. Other members of the object are passed over. A
//! member that is missing or `null` is absent, which its type must allow (`optional<…>`). A timestamp is text in RFC 3339
//! or in `time_format`, or an integer: microseconds since 1970. A document that is none, or does not fit, is rejected.
//!
//! `format` emits one field, `json: string` (or another name, by `into`): an object with all fields of the input.
//! Times are RFC 3339; bytes are text, with U+FFFD for what is not UTF-8, or with `bytes = "base64"` that; NaN and the
//! infinities are `null`.

mod format;
mod member;
mod parse;

use format::Formatter;
use inputs::single;
use parse::Parser;
use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::FrameBuilder;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, FrameView, InputStream, OutputStream, Schema,
    serde_json,
};

/// So many rows become a frame at a time.
const PART_ROWS: usize = 4_096;

#[derive(Debug)]
enum Mode {
    Parse(Parser),
    Format(Formatter),
}

impl Mode {
    fn read(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Mode, ConfigError> {
        let input = single(inputs, "json")?;
        match configuration["mode"].as_str() {
            Some("parse") => Parser::new(configuration, input).map(Mode::Parse),
            Some("format") => Formatter::new(configuration, input).map(Mode::Format),
            other => Err(ConfigError::new(
                "mode",
                format!(
                    "{} is none; choose \"parse\" or \"format\"",
                    other.map_or("nothing".into(), |mode| format!("\"{mode}\""))
                ),
            )),
        }
    }

    /// What it reads and what it emits.
    fn schemas(&self) -> (Schema, Schema) {
        match self {
            Mode::Parse(parser) => parser.schemas(),
            Mode::Format(formatter) => formatter.schemas(),
        }
    }
}

/// The bolt.
#[derive(Debug)]
pub struct Json {
    mode: Mode,
    frame: FrameBuilder,
    anchors: Vec<u32>,
}

impl BatchBolt for Json {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::required(
                "mode",
                ConfigKind::Text,
                "\"parse\": documents to fields; \"format\": fields to documents",
            ),
            ConfigKey::optional("fields", ConfigKind::Json, "parse: what to take of a document: { status = \"i64\" }"),
            ConfigKey::optional(
                "field",
                ConfigKind::Text,
                "parse: the field with the document; needed where several are text",
            ),
            ConfigKey::optional(
                "time_format",
                ConfigKind::Text,
                "parse: how timestamps are written; by default RFC 3339",
            ),
            ConfigKey::optional(
                "into",
                ConfigKind::Text,
                "format: the name of the field that is emitted, `json` by default",
            ),
            ConfigKey::optional("bytes", ConfigKind::Text, "format: bytes as \"text\" (by default) or in \"base64\""),
        ]
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let (input, output) = Mode::read(configuration, inputs)?.schemas();
        Ok(Description {
            inputs: vec![input],
            outputs: vec![OutputStream::default_stream(output)],
            ..Description::default()
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let mode = Mode::read(&context.configuration, &context.inputs)?;
        let frame = FrameBuilder::new(&mode.schemas().1);
        Ok(Json { mode, frame, anchors: Vec::new() })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let mut failed = false;
        for start in (0..frame.rows()).step_by(PART_ROWS) {
            let part = start..frame.rows().min(start + PART_ROWS);
            self.frame.clear();
            match &mut self.mode {
                Mode::Parse(parser) => {
                    for row in part.clone() {
                        if let Err(reason) = parser.parse(frame.column(0).bytes_at(row), &mut self.frame) {
                            out.reject(row, &reason);
                            failed = true;
                        }
                    }
                }
                Mode::Format(formatter) => formatter.format(frame, part.clone(), self.frame.column(0)),
            }
            // A rejected row makes the host call again without it: what was built is of no use then.
            if !failed {
                self.anchors.clear();
                self.anchors.extend(part.start as u32..part.end as u32);
                out.emit_frame(0, self.frame.finish()?, Anchors::PerRow(&self.anchors));
            }
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Json);

#[cfg(test)]
mod tests;
