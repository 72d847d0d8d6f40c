//! Timers that are dead letters, fired again because somebody asked for it.
//!
//! Each is a call of its own, with the state of its key as it is now: one of them fails, and no other is looked for.

use super::{Bolt, Doing};
use crate::bisection::Attempt;
use crate::call::{Call, Trap};
use crate::dead_letter::{Cause, Ticket, TupleTimer};
use crate::frame::Frame;
use crate::step::Output;
use alloc::string::ToString;
use alloc::vec::Vec;

/// A timer that is to be fired again.
#[derive(Debug)]
pub(super) struct TimerAgain {
    pub(super) ticket: Ticket,
    pub(super) timer: TupleTimer,
    /// A keys frame of one row.
    pub(super) key: Frame,
    /// How often it was tried before.
    pub(super) attempts: u32,
}

impl Bolt {
    /// Takes it in. One of a table, or of a key, that is not there is dropped, as stale messages are.
    pub(super) fn take_timer_again(&mut self, again: TimerAgain) {
        let fits = again.key.view().rows() == 1 && again.key.view().expect(&self.key_schema).is_ok();
        if fits && (again.timer.table as usize) < self.tables {
            self.timers_again.push_back(again);
        }
    }

    /// Calls `on-timer` with the next of them.
    pub(super) fn fire_again(&mut self, outputs: &mut Vec<Output>) {
        self.timed_last = true;
        let Some(TimerAgain { timer, key, .. }) = self.timers_again.front() else { return };
        let (timer, key) = (*timer, key.clone());
        let mut passed = core::mem::take(&mut self.passed);
        if let Err(error) = self.state().pass_keys(&key.view(), &mut passed) {
            self.state().discard();
            self.passed = passed;
            return self.timer_failed_again(Trap::contract(error.to_string()), outputs);
        }
        let (keys, times) = ((*key).clone(), Vec::from([timer.time_us]));
        let call = Call::Timer { table: timer.table, keys, times, state: passed };
        self.call(Doing::FiringAgain, call, Attempt::FIRST, outputs);
    }

    /// It was fired.
    pub(super) fn timer_passed_again(&mut self, outputs: &mut Vec<Output>) {
        self.breaker.passed();
        outputs.extend(self.timers_again.pop_front().map(|again| Output::Redelivered(again.ticket)));
    }

    /// The guest fails at it again.
    pub(super) fn timer_failed_again(&mut self, trap: Trap, outputs: &mut Vec<Output>) {
        let Some(TimerAgain { ticket, timer, key, attempts }) = self.timers_again.pop_front() else { return };
        self.condemned_rows += 1;
        self.breaker.condemned();
        let mut letter = self.timer_letter(timer, key, Cause::Fault(trap));
        (letter.attempts, letter.redelivery) = (attempts + 1, Some(ticket));
        self.bury(letter, None, outputs);
    }
}
