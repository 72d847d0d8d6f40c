//! Where the parts of a frame lie: the constants, the header, and one row of the column table.
//!
//! `docs/formats.md` is the specification; in this crate, this file is the only place that repeats its numbers.

use crate::Scalar;

/// A frame is never longer than this, in bytes.
pub const MAX_FRAME_BYTES: usize = 16 << 20;
/// A frame never has more rows than this. Columns cost bytes, so that only frames without columns come near.
pub const MAX_ROWS: usize = 1 << 24;
/// A frame never has more columns than this.
pub const MAX_COLUMNS: usize = 1024;
/// At least this many zero bytes follow the string bytes of every column.
pub const PADDING: usize = 64;

pub(crate) const MAGIC: u32 = 0x3146_5450;
pub(crate) const VERSION: u16 = 1;
pub(crate) const HEADER_BYTES: usize = 48;
pub(crate) const COLUMN_BYTES: usize = 48;
pub(crate) const ALIGNMENT: usize = 8;
/// Where in the header the length stands.
pub(crate) const LENGTH_AT: usize = 40;

pub(crate) const FLAG_LIST: u8 = 1;
pub(crate) const FLAG_OPTIONAL: u8 = 2;
pub(crate) const ENCODING_PLAIN: u8 = 0;
pub(crate) const ENCODING_DICTIONARY: u8 = 1;

const NO_EVENT_TIME: (i64, i64) = (i64::MAX, i64::MIN);
const NO_WATERMARK: i64 = i64::MIN;

/// The next multiple of 8.
pub(crate) const fn align(bytes: usize) -> usize {
    (bytes + (ALIGNMENT - 1)) & !(ALIGNMENT - 1)
}

/// Which of a column's five buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// A bit per row: 1 where the value is present.
    Validity = 0,
    /// Where each row's list starts among the child values.
    ListOffsets = 1,
    /// Fixed-width values, or dictionary indices.
    Values = 2,
    /// Where each string starts among the string bytes.
    StringOffsets = 3,
    /// All strings, one after the other.
    StringBytes = 4,
}

impl Buffer {
    /// In the order in which they stand in the column table and in the frame.
    pub(crate) const ALL: [Buffer; 5] =
        [Buffer::Validity, Buffer::ListOffsets, Buffer::Values, Buffer::StringOffsets, Buffer::StringBytes];

    /// How messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Buffer::Validity => "validity",
            Buffer::ListOffsets => "list offsets",
            Buffer::Values => "values",
            Buffer::StringOffsets => "string offsets",
            Buffer::StringBytes => "string bytes",
        }
    }
}

/// The header's fields that say something about the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) schema_id: u32,
    /// Least and greatest, µs.
    pub(crate) event_time: Option<(i64, i64)>,
    /// µs.
    pub(crate) watermark: Option<i64>,
}

impl Header {
    /// The bytes of the header of a frame of that length.
    pub(crate) fn to_bytes(self, length: usize) -> [u8; HEADER_BYTES] {
        let (least, greatest) = self.event_time.unwrap_or(NO_EVENT_TIME);
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
        bytes[6..8].copy_from_slice(&(self.columns as u16).to_le_bytes());
        bytes[8..12].copy_from_slice(&(self.rows as u32).to_le_bytes());
        bytes[12..16].copy_from_slice(&self.schema_id.to_le_bytes());
        bytes[16..24].copy_from_slice(&least.to_le_bytes());
        bytes[24..32].copy_from_slice(&greatest.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.watermark.unwrap_or(NO_WATERMARK).to_le_bytes());
        bytes[LENGTH_AT..44].copy_from_slice(&(length as u32).to_le_bytes());
        bytes
    }

    /// The header as it stands in the bytes; nothing is checked but that there are 48 of them.
    pub(crate) fn read(bytes: &[u8]) -> Header {
        let (least, greatest) = event_times(bytes);
        let watermark = read_i64(bytes, 32);
        Header {
            columns: read_u16(bytes, 6) as usize,
            rows: read_u32(bytes, 8) as usize,
            schema_id: read_u32(bytes, 12),
            event_time: ((least, greatest) != NO_EVENT_TIME).then_some((least, greatest)),
            watermark: (watermark != NO_WATERMARK).then_some(watermark),
        }
    }
}

/// The two event times as they stand in the header.
pub(crate) fn event_times(bytes: &[u8]) -> (i64, i64) {
    (read_i64(bytes, 16), read_i64(bytes, 24))
}

/// One row of the column table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) scalar: u8,
    pub(crate) flags: u8,
    pub(crate) encoding: u8,
    pub(crate) reserved: u8,
    pub(crate) entries: u32,
    /// Offset and length in bytes of each buffer.
    pub(crate) buffers: [(u32, u32); 5],
}

impl Entry {
    /// A plain or dictionary column of that type; its buffers are not placed yet.
    pub(crate) fn new(scalar: Scalar, list: bool, optional: bool, dictionary: bool, entries: usize) -> Entry {
        Entry {
            scalar: scalar as u8,
            flags: if list { FLAG_LIST } else { 0 } | if optional { FLAG_OPTIONAL } else { 0 },
            encoding: if dictionary { ENCODING_DICTIONARY } else { ENCODING_PLAIN },
            reserved: 0,
            entries: entries as u32,
            buffers: [(0, 0); 5],
        }
    }

    /// The entry of that column in a frame whose table is complete.
    pub(crate) fn read(frame: &[u8], column: usize) -> Entry {
        let at = HEADER_BYTES + COLUMN_BYTES * column;
        let row: &[u8; COLUMN_BYTES] = frame[at..at + COLUMN_BYTES].try_into().expect("the range has this length");
        let mut buffers = [(0, 0); 5];
        for (i, buffer) in buffers.iter_mut().enumerate() {
            *buffer = (read_u32(row, 8 + 8 * i), read_u32(row, 12 + 8 * i));
        }
        Entry { scalar: row[0], flags: row[1], encoding: row[2], reserved: row[3], entries: read_u32(row, 4), buffers }
    }

    pub(crate) fn to_bytes(self) -> [u8; COLUMN_BYTES] {
        let mut bytes = [0; COLUMN_BYTES];
        bytes[..4].copy_from_slice(&[self.scalar, self.flags, self.encoding, self.reserved]);
        bytes[4..8].copy_from_slice(&self.entries.to_le_bytes());
        for (i, (offset, length)) in self.buffers.into_iter().enumerate() {
            bytes[8 + 8 * i..12 + 8 * i].copy_from_slice(&offset.to_le_bytes());
            bytes[12 + 8 * i..16 + 8 * i].copy_from_slice(&length.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn is_list(&self) -> bool {
        self.flags & FLAG_LIST != 0
    }

    pub(crate) fn is_optional(&self) -> bool {
        self.flags & FLAG_OPTIONAL != 0
    }

    pub(crate) fn is_dictionary(&self) -> bool {
        self.encoding == ENCODING_DICTIONARY
    }
}

pub(crate) fn read_u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("the range has this length"))
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("the range has this length"))
}

fn read_i64(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(bytes[at..at + 8].try_into().expect("the range has this length"))
}
