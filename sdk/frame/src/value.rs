//! Single values, for code that does not care to be fast.

use crate::bits::Bitmap;
use crate::strings::StringColumn;
use core::ops::Range;
use core::{fmt, str};

/// The value of one row of one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Absent.
    Null,
    /// Of a `bool` column.
    Bool(bool),
    /// Of an `i64` column.
    I64(i64),
    /// Of an `f64` column.
    F64(f64),
    /// Of a `string` column.
    String(&'a str),
    /// Of a `bytes` column.
    Bytes(&'a [u8]),
    /// Of a `timestamp` column: µs since 1970-01-01 UTC.
    Timestamp(i64),
    /// Of a list column.
    List(ListView<'a>),
}

impl Value<'_> {
    /// How messages call the type of this value.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "absent",
            Value::Bool(_) => "bool",
            Value::I64(_) => "i64",
            Value::F64(_) => "f64",
            Value::String(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Timestamp(_) => "timestamp",
            Value::List(_) => "list",
        }
    }
}

/// The list of one row. Two lists are equal when their values are.
#[derive(Clone, Copy)]
pub struct ListView<'a> {
    items: Items<'a>,
    start: usize,
    length: usize,
}

/// What a list is a part of.
#[derive(Clone, Copy)]
pub(crate) enum Items<'a> {
    Bools(Bitmap<'a>),
    I64s(&'a [i64]),
    F64s(&'a [f64]),
    Timestamps(&'a [i64]),
    /// Invariant: UTF-8, each value for itself.
    Strings(StringColumn<'a>),
    Bytes(StringColumn<'a>),
    Values(&'a [Value<'a>]),
}

impl<'a> ListView<'a> {
    pub(crate) fn new(items: Items<'a>, range: Range<usize>) -> ListView<'a> {
        ListView { items, start: range.start, length: range.end - range.start }
    }

    /// A list that is not in a frame, to be pushed into one.
    pub fn from_values(values: &'a [Value<'a>]) -> ListView<'a> {
        ListView::new(Items::Values(values), 0..values.len())
    }

    /// How many values the list has.
    #[inline]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The value of that number.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, index: usize) -> Value<'a> {
        assert!(index < self.length, "value {index} of a list of {}", self.length);
        let at = self.start + index;
        match self.items {
            Items::Bools(bits) => Value::Bool(bits.get(at)),
            Items::I64s(values) => Value::I64(values[at]),
            Items::F64s(values) => Value::F64(values[at]),
            Items::Timestamps(values) => Value::Timestamp(values[at]),
            // SAFETY: the invariant of `Items::Strings`.
            Items::Strings(strings) => Value::String(unsafe { str::from_utf8_unchecked(strings.get(at)) }),
            Items::Bytes(strings) => Value::Bytes(strings.get(at)),
            Items::Values(values) => values[at],
        }
    }

    /// The values in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Value<'a>> {
        (0..self.length).map(move |index| self.get(index))
    }

    /// The values of a list of `i64` or `timestamp` that lies in a frame.
    pub fn i64s(&self) -> Option<&'a [i64]> {
        match self.items {
            Items::I64s(values) | Items::Timestamps(values) => Some(&values[self.start..self.start + self.length]),
            _ => None,
        }
    }

    /// The values of a list of `f64` that lies in a frame.
    pub fn f64s(&self) -> Option<&'a [f64]> {
        match self.items {
            Items::F64s(values) => Some(&values[self.start..self.start + self.length]),
            _ => None,
        }
    }
}

impl PartialEq for ListView<'_> {
    fn eq(&self, other: &ListView<'_>) -> bool {
        self.len() == other.len() && self.iter().zip(other.iter()).all(|(a, b)| a == b)
    }
}

impl fmt::Debug for ListView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
