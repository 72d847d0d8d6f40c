//! Values as JSON.

use crate::tsv;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use declared::rfc3339;
use petrel_frame::Value;
use std::io::Write;

/// What becomes of `bytes` fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesAs {
    /// They are text. TSV and CSV keep them as they are; JSON, which is UTF-8, has U+FFFD for what is not.
    Text,
    /// Base64 with padding, which keeps any bytes in any format.
    Base64,
}

impl BytesAs {
    /// The way of that name in a configuration.
    ///
    /// # Errors
    /// A sentence, where there is none.
    pub fn from_name(name: &str) -> Result<BytesAs, String> {
        match name {
            "text" => Ok(BytesAs::Text),
            "base64" => Ok(BytesAs::Base64),
            _ => Err(format!("bytes cannot be written as \"{name}\"; choose \"text\" or \"base64\"")),
        }
    }
}

/// A value as JSON: a time as text in RFC 3339, an absent value and a number that is none (NaN, infinite) as `null`.
pub fn value(value: Value<'_>, bytes: BytesAs, out: &mut Vec<u8>) {
    match value {
        Value::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Value::I64(number) => tsv::integer(number, out),
        Value::F64(number) if number.is_finite() => write!(out, "{number:?}").expect("a vector takes everything"),
        Value::Null | Value::F64(_) => out.extend_from_slice(b"null"),
        Value::String(text) => string(text, out),
        Value::Bytes(value) => match bytes {
            BytesAs::Text => string(&String::from_utf8_lossy(value), out),
            BytesAs::Base64 => {
                out.push(b'"');
                base64(value, out);
                out.push(b'"');
            }
        },
        Value::Timestamp(time) => string(&rfc3339(time), out),
        Value::List(list) => {
            out.push(b'[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                self::value(item, bytes, out);
            }
            out.push(b']');
        }
    }
}

/// Text in quotes, escaped.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a vector takes everything, and text is always JSON");
}

pub(crate) fn base64(value: &[u8], out: &mut Vec<u8>) {
    let at = out.len();
    out.resize(at + value.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(value, &mut out[at..]).expect("there is room for it");
    out.truncate(at + written);
}
