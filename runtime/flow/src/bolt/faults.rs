//! Calls that fail: nothing of them counts, a fresh instance takes over, and what fails is narrowed down to one row or
//! timer, which goes to the dead letters.

use super::{Bolt, Doing};
use crate::bisection::{Attempt, Verdict};
use crate::breaker::Breaker;
use crate::call::{Call, Trap, TrapKind};
use crate::dead_letter::{Cause, DeadLetter, TupleTimer};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::step::Output;
use alloc::boxed::Box;
use alloc::vec::Vec;
use petrel_state::Clock;

/// How often a call that has no rows to narrow down is made before it counts as failed for good.
const TRIES: u32 = 3;

impl Bolt {
    /// The call that was under way failed. `timers` is how many it was given, `row` the one at which the guest said it was.
    pub(super) fn call_failed(
        &mut self,
        name: &'static str,
        timers: usize,
        row: Option<u32>,
        trap: Trap,
        outputs: &mut Vec<Output>,
    ) {
        self.failed_calls += 1;
        self.state().discard();
        let failure = self.failure(name, trap);
        self.breaker.failed(self.called_us);
        let timed_out = matches!(failure.trap.kind, TrapKind::TimeLimit | TrapKind::IoLimit);
        match self.doing {
            // Nothing was processed yet: better to be told at once than to be paused.
            Doing::Opening => return self.end(failure, outputs),
            Doing::Processing => {
                let Some(part) = self.part.take() else { return };
                let rows = part.view().rows();
                // Only a guest that stopped by itself knows where it was: a limit can be reached anywhere.
                let row = row.filter(|_| matches!(failure.trap.kind, TrapKind::Trapped | TrapKind::Refused));
                let named = row.map(|row| row as usize);
                // A row that fails alone in an instance that was used before is tried once more, in a fresh one.
                let again = rows == 1 && !self.untouched;
                let verdict = self.batch.as_mut().filter(|_| !again).map(|batch| batch.failed(rows, timed_out, named));
                if verdict == Some(Verdict::Condemned) {
                    self.condemn_row(&part, failure.trap.clone(), outputs);
                }
            }
            Doing::Firing(clock, until_us) => {
                // As for a row, once: something else may come in between and use the fresh instance, but not for ever.
                let again = timers == 1 && !self.untouched && !self.timer_tried_again;
                self.timer_tried_again = again;
                if again {
                    self.timed_last = false;
                } else if self.timers.failed(timers, timed_out, None) == Verdict::Condemned {
                    self.condemn_timer(clock, until_us, failure.trap.clone(), outputs);
                }
            }
            Doing::FiringAgain => self.timer_failed_again(failure.trap.clone(), outputs),
            Doing::Ending(port) => {
                self.failed_ends += 1;
                if self.failed_ends >= TRIES {
                    return self.end(failure, outputs);
                }
                self.ingress.port_mut(port).end_told = false;
                outputs.push(Output::Fault(Box::new(failure.clone())));
            }
            Doing::Reopening => {
                self.failed_opens += 1;
                outputs.push(Output::Fault(Box::new(failure.clone())));
                if self.failed_opens >= TRIES {
                    return self.pause(failure, outputs);
                }
            }
            // The next one comes at its own time.
            Doing::Ticking => {
                self.breaker.condemned();
                outputs.push(Output::Fault(Box::new(failure.clone())));
            }
            _ => return,
        }
        if self.breaker.trips(self.now_us, &self.tuning) {
            return self.pause(failure, outputs);
        }
        self.restart(outputs);
    }

    /// The next row of the batch cannot be processed.
    pub(super) fn condemn_row(&mut self, part: &Frame, trap: Trap, outputs: &mut Vec<Output>) {
        self.condemned_rows += 1;
        self.breaker.condemned();
        self.bury_row(part, 0, Cause::Fault(trap), outputs);
        if let Some(batch) = &mut self.batch {
            batch.skip(1);
        }
        self.pay(outputs);
    }

    /// The first timer that is due cannot be fired: it is taken, and nothing comes of it.
    pub(super) fn condemn_timer(&mut self, clock: Clock, until_us: i64, trap: Trap, outputs: &mut Vec<Output>) {
        let Some(due) = self.state().take_due(clock, until_us, 1) else { return };
        self.state().commit();
        self.condemned_rows += 1;
        self.breaker.condemned();
        let timer = TupleTimer { table: due.table, time_us: due.times.first().copied().unwrap_or(0) };
        // SAFETY: the state makes valid keys frames.
        let key = unsafe { Frame::from_validated(due.keys) };
        let letter = self.timer_letter(timer, key, Cause::Fault(trap));
        self.bury(letter, None, outputs);
    }

    /// A timer of a key as a dead letter, tried for the first time.
    pub(super) fn timer_letter(&self, timer: TupleTimer, key: Frame, cause: Cause) -> DeadLetter {
        DeadLetter {
            task: self.id,
            component: self.component.clone(),
            call: "on-timer",
            input: None,
            timer: Some(timer),
            fields: Fields::of(&key.view(), 0, &self.key_schema),
            tuple: key,
            roots: Vec::new(),
            paths: Vec::new(),
            cause,
            attempts: 1,
            redelivery: None,
        }
    }

    /// A row for which a grouping plugin fails is the consumer's dead letter, and this task's fault.
    pub(super) fn choice_failed(&mut self, letter: DeadLetter, outputs: &mut Vec<Output>) {
        self.condemned_rows += 1;
        self.breaker.failed(self.now_us);
        self.breaker.condemned();
        let trap = if let Cause::Fault(trap) = &letter.cause { trap.clone() } else { Trap::contract("") };
        outputs.push(Output::DeadLetter(Box::new(letter)));
        if self.doing == Doing::Idle && self.breaker.trips(self.now_us, &self.tuning) {
            let failure = self.failure("choose", trap);
            self.pause(failure, outputs);
        }
    }

    /// A fresh instance exists.
    pub(crate) fn restarted(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Restarting {
            self.untouched = true;
            self.call(Doing::Reopening, Call::Open { position: None }, Attempt::FIRST, outputs);
        }
    }

    /// Somebody says that the guest may be called again.
    pub(crate) fn resume(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Paused {
            self.breaker = Breaker::default();
            self.failed_opens = 0;
            self.restart(outputs);
        }
    }

    pub(super) fn restart(&mut self, outputs: &mut Vec<Output>) {
        self.restarts += 1;
        self.fail_held(outputs);
        self.doing = Doing::Restarting;
        outputs.push(Output::Restart);
    }

    fn pause(&mut self, failure: Failure, outputs: &mut Vec<Output>) {
        self.doing = Doing::Paused;
        outputs.push(Output::Paused(Box::new(failure)));
    }

    /// The task cannot go on.
    pub(super) fn fail(&mut self, name: &'static str, trap: Trap, outputs: &mut Vec<Output>) {
        let failure = self.failure(name, trap);
        self.end(failure, outputs);
    }

    fn end(&mut self, failure: Failure, outputs: &mut Vec<Output>) {
        self.doing = Doing::Failed;
        outputs.push(Output::Failed(failure));
    }
}
