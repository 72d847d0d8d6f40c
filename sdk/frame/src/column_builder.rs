//! Collecting the values of one column.

use crate::bits::Bits;
use crate::error::FrameError;
use crate::layout::{Buffer, Entry, PADDING, align};
use crate::strings::StringColumn;
use crate::validate;
use crate::value::Value;
use crate::wide::{WIDE, copy_short, copy_wide};
use crate::wide_writer::WideWriter;
use crate::writer::Writer;
use crate::{Field, Scalar};
use alloc::vec;
use alloc::vec::Vec;

/// Collects the values of one column of a [`FrameBuilder`](crate::FrameBuilder), without an allocation per value.
///
/// The typed `push_…` panic when the column is of another type: a schema does not change while a program runs.
/// [`push_value`](Self::push_value) is for code that learns its types as it goes, and returns an error.
#[derive(Clone, Debug)]
pub struct ColumnBuilder {
    /// Of the column in its frame, for messages.
    index: usize,
    scalar: Scalar,
    list: bool,
    optional: bool,
    kind: Kind,
    /// Whether bytes were pushed to a string column that nobody has checked yet.
    unchecked_text: bool,
    absent: usize,
    /// Covers the rows up to the last absent one; those after it are present.
    validity: Bits,
    /// Lists: where each starts, and where the last ends.
    list_offsets: Vec<i32>,
    bits: Bits,
    /// Values of 8 bytes, `f64` by its bits.
    words: Vec<i64>,
    indices: Vec<u32>,
    greatest_index: u32,
    /// Strings: where each starts, and where the last ends. Wrong once there are 2 GiB of bytes, which no
    /// frame can hold: finishing fails.
    string_offsets: Vec<i32>,
    bytes: Vec<u8>,
}

/// What a push must be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bools,
    I64s,
    F64s,
    Strings,
    Dictionary,
    Lists,
}

impl Kind {
    fn plain(scalar: Scalar, list: bool) -> Kind {
        match scalar {
            _ if list => Kind::Lists,
            Scalar::Bool => Kind::Bools,
            Scalar::I64 | Scalar::Timestamp => Kind::I64s,
            Scalar::F64 => Kind::F64s,
            Scalar::String | Scalar::Bytes => Kind::Strings,
        }
    }
}

impl ColumnBuilder {
    pub(crate) fn new(index: usize, field: &Field) -> ColumnBuilder {
        ColumnBuilder {
            index,
            scalar: field.scalar,
            list: field.list,
            optional: field.optional,
            kind: Kind::plain(field.scalar, field.list),
            unchecked_text: false,
            absent: 0,
            validity: Bits::default(),
            list_offsets: if field.list { vec![0] } else { Vec::new() },
            bits: Bits::default(),
            words: Vec::new(),
            indices: Vec::new(),
            greatest_index: 0,
            string_offsets: if field.scalar.is_variable() { vec![0] } else { Vec::new() },
            bytes: Vec::new(),
        }
    }

    /// Removes all values and a dictionary, and keeps the memory.
    pub fn clear(&mut self) {
        self.kind = Kind::plain(self.scalar, self.list);
        self.unchecked_text = false;
        self.absent = 0;
        self.validity.clear();
        self.list_offsets.truncate(1);
        self.bits.clear();
        self.words.clear();
        self.indices.clear();
        self.greatest_index = 0;
        self.string_offsets.truncate(1);
        self.bytes.clear();
    }

    /// How many rows were pushed.
    #[inline]
    pub fn rows(&self) -> usize {
        match self.kind {
            Kind::Lists => self.list_offsets.len() - 1,
            Kind::Dictionary => self.indices.len(),
            _ => self.children(),
        }
    }

    /// The type of a value, or of a list's values.
    pub fn scalar(&self) -> Scalar {
        self.scalar
    }

