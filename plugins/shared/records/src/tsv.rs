//! Tab-separated values, as they are.

use crate::json::{self, BytesAs};
use declared::rfc3339;
use petrel_frame::{Column, Value};
use std::io::Write;

/// A value: text and bytes unchanged, numbers in decimals, times in RFC 3339, nothing for an absent one, a JSON array
/// for a list.
pub(crate) fn value(column: &Column<'_>, row: usize, bytes: BytesAs, out: &mut Vec<u8>) {
    match column.value(row) {
        Value::Null => {}
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bytes(value) if bytes == BytesAs::Base64 => json::base64(value, out),
        Value::Bytes(value) => out.extend_from_slice(value),
        Value::I64(number) => integer(number, out),
        Value::Timestamp(time) => out.extend_from_slice(rfc3339(time).as_bytes()),
        Value::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        // The shortest form that reads back as the same number, with an exponent where that is shorter.
        Value::F64(number) => write!(out, "{number:?}").expect("a vector takes everything"),
        Value::List(_) => json::value(column.value(row), bytes, out),
    }
}

/// A number in decimals, without the machinery of `format!`.
pub(crate) fn integer(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for number in [0, 7, -7, 10, 1_234_567_890, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            integer(number, &mut out);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
