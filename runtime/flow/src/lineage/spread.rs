//! A frame that is spread over targets, row by row.

use super::account::Account;
use super::edge::EdgeNumbers;
use super::origins::{Origins, Source, Span};
use super::segment::{Of, Run, Segment};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

impl Account {
    /// Each row goes to the target that `target_of` names, as a router spreads a frame: the segment of each target in
    /// the order of their numbers, none for those that get no row.
    ///
    /// Every target has an edge number of its own: with the same one, two targets would take the same values out of a
    /// tree, which would then look done. A run costs as much as the targets that it touches.
    ///
    /// # Panics
    /// If a target is not below `targets`.
    pub fn spread(
        &mut self,
        origins: &Origins,
        targets: usize,
        target_of: impl Fn(usize) -> u32,
        edges: &mut EdgeNumbers,
    ) -> Vec<Option<Segment>> {
        let mut segments: Vec<Segment> = (0..targets)
            .map(|_| Segment { edge: edges.draw(), runs: Vec::with_capacity(origins.spans.len()), several: Vec::new() })
            .collect();
        let mut rows = vec![0u32; targets];
        let mut counts = vec![0u32; targets];
        let mut row = 0;
        for span in &origins.spans {
            let next = row + span.rows as usize;
            if let Source::Each(first) = span.source {
                for (entry, row) in (first..).zip(row..next) {
                    let target = target_of(row) as usize;
                    self.put_one(&mut segments[target], rows[target], 1, entry, false);
                    rows[target] += 1;
                }
            } else {
                count(row..next, &target_of, &mut counts);
                for ((segment, rows), count) in segments.iter_mut().zip(&mut rows).zip(&mut counts) {
                    if *count > 0 {
                        self.put_span(segment, *rows, Span { rows: *count, ..*span }, origins);
                        *rows += core::mem::take(count);
                    }
                }
            }
            row = next;
        }
        segments.into_iter().map(|segment| (!segment.runs.is_empty()).then_some(segment)).collect()
    }

    #[inline]
    fn put_span(&mut self, segment: &mut Segment, row: u32, span: Span, origins: &Origins) {
        match span.source {
            Source::Nothing => segment.runs.push(Run { rows: span.rows, of: Of::Nothing }),
            Source::One(entry) | Source::Each(entry) => self.put_one(segment, row, span.rows, entry, false),
            source => self.put_several(segment, row, span.rows, origins.list(source), false),
        }
    }
}

/// Counts the rows for each target. Each count is 0 before.
///
/// Few targets are counted in the bytes of one word: adding to memory would wait for the addition before.
#[inline]
fn count(rows: Range<usize>, target_of: &impl Fn(usize) -> u32, counts: &mut [u32]) {
    const PACKED: usize = 8;
    if counts.len() > PACKED || rows.len() > 255 {
        return rows.for_each(|row| counts[target_of(row) as usize] += 1);
    }
    let targets = counts.len() as u32;
    let mut packed = 0u64;
    for row in rows {
        let target = target_of(row);
        assert!(target < targets, "target {target} of {targets}");
        packed += 1 << (8 * target);
    }
    for (count, byte) in counts.iter_mut().zip(packed.to_le_bytes()) {
        *count = u32::from(byte);
    }
}
