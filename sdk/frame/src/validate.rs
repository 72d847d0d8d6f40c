//! The checks that make bytes a frame.
//!
//! [`structure`] looks at the header and the column table: its cost is that of the columns. [`contents`] looks at
//! offsets, text and dictionary indices: its cost is that of the bytes, in passes that the compiler vectorises; where
//! one fails, a slower second pass finds the place for the message.

use crate::cast::numbers;
use crate::error::FrameError;
use crate::layout::*;
use crate::{Field, Scalar};
use alloc::string::String;
use core::ops::Range;

/// Checks everything that does not depend on the values. After it, every buffer of every column lies within the
/// frame, aligned and of the right length, but for offsets that need the values: those of lists and string bytes.
pub(crate) fn structure(frame: &[u8]) -> Result<(), FrameError> {
    header(frame)?;
    let Header { columns, rows, .. } = Header::read(frame);
    let mut free_from = HEADER_BYTES + COLUMN_BYTES * columns;
    if free_from > frame.len() {
        return Err(FrameError::TableTruncated { columns, bytes: frame.len() });
    }
    for column in 0..columns {
        let entry = Entry::read(frame, column);
        let scalar = column_type(column, &entry)?;
        if !entry.is_list() && !entry.is_dictionary() && entry.entries as usize != rows {
            return Err(FrameError::Entries { column, entries: entry.entries as usize, rows });
        }
        for buffer in Buffer::ALL {
            free_from = place(frame, column, &entry, buffer, expected_length(scalar, &entry, rows, buffer), free_from)?;
        }
    }
    zeros(frame, free_from..frame.len())
}

fn header(frame: &[u8]) -> Result<(), FrameError> {
    if frame.len() < HEADER_BYTES {
        return Err(FrameError::TooShort { bytes: frame.len() });
    }
    if frame.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong { bytes: frame.len() });
    }
    let remainder = frame.as_ptr().addr() % ALIGNMENT;
    if remainder != 0 {
        return Err(FrameError::Misaligned { remainder });
    }
    if read_u32(frame, 0) != MAGIC {
        return Err(FrameError::Magic { found: read_u32(frame, 0) });
    }
    if read_u16(frame, 4) != VERSION {
        return Err(FrameError::Version { found: read_u16(frame, 4) });
    }
    let length = read_u32(frame, LENGTH_AT);
    if length as usize != frame.len() {
        return Err(FrameError::Length { claimed: length, bytes: frame.len() });
    }
    if frame.len() % ALIGNMENT != 0 {
        return Err(FrameError::LengthUneven { length });
    }
    if read_u32(frame, 44) != 0 {
        return Err(FrameError::HeaderReserved { found: read_u32(frame, 44) });
    }
    let header = Header::read(frame);
    if header.columns > MAX_COLUMNS {
        return Err(FrameError::TooManyColumns { columns: header.columns });
    }
    if header.rows > MAX_ROWS {
        return Err(FrameError::TooManyRows { rows: header.rows });
    }
    match header.event_time {
        Some((least, greatest)) if least > greatest => Err(FrameError::EventTimeReversed { least, greatest }),
        _ => Ok(()),
    }
}

fn column_type(column: usize, entry: &Entry) -> Result<Scalar, FrameError> {
    let scalar = Scalar::from_code(entry.scalar).ok_or(FrameError::UnknownScalar { column, code: entry.scalar })?;
    if entry.flags & !(FLAG_LIST | FLAG_OPTIONAL) != 0 {
        return Err(FrameError::UnknownFlags { column, flags: entry.flags });
    }
    if entry.encoding != ENCODING_PLAIN && entry.encoding != ENCODING_DICTIONARY {
        return Err(FrameError::UnknownEncoding { column, encoding: entry.encoding });
    }
    if entry.reserved != 0 {
        return Err(FrameError::ColumnReserved { column, found: entry.reserved });
    }
    if entry.is_dictionary() && (entry.is_list() || !scalar.is_variable()) {
        return Err(FrameError::DictionaryNotAllowed { column, found: type_name(scalar, entry) });
    }
    Ok(scalar)
}

/// The column's type as messages print it.
pub(crate) fn type_name(scalar: Scalar, entry: &Entry) -> String {
    Field { name: String::new(), scalar, list: entry.is_list(), optional: entry.is_optional() }.type_name()
}

/// What a buffer's length must be.
enum Expected {
    /// The column has no such buffer.
    None,
    /// So many bytes. In 64 bits: claims are not believed before they are compared.
    Bytes(u64),
    /// What the offsets say, which [`contents`] checks.
    AsOffsetsSay,
}

fn expected_length(scalar: Scalar, entry: &Entry, rows: usize, buffer: Buffer) -> Expected {
    let (rows, entries) = (rows as u64, u64::from(entry.entries));
    match buffer {
        Buffer::Validity if entry.is_optional() => Expected::Bytes(rows.div_ceil(8)),
        Buffer::ListOffsets if entry.is_list() => Expected::Bytes(4 * (rows + 1)),
        Buffer::Values if entry.is_dictionary() => Expected::Bytes(4 * rows),
        Buffer::Values if scalar == Scalar::Bool => Expected::Bytes(entries.div_ceil(8)),
        Buffer::Values if !scalar.is_variable() => Expected::Bytes(8 * entries),
        Buffer::StringOffsets if scalar.is_variable() => Expected::Bytes(4 * (entries + 1)),
        Buffer::StringBytes if scalar.is_variable() => Expected::AsOffsetsSay,
        _ => Expected::None,
    }
}