    /// Makes room for so many rows more and, where values are strings or bytes, for so many bytes in them.
    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        match self.kind {
            Kind::Lists => self.list_offsets.reserve(rows),
            Kind::Dictionary => self.indices.reserve(rows),
            Kind::Strings => {
                self.string_offsets.reserve(rows);
                self.bytes.reserve(bytes + WIDE);
            }
            Kind::I64s | Kind::F64s => self.words.reserve(rows),
            Kind::Bools => {}
        }
    }

    /// Appends an absent value.
    ///
    /// # Panics
    /// If the column is not optional.
    pub fn push_null(&mut self) {
        assert!(self.optional, "column {}: an absent value in a column that is not optional", self.index);
        self.absent += 1;
        self.validity.fill_to(self.rows());
        self.validity.push(false);
        match self.kind {
            Kind::Lists => self.list_offsets.push(self.children() as i32),
            Kind::Dictionary => self.indices.push(0),
            Kind::Strings => self.string_offsets.push(self.bytes.len() as i32),
            Kind::I64s | Kind::F64s => self.words.push(0),
            Kind::Bools => self.bits.push(false),
        }
    }

    /// Appends a value of a `bool` column.
    #[inline]
    pub fn push_bool(&mut self, value: bool) {
        self.must_be(Kind::Bools);
        self.bits.push(value);
    }

    /// Appends a value of an `i64` or `timestamp` column.
    #[inline]
    pub fn push_i64(&mut self, value: i64) {
        self.must_be(Kind::I64s);
        self.words.push(value);
    }

    /// Appends values of an `i64` or `timestamp` column.
    #[inline]
    pub fn extend_i64s(&mut self, values: &[i64]) {
        self.must_be(Kind::I64s);
        self.words.extend_from_slice(values);
    }

    /// Appends a value of an `f64` column.
    #[inline]
    pub fn push_f64(&mut self, value: f64) {
        self.must_be(Kind::F64s);
        self.words.push(value.to_bits() as i64);
    }

    /// Appends a value of a `bytes` column, or of a `string` column: then finishing checks that it is UTF-8.
    #[inline]
    pub fn push_bytes(&mut self, value: &[u8]) {
        self.must_be(Kind::Strings);
        self.unchecked_text = true;
        self.append(value);
    }

    /// Appends a value of a `string` or `bytes` column.
    #[inline]
    pub fn push_str(&mut self, value: &str) {
        self.must_be(Kind::Strings);
        self.append(value.as_bytes());
    }

    /// As [`push_bytes`](Self::push_bytes), by whole words: fast for values of up to 16 bytes. Text is not checked.
    ///
    /// # Safety
    /// `length` + 16 bytes are readable from `start` on. In a `string` column the value is UTF-8.
    #[inline]
    pub unsafe fn push_bytes_wide(&mut self, start: *const u8, length: usize) {
        self.must_be(Kind::Strings);
        self.bytes.reserve(length + WIDE);
        let at = self.bytes.len();
        // SAFETY: `length` + 16 bytes are reserved after the `at` that are there, the source has as many by the
        // caller's promise, and it cannot be memory that only we may write. `copy_wide` fills `length` of them.
        unsafe {
            copy_wide(start, self.bytes.as_mut_ptr().add(at), length);
            self.bytes.set_len(at + length);
        }
        self.string_offsets.push((at + length) as i32);
    }

    /// Writes up to `rows` values with up to `bytes` bytes in all without a check for each: for splitters.
    #[inline]
    pub fn wide(&mut self, rows: usize, bytes: usize) -> WideWriter<'_> {
        self.must_be(Kind::Strings);
        WideWriter::new(&mut self.string_offsets, &mut self.bytes, rows, bytes)
    }

    /// Appends a list.
    ///
    /// # Errors
    /// [`FrameError::ValueType`] or [`FrameError::NotOptional`] if a value is not of the list's type; the list is
    /// left out then.
    pub fn push_list<'v>(&mut self, values: impl IntoIterator<Item = Value<'v>>) -> Result<(), FrameError> {
        self.must_be(Kind::Lists);
        let children = self.children();
        for value in values {
            if let Err(error) = self.push_child(value) {
                self.truncate_children(children);
                return Err(error);
            }
        }
        self.list_offsets.push(self.children() as i32);
        Ok(())
    }

    /// Appends a list of `i64` or `timestamp`.
    ///
    /// # Panics
    /// If the column is of another type.
    pub fn push_i64_list(&mut self, values: &[i64]) {
        self.must_be(Kind::Lists);
        assert!(!self.scalar.is_variable() && self.scalar != Scalar::Bool && self.scalar != Scalar::F64);
        self.words.extend_from_slice(values);
        self.list_offsets.push(self.words.len() as i32);
    }

    /// Appends a value of any type.
    ///
    /// # Errors
    /// [`FrameError::ValueType`] if it is not of the column's type, [`FrameError::NotOptional`] if it is absent and
    /// must not be. Nothing is appended then.
    pub fn push_value(&mut self, value: Value<'_>) -> Result<(), FrameError> {
        match (self.kind, value) {
            (_, Value::Null) if self.optional => self.push_null(),
            (_, Value::Null) => return Err(FrameError::NotOptional { column: self.index, row: self.rows() }),
            (Kind::Lists, Value::List(list)) => return self.push_list(list.iter()),
            (Kind::Lists, _) => return Err(self.value_type(value)),
            (Kind::Dictionary, _) => {
                let entry = self.children() as u32;
                self.push_child(value)?;
                self.push_index(entry);
            }
            _ => return self.push_child(value),
        }
        Ok(())
    }

    /// Appends the dictionary's entry of that number as the value. The entry may be added later, before finishing.
    ///
    /// The first use of an index or an entry makes this a column with a dictionary, until it is cleared.
    ///
    /// # Panics
    /// If the column is not `string` or `bytes`, or already has plain values.
    #[inline]
    pub fn push_index(&mut self, index: u32) {
        self.use_dictionary();
        self.greatest_index = self.greatest_index.max(index);
        self.indices.push(index);
    }

    /// Appends indices as [`push_index`](Self::push_index) does.
    pub fn extend_indices(&mut self, indices: &[u32]) {
        self.use_dictionary();
        self.greatest_index = indices.iter().fold(self.greatest_index, |greatest, &index| greatest.max(index));
        self.indices.extend_from_slice(indices);
    }

    /// Adds an entry to the dictionary. Its number is that of the entries before it. Text is checked by finishing.
    ///
    /// # Panics
    /// As [`push_index`](Self::push_index).
    #[inline]
    pub fn push_entry(&mut self, entry: &[u8]) {
        self.use_dictionary();
        self.unchecked_text = true;
        self.append(entry);
    }

    /// Sets all entries of the dictionary; indices that were pushed stay. Text is checked by finishing.
    ///
    /// # Panics
    /// As [`push_index`](Self::push_index).
    pub fn set_dictionary(&mut self, entries: StringColumn<'_>) {
        self.use_dictionary();
        self.unchecked_text = true;
        self.string_offsets.clear();
        self.string_offsets.extend_from_slice(entries.offsets());
        self.bytes.clear();
        self.bytes.extend_from_slice(entries.bytes());
    }

    /// The length of the column's buffers with their padding.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        let mut size = 0;
        if self.absent > 0 {
            size += align(self.rows().div_ceil(8));
        }
        if self.list {
            size += align(4 * self.list_offsets.len());
        }
        match self.scalar {
            Scalar::Bool => size + align(self.bits.len().div_ceil(8)),
            Scalar::I64 | Scalar::F64 | Scalar::Timestamp => size + 8 * self.words.len(),
            Scalar::String | Scalar::Bytes => {
                size + align(4 * self.indices.len())
                    + align(4 * self.string_offsets.len())
                    + align(self.bytes.len() + PADDING)
            }
        }
    }

    /// Checks what pushing did not, so that the column can be written.
    pub(crate) fn check(&mut self) -> Result<(), FrameError> {
        if self.kind == Kind::Dictionary {
            // Absent rows have index 0, which must be there.
            if self.children() == 0 && self.absent == self.rows() && self.absent > 0 {
                self.append(&[]);
            }
            let entries = self.children();
            if !self.indices.is_empty() && self.greatest_index as usize >= entries {
                let (column, index) = (self.index, self.greatest_index);
                let row = self.indices.iter().position(|&other| other == index).unwrap_or(0);
                return Err(FrameError::IndexOutOfRange { column, row, index, entries });
            }
        }
        if self.unchecked_text && self.scalar == Scalar::String {
            validate::text(self.index, &self.string_offsets, &self.bytes)?;
            self.unchecked_text = false;
        }
        Ok(())
    }

    /// Writes the column. An optional column of which nothing is absent is written as a required one.
    pub(crate) fn write(&mut self, writer: &mut Writer<'_>) {
        let rows = self.rows();
        let dictionary = self.kind == Kind::Dictionary;
        let entry = Entry::new(self.scalar, self.list, self.absent > 0, dictionary, self.children());
        let mut column = writer.column(entry);
        if self.absent > 0 {
            self.validity.fill_to(rows);
            column.buffer(Buffer::Validity, |out| out.extend_from_slice(self.validity.as_bytes()));
        }
        if self.list {
            column.buffer(Buffer::ListOffsets, |out| out.extend_numbers(&self.list_offsets));
        }
        match self.scalar {
            Scalar::Bool => {
                column.buffer(Buffer::Values, |out| out.extend_from_slice(self.bits.as_bytes()));
            }
            Scalar::I64 | Scalar::F64 | Scalar::Timestamp => {
                column.buffer(Buffer::Values, |out| out.extend_numbers(&self.words));
            }
            Scalar::String | Scalar::Bytes => {
                if dictionary {
                    column.buffer(Buffer::Values, |out| out.extend_numbers(&self.indices));
                }
                column.buffer(Buffer::StringOffsets, |out| out.extend_numbers(&self.string_offsets));
                column.buffer(Buffer::StringBytes, |out| out.extend_from_slice(&self.bytes));
            }
        }
    }

    /// How many values, children or dictionary entries there are.
    #[inline]
    fn children(&self) -> usize {
        match self.scalar {
            Scalar::Bool => self.bits.len(),
            Scalar::I64 | Scalar::F64 | Scalar::Timestamp => self.words.len(),
            Scalar::String | Scalar::Bytes => self.string_offsets.len() - 1,
        }
    }

    fn truncate_children(&mut self, children: usize) {
        match self.scalar {
            Scalar::Bool => self.bits.truncate(children),
            Scalar::I64 | Scalar::F64 | Scalar::Timestamp => self.words.truncate(children),
            Scalar::String | Scalar::Bytes => {
                self.string_offsets.truncate(children + 1);
                self.bytes.truncate(self.string_offsets[children] as usize);
            }
        }
    }

    fn push_child(&mut self, value: Value<'_>) -> Result<(), FrameError> {
        match (self.scalar, value) {
            (Scalar::Bool, Value::Bool(value)) => self.bits.push(value),
            (Scalar::I64, Value::I64(value)) | (Scalar::Timestamp, Value::Timestamp(value)) => self.words.push(value),
            (Scalar::F64, Value::F64(value)) => self.words.push(value.to_bits() as i64),
            (Scalar::String, Value::String(value)) => self.append(value.as_bytes()),
            (Scalar::Bytes, Value::Bytes(value)) => self.append(value),
            (_, Value::Null) => return Err(FrameError::NotOptional { column: self.index, row: self.rows() }),
            _ => return Err(self.value_type(value)),
        }
        Ok(())
    }

    #[inline]
    fn append(&mut self, value: &[u8]) {
        self.bytes.reserve(value.len());
        let at = self.bytes.len();
        // SAFETY: the room was just reserved after the `at` bytes that are there, `value` is not in it as it is
        // borrowed, and `copy_short` fills all of it.
        unsafe {
            copy_short(value.as_ptr(), self.bytes.as_mut_ptr().add(at), value.len());
            self.bytes.set_len(at + value.len());
        }
        self.string_offsets.push((at + value.len()) as i32);
    }

    #[inline]
    fn use_dictionary(&mut self) {
        if self.kind != Kind::Dictionary {
            self.become_dictionary();
        }
    }

    #[cold]
    fn become_dictionary(&mut self) {
        self.must_be(Kind::Strings);
        let rows = self.rows();
        assert!(rows == self.absent, "column {}: an index in a column that has plain values", self.index);
        self.indices.resize(rows, 0);
        self.string_offsets.truncate(1);
        self.kind = Kind::Dictionary;
    }

    #[inline]
    #[track_caller]
    fn must_be(&self, kind: Kind) {
        if self.kind != kind {
            self.is_not(kind);
        }
    }

    #[cold]
    #[track_caller]
    fn is_not(&self, kind: Kind) -> ! {
        panic!("column {} holds {:?} of {}: {kind:?} were pushed", self.index, self.kind, self.scalar.name())
    }

    fn value_type(&self, value: Value<'_>) -> FrameError {
        let expected = Field { list: self.list, ..Field::new("", self.scalar) }.type_name();
        FrameError::ValueType { column: self.index, row: self.rows(), found: value.type_name(), expected }
    }
}
