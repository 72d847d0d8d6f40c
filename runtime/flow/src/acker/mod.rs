//! The acker: knows of every tree whether anything of it is left.
//!
//! As in Storm (its `Acking-framework-implementation.md`), an acker keeps one number for each tree: the XOR of the values of
//! all that is under way. It is zero when nothing is. Whoever is done with a batch tells which values leave a tree and
//! which enter it; the order does not matter, and so the acker may hear of a tree from a bolt before it does from its spout.
//!
//! # What is new against Storm
//!
//! - Trees of a line have numbers without gaps: an index, not a hash of a random id. One message settles a batch.
//! - A second XOR, of what is held, tells trees that wait for held tuples only. A finite spout may end then, and the
//!   bolts that hold the tuples until their input ends get their end.
//! - Messages count once and in order, see below. Storm relies on its transport for that.
//!
//! # Loss, repetition, disorder
//!
//! Whatever is lost, repeated or overtaken, a tree is acked only if everything of it was processed, to within the chance
//! that 64 random bits are all zero. A message either counts at most once or not at all, and each entry in it replaces one
//! value of a tree by those of everything that came of the same rows; so the XOR of a tree is that of a set that is empty only if all is
//! done. What does not count leaves its tree open. Then the spout's message timeout fails it, and tells
//! the acker to forget it.
//!
//! # Memory
//!
//! A tree takes about 40 bytes while it is open. A spout task has at most `max_pending` trees open; what it has given up is
//! forgotten when it says so, and after some ticks by itself, should that be lost.

mod inbox;
mod line;
mod message;
mod reports;
#[cfg(test)]
mod tests;

use crate::lineage::{Line, Lines, Settlement};
use alloc::vec::Vec;
use inbox::{Inbox, Verdict};
use line::TreesOfLine;

pub use message::{Notice, Report, ToAcker};
pub use reports::Reports;

/// One acker. A pure state machine: [`take`](Self::take) what comes, [`tick`](Self::tick) now and then, send what
/// [`notices`](Self::notices) gives.
#[derive(Clone, Debug)]
pub struct Acker {
    number: u32,
    lines: Lines,
    /// By the number of their spout task.
    trees: Vec<TreesOfLine>,
    inbox: Inbox,
    tick: u32,
    forget_ticks: u32,
    counts: AckerReport,
}

/// Counters and gauges of one acker. Counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AckerReport {
    /// Messages that came again or too late, and were dropped.
    pub repeated_messages: u64,
    /// Messages that never came, or came too late.
    pub missing_messages: u64,
    /// Trees that were forgotten without a word from their spout.
    pub forgotten_trees: u64,
    /// Gauge: trees that are not done with.
    pub open_trees: usize,
}

impl Acker {
    /// The acker of that number. It forgets trees by itself after so many ticks: three message timeouts are usual.
    pub fn new(number: u32, lines: Lines, forget_ticks: u32) -> Acker {
        Acker {
            number,
            lines,
            trees: (0..lines.spouts()).map(|_| TreesOfLine::new()).collect(),
            inbox: Inbox::default(),
            tick: 0,
            forget_ticks: forget_ticks.max(1),
            counts: AckerReport::default(),
        }
    }

    /// Takes a message, or drops and counts it.
    pub fn take(&mut self, message: &ToAcker) {
        let reborn = match self.inbox.judge(message) {
            Verdict::Repeated => return self.counts.repeated_messages += 1,
            Verdict::Counts { missing, reborn } => {
                self.counts.missing_messages += missing;
                reborn
            }
        };
        let tick = self.tick;
        match &message.report {
            Report::Roots { line, first, xors } => self.own(*line, reborn, |trees| trees.root(*first, xors, tick)),
            Report::Settled(settlement) => self.settle(settlement),
            Report::Forget { line, numbers } => {
                self.own(*line, reborn, |trees| numbers.iter().cloned().for_each(|numbers| trees.forget(numbers)));
            }
            Report::Ending { line } => self.own(*line, reborn, TreesOfLine::end),
        }
    }

    /// A tick has passed: all times are counted in them.
    pub fn tick(&mut self) {
        self.tick += 1;
        if let Some(old) = self.tick.checked_sub(self.forget_ticks) {
            let forgotten: usize = self.trees.iter_mut().map(|trees| trees.expire(old)).sum();
            self.counts.forgotten_trees += forgotten as u64;
        }
    }

    /// What is to be told to spout tasks since the last time, one notice for each line at most.
    pub fn notices(&mut self, notices: &mut Vec<(Line, Notice)>) {
        for (spout, trees) in (0..).zip(&mut self.trees) {
            if let Some(notice) = trees.notice() {
                notices.push((self.lines.line(spout, self.number), notice));
            }
        }
    }

    /// Its counters.
    pub fn report(&self) -> AckerReport {
        AckerReport { open_trees: self.trees.iter().map(TreesOfLine::len).sum(), ..self.counts }
    }

    fn settle(&mut self, settlement: &Settlement) {
        let tick = self.tick;
        let Settlement { entries, held, failed, reset } = settlement;
        // Before anything else: the row that failed may be the last of its tree, and is taken out of it like the others.
        failed.iter().for_each(|tree| self.of(tree.line, |trees| trees.fail(tree.number, tick)));
        held.iter().for_each(|entry| self.of(entry.tree.line, |trees| trees.hold(entry.tree.number, entry.xor, tick)));
        // Entries come in stretches of one line.
        for stretch in entries.chunk_by(|one, next| one.tree.line == next.tree.line) {
            self.of(stretch[0].tree.line, |trees| trees.settle(stretch, tick));
        }
        reset.iter().for_each(|tree| self.of(tree.line, |trees| trees.reset(tree.number, tick)));
    }

    /// A spout speaks of its own line.
    fn own(&mut self, line: Line, reborn: bool, with: impl FnOnce(&mut TreesOfLine)) {
        self.of(line, |trees| {
            if reborn {
                // It counts its trees from 0 again.
                *trees = TreesOfLine::new();
            }
            with(trees);
        });
    }

    /// Does something with a line; those of other ackers, or of no spout, are ignored.
    #[inline]
    fn of(&mut self, line: Line, with: impl FnOnce(&mut TreesOfLine)) {
        if self.lines.acker(line) == self.number
            && let Some(trees) = self.trees.get_mut(self.lines.spout(line) as usize)
        {
            with(trees);
        }
    }
}
