//! Tuples that the guest wants to see again, later.

use crate::batch::Whole;
use crate::dead_letter::Ticket;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Rows of one batch that come again at the same time.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The number of their input.
    pub(crate) port: usize,
    /// The rows.
    pub(crate) rows: Whole,
    /// How often they were tried.
    pub(crate) tried: u32,
    /// Which dead letter they are, if they are one that is tried again.
    pub(crate) letter: Option<LetterAgain>,
}

/// A dead letter that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LetterAgain {
    pub(crate) ticket: Ticket,
    /// How often it had been tried when it became one.
    pub(crate) attempts: u32,
}

/// Everything that waits for another try, by the time of it.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    waiting: BTreeMap<i64, Vec<Waiting>>,
    bytes: u64,
}

impl Retries {
    /// Puts rows back until a time in µs.
    pub(crate) fn push(&mut self, due_us: i64, waiting: Waiting) {
        self.bytes += waiting.rows.parcel.bytes();
        self.waiting.entry(due_us).or_default().push(waiting);
    }

    /// Takes rows whose time has come, the longest due first.
    pub(crate) fn pop(&mut self, now_us: i64) -> Option<Waiting> {
        let mut entry = self.waiting.first_entry().filter(|entry| *entry.key() <= now_us)?;
        let waiting = entry.get_mut().remove(0);
        if entry.get().is_empty() {
            entry.remove();
        }
        self.bytes -= waiting.rows.parcel.bytes();
        Some(waiting)
    }

    /// When the next rows are due, in µs.
    pub(crate) fn next_due_us(&self) -> Option<i64> {
        self.waiting.first_key_value().map(|(due_us, _)| *due_us)
    }

    /// Whether nothing of that input waits.
    pub(crate) fn has_none_of(&self, port: usize) -> bool {
        self.waiting.values().flatten().all(|waiting| waiting.port != port)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes of frames that wait.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
