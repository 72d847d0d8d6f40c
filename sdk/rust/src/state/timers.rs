//! Timers of each key.

use super::keys::no_key;
use super::{CallKeys, Stored, Table};
use crate::batch::BatchState;
use crate::describe::{TableKind, TableSpec};
use crate::error::Error;
use crate::host::{self, Clock};
use crate::time::Timestamp;
use petrel_frame::Scalar;
use std::collections::BTreeMap;

/// Timers of the current key. When one is due, [`Bolt::on_timer`](crate::Bolt::on_timer) is called with that key.
///
/// A key may have any number of timers, but only one for each time: setting it again changes nothing.
#[derive(Debug)]
pub struct Timers {
    number: usize,
    keys: CallKeys,
    current: usize,
    /// What was done last with each timer: whether it is set.
    changes: BTreeMap<(Clock, usize, i64), bool>,
}

impl Timers {
    /// Sets a timer by the host's clock.
    pub fn set(&mut self, at: Timestamp) {
        self.change(Clock::Processing, at, true);
    }

    /// Sets a timer by event time: it is due when the watermark of the inputs has passed it.
    pub fn set_event(&mut self, at: Timestamp) {
        self.change(Clock::Event, at, true);
    }

    /// Takes a timer by the host's clock back.
    pub fn cancel(&mut self, at: Timestamp) {
        self.change(Clock::Processing, at, false);
    }

    /// Takes a timer by event time back.
    pub fn cancel_event(&mut self, at: Timestamp) {
        self.change(Clock::Event, at, false);
    }

    fn change(&mut self, clock: Clock, at: Timestamp, set: bool) {
        if self.current >= self.keys.count() {
            no_key();
        }
        self.changes.insert((clock, self.current, at.0), set);
    }
}

impl Stored for Timers {
    type Table = Timers;
}

impl Table for Timers {
    type Handle = Timers;

    fn spec(name: &str) -> TableSpec {
        // Timers belong to a table. This one never holds a value.
        TableSpec { kind: TableKind::LazyValue, ..TableSpec::value(name, Scalar::Bool) }
    }

    fn open(number: usize) -> Self {
        Timers { number, keys: CallKeys::none(), current: 0, changes: BTreeMap::new() }
    }

    fn begin(&mut self, _: &BatchState<'_>, keys: &CallKeys) -> Result<(), Error> {
        self.keys = keys.clone();
        self.current = 0;
        self.changes.clear();
        Ok(())
    }

    #[inline]
    fn at(&mut self, key: usize) -> &mut Timers {
        self.current = key;
        self
    }

    fn end(&mut self, _: &mut BatchState<'_>) -> Result<(), Error> {
        for clock in [Clock::Processing, Clock::Event] {
            let changes = |set: bool| {
                let of_clock = self.changes.iter().filter(move |((of, ..), is_set)| *of == clock && **is_set == set);
                of_clock.map(|((_, key, at), _)| (*key as u32, *at)).unzip::<u32, i64, Vec<u32>, Vec<i64>>()
            };
            let (keys, times) = changes(true);
            if !keys.is_empty() {
                host::timers::set_passed(self.number, clock, &keys, &times);
            }
            let (keys, times) = changes(false);
            if !keys.is_empty() {
                host::timers::cancel(self.number, clock, &self.keys.take(&keys)?, &times);
            }
        }
        Ok(())
    }
}
