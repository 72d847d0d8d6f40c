//! Making a frame, row by row or column by column.

use crate::Schema;
use crate::buffer::FrameBuf;
use crate::column_builder::ColumnBuilder;
use crate::error::FrameError;
use crate::layout::{COLUMN_BYTES, HEADER_BYTES, Header};
use crate::value::Value;
use crate::writer::Writer;
use alloc::vec::Vec;

/// Collects tuples and makes a frame of them, again and again: [`clear`](Self::clear) keeps all memory.
///
/// Push to every [`column`](Self::column), or whole rows with [`push_row`](Self::push_row).
#[derive(Clone, Debug)]
pub struct FrameBuilder {
    columns: Vec<ColumnBuilder>,
    ended_rows: usize,
    schema_id: u32,
    event_time: Option<(i64, i64)>,
    watermark: Option<i64>,
    out: FrameBuf,
}

impl FrameBuilder {
    /// A builder of frames of that schema.
    pub fn new(schema: &Schema) -> FrameBuilder {
        FrameBuilder {
            columns: schema.fields.iter().enumerate().map(|(index, field)| ColumnBuilder::new(index, field)).collect(),
            ended_rows: 0,
            schema_id: 0,
            event_time: None,
            watermark: None,
            out: FrameBuf::new(),
        }
    }

    /// Removes all rows, event time and watermark, and keeps schema id and memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(ColumnBuilder::clear);
        self.ended_rows = 0;
        self.event_time = None;
        self.watermark = None;
    }

    /// How many rows the first column has; without columns, how many were ended.
    #[inline]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(self.ended_rows, ColumnBuilder::rows)
    }

    /// The size of the frame if it were finished now. A handful of additions for each column.
    #[inline]
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|column| COLUMN_BYTES + column.size()).sum();
        HEADER_BYTES + columns
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// A column, to push values to.
    ///
    /// # Panics
    /// If there is none of that number.
    #[inline]
    pub fn column(&mut self, index: usize) -> &mut ColumnBuilder {
        &mut self.columns[index]
    }

    /// All columns, to push to several at once.
    #[inline]
    pub fn columns_mut(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`FrameError::RowWidth`], [`FrameError::ValueType`] or [`FrameError::NotOptional`]. After one of the last two,
    /// columns before the one named have a row too many: clear the builder.
    pub fn push_row(&mut self, values: &[Value<'_>]) -> Result<(), FrameError> {
        if values.len() != self.columns.len() {
            return Err(FrameError::RowWidth { found: values.len(), expected: self.columns.len() });
        }
        for (column, &value) in self.columns.iter_mut().zip(values) {
            column.push_value(value)?;
        }
        self.end_row();
        Ok(())
    }

    /// Says that a row is complete. Needed only where there are no columns to count.
    #[inline]
    pub fn end_row(&mut self) {
        self.ended_rows += 1;
    }

    /// Says that so many rows are complete. Needed only where there are no columns to count.
    #[inline]
    pub fn end_rows(&mut self, rows: usize) {
        self.ended_rows += rows;
    }

    /// Sets the schema id of the frames to come.
    pub fn set_schema_id(&mut self, schema_id: u32) {
        self.schema_id = schema_id;
    }

    /// Sets the watermark, in µs since 1970-01-01 UTC. `i64::MIN` is none.
    pub fn set_watermark(&mut self, watermark_us: i64) {
        self.watermark = (watermark_us != i64::MIN).then_some(watermark_us);
    }

    /// Sets the least and the greatest event time of the rows, in µs since 1970-01-01 UTC.
    pub fn set_event_time(&mut self, least_us: i64, greatest_us: i64) {
        self.event_time = Some((least_us, greatest_us));
    }

    /// Makes the frame of the rows so far. They stay: [`clear`](Self::clear) before the next frame.
    ///
    /// # Errors
    /// [`FrameError::RowsDisagree`], [`FrameError::NotUtf8`] or [`FrameError::SplitCharacter`] for bytes pushed to a
    /// string column, [`FrameError::IndexOutOfRange`], [`FrameError::EventTimeReversed`], and
    /// [`FrameError::TooLarge`] or [`FrameError::TooManyRows`] where the rows do not go into one frame.
    pub fn finish(&mut self) -> Result<&[u8], FrameError> {
        let mut out = core::mem::take(&mut self.out);
        let result = self.finish_into(&mut out);
        self.out = out;
        result.map(|()| self.out.as_slice())
    }

    /// As [`finish`](Self::finish), into a buffer of the caller's, which is cleared first.
    ///
    /// # Errors
    /// As `finish`.
    pub fn finish_into(&mut self, out: &mut FrameBuf) -> Result<(), FrameError> {
        let rows = self.rows();
        let header = Header {
            columns: self.columns.len(),
            rows,
            schema_id: self.schema_id,
            event_time: self.event_time.filter(|&time| time != (i64::MAX, i64::MIN)),
            watermark: self.watermark,
        };
        if let Some((least, greatest)) = header.event_time
            && least > greatest
        {
            return Err(FrameError::EventTimeReversed { least, greatest });
        }
        for (column, builder) in self.columns.iter_mut().enumerate() {
            if builder.rows() != rows {
                return Err(FrameError::RowsDisagree { column, rows: builder.rows(), expected: rows });
            }
            builder.check()?;
        }
        let bytes = self.bytes();
        let mut writer = Writer::start(out, header, bytes)?;
        writer.room_for((bytes - HEADER_BYTES - COLUMN_BYTES * header.columns) as u64)?;
        for column in &mut self.columns {
            column.write(&mut writer);
        }
        writer.finish()?;
        debug_assert_eq!(out.len(), bytes);
        Ok(())
    }
}
