//! Rows of a frame as lines of text.

use crate::json::{self, BytesAs};
use crate::{csv, tsv};
use petrel_frame::{Column, FrameView, Schema};

/// How tuples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Values with tabs between them, as they are: a tab or a newline within a value is not told from one between values.
    Tsv,
    /// Values with commas between them, quoted where RFC 4180 wants it, lines ending with a newline alone.
    Csv,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The format of that name in a configuration.
    ///
    /// # Errors
    /// A sentence, where there is none.
    pub fn from_name(name: &str) -> Result<Format, String> {
        match name {
            "tsv" => Ok(Format::Tsv),
            "csv" => Ok(Format::Csv),
            "json" => Ok(Format::Json),
            _ => Err(format!("there is no format \"{name}\"; choose \"tsv\", \"csv\" or \"json\" (an object a line)")),
        }
    }

    /// What files of the format are called: `tsv`, `csv`, `json`.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Tsv => "tsv",
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }
}

/// Writes the rows of frames of one schema.
#[derive(Clone, Debug)]
pub struct Writer {
    format: Format,
    bytes: BytesAs,
    /// For JSON `"name":`, ready to be copied, otherwise the name as the format writes it.
    names: Vec<Vec<u8>>,
}

impl Writer {
    /// A writer of frames with these columns.
    pub fn new(format: Format, bytes: BytesAs, schema: &Schema) -> Writer {
        let name = |name: &str| {
            let mut out = Vec::new();
            match format {
                Format::Tsv => out.extend_from_slice(name.as_bytes()),
                Format::Csv => csv::text(name.as_bytes(), &mut out),
                Format::Json => {
                    json::string(name, &mut out);
                    out.push(b':');
                }
            }
            out
        };
        Writer { format, bytes, names: schema.fields.iter().map(|field| name(&field.name)).collect() }
    }

    /// A line of the fields' names. JSON has none, its objects name their fields.
    pub fn header(&self, out: &mut Vec<u8>) {
        let separator = match self.format {
            Format::Tsv => b'\t',
            Format::Csv => b',',
            Format::Json => return,
        };
        for (i, name) in self.names.iter().enumerate() {
            if i > 0 {
                out.push(separator);
            }
            out.extend_from_slice(name);
        }
        out.push(b'\n');
    }

    /// A line for each row.
    pub fn rows(&self, frame: &FrameView<'_>, out: &mut Vec<u8>) {
        let columns: Vec<Column<'_>> = (0..frame.columns()).map(|column| frame.column(column)).collect();
        for row in 0..frame.rows() {
            self.row(&columns, row, out);
            out.push(b'\n');
        }
    }

    /// One row, without a newline after it.
    pub fn row(&self, columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) {
        match self.format {
            Format::Tsv => {
                for (i, column) in columns.iter().enumerate() {
                    if i > 0 {
                        out.push(b'\t');
                    }
                    tsv::value(column, row, self.bytes, out);
                }
            }
            Format::Csv => {
                for (i, column) in columns.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    csv::value(column, row, self.bytes, out);
                }
            }
            Format::Json => {
                for (i, (column, name)) in columns.iter().zip(&self.names).enumerate() {
                    out.push(if i > 0 { b',' } else { b'{' });
                    out.extend_from_slice(name);
                    json::value(column.value(row), self.bytes, out);
                }
                if columns.is_empty() {
                    out.push(b'{');
                }
                out.push(b'}');
            }
        }
    }
}
