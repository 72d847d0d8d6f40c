//! Runs of rows, one after the other: slicing is one run of one frame, joining is all rows of several.

use super::{dictionary_size, is_worth_keeping};
use crate::Field;
use crate::bits::Bits;
use crate::buffer::FrameBuf;
use crate::column::{Column, Values};
use crate::error::FrameError;
use crate::layout::{Buffer, Entry, HEADER_BYTES, Header};
use crate::strings::StringColumn;
use crate::view::FrameView;
use crate::writer::{ColumnWriter, Writer};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The rows of that range.
///
/// # Panics
/// If the frame does not have the rows.
pub fn slice(view: &FrameView<'_>, rows: Range<usize>) -> FrameBuf {
    assert!(rows.start <= rows.end && rows.end <= view.rows(), "rows {rows:?} of a frame with {} rows", view.rows());
    let header = Header { rows: rows.len(), ..view.header() };
    write(header, 0..view.columns(), &[(*view, rows)]).expect("a part of a frame is not larger than the frame")
}

/// All rows of those columns, in the order in which they are named.
///
/// # Errors
/// [`FrameError::NoSuchColumn`]; [`FrameError::TooLarge`] or [`FrameError::TooManyColumns`], which only happen if a
/// column is named more than once.
pub fn project(view: &FrameView<'_>, columns: &[usize]) -> Result<FrameBuf, FrameError> {
    if let Some(&column) = columns.iter().find(|&&column| column >= view.columns()) {
        return Err(FrameError::NoSuchColumn { column, columns: view.columns() });
    }
    let header = Header { columns: columns.len(), ..view.header() };
    write(header, columns.iter().copied(), &[(*view, 0..view.rows())])
}

/// All rows of all frames, in order. Event times span those of all, the watermark is that of the last frame, the
/// schema id that of the first.
///
/// A column is optional if it is in any of the frames. Columns that all have a dictionary may keep one; where plain
/// and dictionary meet, the result is plain.
///
/// # Errors
/// [`FrameError::NothingToConcat`]; [`FrameError::ColumnCount`] and [`FrameError::ConcatDiffers`] if the frames'
/// columns differ; [`FrameError::TooLarge`] or [`FrameError::TooManyRows`] if all do not go into one.
pub fn concat(views: &[FrameView<'_>]) -> Result<FrameBuf, FrameError> {
    let (Some(first), Some(last)) = (views.first(), views.last()) else { return Err(FrameError::NothingToConcat) };
    if let Some(other) = views.iter().find(|view| view.columns() != first.columns()) {
        return Err(FrameError::ColumnCount { found: other.columns(), expected: first.columns() });
    }
    let header = Header {
        columns: first.columns(),
        rows: views.iter().map(FrameView::rows).sum(),
        schema_id: first.schema_id(),
        event_time: views.iter().filter_map(FrameView::event_time).reduce(
            |(least, greatest), (other_least, other_greatest)| (least.min(other_least), greatest.max(other_greatest)),
        ),
        watermark: last.watermark(),
    };
    let parts: Vec<_> = views.iter().map(|view| (*view, 0..view.rows())).collect();
    write(header, 0..first.columns(), &parts)
}

/// A run of rows of one column.
struct Run<'a> {
    column: Column<'a>,
    rows: Range<usize>,
    /// Which values these are: the rows, or the children of their lists.
    values: Range<usize>,
}

