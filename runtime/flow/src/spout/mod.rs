//! A spout's task: asks its guest for tuples as fast as its consumers take them.
//!
//! ```text
//!  Nothing ─start─► Opening ─► Waiting ◄─► Calling (next, ack, fail)
//!                                │  ▲          │ failed: discard
//!                                │  │          ▼
//!                 end of source, │  └── Restarting ◄── BackingOff ──► Paused
//!                          drain │
//!                                ▼
//!                             Ending ─every tree is through, or only held─► Closing ─everything sent, every tree through─► Finished
//! ```

mod acking;
mod kept;
mod patience;

pub(crate) use acking::{TIMEOUT_TICKS, tick_us};
pub(crate) use patience::STRETCH_MAX;

use crate::acker::Notice;
use crate::bisection::Attempt;
use crate::breaker::Breaker;
use crate::call::{Call, CallResult, Effects, Emitted, Origin, Returned, Trap, TrapKind};
use crate::dead_letter::{Cause, DeadLetter};
use crate::egress::Egress;
use crate::failure::Failure;
use crate::followed::Following;
use crate::lineage::Line;
use crate::pending::Awaited;
use crate::report::TaskReport;
use crate::step::Output;
use crate::tuning::Tuning;
use acking::{Acking, Duty};
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
    /// None where nothing is tracked.
    acking: Option<Acking>,
    /// What follows a call of `ack` or `fail`.
    after_duty: Doing,
    /// There is no instance any more that could be told anything.
    guest_is_gone: bool,
    /// The last call of `ack` or `fail` failed.
    duty_failed: bool,
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
    /// The guest has said that nothing more will come, and not every tree is through.
    Ending,
    /// Everything is emitted, not everything is sent, or through.
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
            acking: Acking::new(assignment, id, now_us),
            after_duty: Doing::Nothing,
            guest_is_gone: false,
            duty_failed: false,
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
        match call {
            Call::Ack(_) | Call::Fail(_) => self.duty_failed = false,
            // A guest that gets on with `next` and fails whenever it is told what is through is not well.
            Call::Next { .. } if !self.duty_failed => {
                self.failed_in_a_row = 0;
                self.breaker.passed();
            }
            _ => {}
        }
        self.doing = match (call, returned) {
            // It may have waited for this.
            (Call::Ack(_), _) if matches!(self.after_duty, Doing::Waiting(_)) => Doing::Waiting(i64::MIN),
            (Call::Ack(_), _) => self.after_duty,
            // It may have the failed ones to emit, whatever it said before.
            (Call::Fail(_), _) if self.after_duty != Doing::Closing && !self.draining => Doing::Waiting(i64::MIN),
            (Call::Fail(_), _) => self.after_duty,
            (_, Returned::Done | Returned::More) => Doing::Waiting(i64::MIN),
            (_, Returned::Idle(until_us)) => Doing::Waiting(until_us),
            (_, Returned::End) => self.begin_end(outputs),
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
        let emitted = effects.emitted;
        // Counted references: looked at again once it is known that everybody can take them.
        let known = if self.acking.is_some() { emitted.iter().map(copy_of).collect() } else { Vec::new() };
        self.egress.prepare(emitted, true)?;
        self.position = position.or(self.position.take());
        if !effects.writes.is_empty() {
            outputs.push(Output::Write(effects.writes));
        }
        match &mut self.acking {
            Some(acking) => {
                let admitted = acking.admit(&known);
                acking.release(admitted, &mut self.egress, self.now_us, outputs);
            }
            None => self.egress.release(Following::Nobody, self.now_us, outputs),
        }
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
        // It was only to be told something: nothing more is wanted of it.
        if matches!(name, "ack" | "fail") && (self.after_duty == Doing::Closing || self.draining) {
            self.guest_is_gone = true;
            self.doing = self.after_duty;
            return self.go_on(outputs);
        }
        self.duty_failed |= matches!(name, "ack" | "fail");
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
            let position = match &mut self.acking {
                Some(acking) => acking.reopen(outputs),
                None => self.position.clone(),
            };
            self.call(Doing::Calling, Call::Open { position }, outputs);
        }
    }

    /// An acker has something to say.
    pub(crate) fn notice(&mut self, line: Line, notice: &Notice, outputs: &mut Vec<Output>) {
        if let Some(acking) = &mut self.acking {
            acking.notice(line, notice);
        }
        self.go_on(outputs);
    }

    /// A grouping plugin has chosen, or failed.
    pub(crate) fn chosen(&mut self, ticket: u64, tasks: Result<Vec<u32>, Trap>, outputs: &mut Vec<Output>) {
        let tracker = self.acking.as_mut().map(|acking| &mut acking.tracker);
        if let Some(letter) = self.egress.chosen(ticket, tasks, tracker, outputs) {
            self.choice_failed(letter, outputs);
        }
        self.go_on(outputs);
    }

    /// Time has passed.
    pub(crate) fn time(&mut self, outputs: &mut Vec<Output>) {
        self.egress.time(self.now_us, outputs);
        if let Some(acking) = &mut self.acking {
            let is_ending = matches!(self.doing, Doing::Ending);
            acking.time(self.now_us, is_ending, outputs);
        }
        self.go_on(outputs);
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
    fn choice_failed(&mut self, letter: DeadLetter, outputs: &mut Vec<Output>) {
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
            self.guest_is_gone |= !matches!(self.doing, Doing::Waiting(_));
            self.doing = self.begin_end(outputs);
        }
        if let Some(acking) = &mut self.acking
            && matches!(self.doing, Doing::Waiting(_) | Doing::Ending | Doing::Closing)
        {
            if self.doing != Doing::Closing {
                acking.replay(&mut self.egress, self.now_us, outputs);
            }
            if !self.guest_is_gone
                && let Some(duty) = acking.duty()
            {
                self.after_duty = self.doing;
                let call = match duty {
                    Duty::Ack(ids) => Call::Ack(ids),
                    Duty::Fail(ids) => Call::Fail(ids),
                };
                return self.call(Doing::Calling, call, outputs);
            }
            // What is only held will be done with when the streams end; what may fail has to be emitted again before.
            if self.doing == Doing::Ending && acking.awaited() != Awaited::Trees {
                acking.close();
                self.doing = Doing::Closing;
            }
        }
        let room = self.acking.as_ref().map_or(u32::MAX, Acking::room);
        match self.doing {
            Doing::Waiting(until_us) if until_us <= self.now_us && room > 0 && !self.egress.is_blocked() => {
                let (max_rows, max_bytes) = (self.tuning.frame_rows.min(room), self.tuning.frame_bytes);
                self.call(Doing::Calling, Call::Next { max_rows, max_bytes }, outputs);
            }
            Doing::BackingOff(until_us) if until_us <= self.now_us => {
                self.restarts += 1;
                self.doing = Doing::Restarting;
                outputs.push(Output::Restart);
            }
            Doing::Closing if self.egress.close(self.now_us, outputs) => self.finish(outputs),
            _ => {}
        }
    }

    /// Nothing more will be asked for: what follows.
    fn begin_end(&mut self, outputs: &mut Vec<Output>) -> Doing {
        match &mut self.acking {
            Some(acking) => {
                acking.ask_who_is_held(outputs);
                Doing::Ending
            }
            None => Doing::Closing,
        }
    }

    /// Everything is sent: once every tree is through, that is all.
    fn finish(&mut self, outputs: &mut Vec<Output>) {
        let Some(acking) = self.acking.as_ref() else {
            self.doing = Doing::Finished;
            return outputs.push(Output::Finished);
        };
        if !acking.is_through() {
            return;
        }
        match acking.report().lost {
            0 => {
                self.doing = Doing::Finished;
                outputs.push(Output::Finished);
            }
            lost => {
                self.doing = Doing::Failed;
                let message = alloc::format!(
                    "{lost} tuples failed and were not emitted again: their processing is not complete; run again from \
                     the same input, tuples may then be processed twice"
                );
                let trap = Trap { kind: TrapKind::Lost, message, backtrace: Vec::new() };
                outputs.push(Output::Failed(self.failure("fail", trap)));
            }
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
            Doing::Waiting(until_us) if !self.egress.is_blocked() => {
                self.acking.as_ref().is_none_or(|acking| acking.room() > 0).then_some(until_us)
            }
            Doing::BackingOff(until_us) => Some(until_us),
            _ => None,
        };
        let tick = self.acking.as_ref().map(Acking::wake_us);
        ask.into_iter().chain(self.egress.deadline_us()).chain(tick).min()
    }

    pub(crate) fn report(&self) -> TaskReport {
        let acking = self.acking.as_ref().map(Acking::report).unwrap_or_default();
        TaskReport {
            acked_rows: acking.acked,
            failed_rows: acking.failed,
            timed_out_rows: acking.timed_out,
            lost_rows: acking.lost,
            pending_rows: acking.pending as u64,
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

fn copy_of(emitted: &Emitted) -> Emitted {
    let origin = match &emitted.origin {
        Origin::Source { ids, position } => Origin::Source { ids: ids.clone(), position: position.clone() },
        Origin::Anchors(anchors) => Origin::Anchors(anchors.clone()),
    };
    Emitted { output: emitted.output, direct: emitted.direct, frame: emitted.frame.clone(), origin }
}
