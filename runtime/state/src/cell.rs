//! One stored value: from a column into bytes, and back into a frame.
//!
//! A string is kept as its bytes. A list is kept as its items one after the other: numbers and timestamps as 8 bytes,
//! truth values as 1, strings as a u32 length and the bytes.

use alloc::vec::Vec;
use petrel_frame::{Column, ColumnBuilder, Field, ListView, Scalar, Value};

/// Appends what is kept of a row that is present. For columns whose values are not fixed 8 bytes.
pub(crate) fn encode(column: &Column<'_>, row: usize, into: &mut Vec<u8>) {
    match column.list(row) {
        Some(list) => encode_list(list, into),
        None => into.extend_from_slice(column.bytes_at(row)),
    }
}

/// How many bytes `encode` appends.
pub(crate) fn encoded_bytes(column: &Column<'_>, row: usize) -> usize {
    match column.list(row) {
        Some(list) => list.i64s().map_or_else(|| list.iter().map(item_bytes).sum(), size_of_val),
        None => column.bytes_at(row).len(),
    }
}

/// How many bytes `encode_item` appends.
pub(crate) fn item_bytes(item: Value<'_>) -> usize {
    match item {
        Value::Bool(_) => 1,
        Value::I64(_) | Value::Timestamp(_) | Value::F64(_) => 8,
        Value::String(value) => 4 + value.len(),
        Value::Bytes(value) => 4 + value.len(),
        Value::Null | Value::List(_) => unreachable!("a list of scalars"),
    }
}

fn encode_list(list: ListView<'_>, into: &mut Vec<u8>) {
    if let Some(values) = list.i64s() {
        return into.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    list.iter().for_each(|item| encode_item(item, into));
}

/// Appends one item of a list.
pub(crate) fn encode_item(item: Value<'_>, into: &mut Vec<u8>) {
    match item {
        Value::Bool(value) => into.push(value.into()),
        Value::I64(value) | Value::Timestamp(value) => into.extend_from_slice(&value.to_le_bytes()),
        Value::F64(value) => into.extend_from_slice(&value.to_bits().to_le_bytes()),
        Value::String(value) => encode_string(value.as_bytes(), into),
        Value::Bytes(value) => encode_string(value, into),
        // Frames have neither: lists hold scalars, and every item is present.
        Value::Null | Value::List(_) => unreachable!("a list of scalars"),
    }
}

fn encode_string(value: &[u8], into: &mut Vec<u8>) {
    into.extend_from_slice(&(value.len() as u32).to_le_bytes());
    into.extend_from_slice(value);
}

/// Pushes a value that is kept as bytes.
pub(crate) fn push(field: &Field, bytes: &[u8], to: &mut ColumnBuilder) {
    if field.list {
        to.push_list(Items { scalar: field.scalar, bytes }).expect("items are of the list's type");
    } else {
        to.push_bytes(bytes);
    }
}

/// Pushes a value of fixed width.
pub(crate) fn push_bits(scalar: Scalar, bits: u64, to: &mut ColumnBuilder) {
    match scalar {
        Scalar::Bool => to.push_bool(bits != 0),
        Scalar::F64 => to.push_f64(f64::from_bits(bits)),
        _ => to.push_i64(bits as i64),
    }
}

/// The items of a list that is kept as bytes.
struct Items<'a> {
    scalar: Scalar,
    bytes: &'a [u8],
}

impl<'a> Items<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        taken
    }

    fn word(&mut self) -> [u8; 8] {
        self.take(8).try_into().expect("eight bytes")
    }

    fn string(&mut self) -> &'a [u8] {
        let len = u32::from_le_bytes(self.take(4).try_into().expect("four bytes"));
        self.take(len as usize)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.bytes.is_empty() {
            return None;
        }
        Some(match self.scalar {
            Scalar::Bool => Value::Bool(self.take(1)[0] != 0),
            Scalar::I64 => Value::I64(i64::from_le_bytes(self.word())),
            Scalar::Timestamp => Value::Timestamp(i64::from_le_bytes(self.word())),
            Scalar::F64 => Value::F64(f64::from_bits(u64::from_le_bytes(self.word()))),
            Scalar::Bytes => Value::Bytes(self.string()),
            Scalar::String => {
                Value::String(core::str::from_utf8(self.string()).expect("text was checked when it came in"))
            }
        })
    }
}
