//! Chosen rows in any order: what groupings send to each task.

use super::{dictionary_size, is_worth_keeping};
use crate::bits::{Bitmap, Bits};
use crate::buffer::FrameBuf;
use crate::cast::Number;
use crate::column::{Column, Values};
use crate::error::FrameError;
use crate::layout::{Buffer, Entry, HEADER_BYTES, Header, PADDING};
use crate::strings::StringColumn;
use crate::view::FrameView;
use crate::wide::copy_wide;
use crate::writer::{ColumnWriter, Writer};

/// Values longer than this are left to the system's copy, which is faster for them.
const WIDE_BYTES_MAX: usize = 128;

/// Those rows, in that order. A row may be taken more than once.
///
/// # Errors
/// [`FrameError::NoSuchRow`]; [`FrameError::TooLarge`] or [`FrameError::TooManyRows`], which only happen if rows are
/// taken more than once.
pub fn take(view: &FrameView<'_>, rows: &[u32]) -> Result<FrameBuf, FrameError> {
    let greatest = rows.iter().fold(0, |greatest, &row| greatest.max(row)) as usize;
    if !rows.is_empty() && greatest >= view.rows() {
        return Err(FrameError::NoSuchRow { row: greatest, rows: view.rows() });
    }
    let header = Header { rows: rows.len(), ..view.header() };
    let share = view.bytes().len() as u64 * rows.len() as u64 / view.rows().max(1) as u64;
    let mut out = FrameBuf::new();
    // A share is a guess; an eighth more spares most frames the second allocation.
    let mut writer = Writer::start(&mut out, header, (share + share / 8) as usize + HEADER_BYTES + 2 * PADDING)?;
    for index in 0..view.columns() {
        take_column(&mut writer, &view.column(index), rows)?;
    }
    writer.finish()?;
    Ok(out)
}

fn take_column(writer: &mut Writer<'_>, column: &Column<'_>, rows: &[u32]) -> Result<(), FrameError> {
    let plan = Plan::new(column, rows);
    writer.room_for(plan.bytes)?;
    let entry =
        Entry::new(column.scalar(), column.is_list(), column.is_optional(), plan.keeps_dictionary, plan.entries);
    let mut to = writer.column(entry);
    if let Some(validity) = column.validity() {
        let mut taken = Bits::default();
        rows.iter().for_each(|&row| taken.push(validity.get(row as usize)));
        to.buffer(Buffer::Validity, |out| out.extend_from_slice(taken.as_bytes()));
    }
    match column.list_offsets() {
        Some(lists) => take_lists(&mut to, column, lists, rows),
        None => take_values(&mut to, column, rows, &plan),
    }
    Ok(())
}

/// What the taken column will be: known, and within the limit, before anything is written.
struct Plan {
    keeps_dictionary: bool,
    entries: usize,
    /// The bytes of the strings where they are not a list's and no dictionary is kept.
    string_bytes: usize,
    /// About the size; at least the sum of all lengths that become offsets.
    bytes: u64,
}

impl Plan {
    fn new(column: &Column<'_>, rows: &[u32]) -> Plan {
        let count = rows.len() as u64;
        let fixed =
            |entries: u64, bytes| Plan { keeps_dictionary: false, entries: entries as usize, string_bytes: 0, bytes };
        let plain = |string_bytes: u64| Plan {
            // Where this is cut, in a guest, the sum in 64 bits is above the limit.
            string_bytes: string_bytes as usize,
            ..fixed(count, 4 * count + string_bytes)
        };
        if let Some(lists) = column.list_offsets() {
            let length = |&row: &u32| (lists[row as usize + 1] - lists[row as usize]) as u64;
            let children: u64 = rows.iter().map(length).sum();
            return match column.values() {
                Values::Bools(_) => fixed(children, 4 * count + children / 8),
                Values::I64s(_) | Values::F64s(_) => fixed(children, 4 * count + 8 * children),
                Values::Strings(strings) | Values::Dictionary(_, strings) => {
                    let starts = strings.offsets();
                    let length = |&row: &u32| {
                        let (start, end) = (lists[row as usize] as usize, lists[row as usize + 1] as usize);
                        (starts[end] - starts[start]) as u64
                    };
                    fixed(children, 4 * (count + children) + rows.iter().map(length).sum::<u64>())
                }
            };
        }
        match column.values() {
            Values::Bools(_) => fixed(count, count / 8),
            Values::I64s(_) | Values::F64s(_) => fixed(count, 8 * count),
            Values::Strings(strings) => plain(sum_of_lengths(strings, rows.iter().copied())),
            Values::Dictionary(indices, entries) => {
                let bytes = sum_of_lengths(entries, rows.iter().map(|&row| indices[row as usize]));
                let kept = dictionary_size(entries);
                if is_worth_keeping(kept, bytes) {
                    Plan { keeps_dictionary: true, ..fixed(entries.len() as u64, 4 * count + kept) }
                } else {
                    plain(bytes)
                }
            }
        }
    }
}

fn sum_of_lengths(strings: StringColumn<'_>, values: impl Iterator<Item = u32>) -> u64 {
    let offsets = strings.offsets();
    values.map(|value| (offsets[value as usize + 1] - offsets[value as usize]) as u64).sum()
}

