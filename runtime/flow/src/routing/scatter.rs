//! One frame into one for each target, row by row.
//!
//! Two passes: the first counts rows and bytes for each target, so that the second writes without looking at
//! capacities. Plain columns go straight from the frame into the targets' builders. A column that is spread by its
//! dictionary keeps it: each target gets its own entries, numbered anew. Frames with lists, or with a dictionary on
//! another column, are rare and go the slow and simple way, one `take` for each target.

use super::key::Numbered;
use super::{Delivery, Projection};
use crate::frame::Frame;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use petrel_frame::{Column, FrameBuf, FrameBuilder, FrameView, Schema, StringColumn};

/// What an edge needs to spread rows; everything is used again for the next frame.
#[derive(Debug)]
pub(super) struct Scatter {
    projection: Projection,
    builders: Vec<FrameBuilder>,
    /// Rows for each target.
    rows: Vec<usize>,
    /// Bytes of one column for each target.
    bytes: Vec<usize>,
    /// Sums for each target, as they are counted.
    sums: Vec<Lanes>,
    /// Row numbers, or dictionary indices, for each target.
    lists: Vec<Vec<u32>>,
    /// For each dictionary entry, its target and its number there.
    renumbered: Vec<(u32, u32)>,
    /// For each row its target, where only entries' targets are given.
    targets: Vec<u32>,
}