fn write(
    header: Header,
    columns: impl Iterator<Item = usize>,
    parts: &[(FrameView<'_>, Range<usize>)],
) -> Result<FrameBuf, FrameError> {
    let mut out = FrameBuf::new();
    let guess = parts.iter().map(|(view, rows)| share(view, rows.len())).sum();
    let mut writer = Writer::start(&mut out, header, guess)?;
    let mut runs = Vec::with_capacity(parts.len());
    for index in columns {
        runs.clear();
        for (frame, (view, rows)) in parts.iter().enumerate() {
            let run = Run::new(view.column(index), rows.clone());
            let first = runs.first().unwrap_or(&run);
            if (first.column.scalar(), first.column.is_list()) != (run.column.scalar(), run.column.is_list()) {
                let (found, expected) = (type_name(&run.column), type_name(&first.column));
                return Err(FrameError::ConcatDiffers { frame, column: index, found, expected });
            }
            runs.push(run);
        }
        write_column(&mut writer, &runs)?;
    }
    writer.finish()?;
    Ok(out)
}

/// How many bytes that share of the frame's rows takes, about.
fn share(view: &FrameView<'_>, rows: usize) -> usize {
    let all = view.bytes().len() as u64;
    let share = if rows == view.rows() { all } else { all * rows as u64 / view.rows().max(1) as u64 };
    share as usize + HEADER_BYTES
}

fn type_name(column: &Column<'_>) -> String {
    Field { list: column.is_list(), ..Field::new("", column.scalar()) }.type_name()
}

impl<'a> Run<'a> {
    fn new(column: Column<'a>, rows: Range<usize>) -> Run<'a> {
        let values = match column.list_offsets() {
            Some(offsets) => offsets[rows.start] as usize..offsets[rows.end] as usize,
            None => rows.clone(),
        };
        Run { column, rows, values }
    }

    /// The number of bytes in the run's strings, if they are plain, or were.
    fn string_bytes(&self) -> u64 {
        match self.column.values() {
            Values::Strings(strings) => {
                let offsets = strings.offsets();
                (offsets[self.values.end] - offsets[self.values.start]) as u64
            }
            Values::Dictionary(indices, entries) => {
                let offsets = entries.offsets();
                let length = |&index: &u32| (offsets[index as usize + 1] - offsets[index as usize]) as u64;
                indices[self.rows.clone()].iter().map(length).sum()
            }
            _ => 0,
        }
    }
}

fn write_column(writer: &mut Writer<'_>, runs: &[Run<'_>]) -> Result<(), FrameError> {
    let Some(Run { column: first, .. }) = runs.first() else { return Ok(()) };
    let rows: u64 = runs.iter().map(|run| run.rows.len() as u64).sum();
    let values: u64 = runs.iter().map(|run| run.values.len() as u64).sum();
    let optional = runs.iter().any(|run| run.column.is_optional());
    let dictionary = keeps_dictionary(runs);
    // All sums are known to be below the limit, and so within an i32, before offsets are computed from them.
    if first.is_list() {
        writer.room_for(4 * rows)?;
    }
    let entries = match first.values() {
        Values::Bools(_) => writer.room_for(values / 8).map(|()| values)?,
        Values::I64s(_) | Values::F64s(_) => writer.room_for(8 * values).map(|()| values)?,
        Values::Strings(_) | Values::Dictionary(..) if dictionary => {
            let kept = || dictionaries(runs).filter_map(|(_, entries)| entries);
            writer.room_for(4 * rows + kept().map(dictionary_size).sum::<u64>())?;
            kept().map(|entries| entries.len() as u64).sum()
        }
        Values::Strings(_) | Values::Dictionary(..) => {
            writer.room_for(4 * values + runs.iter().map(Run::string_bytes).sum::<u64>()).map(|()| values)?
        }
    };

    let mut column = writer.column(Entry::new(first.scalar(), first.is_list(), optional, dictionary, entries as usize));
    if optional {
        let mut validity = Bits::default();
        for run in runs {
            match run.column.validity() {
                Some(bits) => validity.extend(bits, run.rows.start, run.rows.len()),
                None => validity.fill_to(validity.len() + run.rows.len()),
            }
        }
        column.buffer(Buffer::Validity, |out| out.extend_from_slice(validity.as_bytes()));
    }
    if first.is_list() {
        column.buffer(Buffer::ListOffsets, |out| {
            let lists = runs.iter().filter_map(|run| Some((run.column.list_offsets()?, run.rows.clone())));
            write_offsets(out, lists);
        });
    }
    match first.values() {
        Values::Bools(_) => {
            let mut bits = Bits::default();
            for run in runs {
                if let Values::Bools(values) = run.column.values() {
                    bits.extend(values, run.values.start, run.values.len());
                }
            }
            column.buffer(Buffer::Values, |out| out.extend_from_slice(bits.as_bytes()));
        }
        Values::I64s(_) | Values::F64s(_) => {
            column.buffer(Buffer::Values, |out| {
                for run in runs {
                    match run.column.values() {
                        Values::I64s(values) => out.extend_numbers(&values[run.values.clone()]),
                        Values::F64s(values) => out.extend_numbers(&values[run.values.clone()]),
                        _ => {}
                    }
                }
            });
        }
        Values::Strings(_) | Values::Dictionary(..) if dictionary => write_dictionary(&mut column, runs),
        Values::Strings(_) | Values::Dictionary(..) => write_strings(&mut column, runs),
    }
    Ok(())
}

/// Offsets of several runs as those of one: each run goes on where the one before it ended.
fn write_offsets<'a>(out: &mut FrameBuf, runs: impl Iterator<Item = (&'a [i32], Range<usize>)>) {
    let mut end = 0;
    out.extend_numbers(&[0_i32]);
    for (offsets, range) in runs {
        let shift = end - offsets[range.start];
        out.extend_mapped(&offsets[range.start + 1..=range.end], |offset| offset + shift);
        end = offsets[range.end] + shift;
    }
}

