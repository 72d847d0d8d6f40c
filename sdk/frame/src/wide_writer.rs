//! Appending many short strings without a check for each.

use crate::wide::{WIDE, copy_wide};
use alloc::vec::Vec;

/// Appends values to a string or bytes column for which room was made before.
/// See [`ColumnBuilder::wide`](crate::ColumnBuilder::wide).
///
/// It keeps its pointers in registers and tells the column what was written when it is dropped.
pub struct WideWriter<'c> {
    start: *mut u8,
    position: usize,
    position_max: usize,
    offset_start: *mut i32,
    count: usize,
    count_max: usize,
    offsets: &'c mut Vec<i32>,
    bytes: &'c mut Vec<u8>,
}

impl<'c> WideWriter<'c> {
    pub(crate) fn new(
        offsets: &'c mut Vec<i32>,
        bytes: &'c mut Vec<u8>,
        rows_max: usize,
        bytes_max: usize,
    ) -> WideWriter<'c> {
        offsets.reserve(rows_max);
        // What `push` relies on must not wrap around to little room.
        bytes.reserve(bytes_max.checked_add(WIDE).expect("a capacity fits an address"));
        WideWriter {
            start: bytes.as_mut_ptr(),
            position: bytes.len(),
            position_max: bytes.len() + bytes_max,
            offset_start: offsets.as_mut_ptr(),
            count: offsets.len(),
            count_max: offsets.len() + rows_max,
            offsets,
            bytes,
        }
    }

    /// Appends a value. Text is not checked.
    ///
    /// # Safety
    /// This is at most the `rows`-th value, and all have at most `bytes` bytes, as was said to
    /// [`ColumnBuilder::wide`](crate::ColumnBuilder::wide). `length` + 16 bytes are readable from `value` on. In a
    /// `string` column the value is UTF-8.
    #[inline(always)]
    pub unsafe fn push(&mut self, value: *const u8, length: usize) {
        debug_assert!(self.count < self.count_max && self.position + length <= self.position_max);
        // SAFETY: `new` reserved that many offsets, and that many bytes and 16 more, and the caller stays within
        // them. The source cannot be memory that only we may write.
        unsafe {
            copy_wide(value, self.start.add(self.position), length);
            self.position += length;
            self.offset_start.add(self.count).write(self.position as i32);
            self.count += 1;
        }
    }
}

impl WideWriter<'_> {
    /// The rows of the column, those that were appended included.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        // There is an offset before the first value.
        self.count - 1
    }
}

impl Drop for WideWriter<'_> {
    fn drop(&mut self) {
        // SAFETY: both lie within what `new` reserved, and `push` has written everything up to them.
        unsafe {
            self.bytes.set_len(self.position);
            self.offsets.set_len(self.count);
        }
    }
}