impl Scatter {
    /// Spreads frames of which the consumer reads these columns, as that schema, over so many targets.
    pub(super) fn new(schema: &Schema, projection: Projection, targets: usize) -> Scatter {
        Scatter {
            projection,
            builders: vec![FrameBuilder::new(schema); targets],
            rows: vec![0; targets],
            bytes: vec![0; targets],
            sums: vec![Lanes::default(); targets],
            lists: vec![Vec::new(); targets],
            renumbered: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// Each row to its target.
    ///
    /// # Errors
    /// If the consumer's columns do not fit into a frame.
    pub(super) fn by_row(&mut self, frame: &Frame, targets: &[u32], to: &mut Vec<Delivery>) -> Result<(), String> {
        add_up(&mut self.sums, targets.iter().map(|target| (*target, 1)), &mut self.rows);
        if let Some(target) = self.only() {
            to.push((target, self.projection.apply(frame.clone())?));
            return Ok(());
        }
        let view = frame.view();
        if !self.projection.columns().iter().all(|column| is_simple(&view.column(*column))) {
            return self.take(frame, targets, to);
        }
        for place in 0..self.projection.columns().len() {
            let column = self.projection.columns()[place];
            self.copy_column(place, view.column(column), targets);
        }
        self.finish(&view, to)
    }

    /// Each row to the target of its entry in a column that is numbered.
    ///
    /// # Errors
    /// As for [`by_row`](Self::by_row).
    pub(super) fn by_entry(
        &mut self,
        frame: &Frame,
        numbered: Numbered<'_>,
        of_entries: &[u32],
        to: &mut Vec<Delivery>,
    ) -> Result<(), String> {
        let view = frame.view();
        let columns = self.projection.columns();
        let place = columns.iter().position(|column| *column == numbered.column);
        let is_other = |(place_of, _): &(usize, &usize)| Some(*place_of) != place;
        let others_are_simple =
            columns.iter().enumerate().filter(is_other).all(|(_, column)| is_simple(&view.column(*column)));
        match place {
            Some(place) if numbered.pays() && others_are_simple => {
                self.numbered(&view, numbered, of_entries, place, to)
            }
            _ => {
                let mut targets = core::mem::take(&mut self.targets);
                targets.clear();
                targets.extend(numbered.numbers.iter().map(|number| of_entries[*number as usize]));
                let result = self.by_row(frame, &targets, to);
                self.targets = targets;
                result
            }
        }
    }

    /// As `by_entry`, keeping the column's dictionary at that place of the consumer's columns.
    fn numbered(
        &mut self,
        view: &FrameView<'_>,
        numbered: Numbered<'_>,
        of_entries: &[u32],
        place: usize,
        to: &mut Vec<Delivery>,
    ) -> Result<(), String> {
        let (strings, at) = numbered.entries(view);
        self.rows.fill(0);
        self.renumbered.clear();
        for (entry, &target) in of_entries.iter().enumerate() {
            let number = &mut self.rows[target as usize];
            self.renumbered.push((target, *number as u32));
            *number += 1;
            self.builders[target as usize].column(place).push_entry(strings.get(at(entry)));
        }
        self.lists.iter_mut().for_each(|list| {
            list.clear();
            list.reserve(numbered.numbers.len());
        });
        for &number in numbered.numbers {
            let (target, number) = self.renumbered[number as usize];
            self.lists[target as usize].push(number);
        }
        for ((builder, list), rows) in self.builders.iter_mut().zip(&self.lists).zip(&mut self.rows) {
            builder.column(place).extend_indices(list);
            *rows = list.len();
        }
        if self.projection.columns().len() > 1 {
            let mut targets = core::mem::take(&mut self.targets);
            targets.clear();
            targets.extend(numbered.numbers.iter().map(|number| of_entries[*number as usize]));
            for other in (0..self.projection.columns().len()).filter(|other| *other != place) {
                self.copy_column(other, view.column(self.projection.columns()[other]), &targets);
            }
            self.targets = targets;
        }
        self.finish(view, to)
    }

    fn take(&mut self, frame: &Frame, targets: &[u32], to: &mut Vec<Delivery>) -> Result<(), String> {
        let projected = self.projection.apply(frame.clone())?;
        for (list, rows) in self.lists.iter_mut().zip(&self.rows) {
            list.clear();
            list.reserve(*rows);
        }
        for (row, &target) in targets.iter().enumerate() {
            self.lists[target as usize].push(row as u32);
        }
        for (target, list) in self.lists.iter().enumerate().filter(|(_, list)| !list.is_empty()) {
            to.push((target, projected.take(list)));
        }
        Ok(())
    }

    fn finish(&mut self, view: &FrameView<'_>, to: &mut Vec<Delivery>) -> Result<(), String> {
        for (target, builder) in self.builders.iter_mut().enumerate() {
            if self.rows[target] > 0 {
                builder.end_rows(if builder.columns() == 0 { self.rows[target] } else { 0 });
                builder.set_schema_id(view.schema_id());
                if let Some((least_us, greatest_us)) = view.event_time() {
                    builder.set_event_time(least_us, greatest_us);
                }
                if let Some(watermark_us) = view.watermark() {
                    builder.set_watermark(watermark_us);
                }
                let mut part = FrameBuf::new();
                let finished = builder.finish_into(&mut part);
                builder.clear();
                finished.map_err(|error| format!("a frame could not be spread over its targets: {error}"))?;
                // SAFETY: it comes from a `FrameBuilder`.
                to.push((target, unsafe { Frame::from_validated(part) }));
            } else {
                // Entries may have been added for rows that do not exist.
                builder.clear();
            }
        }
        Ok(())
    }

    /// Copies a simple column into the place of it in each target's builder.
    fn copy_column(&mut self, place: usize, column: Column<'_>, targets: &[u32]) {
        let Scatter { builders, rows, bytes, sums, .. } = self;
        // What makes it sound to copy text without looking at it again.
        assert_eq!(
            builders[0].column(place).scalar(),
            column.scalar(),
            "consumer and producer agree on the types of columns"
        );
        if column.validity().is_none() {
            if let Some(strings) = column.strings() {
                let lengths = strings.offsets().windows(2).map(|span| (span[1] - span[0]) as usize);
                add_up(sums, targets.iter().copied().zip(lengths), bytes);
                return copy_strings(builders, bytes, rows, place, strings, targets);
            }
            if let Some(values) = column.i64s() {
                let mut writers: Vec<_> = builders.iter_mut().map(|builder| builder.column(place)).collect();
                writers.iter_mut().zip(rows).for_each(|(writer, rows)| writer.reserve(*rows, 0));
                for (&value, &target) in values.iter().zip(targets) {
                    writers[target as usize].push_i64(value);
                }
                return;
            }
        }
        for (row, &target) in targets.iter().enumerate() {
            builders[target as usize]
                .column(place)
                .push_value(column.value(row))
                .expect("the consumer's column has the type of the producer's");
        }
    }

    /// The target that all rows go to, if there is one.
    fn only(&self) -> Option<usize> {
        let mut some = self.rows.iter().enumerate().filter(|(_, rows)| **rows > 0);
        let (target, _) = some.next()?;
        some.next().is_none().then_some(target)
    }
}

/// Whether a column is copied value by value in the fast way.
fn is_simple(column: &Column<'_>) -> bool {
    !column.is_list() && !column.is_dictionary()
}

/// Copies texts, of which each target gets so many rows and bytes.
fn copy_strings(
    builders: &mut [FrameBuilder],
    bytes: &[usize],
    rows: &[usize],
    place: usize,
    strings: StringColumn<'_>,
    targets: &[u32],
) {
    assert_eq!(strings.len(), targets.len(), "one target for each row");
    let offsets = strings.offsets();
    let mut writers: Vec<_> = builders
        .iter_mut()
        .zip(rows.iter().zip(bytes))
        .map(|(builder, (&rows, &bytes))| builder.column(place).wide(rows, bytes))
        .collect();
    let start = strings.padded_bytes().as_ptr();
    for (span, &target) in offsets.windows(2).zip(targets) {
        // SAFETY: each target is pushed to as often, and gets as many bytes, as was counted for it from the same
        // offsets and targets. The string column's padding makes 64 bytes readable after any value, and its values
        // are of the type of the builder's column, so UTF-8 where that is `string`.
        unsafe { writers[target as usize].push(start.add(span[0] as usize), (span[1] - span[0]) as usize) };
    }
}

/// What is added to a target, in turns: one sum would wait for itself to be written and read again with every row.
type Lanes = [usize; 4];

/// Adds up what each target gets.
fn add_up(sums: &mut [Lanes], parts: impl Iterator<Item = (u32, usize)>, totals: &mut [usize]) {
    sums.fill(Lanes::default());
    parts.enumerate().for_each(|(i, (target, part))| sums[target as usize][i % 4] += part);
    totals.iter_mut().zip(sums).for_each(|(total, lanes)| *total = lanes.iter().sum());
}
