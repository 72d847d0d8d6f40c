//! Fields to documents.

use super::{ConfigError, FrameView, InputStream, Schema, serde_json};
use petrel_sdk::frame::{Column, ColumnBuilder};
use petrel_sdk::{Field, Scalar};
use records::{BytesAs, Format, Writer};
use std::ops::Range;

/// Writes rows as objects.
#[derive(Debug)]
pub(crate) struct Formatter {
    input: Schema,
    into: String,
    writer: Writer,
    document: Vec<u8>,
}

impl Formatter {
    pub(crate) fn new(configuration: &serde_json::Value, input: &InputStream) -> Result<Formatter, ConfigError> {
        for key in ["fields", "field", "time_format"] {
            if !configuration[key].is_null() {
                return Err(ConfigError::new(key, "this goes with mode = \"parse\" only"));
            }
        }
        let bytes = BytesAs::from_name(configuration["bytes"].as_str().unwrap_or("text"))
            .map_err(|message| ConfigError::new("bytes", message))?;
        Ok(Formatter {
            writer: Writer::new(Format::Json, bytes, &input.schema),
            input: input.schema.clone(),
            into: configuration["into"].as_str().unwrap_or("json").into(),
            document: Vec::new(),
        })
    }

    pub(crate) fn schemas(&self) -> (Schema, Schema) {
        (self.input.clone(), Schema::new([Field::new(self.into.as_str(), Scalar::String)]))
    }

    pub(crate) fn format(&mut self, frame: &FrameView<'_>, rows: Range<usize>, to: &mut ColumnBuilder) {
        let columns: Vec<Column<'_>> = (0..frame.columns()).map(|column| frame.column(column)).collect();
        for row in rows {
            self.document.clear();
            self.writer.row(&columns, row, &mut self.document);
            to.push_bytes(&self.document);
        }
    }
}