/// Plain strings from plain strings or dictionaries.
fn write_strings(column: &mut ColumnWriter<'_>, runs: &[Run<'_>]) {
    column.buffer(Buffer::StringOffsets, |out| {
        let mut end = 0;
        out.extend_numbers(&[0_i32]);
        for run in runs {
            match run.column.values() {
                Values::Strings(strings) => {
                    let offsets = &strings.offsets()[run.values.start..=run.values.end];
                    let shift = end - offsets[0];
                    out.extend_mapped(&offsets[1..], |offset| offset + shift);
                    end = offsets[offsets.len() - 1] + shift;
                }
                Values::Dictionary(indices, entries) => {
                    out.extend_mapped(&indices[run.rows.clone()], |index| {
                        end += entries.get(index as usize).len() as i32;
                        end
                    });
                }
                _ => {}
            }
        }
    });
    column.buffer(Buffer::StringBytes, |out| {
        for run in runs {
            match run.column.values() {
                Values::Strings(strings) => {
                    let offsets = strings.offsets();
                    let range = offsets[run.values.start] as usize..offsets[run.values.end] as usize;
                    out.extend_from_slice(&strings.bytes()[range]);
                }
                Values::Dictionary(indices, entries) => {
                    for &index in &indices[run.rows.clone()] {
                        out.extend_from_slice(entries.get(index as usize));
                    }
                }
                _ => {}
            }
        }
    });
}

/// For each run its indices, and its entries unless they are those of the run before it.
fn dictionaries<'r, 'a>(
    runs: &'r [Run<'a>],
) -> impl Iterator<Item = (&'a [u32], Option<StringColumn<'a>>)> + use<'r, 'a> {
    let mut previous: Option<StringColumn<'a>> = None;
    runs.iter().filter_map(move |run| {
        let (indices, entries) = run.column.dictionary()?;
        let same = previous.is_some_and(|last| last.offsets() == entries.offsets() && last.bytes() == entries.bytes());
        previous = Some(entries);
        Some((&indices[run.rows.clone()], (!same).then_some(entries)))
    })
}

/// Whether all runs have a dictionary and keeping it is no larger than plain strings.
fn keeps_dictionary(runs: &[Run<'_>]) -> bool {
    if !runs.iter().all(|run| run.column.is_dictionary()) {
        return false;
    }
    let whole = |run: &Run<'_>| run.rows.len() == run.column.rows();
    if let [run] = runs
        && whole(run)
    {
        return true;
    }
    let kept: u64 = dictionaries(runs).filter_map(|(_, entries)| entries).map(dictionary_size).sum();
    is_worth_keeping(kept, runs.iter().map(Run::string_bytes).sum())
}

/// One dictionary of all entries of all runs, and the indices shifted to it.
fn write_dictionary(column: &mut ColumnWriter<'_>, runs: &[Run<'_>]) {
    column.buffer(Buffer::Values, |out| {
        let (mut shift, mut count) = (0, 0);
        for (indices, entries) in dictionaries(runs) {
            if let Some(entries) = entries {
                shift = count;
                count += entries.len() as u32;
            }
            out.extend_mapped(indices, |index| index + shift);
        }
    });
    let kept = || dictionaries(runs).filter_map(|(_, entries)| entries);
    column.buffer(Buffer::StringOffsets, |out| {
        write_offsets(out, kept().map(|entries| (entries.offsets(), 0..entries.len())));
    });
    column.buffer(Buffer::StringBytes, |out| kept().for_each(|entries| out.extend_from_slice(entries.bytes())));
}
