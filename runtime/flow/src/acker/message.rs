//! What tasks tell ackers, and what ackers tell spout tasks.

use crate::lineage::{Line, Settlement};
use alloc::vec::Vec;
use core::ops::Range;
use petrel_model::{Generation, TaskId};

/// From a task to an acker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToAcker {
    /// The sender.
    pub from: TaskId,
    /// The number of the acker.
    pub to: u32,
    /// Which life of the sender: a later one starts counting anew, and nothing of an earlier one counts any more.
    pub generation: Generation,
    /// Counts the messages from this sender to this acker, from 0.
    pub sequence: u64,
    /// What it says.
    pub report: Report,
}

/// What a task tells an acker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A spout: it emitted rows that begin trees.
    Roots {
        /// The line of all of them.
        line: Line,
        /// The number of the first.
        first: u64,
        /// For each row, the XOR of the values of everything that was sent of it.
        xors: Vec<u64>,
    },
    /// A bolt: a batch, or a held tuple, is done with.
    Settled(Settlement),
    /// A spout: it does not wait for these trees any more.
    Forget {
        /// The line of all of them.
        line: Line,
        /// Their numbers.
        numbers: Vec<Range<u64>>,
    },
    /// A spout: nothing new will come, and it wants to know which trees wait for held tuples only. Said again from time
    /// to time, in case it was lost.
    Ending {
        /// Its line to this acker.
        line: Line,
    },
}

/// From an acker to the spout task of a line. What comes twice does no harm, and what is lost is made good by the
/// message timeout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// These trees are done with.
    pub acked: Vec<Range<u64>>,
    /// These failed.
    pub failed: Vec<u64>,
    /// The message timeout of these starts anew.
    pub reset: Vec<u64>,
    /// These wait for held tuples only. Told after [`Report::Ending`].
    pub parked: Vec<u64>,
    /// These were parked and do so no more, because something was emitted from what is held.
    pub resumed: Vec<u64>,
}

impl Notice {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let Notice { acked, failed, reset, parked, resumed } = self;
        acked.is_empty() && failed.is_empty() && reset.is_empty() && parked.is_empty() && resumed.is_empty()
    }

    /// A tree is done with.
    #[inline]
    pub(super) fn ack(&mut self, number: u64) {
        match self.acked.last_mut() {
            Some(range) if range.end == number => range.end += 1,
            _ => self.acked.push(number..number + 1),
        }
    }
}
