//! Which trees time out when.

use crate::lineage::{Line, Tree};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// How far back an entry is looked for that goes on with the next trees of its line.
const NEAR: usize = 8;

/// For each tick up to the message timeout, the trees that time out then unless they are done with before. A frame is one
/// entry, whatever its rows; nothing is taken out early, since asking whether a tree is still there is cheaper.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    due: Vec<Vec<(Line, Range<u64>)>>,
    tick: u32,
}

impl Wheel {
    /// With a message timeout of so many ticks, at least one.
    pub(super) fn new(timeout_ticks: u32) -> Wheel {
        Wheel { due: vec![Vec::new(); timeout_ticks.max(1) as usize + 1], tick: 0 }
    }

    /// Trees wait for as long as the message timeout, from now on. Says at which tick they are due.
    pub(super) fn push(&mut self, line: Line, numbers: Range<u64>) -> u32 {
        let due = self.tick + self.due.len() as u32 - 1;
        let place = self.place(due);
        let entries = &mut self.due[place];
        // Frames go to the ackers in turn: what came before on the same line is not far back.
        match entries.iter_mut().rev().take(NEAR).find(|(of, before)| *of == line && before.end == numbers.start) {
            Some((_, before)) => before.end = numbers.end,
            None => entries.push((line, numbers)),
        }
        due
    }

    /// One tree waits anew. Says until which tick.
    pub(super) fn push_tree(&mut self, tree: Tree) -> u32 {
        self.push(tree.line, tree.number..tree.number + 1)
    }

    /// A tick has passed: the number of this one, and what is due.
    pub(super) fn tick(&mut self) -> (u32, Vec<(Line, Range<u64>)>) {
        self.tick += 1;
        let place = self.place(self.tick);
        (self.tick, core::mem::take(&mut self.due[place]))
    }

    fn place(&self, tick: u32) -> usize {
        tick as usize % self.due.len()
    }
}
