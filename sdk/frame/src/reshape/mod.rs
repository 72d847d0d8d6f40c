//! Frames made of other frames: runs of rows, chosen rows, several in a row, chosen columns.
//!
//! All keep event times and watermark. A dictionary is kept where it is no larger than the plain strings would be.

mod ranges;
mod take;

pub use ranges::{concat, project, slice};
pub use take::take;

use crate::strings::StringColumn;

/// The bytes of a dictionary's entries and their offsets: what keeping the dictionary costs beyond the indices, which
/// take the room of the offsets of plain strings.
fn dictionary_size(entries: StringColumn<'_>) -> u64 {
    4 * (entries.len() as u64 + 1) + entries.bytes().len() as u64
}

/// Whether to keep dictionaries of that size instead of writing strings of `plain` bytes in all.
fn is_worth_keeping(dictionaries: u64, plain: u64) -> bool {
    /// More than what one offset and the padding of buffers can make a plain column larger than this arithmetic
    /// says: a part of a frame must never outgrow the frame.
    const MARGIN_BYTES: u64 = 24;
    dictionaries <= plain + MARGIN_BYTES
}
