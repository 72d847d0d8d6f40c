//! The sender's end of what a task tells ackers.

use super::message::{Report, ToAcker};
use crate::lineage::{Account, Line, Lines, Settlement, Tree};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use petrel_model::{Generation, TaskId};

/// Makes the messages of one task to all ackers, and counts them.
///
/// What is settled is gathered until [`flush`](Self::flush): one message to each acker for everything that became of a
/// batch, or of a step.
#[derive(Clone, Debug)]
pub struct Reports {
    from: TaskId,
    generation: Generation,
    lines: Lines,
    /// By acker: the number of the next message.
    sequences: Vec<u64>,
    /// By acker: what is not sent yet.
    settlements: Vec<Settlement>,
}

impl Reports {
    /// Of a task. One that starts again must have a later generation.
    pub fn new(from: TaskId, generation: Generation, lines: Lines) -> Reports {
        let ackers = lines.ackers() as usize;
        Reports {
            from,
            generation,
            lines,
            sequences: vec![0; ackers],
            settlements: vec![Settlement::default(); ackers],
        }
    }

    /// A batch, or what was held, is done with.
    pub fn settle(&mut self, account: Account) {
        account.settle(self.lines, &mut self.settlements);
    }

    /// The message timeout of these trees starts anew.
    pub fn reset(&mut self, trees: impl IntoIterator<Item = Tree>) {
        for tree in trees {
            self.settlements[self.lines.acker(tree.line) as usize].reset.push(tree);
        }
    }

    /// The messages with everything that was settled.
    pub fn flush(&mut self, messages: &mut Vec<ToAcker>) {
        for acker in 0..self.lines.ackers() {
            let settlement = core::mem::take(&mut self.settlements[acker as usize]);
            if !settlement.is_empty() {
                messages.push(self.tell(acker, Report::Settled(settlement)));
            }
        }
    }

    /// A spout has sent rows that begin trees, from that one on.
    pub fn roots(&mut self, first: Tree, account: Account) -> ToAcker {
        let Tree { line, number } = first;
        self.tell(self.lines.acker(line), Report::Roots { line, first: number, xors: account.into_roots() })
    }

    /// A spout does not wait for these trees any more.
    pub fn forget(&mut self, line: Line, numbers: Vec<Range<u64>>) -> ToAcker {
        self.tell(self.lines.acker(line), Report::Forget { line, numbers })
    }

    /// The spout task of that number has ended: a message to each acker.
    pub fn ending(&mut self, spout: u32, messages: &mut Vec<ToAcker>) {
        for acker in 0..self.lines.ackers() {
            let line = self.lines.line(spout, acker);
            messages.push(self.tell(acker, Report::Ending { line }));
        }
    }

    /// The next message to an acker.
    pub fn tell(&mut self, to: u32, report: Report) -> ToAcker {
        let next = &mut self.sequences[to as usize];
        let sequence = *next;
        *next += 1;
        ToAcker { from: self.from, to, generation: self.generation, sequence, report }
    }
}
