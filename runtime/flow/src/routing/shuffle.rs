//! Shuffle: evenly, by load.
//!
//! When targets are idle, a frame is cut into runs of rows, one for each idle target, so that even a single small
//! frame keeps everybody busy. When all are busy, cutting would only make more and smaller frames: the whole frame goes
//! to the one with the least to do. Where there is a choice, the start goes round, so that single tuples do too.

use super::Delivery;
use crate::frame::Frame;
use alloc::vec::Vec;

/// What a shuffle edge keeps.
#[derive(Debug)]
pub(super) struct Shuffle {
    /// The targets to choose from, at least one.
    targets: Vec<usize>,
    /// Where in `targets` the next choice starts.
    start: usize,
    idle: Vec<usize>,
}

impl Shuffle {
    /// Among these targets, starting at one of them.
    pub(super) fn new(targets: Vec<usize>, start: usize) -> Shuffle {
        assert!(!targets.is_empty(), "a shuffle needs somebody to shuffle to");
        let start = start % targets.len();
        Shuffle { targets, start, idle: Vec::new() }
    }

    /// Delivers the frame, whole or in parts.
    pub(super) fn route(&mut self, frame: &Frame, loads: &[u64], to: &mut Vec<Delivery>) {
        let count = self.targets.len();
        if count == 1 {
            return to.push((self.targets[0], frame.clone()));
        }
        let from_start = (0..count).map(|i| self.targets[(self.start + i) % count]);
        self.idle.clear();
        self.idle.extend(from_start.clone().filter(|target| loads[*target] == 0));
        let rows = frame.view().rows();
        let parts = self.idle.len().min(rows);
        if parts < 2 {
            let least = from_start.min_by_key(|target| loads[*target]).unwrap_or(self.targets[0]);
            to.push((least, frame.clone()));
            // The next choice starts after the one that was just made.
            self.start = self.targets.iter().position(|target| *target == least).map_or(0, |at| (at + 1) % count);
            return;
        }
        let mut first = 0;
        for (part, &target) in self.idle[..parts].iter().enumerate() {
            let end = rows * (part + 1) / parts;
            to.push((target, frame.slice(first..end)));
            first = end;
        }
        self.start = (self.start + parts) % count;
    }
}
