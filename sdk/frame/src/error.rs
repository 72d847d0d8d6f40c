//! What can be wrong with a frame, or with an attempt to make one.

use crate::layout::{Buffer, COLUMN_BYTES, HEADER_BYTES, MAX_COLUMNS, MAX_FRAME_BYTES, MAX_ROWS, PADDING};
use alloc::string::String;
use core::fmt;

/// Why bytes are not a frame, or why a frame cannot be made. Columns and rows count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the fields are named after the header's and the column table's, and the messages say the rest"
)]
pub enum FrameError {
    /// There is no room for a header.
    TooShort { bytes: usize },
    /// More than [`MAX_FRAME_BYTES`] were read.
    TooLong { bytes: usize },
    /// The bytes do not start at a multiple of 8 in memory. Copy them into a [`FrameBuf`](crate::FrameBuf).
    Misaligned { remainder: usize },
    /// The first four bytes are not `PTF1`.
    Magic { found: u32 },
    /// A version this reader does not know.
    Version { found: u16 },
    /// The header's length is not the number of bytes there are.
    Length { claimed: u32, bytes: usize },
    /// The length is not a multiple of 8.
    LengthUneven { length: u32 },
    /// The header's reserved field is not 0.
    HeaderReserved { found: u32 },
    /// More than [`MAX_COLUMNS`].
    TooManyColumns { columns: usize },
    /// More than [`MAX_ROWS`].
    TooManyRows { rows: usize },
    /// The frame ends within its column table.
    TableTruncated { columns: usize, bytes: usize },
    /// The least event time is after the greatest.
    EventTimeReversed { least: i64, greatest: i64 },

    /// No scalar has that number.
    UnknownScalar { column: usize, code: u8 },
    /// Flag bits other than 0 and 1 are set.
    UnknownFlags { column: usize, flags: u8 },
    /// An encoding that is neither plain nor dictionary.
    UnknownEncoding { column: usize, encoding: u8 },
    /// The column's reserved byte is not 0.
    ColumnReserved { column: usize, found: u8 },
    /// Only strings and bytes that are not lists may have a dictionary.
    DictionaryNotAllowed { column: usize, found: String },
    /// A plain column has as many entries as the frame has rows.
    Entries { column: usize, entries: usize, rows: usize },
    /// A buffer that a column of this type does not have is not (0, 0).
    UnexpectedBuffer { column: usize, buffer: Buffer, offset: usize, length: usize },
    /// A buffer does not start at a multiple of 8.
    BufferMisaligned { column: usize, buffer: Buffer, offset: usize },
    /// A buffer starts before the end of the one before it, or within header and column table.
    BufferOverlaps { column: usize, buffer: Buffer, offset: usize, free_from: usize },
    /// A buffer ends after the end of the frame.
    BufferOutside { column: usize, buffer: Buffer, offset: usize, length: usize, frame: usize },
    /// A buffer does not have the length that rows and entries ask for.
    BufferLength { column: usize, buffer: Buffer, length: usize, expected: usize },
    /// Fewer than [`PADDING`] bytes follow the string bytes.
    PaddingMissing { column: usize, end: usize, frame: usize },
    /// A byte between two buffers is not 0.
    PaddingNotZero { offset: usize },

    /// The first offset is not 0.
    OffsetsStart { column: usize, buffer: Buffer, first: i32 },
    /// An offset is less than the one before it. `index` counts offsets from 0.
    OffsetsFall { column: usize, buffer: Buffer, index: usize },
    /// The last offset is not the length of what the offsets point into.
    OffsetsEnd { column: usize, buffer: Buffer, last: i32, expected: usize },
    /// The bytes of a string column are not UTF-8. `entry` is the row, child value or dictionary entry.
    NotUtf8 { column: usize, entry: usize, offset: usize },
    /// A string starts within a character of UTF-8.
    SplitCharacter { column: usize, entry: usize, offset: usize },
    /// A dictionary has no entry of that number.
    IndexOutOfRange { column: usize, row: usize, index: u32, entries: usize },

    /// The frame has another number of columns than the schema.
    ColumnCount { found: usize, expected: usize },
    /// A column has another type than its field in the schema.
    ColumnType { column: usize, name: String, found: String, expected: String },

