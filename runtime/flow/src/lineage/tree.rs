//! The names of trees, and which task cares for which.
//!
//! Storm gives every root a random 64-bit id and its ackers a hash table of them (its `Acking-framework-implementation.md`).
//! Here the trees of a line are numbered without gaps, so that whoever keeps them needs an index and no hash.

use core::fmt;
use core::num::NonZeroU32;

/// The trees that one spout task gives to one acker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(pub u32);

/// A row that a spout emitted with a message id, and everything that came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree {
    /// Whose it is.
    pub line: Line,
    /// Counts the trees of the line, from 0, without gaps.
    pub number: u64,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.line.0, self.number)
    }
}

/// Numbers the lines of a topology: every spout task has one to every acker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    spouts: u32,
    ackers: NonZeroU32,
}

impl Lines {
    /// Of a topology with so many spout tasks, counted over all its spouts, and so many ackers.
    pub fn new(spouts: u32, ackers: NonZeroU32) -> Lines {
        Lines { spouts, ackers }
    }

    /// The number of spout tasks.
    pub fn spouts(self) -> u32 {
        self.spouts
    }

    /// The number of ackers.
    pub fn ackers(self) -> u32 {
        self.ackers.get()
    }

    /// The line from a spout task to an acker.
    pub fn line(self, spout: u32, acker: u32) -> Line {
        Line(spout * self.ackers.get() + acker)
    }

    /// The spout task of a line.
    pub fn spout(self, line: Line) -> u32 {
        line.0 / self.ackers
    }

    /// The acker of a line.
    pub fn acker(self, line: Line) -> u32 {
        line.0 % self.ackers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spout_and_acker_follow_from_the_line() {
        let lines = Lines::new(4, NonZeroU32::new(3).unwrap());
        let mut seen = alloc::collections::BTreeSet::new();
        for (spout, acker) in (0..4).flat_map(|spout| (0..3).map(move |acker| (spout, acker))) {
            let line = lines.line(spout, acker);
            assert_eq!((lines.spout(line), lines.acker(line)), (spout, acker));
            assert!(seen.insert(line), "{line:?} twice");
        }
    }
}