/// Checks where a buffer lies; returns from where on the next may lie.
fn place(
    frame: &[u8],
    column: usize,
    entry: &Entry,
    buffer: Buffer,
    expected: Expected,
    free_from: usize,
) -> Result<usize, FrameError> {
    let (offset, length) = entry.buffers[buffer as usize];
    let (offset, length) = (offset as usize, length as usize);
    if let Expected::None = expected {
        return match (offset, length) {
            (0, 0) => Ok(free_from),
            _ => Err(FrameError::UnexpectedBuffer { column, buffer, offset, length }),
        };
    }
    if offset % ALIGNMENT != 0 {
        return Err(FrameError::BufferMisaligned { column, buffer, offset });
    }
    if offset < free_from {
        return Err(FrameError::BufferOverlaps { column, buffer, offset, free_from });
    }
    if offset > frame.len() || length > frame.len() - offset {
        return Err(FrameError::BufferOutside { column, buffer, offset, length, frame: frame.len() });
    }
    if let Expected::Bytes(expected) = expected
        && length as u64 != expected
    {
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        return Err(FrameError::BufferLength { column, buffer, length, expected });
    }
    zeros(frame, free_from..offset)?;
    let end = offset + length;
    let padding = if buffer == Buffer::StringBytes { PADDING } else { 0 };
    if frame.len() - end < padding {
        return Err(FrameError::PaddingMissing { column, end, frame: frame.len() });
    }
    // The frame's length is a multiple of 8, so that this is not past its end.
    let free_from = align(end + padding);
    zeros(frame, end..free_from)?;
    Ok(free_from)
}

fn zeros(frame: &[u8], range: Range<usize>) -> Result<(), FrameError> {
    let gap = &frame[range.clone()];
    if gap.iter().fold(0, |any, &byte| any | byte) == 0 {
        return Ok(());
    }
    let at = gap.iter().position(|&byte| byte != 0).unwrap_or(0);
    Err(FrameError::PaddingNotZero { offset: range.start + at })
}

/// Checks what depends on the values: offsets, text and dictionary indices. The structure has been checked.
pub(crate) fn contents(frame: &[u8]) -> Result<(), FrameError> {
    let header = Header::read(frame);
    for column in 0..header.columns {
        let entry = Entry::read(frame, column);
        let buffer = |buffer: Buffer| {
            let (offset, length) = entry.buffers[buffer as usize];
            &frame[offset as usize..offset as usize + length as usize]
        };
        if entry.is_list() {
            offsets(column, Buffer::ListOffsets, numbers(buffer(Buffer::ListOffsets)), entry.entries as usize)?;
        }
        let Some(scalar) = Scalar::from_code(entry.scalar).filter(|scalar| scalar.is_variable()) else { continue };
        let starts = numbers::<i32>(buffer(Buffer::StringOffsets));
        let bytes = buffer(Buffer::StringBytes);
        offsets(column, Buffer::StringOffsets, starts, bytes.len())?;
        if scalar == Scalar::String {
            text(column, starts, bytes)?;
        }
        if entry.is_dictionary() {
            indices(column, numbers(buffer(Buffer::Values)), entry.entries as usize)?;
        }
    }
    Ok(())
}

/// Offsets start at 0, never fall, and end with `length`.
fn offsets(column: usize, buffer: Buffer, offsets: &[i32], length: usize) -> Result<(), FrameError> {
    // The sign bit of `bad` is set by an offset below 0, and by one below the one before it: where none is below 0,
    // differences do not wrap.
    let mut bad = 0;
    for (&next, &offset) in offsets[1..].iter().zip(offsets) {
        bad |= next.wrapping_sub(offset) | next;
    }
    let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
    if first != 0 {
        return Err(FrameError::OffsetsStart { column, buffer, first });
    }
    if bad < 0 {
        let fall = offsets.windows(2).position(|pair| pair[1] < pair[0]).unwrap_or(0);
        return Err(FrameError::OffsetsFall { column, buffer, index: fall + 1 });
    }
    if last as usize != length {
        return Err(FrameError::OffsetsEnd { column, buffer, last, expected: length });
    }
    Ok(())
}

/// The bytes are UTF-8 and no string starts within a character. The offsets have been checked.
pub(crate) fn text(column: usize, offsets: &[i32], bytes: &[u8]) -> Result<(), FrameError> {
    if bytes.is_ascii() {
        return Ok(());
    }
    let entry_of = |at: usize| offsets.partition_point(|&start| start as usize <= at) - 1;
    let text = core::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        FrameError::NotUtf8 { column, entry: entry_of(offset), offset }
    })?;
    match offsets.iter().position(|&start| !text.is_char_boundary(start as usize)) {
        None => Ok(()),
        Some(entry) => Err(FrameError::SplitCharacter { column, entry, offset: offsets[entry] as usize }),
    }
}

/// Every dictionary index is less than the number of entries.
fn indices(column: usize, indices: &[u32], entries: usize) -> Result<(), FrameError> {
    let greatest = indices.iter().fold(0, |greatest, &index| greatest.max(index));
    if indices.is_empty() || (greatest as usize) < entries {
        return Ok(());
    }
    let row = indices.iter().position(|&index| index as usize >= entries).unwrap_or(0);
    Err(FrameError::IndexOutOfRange { column, row, index: indices[row], entries })
}
