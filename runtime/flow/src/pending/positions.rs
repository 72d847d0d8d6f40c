//! From where a spout would have to go on.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The position after each frame that a spout emitted, until everything up to it is through.
///
/// Of settled frames that follow each other only the last is kept: one row that fails for hours holds the position
/// back, and costs no memory for what comes after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    next: u64,
    frames: BTreeMap<u64, FrameRecord>,
    current: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct FrameRecord {
    /// Rows that are not through.
    open: u32,
    position: Vec<u8>,
}

impl Positions {
    /// The number that the next frame gets.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// A frame with so many rows that somebody waits for, and where to go on after it.
    pub(super) fn push(&mut self, open: u32, position: Vec<u8>) {
        let number = self.next;
        self.next += 1;
        self.frames.insert(number, FrameRecord { open, position });
        if open == 0 {
            self.tidy(number);
        }
    }

    /// So many rows of that frame are through.
    pub(super) fn through(&mut self, number: u64, rows: u32) {
        if let Some(frame) = self.frames.get_mut(&number) {
            frame.open = frame.open.saturating_sub(rows);
            if rows > 0 && frame.open == 0 {
                self.tidy(number);
            }
        }
    }

    /// The position after the last frame up to which everything is through.
    pub(super) fn current(&self) -> Option<&[u8]> {
        self.current.as_deref()
    }

    /// Everything after the current position will be emitted again.
    pub(super) fn abandon(&mut self) {
        self.frames.clear();
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// That frame is settled.
    fn tidy(&mut self, number: u64) {
        let is_settled = |frame: &FrameRecord| frame.open == 0;
        if let Some((&before, frame)) = self.frames.range(..number).next_back()
            && is_settled(frame)
        {
            self.frames.remove(&before);
        }
        if self.frames.range(number + 1..).next().is_some_and(|(_, frame)| is_settled(frame)) {
            self.frames.remove(&number);
        }
        while let Some(first) = self.frames.first_entry()
            && is_settled(first.get())
        {
            self.current = Some(first.remove().position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_waits_for_the_slowest_row() {
        let mut positions = Positions::default();
        positions.push(2, Vec::from([0]));
        positions.push(1, Vec::from([1]));
        positions.push(0, Vec::from([2]));
        assert_eq!(positions.current(), None);
        positions.through(1, 1);
        positions.through(0, 1);
        assert_eq!(positions.current(), None);
        positions.through(0, 1);
        assert_eq!(positions.current(), Some(&[2][..]));
        positions.push(0, Vec::from([3]));
        assert_eq!(positions.current(), Some(&[3][..]));
    }

    #[test]
    fn a_row_that_holds_it_back_costs_no_memory() {
        let mut positions = Positions::default();
        positions.push(1, Vec::from([0]));
        for frame in 1..1_000u64 {
            positions.push(1, Vec::from(frame.to_le_bytes()));
            if frame % 2 == 0 {
                // Out of order.
                positions.through(frame, 1);
                positions.through(frame - 1, 1);
            }
        }
        assert!(positions.len() <= 3, "{} frames", positions.len());
        positions.through(0, 1);
        assert_eq!(positions.current(), Some(&998u64.to_le_bytes()[..]));
    }
}
