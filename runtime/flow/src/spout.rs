//! A spout's task: asks its guest for tuples as fast as its consumers take them.

use crate::bisection::Attempt;
use crate::breaker::Breaker;
use crate::call::{Call, CallResult, Effects, Origin, Returned, Trap};
use crate::dead_letter::{Cause, DeadLetter};
use crate::egress::Egress;
use crate::failure::Failure;
use crate::report::TaskReport;
use crate::step::Output;
use crate::tuning::Tuning;
use alloc::boxed::Box;
use alloc::vec::Vec;
use petrel_model::{Assignment, ComponentName, TaskId};
use petrel_state::{KeySpec, TaskState};

/// A spout's task.
#[derive(Debug)]
pub(crate) struct Spout {
    id: TaskId,
    component: ComponentName,
    tuning: Tuning,
    egress: Egress,
    /// A spout keeps no state in the host; it is handed over all the same, so that calls are alike.
    state: Option<Box<TaskState>>,
    doing: Doing,
    draining: bool,
    /// Where a fresh instance goes on: as it came with the last frame that counts.
    position: Option<Vec<u8>>,
    breaker: Breaker,
    /// Calls that failed since one passed.
    failed_in_a_row: u32,
    /// When the call that is under way was asked for, in µs.
    called_us: i64,
    now_us: i64,
    calls: u64,
    failed_calls: u64,
    condemned_rows: u64,
    restarts: u64,
}

/// How long a spout that fails again and again is left alone: twice as long each time, from 10 ms to 5 s.
const BACKOFF_US: i64 = 10_000;
const BACKOFF_MAX_US: i64 = 5_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Not started yet.
    Nothing,
    /// The call that opens the instance for the first time is under way.
    Opening,
    /// Another call is under way.
    Calling,
    /// A call failed: a fresh instance is to be made at this time, in µs.
    BackingOff(i64),
    /// A fresh instance is made.
    Restarting,
    /// The guest failed so often that it is not called any more.
    Paused,
    /// The guest may be asked from this time on, in µs.
    Waiting(i64),
    /// Everything is emitted, not everything is sent.
    Closing,
    Finished,
    Failed,
}

impl Spout {
    pub(crate) fn new(assignment: &Assignment, id: TaskId, tuning: Tuning, now_us: i64, seed: u64) -> Spout {
        Spout {
            id,
            component: assignment.component(id.component).name.clone(),
            egress: Egress::new(assignment, id, &tuning, seed),
            tuning,
            state: Some(Box::new(TaskState::new(KeySpec::default(), &[], seed))),
            doing: Doing::Nothing,
            draining: false,
            position: None,
            breaker: Breaker::default(),
            failed_in_a_row: 0,
            called_us: now_us,
            now_us,
            calls: 0,
            failed_calls: 0,
            condemned_rows: 0,
            restarts: 0,
        }
    }

    /// The instance exists.
    pub(crate) fn start(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Nothing {
            self.call(Doing::Opening, Call::Open { position: None }, outputs);
        }
    }

    /// The call is over.
    pub(crate) fn returned(
        &mut self,
        call: &Call,
        result: CallResult,
        effects: Effects,
        mut state: Box<TaskState>,
        outputs: &mut Vec<Output>,
    ) {
        // A spout keeps no state: whatever it staged is nobody's.
        state.discard();
        self.state = Some(state);
        if !matches!(self.doing, Doing::Opening | Doing::Calling) {
            return;
        }
        let returned = match self.take_effects(call.name(), result, effects, outputs) {
            Ok(returned) => returned,
            Err(trap) => return self.call_failed(call.name(), trap, outputs),
        };
        if let Call::Next { .. } = call {
            self.failed_in_a_row = 0;
            self.breaker.passed();
        }
        self.doing = match returned {
            Returned::Done | Returned::More => Doing::Waiting(i64::MIN),
            Returned::Idle(until_us) => Doing::Waiting(until_us),
            Returned::End => Doing::Closing,
        };
        self.go_on(outputs);
    }

    /// Makes what a call did visible. Or not: what nobody can take is a fault of the call.
    fn take_effects(
        &mut self,
        name: &'static str,
        result: CallResult,
        effects: Effects,
        outputs: &mut Vec<Output>,
    ) -> Result<Returned, Trap> {
        let returned = result?;
        if !effects.faults.is_empty() {
            return Err(Trap::contract(alloc::format!("reject and retry name rows of a batch, and {name} has none")));
        }
        let position = effects.emitted.iter().rev().find_map(|emitted| match &emitted.origin {
            Origin::Source { position, .. } if !position.is_empty() => Some(position.clone()),
            _ => None,
        });
        self.egress.prepare(effects.emitted, true)?;
        self.position = position.or(self.position.take());
        if !effects.writes.is_empty() {
            outputs.push(Output::Write(effects.writes));
        }
        self.egress.release(self.now_us, outputs);
        Ok(returned)
    }

