//! Writing a frame from front to back: the one place that places buffers.

use crate::buffer::FrameBuf;
use crate::error::FrameError;
use crate::layout::*;
use crate::wide::WIDE;

/// Writes one frame. Columns are written in order, and the buffers of a column in theirs.
pub(crate) struct Writer<'b> {
    out: &'b mut FrameBuf,
    header: Header,
    written: usize,
}

impl<'b> Writer<'b> {
    /// Starts a frame in the buffer, which is cleared; `bytes` is a guess of the frame's size.
    pub(crate) fn start(out: &'b mut FrameBuf, header: Header, bytes: usize) -> Result<Writer<'b>, FrameError> {
        if header.columns > MAX_COLUMNS {
            return Err(FrameError::TooManyColumns { columns: header.columns });
        }
        if header.rows > MAX_ROWS {
            return Err(FrameError::TooManyRows { rows: header.rows });
        }
        out.clear();
        out.reserve(bytes.min(MAX_FRAME_BYTES));
        out.resize(HEADER_BYTES + COLUMN_BYTES * header.columns, 0);
        Ok(Writer { out, header, written: 0 })
    }

    /// Whether so many bytes more stay within the limit: to be asked before memory is taken for them, and before
    /// offsets are computed that must not overflow.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<(), FrameError> {
        let total = self.out.len() as u64 + bytes;
        if total > MAX_FRAME_BYTES as u64 { Err(FrameError::TooLarge { bytes: total }) } else { Ok(()) }
    }

    /// Starts the next column. Its type is the entry's, its buffers are set as they are written.
    pub(crate) fn column(&mut self, entry: Entry) -> ColumnWriter<'_> {
        let at = HEADER_BYTES + COLUMN_BYTES * self.written;
        self.written += 1;
        ColumnWriter { out: self.out, entry, at }
    }

    /// Completes the frame.
    pub(crate) fn finish(self) -> Result<(), FrameError> {
        debug_assert_eq!(self.written, self.header.columns);
        self.room_for(0)?;
        let header = self.header.to_bytes(self.out.len());
        self.out[..HEADER_BYTES].copy_from_slice(&header);
        Ok(())
    }
}

/// Writes the buffers of one column.
pub(crate) struct ColumnWriter<'w> {
    out: &'w mut FrameBuf,
    entry: Entry,
    at: usize,
}

impl ColumnWriter<'_> {
    /// Writes a buffer: what `write` appends, and the padding.
    pub(crate) fn buffer(&mut self, buffer: Buffer, write: impl FnOnce(&mut FrameBuf)) -> &mut Self {
        let start = self.out.len();
        write(self.out);
        let end = self.out.len();
        self.entry.buffers[buffer as usize] = (start as u32, (end - start) as u32);
        let padding = if buffer == Buffer::StringBytes { PADDING } else { 0 };
        self.out.resize(align(end + padding), 0);
        self
    }

    /// Writes string offsets and string bytes in one pass over the values: `fill` gets where `offsets` offsets and
    /// where `bytes` bytes go.
    ///
    /// # Safety
    /// `fill` initialises all of both. It may write up to [`WIDE`] bytes after the end of the bytes.
    pub(crate) unsafe fn strings(&mut self, offsets: usize, bytes: usize, fill: impl FnOnce(*mut i32, *mut u8)) {
        let start = self.out.len();
        let offsets_bytes = 4 * offsets;
        let gap = align(offsets_bytes);
        self.out.reserve(gap + bytes + WIDE.max(PADDING + ALIGNMENT));
        // SAFETY: both lie within what was just reserved; `start` is a multiple of 8, as every buffer starts at one.
        unsafe {
            let at = self.out.as_mut_ptr().add(start);
            fill(at.cast(), at.add(gap));
        }
        // SAFETY: `fill` has initialised the offsets.
        self.buffer(Buffer::StringOffsets, |out| unsafe { out.set_len(start + offsets_bytes) });
        // SAFETY: `fill` has initialised the bytes, and the padding between was written. Nothing was moved, as there
        // was room.
        self.buffer(Buffer::StringBytes, |out| unsafe { out.set_len(start + gap + bytes) });
    }
}

impl Drop for ColumnWriter<'_> {
    /// Puts the column into the table.
    fn drop(&mut self) {
        self.out[self.at..self.at + COLUMN_BYTES].copy_from_slice(&self.entry.to_bytes());
    }
}
