//! One column of a frame, read in place.

use crate::Scalar;
use crate::bits::Bitmap;
use crate::cast::numbers;
use crate::layout::{Buffer, Entry, PADDING};
use crate::strings::StringColumn;
use crate::value::{Items, ListView, Value};
use core::str;

/// One column: typed slices for loops over it, single values for convenience. Cheap to copy.
///
/// Every method that takes a row panics when there is no such row.
#[derive(Clone, Copy)]
pub struct Column<'a> {
    rows: usize,
    scalar: Scalar,
    optional: bool,
    validity: Option<Bitmap<'a>>,
    lists: Option<&'a [i32]>,
    values: Values<'a>,
}

/// The values, list's children or dictionary, by how they are kept.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    Bools(Bitmap<'a>),
    I64s(&'a [i64]),
    F64s(&'a [f64]),
    Strings(StringColumn<'a>),
    Dictionary(&'a [u32], StringColumn<'a>),
}

impl<'a> Column<'a> {
    /// The column of that number.
    ///
    /// # Safety
    /// The frame has been checked, has `rows` rows and has a column of that number.
    pub(crate) unsafe fn read(frame: &'a [u8], index: usize, rows: usize) -> Column<'a> {
        let entry = Entry::read(frame, index);
        let scalar = Scalar::from_code(entry.scalar).expect("the column's type was checked");
        let buffer = |buffer: Buffer, padding: usize| {
            let (offset, length) = entry.buffers[buffer as usize];
            &frame[offset as usize..offset as usize + length as usize + padding]
        };
        let strings = || {
            let offsets = numbers(buffer(Buffer::StringOffsets, 0));
            // SAFETY: a checked frame's offsets start at 0, do not fall and end with the length of the bytes,
            // which the padding follows.
            unsafe { StringColumn::new(offsets, buffer(Buffer::StringBytes, PADDING)) }
        };
        let values = match scalar {
            Scalar::Bool => Values::Bools(Bitmap::new(buffer(Buffer::Values, 0), entry.entries as usize)),
            Scalar::I64 | Scalar::Timestamp => Values::I64s(numbers(buffer(Buffer::Values, 0))),
            Scalar::F64 => Values::F64s(numbers(buffer(Buffer::Values, 0))),
            Scalar::String | Scalar::Bytes if entry.is_dictionary() => {
                Values::Dictionary(numbers(buffer(Buffer::Values, 0)), strings())
            }
            Scalar::String | Scalar::Bytes => Values::Strings(strings()),
        };
        Column {
            rows,
            scalar,
            optional: entry.is_optional(),
            validity: entry.is_optional().then(|| Bitmap::new(buffer(Buffer::Validity, 0), rows)),
            lists: entry.is_list().then(|| numbers(buffer(Buffer::ListOffsets, 0))),
            values,
        }
    }

    /// How many rows the frame has.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The type of a value, or of a list's values.
    #[inline]
    pub fn scalar(&self) -> Scalar {
        self.scalar
    }

    /// Whether each row is a list.
    #[inline]
    pub fn is_list(&self) -> bool {
        self.lists.is_some()
    }

    /// Whether rows may be absent. A column of an optional field is without this flag where all are present.
    #[inline]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Whether strings are kept as numbers of distinct ones.
    #[inline]
    pub fn is_dictionary(&self) -> bool {
        matches!(self.values, Values::Dictionary(..))
    }

    /// Plain: rows; list: child values of all rows; dictionary: distinct values.
    pub fn entries(&self) -> usize {
        match self.values {
            Values::Bools(bits) => bits.len(),
            Values::I64s(values) => values.len(),
            Values::F64s(values) => values.len(),
            Values::Strings(strings) | Values::Dictionary(_, strings) => strings.len(),
        }
    }

    /// Whether the row has a value.
    #[inline]
    pub fn is_present(&self, row: usize) -> bool {
        match self.validity {
            Some(validity) => validity.get(row),
            None => {
                assert!(row < self.rows, "row {row} of {}", self.rows);
                true
            }
        }
    }

    /// A bit for each row, 1 where it has a value; none if all have one.
    #[inline]
    pub fn validity(&self) -> Option<Bitmap<'a>> {
        self.validity
    }

    /// The values of an `i64` or `timestamp` column that is not a list, absent ones included.
    #[inline]
    pub fn i64s(&self) -> Option<&'a [i64]> {
        match self.values {
            Values::I64s(values) if self.lists.is_none() => Some(values),
            _ => None,
        }
    }

    /// The values of an `f64` column that is not a list, absent ones included.
    #[inline]
    pub fn f64s(&self) -> Option<&'a [f64]> {
        match self.values {
            Values::F64s(values) if self.lists.is_none() => Some(values),
            _ => None,
        }
    }

    /// The values of a `bool` column that is not a list, absent ones included.
    #[inline]
    pub fn bools(&self) -> Option<Bitmap<'a>> {
        match self.values {
            Values::Bools(values) if self.lists.is_none() => Some(values),
            _ => None,
        }
    }

    /// The values of a plain `string` or `bytes` column that is not a list, absent ones included.
    #[inline]
    pub fn strings(&self) -> Option<StringColumn<'a>> {
        match self.values {
            Values::Strings(strings) if self.lists.is_none() => Some(strings),
            _ => None,
        }
    }

    /// For each row the number of its dictionary entry, and the entries, which need be neither used nor distinct.
    #[inline]
    pub fn dictionary(&self) -> Option<(&'a [u32], StringColumn<'a>)> {
        match self.values {
            Values::Dictionary(indices, entries) => Some((indices, entries)),
            _ => None,
        }
    }

    /// Where each row's list starts among the child values, and where the last one ends.
    #[inline]
    pub fn list_offsets(&self) -> Option<&'a [i32]> {
        self.lists
    }

    /// The bytes of a row of a `string` or `bytes` column in either encoding; empty where the row is absent.
    ///
    /// # Panics
    /// If the column is of another type.
    #[inline]
    pub fn bytes_at(&self, row: usize) -> &'a [u8] {
        if !self.is_present(row) {
            return &[];
        }
        match self.values {
            Values::Strings(strings) if self.lists.is_none() => strings.get(row),
            Values::Dictionary(indices, entries) => entries.get(indices[row] as usize),
            _ => panic!("bytes of a column that is not string or bytes"),
        }
    }

    /// The value of a row.
    pub fn value(&self, row: usize) -> Value<'a> {
        if !self.is_present(row) {
            return Value::Null;
        }
        if let Some(list) = self.list(row) {
            return Value::List(list);
        }
        match (self.values, self.scalar) {
            (Values::Bools(bits), _) => Value::Bool(bits.get(row)),
            (Values::I64s(values), Scalar::Timestamp) => Value::Timestamp(values[row]),
            (Values::I64s(values), _) => Value::I64(values[row]),
            (Values::F64s(values), _) => Value::F64(values[row]),
            (Values::Strings(_) | Values::Dictionary(..), Scalar::String) => {
                // SAFETY: a checked frame's string columns are UTF-8 and no value starts within a character.
                Value::String(unsafe { str::from_utf8_unchecked(self.bytes_at(row)) })
            }
            (Values::Strings(_) | Values::Dictionary(..), _) => Value::Bytes(self.bytes_at(row)),
        }
    }

    /// The list of a row; none where the row is absent or the column not a list.
    pub fn list(&self, row: usize) -> Option<ListView<'a>> {
        let offsets = self.lists?;
        if !self.is_present(row) {
            return None;
        }
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        let items = match (self.values, self.scalar) {
            (Values::Bools(bits), _) => Items::Bools(bits),
            (Values::I64s(values), Scalar::Timestamp) => Items::Timestamps(values),
            (Values::I64s(values), _) => Items::I64s(values),
            (Values::F64s(values), _) => Items::F64s(values),
            (Values::Strings(strings) | Values::Dictionary(_, strings), Scalar::String) => Items::Strings(strings),
            (Values::Strings(strings) | Values::Dictionary(_, strings), _) => Items::Bytes(strings),
        };
        Some(ListView::new(items, range))
    }

    /// The values by how they are kept: a list's children, a dictionary's entries.
    pub(crate) fn values(&self) -> Values<'a> {
        self.values
    }
}
