//! Values out of text.

use crate::TimeFormat;
use chrono::DateTime;
use petrel_frame::{Scalar, Value};
use std::str;

/// The value that a piece of text stands for: a number in decimals, `true` or `false`, a time in the format given
/// or else in RFC 3339, and for `string` and `bytes` the text itself.
///
/// # Errors
/// A sentence, where the text is no such value.
pub fn from_text<'a>(text: &'a [u8], scalar: Scalar, format: Option<&TimeFormat>) -> Result<Value<'a>, String> {
    if scalar == Scalar::Bytes {
        return Ok(Value::Bytes(text));
    }
    let text =
        str::from_utf8(text).map_err(|error| format!("{:?} is not UTF-8: {error}", String::from_utf8_lossy(text)))?;
    let value = match scalar {
        Scalar::String | Scalar::Bytes => Some(Value::String(text)),
        Scalar::Bool => text.parse().ok().map(Value::Bool),
        Scalar::I64 => text.parse().ok().map(Value::I64),
        Scalar::F64 => text.parse().ok().map(Value::F64),
        Scalar::Timestamp => match format {
            Some(format) => return format.parse(text).map(Value::Timestamp),
            None => DateTime::parse_from_rfc3339(text).ok().map(|time| Value::Timestamp(time.timestamp_micros())),
        },
    };
    value.ok_or_else(|| format!("\"{text}\" is no {}", scalar.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scalar() {
        assert_eq!(from_text(b"-7", Scalar::I64, None), Ok(Value::I64(-7)));
        assert_eq!(from_text(b"2.5e3", Scalar::F64, None), Ok(Value::F64(2500.0)));
        assert_eq!(from_text(b"false", Scalar::Bool, None), Ok(Value::Bool(false)));
        assert_eq!(from_text("ü".as_bytes(), Scalar::String, None), Ok(Value::String("ü")));
        assert_eq!(from_text(b"\xff", Scalar::Bytes, None), Ok(Value::Bytes(b"\xff")));
        assert_eq!(from_text(b"1970-01-01T01:00:00+01:00", Scalar::Timestamp, None), Ok(Value::Timestamp(0)));
        let year = TimeFormat::new("%Y-%m-%d %H:%M").unwrap();
        assert_eq!(
            from_text(b"1970-01-02 00:00", Scalar::Timestamp, Some(&year)),
            Ok(Value::Timestamp(86_400_000_000))
        );
    }

    #[test]
    fn what_is_no_such_value() {
        assert_eq!(from_text(b"-", Scalar::I64, None), Err("\"-\" is no i64".into()));
        assert!(from_text(b"9223372036854775808", Scalar::I64, None).is_err());
        assert!(from_text(b"\xff", Scalar::String, None).unwrap_err().contains("not UTF-8"));
        assert!(from_text(b"", Scalar::Timestamp, None).is_err());
    }
}
