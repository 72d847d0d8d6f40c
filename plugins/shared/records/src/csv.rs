//! Comma-separated values by RFC 4180.

use crate::json::{self, BytesAs};
use crate::tsv;
use petrel_frame::{Column, Value};

/// A value as in TSV, quoted where it must be.
pub(crate) fn value(column: &Column<'_>, row: usize, bytes: BytesAs, out: &mut Vec<u8>) {
    match column.value(row) {
        Value::String(value) => text(value.as_bytes(), out),
        Value::Bytes(value) if bytes == BytesAs::Text => text(value, out),
        Value::List(_) => {
            let mut list = Vec::new();
            json::value(column.value(row), bytes, &mut list);
            text(&list, out);
        }
        _ => tsv::value(column, row, bytes, out),
    }
}

/// Text, in quotes if it holds a comma, a quote or the end of a line.
pub(crate) fn text(value: &[u8], out: &mut Vec<u8>) {
    if !value.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for &byte in value {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