    /// A row of another number of values than there are columns was pushed.
    RowWidth { found: usize, expected: usize },
    /// A value of another type than its column's was pushed.
    ValueType { column: usize, row: usize, found: &'static str, expected: String },
    /// Absent was pushed to a column that is not optional, or into a list.
    NotOptional { column: usize, row: usize },
    /// The columns of a frame to be finished do not have the same number of rows.
    RowsDisagree { column: usize, rows: usize, expected: usize },
    /// The finished frame would be longer than [`MAX_FRAME_BYTES`].
    TooLarge { bytes: u64 },
    /// There is no such row to take.
    NoSuchRow { row: usize, rows: usize },
    /// There is no such column to project to.
    NoSuchColumn { column: usize, columns: usize },
    /// Frames whose columns differ cannot be joined. `frame` is the first that differs from frame 0.
    ConcatDiffers { frame: usize, column: usize, found: String, expected: String },
    /// Joining needs at least one frame: without one there are no column types.
    NothingToConcat,
}

impl core::error::Error for FrameError {}

impl fmt::Display for FrameError {
    #[rustfmt::skip] // One variant, one line: easier to compare.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use FrameError::*;
        match self {
            TooShort { bytes } => write!(f, "a frame starts with a header of {HEADER_BYTES} bytes, and there are only {bytes}"),
            TooLong { bytes } => write!(f, "a frame has at most {MAX_FRAME_BYTES} bytes, and there are {bytes}"),
            Misaligned { remainder } => write!(f, "the frame's memory starts {remainder} bytes after a multiple of 8; copy it into a FrameBuf"),
            Magic { found } => write!(f, "a frame starts with the bytes PTF1 (0x31465450), and this starts with {found:#010x}"),
            Version { found } => write!(f, "this reader knows version 1 of the frame, and this is version {found}"),
            Length { claimed, bytes } => write!(f, "the header says that the frame has {claimed} bytes, and there are {bytes}"),
            LengthUneven { length } => write!(f, "the length of a frame is a multiple of 8, and this has {length} bytes"),
            HeaderReserved { found } => write!(f, "the header's reserved field at offset 44 is {found:#x}, it must be 0"),
            TooManyColumns { columns } => write!(f, "a frame has at most {MAX_COLUMNS} columns, and this has {columns}"),
            TooManyRows { rows } => write!(f, "a frame has at most {MAX_ROWS} rows, and this has {rows}"),
            TableTruncated { columns, bytes } => write!(f, "a table of {columns} columns ends at byte {}, and the frame at {bytes}", HEADER_BYTES + COLUMN_BYTES * columns),
            EventTimeReversed { least, greatest } => write!(f, "the least event time, {least}, is after the greatest, {greatest}"),
            UnknownScalar { column, code } => write!(f, "column {column}: there is no scalar of number {code}"),
            UnknownFlags { column, flags } => write!(f, "column {column}: flags are {flags:#04x}, only bits 0 (list) and 1 (optional) have a meaning"),
            UnknownEncoding { column, encoding } => write!(f, "column {column}: the encoding is {encoding}, known are 0 (plain) and 1 (dictionary)"),
            ColumnReserved { column, found } => write!(f, "column {column}: the reserved byte is {found:#04x}, it must be 0"),
            DictionaryNotAllowed { column, found } => write!(f, "column {column}: only string and bytes may have a dictionary, and this is {found}"),
            Entries { column, entries, rows } => write!(f, "column {column}: a plain column has an entry for each of the {rows} rows, and this says {entries}"),
            UnexpectedBuffer { column, buffer, offset, length } => write!(f, "column {column}: a column of this type has no {} buffer, but one is given ({length} bytes at {offset})", buffer.name()),
            BufferMisaligned { column, buffer, offset } => write!(f, "column {column}: the {} buffer starts at {offset}, which is not a multiple of 8", buffer.name()),
            BufferOverlaps { column, buffer, offset, free_from } => write!(f, "column {column}: the {} buffer starts at {offset}, but what is before it takes all up to {free_from}", buffer.name()),
            BufferOutside { column, buffer, offset, length, frame } => write!(f, "column {column}: the {} buffer ({length} bytes at {offset}) reaches past the end of the frame at {frame}", buffer.name()),
            BufferLength { column, buffer, length, expected } => write!(f, "column {column}: the {} buffer has {length} bytes, and must have {expected}", buffer.name()),
            PaddingMissing { column, end, frame } => write!(f, "column {column}: {PADDING} bytes of zeros must follow the string bytes that end at {end}, but the frame ends at {frame}"),
            PaddingNotZero { offset } => write!(f, "byte {offset} lies between buffers and must be 0"),
            OffsetsStart { column, buffer, first } => write!(f, "column {column}: {} start with {first} instead of 0", buffer.name()),
            OffsetsFall { column, buffer, index } => write!(f, "column {column}: {} fall at number {index}", buffer.name()),
            OffsetsEnd { column, buffer, last, expected } => write!(f, "column {column}: {} end with {last}, and must end with {expected}", buffer.name()),
            NotUtf8 { column, entry, offset } => write!(f, "column {column}: string {entry} is not UTF-8 (byte {offset} of the string bytes)"),
            SplitCharacter { column, entry, offset } => write!(f, "column {column}: string {entry} starts within a UTF-8 character (byte {offset} of the string bytes)"),
            IndexOutOfRange { column, row, index, entries } => write!(f, "column {column}: row {row} has dictionary index {index}, but there are {entries} entries"),
            ColumnCount { found, expected } => write!(f, "the schema has {expected} columns, and the frame {found}"),
            ColumnType { column, name, found, expected } => write!(f, "column {column} (`{name}`) is {found}, and the schema says {expected}"),
            RowWidth { found, expected } => write!(f, "a row of {found} values was pushed to a frame of {expected} columns"),
            ValueType { column, row, found, expected } => write!(f, "column {column}, row {row}: a value of type {found} was pushed to a column of {expected}"),
            NotOptional { column, row } => write!(f, "column {column}, row {row}: an absent value was pushed where there must be one"),
            RowsDisagree { column, rows, expected } => write!(f, "column {column} has {rows} rows, and the frame {expected}"),
            TooLarge { bytes } => write!(f, "the frame would have {bytes} bytes, and may have {MAX_FRAME_BYTES}; make smaller frames"),
            NoSuchRow { row, rows } => write!(f, "row {row} was asked for, and the frame has {rows} rows"),
            NoSuchColumn { column, columns } => write!(f, "column {column} was asked for, and the frame has {columns} columns"),
            ConcatDiffers { frame, column, found, expected } => write!(f, "frame {frame} cannot be joined to frame 0: column {column} is {found} instead of {expected}"),
            NothingToConcat => write!(f, "there is no frame to join"),
        }
    }
}