fn take_values(to: &mut ColumnWriter<'_>, column: &Column<'_>, rows: &[u32], plan: &Plan) {
    match column.values() {
        Values::Bools(bits) => {
            let mut taken = Bits::default();
            rows.iter().for_each(|&row| taken.push(bits.get(row as usize)));
            to.buffer(Buffer::Values, |out| out.extend_from_slice(taken.as_bytes()));
        }
        Values::I64s(values) => take_numbers(to, values, rows),
        Values::F64s(values) => take_numbers(to, values, rows),
        Values::Strings(strings) => take_strings(to, strings, rows.iter().copied(), plan.string_bytes),
        Values::Dictionary(indices, entries) if plan.keeps_dictionary => {
            to.buffer(Buffer::Values, |out| out.extend_mapped(rows, |row| indices[row as usize]));
            to.buffer(Buffer::StringOffsets, |out| out.extend_numbers(entries.offsets()));
            to.buffer(Buffer::StringBytes, |out| out.extend_from_slice(entries.bytes()));
        }
        Values::Dictionary(indices, entries) => {
            take_strings(to, entries, rows.iter().map(|&row| indices[row as usize]), plan.string_bytes)
        }
    }
}

fn take_numbers<T: Number>(to: &mut ColumnWriter<'_>, values: &[T], rows: &[u32]) {
    to.buffer(Buffer::Values, |out| out.extend_mapped(rows, |row| values[row as usize]));
}

/// Those of the strings. The plan has gone over the same `numbers`: all are there, and their bytes are `total`.
fn take_strings(
    to: &mut ColumnWriter<'_>,
    from: StringColumn<'_>,
    numbers: impl ExactSizeIterator<Item = u32>,
    total: usize,
) {
    let count = numbers.len();
    let fill = |offsets: *mut i32, bytes: *mut u8| {
        let mut at = 0;
        // SAFETY: there is room for an offset more than there are values.
        unsafe { offsets.write(0) };
        for (i, number) in numbers.enumerate() {
            // SAFETY: the plan has looked up the same number with a check.
            let (value, length) = unsafe { from.padded_at(number as usize) };
            debug_assert!(i < count && length <= total - at);
            // SAFETY: the plan has added up the same lengths, so that the value and 16 bytes more go into the room.
            // The source is followed by the column's padding, and is other memory, as the target is borrowed mutably.
            unsafe {
                if length <= WIDE_BYTES_MAX {
                    copy_wide(value, bytes.add(at), length);
                } else {
                    core::ptr::copy_nonoverlapping(value, bytes.add(at), length);
                }
                at += length;
                offsets.add(i + 1).write(at as i32);
            }
        }
        assert!(at == total, "the plan has counted the bytes");
    };
    // SAFETY: an offset is written for each value, and one before them; all bytes are, by the assertion.
    unsafe { to.strings(count + 1, total, fill) };
}

fn take_lists(to: &mut ColumnWriter<'_>, column: &Column<'_>, lists: &[i32], rows: &[u32]) {
    let children = |row: u32| lists[row as usize] as usize..lists[row as usize + 1] as usize;
    to.buffer(Buffer::ListOffsets, |out| {
        let mut end = 0;
        out.extend_numbers(&[0_i32]);
        out.extend_mapped(rows, |row| {
            end += children(row).len() as i32;
            end
        });
    });
    match column.values() {
        Values::Bools(bits) => take_bit_lists(to, bits, rows, children),
        Values::I64s(values) => take_number_lists(to, values, rows, children),
        Values::F64s(values) => take_number_lists(to, values, rows, children),
        Values::Strings(strings) | Values::Dictionary(_, strings) => {
            let offsets = strings.offsets();
            to.buffer(Buffer::StringOffsets, |out| {
                let mut end = 0;
                out.extend_numbers(&[0_i32]);
                for &row in rows {
                    let children = children(row);
                    let shift = end - offsets[children.start];
                    out.extend_mapped(&offsets[children.start + 1..=children.end], |offset| offset + shift);
                    end = offsets[children.end] + shift;
                }
            });
            to.buffer(Buffer::StringBytes, |out| {
                for &row in rows {
                    let children = children(row);
                    let range = offsets[children.start] as usize..offsets[children.end] as usize;
                    out.extend_from_slice(&strings.bytes()[range]);
                }
            });
        }
    }
}

fn take_bit_lists(
    to: &mut ColumnWriter<'_>,
    bits: Bitmap<'_>,
    rows: &[u32],
    children: impl Fn(u32) -> core::ops::Range<usize>,
) {
    let mut taken = Bits::default();
    for &row in rows {
        let children = children(row);
        taken.extend(bits, children.start, children.len());
    }
    to.buffer(Buffer::Values, |out| out.extend_from_slice(taken.as_bytes()));
}

fn take_number_lists<T: Number>(
    to: &mut ColumnWriter<'_>,
    values: &[T],
    rows: &[u32],
    children: impl Fn(u32) -> core::ops::Range<usize>,
) {
    to.buffer(Buffer::Values, |out| {
        for &row in rows {
            out.extend_numbers(&values[children(row)]);
        }
    });
}
