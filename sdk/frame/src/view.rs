//! Reading a frame in place.

use crate::column::Column;
use crate::error::FrameError;
use crate::layout::{Entry, Header};
use crate::validate;
use crate::{Scalar, Schema};

/// A frame that has been checked, read where it lies. Cheap to copy.
#[derive(Clone, Copy)]
pub struct FrameView<'a> {
    /// Invariant: `validate::structure` and `validate::contents` hold for them.
    bytes: &'a [u8],
    header: Header,
}

impl<'a> FrameView<'a> {
    /// Checks the bytes completely and reads them as a frame. Nothing is copied or allocated.
    ///
    /// After this every value can be read without a panic, whoever wrote the bytes.
    ///
    /// # Errors
    /// The first thing that is wrong. [`FrameError::Misaligned`] says nothing about the frame: copy the bytes into a
    /// [`FrameBuf`](crate::FrameBuf) and read that.
    pub fn parse(bytes: &'a [u8]) -> Result<FrameView<'a>, FrameError> {
        validate::structure(bytes)?;
        validate::contents(bytes)?;
        Ok(FrameView { bytes, header: Header::read(bytes) })
    }

    /// As [`parse`](Self::parse), and the columns are those of the schema, in its order. A column of an optional
    /// field may be without the optional flag.
    ///
    /// # Errors
    /// As `parse`; [`FrameError::ColumnCount`] and [`FrameError::ColumnType`] where the schema differs.
    pub fn parse_expecting(bytes: &'a [u8], schema: &Schema) -> Result<FrameView<'a>, FrameError> {
        let view = FrameView::parse(bytes)?;
        view.expect(schema)?;
        Ok(view)
    }

    /// As [`parse`](Self::parse) without the checks that look at every row: for bytes that this process has checked
    /// or built.
    ///
    /// # Errors
    /// As `parse`, for header and column table.
    ///
    /// # Safety
    /// The bytes passed `parse` before, or come from a [`FrameBuilder`](crate::FrameBuilder) or from reshaping.
    pub unsafe fn parse_trusted(bytes: &'a [u8]) -> Result<FrameView<'a>, FrameError> {
        validate::structure(bytes)?;
        Ok(FrameView { bytes, header: Header::read(bytes) })
    }

    /// Compares the columns with those of the schema.
    ///
    /// # Errors
    /// [`FrameError::ColumnCount`] and [`FrameError::ColumnType`].
    pub fn expect(&self, schema: &Schema) -> Result<(), FrameError> {
        if self.columns() != schema.fields.len() {
            return Err(FrameError::ColumnCount { found: self.columns(), expected: schema.fields.len() });
        }
        for (column, field) in schema.fields.iter().enumerate() {
            let entry = Entry::read(self.bytes, column);
            let same = entry.scalar == field.scalar as u8
                && entry.is_list() == field.list
                && (field.optional || !entry.is_optional());
            if !same {
                let scalar = Scalar::from_code(entry.scalar).unwrap_or(field.scalar);
                return Err(FrameError::ColumnType {
                    column,
                    name: field.name.clone(),
                    found: validate::type_name(scalar, &entry),
                    expected: field.type_name(),
                });
            }
        }
        Ok(())
    }

    /// How many tuples there are.
    #[inline]
    pub fn rows(&self) -> usize {
        self.header.rows
    }

    /// How many columns there are.
    #[inline]
    pub fn columns(&self) -> usize {
        self.header.columns
    }

    /// A column. Take it once, not for every row.
    ///
    /// # Panics
    /// If there is none of that number.
    pub fn column(&self, index: usize) -> Column<'a> {
        assert!(index < self.columns(), "column {index} of a frame with {} columns", self.columns());
        // SAFETY: the invariant: the frame has been checked, and there is such a column.
        unsafe { Column::read(self.bytes, index, self.rows()) }
    }

    /// The frame's bytes, header and all.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The schema id that the writer chose, 0 if it chose none.
    pub fn schema_id(&self) -> u32 {
        self.header.schema_id
    }

    /// The least and the greatest event time of the tuples, in µs since 1970-01-01 UTC.
    pub fn event_time(&self) -> Option<(i64, i64)> {
        self.header.event_time
    }

    /// No later tuple of this channel is older than this, in µs since 1970-01-01 UTC.
    pub fn watermark(&self) -> Option<i64> {
        self.header.watermark
    }

    pub(crate) fn header(&self) -> Header {
        self.header
    }
}
