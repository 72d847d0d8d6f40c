//! A frame that is spread over targets, row by row.

use super::account::Account;
use super::edge::EdgeNumbers;
use super::origins::{Origins, Source};
use super::segment::{Of, Run, Segment};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// So many targets, and rows of a span, are counted in the bytes of one word: adding to memory would wait for the
/// addition before.
const PACKED_TARGETS: usize = 8;
const PACKED_ROWS: usize = 255;

/// What goes to one target.
struct Part {
    segment: Segment,
    rows: u32,
}

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
        let trail = self.trail_of(origins);
        let new = |_| Part { segment: Segment::empty(edges.draw(), origins.spans.len(), trail.clone()), rows: 0 };
        let mut parts: Vec<Part> = (0..targets).map(new).collect();
        let mut counts = vec![0u32; targets];
        let mut row = 0;
        for span in &origins.spans {
            let rows = row..row + span.rows as usize;
            row = rows.end;
            if let Source::Each(first) = span.source {
                for (entry, row) in (first..).zip(rows) {
                    self.put_part(&mut parts[target_of(row) as usize], 1, Source::One(entry), origins);
                }
            } else if targets <= PACKED_TARGETS && rows.len() <= PACKED_ROWS {
                let mut packed = count_packed(rows, &target_of, targets as u32);
                while packed != 0 {
                    let target = packed.trailing_zeros() / 8;
                    let count = (packed >> (8 * target)) as u8;
                    packed &= !(0xFF << (8 * target));
                    self.put_part(&mut parts[target as usize], u32::from(count), span.source, origins);
                }
            } else {
                rows.for_each(|row| counts[target_of(row) as usize] += 1);
                for (part, count) in parts.iter_mut().zip(&mut counts).filter(|(_, count)| **count > 0) {
                    self.put_part(part, core::mem::take(count), span.source, origins);
                }
            }
        }
        parts.into_iter().map(|part| (part.rows > 0).then_some(part.segment)).collect()
    }

    /// Rows of one source, but for consecutive entries, go to a target.
    #[inline(always)]
    fn put_part(&mut self, part: &mut Part, rows: u32, source: Source, origins: &Origins) {
        match source {
            Source::Nothing => part.segment.runs.push(Run { rows, of: Of::Nothing }),
            Source::One(entry) | Source::Each(entry) => self.put_one(&mut part.segment, part.rows, rows, entry, false),
            several => self.put_several(&mut part.segment, part.rows, rows, origins.list(several), false),
        }
        part.rows += rows;
    }
}

/// Counts the rows for each target, a byte for each.
#[inline]
fn count_packed(rows: Range<usize>, target_of: &impl Fn(usize) -> u32, targets: u32) -> u64 {
    rows.fold(0, |packed, row| {
        let target = target_of(row);
        assert!(target < targets, "target {target} of {targets}");
        packed + (1 << (8 * target))
    })
}