    /// A call failed: nothing of it counts, and a fresh instance goes on where the last frame that counts ended.
    fn call_failed(&mut self, name: &'static str, trap: Trap, outputs: &mut Vec<Output>) {
        self.failed_calls += 1;
        let failure = self.failure(name, trap);
        // Nothing was emitted yet: better to be told at once than to be paused.
        if self.doing == Doing::Opening {
            self.doing = Doing::Failed;
            return outputs.push(Output::Failed(failure));
        }
        outputs.push(Output::Fault(Box::new(failure.clone())));
        self.breaker.failed(self.called_us);
        self.breaker.condemned();
        if self.breaker.trips(self.now_us, &self.tuning) {
            return self.pause(failure, outputs);
        }
        // The first time at once: most faults do not come again.
        let wait_us = match self.failed_in_a_row {
            0 => 0,
            failed => (BACKOFF_US << (failed - 1).min(20)).min(BACKOFF_MAX_US),
        };
        self.failed_in_a_row += 1;
        self.doing = Doing::BackingOff(self.now_us.saturating_add(wait_us));
        self.go_on(outputs);
    }

    /// A fresh instance exists.
    pub(crate) fn restarted(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Restarting {
            self.call(Doing::Calling, Call::Open { position: self.position.clone() }, outputs);
        }
    }

    /// Somebody says that the guest may be called again.
    pub(crate) fn resume(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Paused {
            self.breaker = Breaker::default();
            self.failed_in_a_row = 0;
            self.doing = Doing::BackingOff(self.now_us);
            self.go_on(outputs);
        }
    }

    /// A row for which a grouping plugin fails is the consumer's dead letter, and this task's fault.
    pub(crate) fn choice_failed(&mut self, letter: DeadLetter, outputs: &mut Vec<Output>) {
        self.condemned_rows += 1;
        self.breaker.failed(self.now_us);
        self.breaker.condemned();
        let trap = if let Cause::Fault(trap) = &letter.cause { trap.clone() } else { Trap::contract("") };
        outputs.push(Output::DeadLetter(Box::new(letter)));
        if matches!(self.doing, Doing::Waiting(_)) && self.breaker.trips(self.now_us, &self.tuning) {
            let failure = self.failure("choose", trap);
            self.pause(failure, outputs);
        }
    }

    fn pause(&mut self, failure: Failure, outputs: &mut Vec<Output>) {
        self.doing = Doing::Paused;
        outputs.push(Output::Paused(Box::new(failure)));
    }

    fn failure(&self, call: &'static str, trap: Trap) -> Failure {
        Failure { task: self.id, component: self.component.clone(), call, input: None, trap }
    }

    /// The consumers have made room, or something was chosen, or time has passed.
    pub(crate) fn go_on(&mut self, outputs: &mut Vec<Output>) {
        if self.draining && matches!(self.doing, Doing::Waiting(_) | Doing::BackingOff(_) | Doing::Paused) {
            self.doing = Doing::Closing;
        }
        match self.doing {
            Doing::Waiting(until_us) if until_us <= self.now_us && !self.egress.is_blocked() => {
                let (max_rows, max_bytes) = (self.tuning.frame_rows, self.tuning.frame_bytes);
                self.call(Doing::Calling, Call::Next { max_rows, max_bytes }, outputs);
            }
            Doing::BackingOff(until_us) if until_us <= self.now_us => {
                self.restarts += 1;
                self.doing = Doing::Restarting;
                outputs.push(Output::Restart);
            }
            Doing::Closing if self.egress.close(self.now_us, outputs) => {
                self.doing = Doing::Finished;
                outputs.push(Output::Finished);
            }
            _ => {}
        }
    }

    /// Nothing more is wanted.
    pub(crate) fn drain(&mut self, outputs: &mut Vec<Output>) {
        self.draining = true;
        self.go_on(outputs);
    }

    pub(crate) fn egress(&mut self) -> &mut Egress {
        &mut self.egress
    }

    /// Tells the watermark to consumers that no frame tells it.
    pub(crate) fn announce(&mut self, outputs: &mut Vec<Output>) {
        self.egress.announce(self.now_us, outputs);
    }

    pub(crate) fn set_now(&mut self, now_us: i64) {
        self.now_us = self.now_us.max(now_us);
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.now_us
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.doing, Doing::Finished | Doing::Failed)
    }

    /// When time has to be told, in µs.
    pub(crate) fn wake_us(&self) -> Option<i64> {
        let ask = match self.doing {
            Doing::Waiting(until_us) if !self.egress.is_blocked() => Some(until_us),
            Doing::BackingOff(until_us) => Some(until_us),
            _ => None,
        };
        ask.into_iter().chain(self.egress.deadline_us()).min()
    }

    pub(crate) fn report(&self) -> TaskReport {
        TaskReport {
            calls: self.calls,
            failed_calls: self.failed_calls,
            condemned_rows: self.condemned_rows,
            restarts: self.restarts,
            emitted_rows: self.egress.emitted_rows(),
            outstanding_bytes: self.egress.outstanding_bytes(),
            unsent_bytes: self.egress.unsent_bytes(),
            calling: self.state.is_none(),
            credit_blocked: matches!(self.doing, Doing::Waiting(_) | Doing::Closing) && self.egress.is_blocked(),
            paused: self.doing == Doing::Paused,
            watermark: self.egress.watermark(),
            finished: self.doing == Doing::Finished,
            ..TaskReport::default()
        }
    }

    fn call(&mut self, doing: Doing, call: Call, outputs: &mut Vec<Output>) {
        let state = self.state.take().expect("the state is here while no call is under way");
        self.doing = doing;
        self.called_us = self.now_us;
        self.calls += 1;
        outputs.push(Output::Call { call, state, attempt: Attempt::FIRST });
    }
}
