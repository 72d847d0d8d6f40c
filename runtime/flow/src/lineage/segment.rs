//! What travels beside a frame: of which trees its rows are.

use super::edge::EdgeNumber;
use super::trail::Trail;
use super::tree::{Line, Tree};
use alloc::vec::Vec;

/// Of which trees the rows of a frame are: segments in the order of its rows.
///
/// A frame that is sent has a single segment. Joining frames joins their segments, so that each keeps its edge number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// In order.
    pub segments: Vec<Segment>,
}

/// Rows that were sent, or kept, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Names it.
    pub edge: EdgeNumber,
    /// All rows, in order.
    pub runs: Vec<Run>,
    /// The trees of runs of several trees, see [`Of::Several`].
    pub several: Vec<Tree>,
    /// Where the rows came from, for people.
    pub trail: Trail,
}

/// Consecutive rows of one descent. One value stands for all of them, but for [`Of::Each`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub rows: u32,
    /// Which trees.
    pub of: Of,
}

/// Which trees the rows of a run are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// None: nobody is told what becomes of them.
    Nothing,
    /// All of that tree.
    One {
        /// Its line.
        line: Line,
        /// Its number.
        number: u64,
    },
    /// Row *i* of the tree *i* after that one, as a spout emits them. Each row has a value of its own.
    Each {
        /// Their line.
        line: Line,
        /// The number of the first.
        number: u64,
    },
    /// All of each of several trees.
    Several {
        /// The first, in the list of the segment.
        first: u32,
        /// How many, at least two.
        count: u32,
    },
}

impl Lineage {
    /// Of a frame that is sent, or kept, by itself.
    pub fn of(segment: Segment) -> Lineage {
        Lineage { segments: Vec::from([segment]) }
    }

    /// The rows of another one come after those of this one.
    pub fn append(&mut self, mut after: Lineage) {
        self.segments.append(&mut after.segments);
    }

    /// The number of rows.
    pub fn rows(&self) -> u32 {
        self.segments.iter().map(Segment::rows).sum()
    }
}

impl Segment {
    /// Without rows yet, but with room for so many runs.
    pub(super) fn empty(edge: EdgeNumber, runs: usize, trail: Trail) -> Segment {
        Segment { edge, runs: Vec::with_capacity(runs), several: Vec::new(), trail }
    }

    /// Rows of no tree.
    pub fn untracked(rows: u32) -> Segment {
        let runs = if rows == 0 { Vec::new() } else { Vec::from([Run { rows, of: Of::Nothing }]) };
        Segment { runs, ..Segment::empty(EdgeNumber(0), 0, Trail::default()) }
    }

    /// The number of rows.
    pub fn rows(&self) -> u32 {
        self.runs.iter().map(|run| run.rows).sum()
    }

    /// Adds a row of each of so many consecutive trees at the end.
    pub(super) fn push_each(&mut self, rows: u32, first: Tree) {
        let Tree { line, number } = first;
        if rows == 1 {
            return self.push(1, first);
        }
        if let Some(Run { rows: before, of: Of::Each { line: of, number: start } }) = self.runs.last_mut()
            && *of == line
            && *start + u64::from(*before) == number
        {
            *before += rows;
            return;
        }
        self.runs.push(Run { rows, of: Of::Each { line, number } });
    }

    /// Adds rows of one tree at the end. Single rows of consecutive trees become one run; their values stay the same.
    #[inline]
    pub(super) fn push(&mut self, rows: u32, tree: Tree) {
        let Tree { line, number } = tree;
        if rows == 1
            && let Some(last) = self.runs.last_mut()
        {
            match last.of {
                Of::Each { line: of, number: first } if of == line && first + u64::from(last.rows) == number => {
                    last.rows += 1;
                    return;
                }
                Of::One { line: of, number: before } if last.rows == 1 && of == line && before + 1 == number => {
                    *last = Run { rows: 2, of: Of::Each { line, number: before } };
                    return;
                }
                _ => {}
            }
        }
        self.runs.push(Run { rows, of: Of::One { line, number } });
    }
}
