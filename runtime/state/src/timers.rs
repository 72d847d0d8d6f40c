//! Timers: points in time at which a key of a table wants to be called.

use crate::interner::{Interner, KeyId};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use petrel_frame::FrameBuf;

/// Which time a timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clock {
    /// The host's clock.
    Processing,
    /// The watermark of the inputs.
    Event,
}

/// Timers that are due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The table they belong to.
    pub table: u32,
    /// A keys frame: one row per timer, no key twice.
    pub keys: FrameBuf,
    /// The time each was set for, in microseconds. Never falls.
    pub times: Vec<i64>,
}

/// By time in microseconds, then table, then id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) time: i64,
    pub(crate) table: u32,
    pub(crate) key: KeyId,
}

/// The timers of a task. Each keeps the id of its key.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    waiting: [BTreeSet<Timer>; 2],
    /// Taken since the last commit.
    taken: Vec<(Clock, Timer)>,
}

impl Timers {
    pub(crate) fn set(&mut self, clock: Clock, table: u32, key: KeyId, time: i64, keys: &mut Interner) {
        if self.waiting[clock as usize].insert(Timer { time, table, key }) {
            keys.retain(key);
        }
    }

    pub(crate) fn cancel(&mut self, clock: Clock, table: u32, key: KeyId, time: i64, keys: &mut Interner) {
        if self.waiting[clock as usize].remove(&Timer { time, table, key }) {
            keys.release(key);
        }
    }

    /// The earliest time, in microseconds.
    pub(crate) fn next(&self, clock: Clock) -> Option<i64> {
        self.waiting[clock as usize].first().map(|timer| timer.time)
    }

    /// Takes the first timers up to a time that are of one table and of different keys, in order. Where a key
    /// comes again the batch ends: each of its timers is to see what the one before it did.
    pub(crate) fn take(
        &mut self,
        clock: Clock,
        until_us: i64,
        max: usize,
        mut is_new: impl FnMut(KeyId) -> bool,
    ) -> Option<(u32, Vec<KeyId>, Vec<i64>)> {
        let waiting = &mut self.waiting[clock as usize];
        let table = waiting.first()?.table;
        let (mut keys, mut times) = (Vec::new(), Vec::new());
        while keys.len() < max
            && let Some(&timer) = waiting.first()
            && timer.time <= until_us
            && timer.table == table
            && is_new(timer.key)
        {
            waiting.pop_first();
            self.taken.push((clock, timer));
            keys.push(timer.key);
            times.push(timer.time);
        }
        (!keys.is_empty()).then_some((table, keys, times))
    }

    /// Timers that were taken are gone.
    pub(crate) fn commit(&mut self, keys: &mut Interner) {
        self.taken.drain(..).for_each(|(_, timer)| keys.release(timer.key));
    }

    /// Timers that were taken wait again.
    pub(crate) fn discard(&mut self) {
        for (clock, timer) in self.taken.drain(..) {
            self.waiting[clock as usize].insert(timer);
        }
    }

    /// How many wait; those that were taken do not.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.iter().map(BTreeSet::len).sum()
    }

    pub(crate) fn is_waiting(&self, clock: Clock, timer: &Timer) -> bool {
        self.waiting[clock as usize].contains(timer)
    }

    /// The keys of those that were taken since the last commit.
    pub(crate) fn taken(&self) -> impl Iterator<Item = KeyId> {
        self.taken.iter().map(|(_, timer)| timer.key)
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn memory(&self) -> usize {
        // A tree's nodes are full to two thirds or more.
        (self.waiting() * 3 / 2 + self.taken.capacity()) * size_of::<Timer>()
    }
}
