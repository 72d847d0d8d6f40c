//! A spout's task: asks its guest for tuples as fast as its consumers take them.

use crate::call::{Call, CallResult, Effects, Returned, Trap};
use crate::egress::Egress;
use crate::failure::{Failure, Place};
use crate::report::TaskReport;
use crate::step::Output;
use crate::tuning::Tuning;
use crate::watermark;
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
    now_us: i64,
    watermark: i64,
    calls: u64,
    failed_calls: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Not started yet.
    Nothing,
    /// A call is under way.
    Calling,
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
            now_us,
            watermark: watermark::NONE,
            calls: 0,
            failed_calls: 0,
        }
    }

    /// The instance exists.
    pub(crate) fn start(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Nothing {
            self.call(Call::Open { position: None }, outputs);
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
        if result.is_ok() {
            state.commit();
        } else {
            state.discard();
        }
        self.state = Some(state);
        if self.doing != Doing::Calling {
            return;
        }
        let returned = match result {
            Ok(returned) => returned,
            Err(trap) => {
                self.failed_calls += 1;
                return self.fail(call.name(), trap, outputs);
            }
        };
        self.doing = match returned {
            Returned::Done | Returned::More => Doing::Waiting(i64::MIN),
            Returned::Idle(until_us) => Doing::Waiting(until_us),
            Returned::End => Doing::Closing,
        };
        if !effects.writes.is_empty() {
            outputs.push(Output::Write(effects.writes));
        }
        for emitted in effects.emitted {
            if let Some(watermark) = emitted.frame.view().watermark() {
                self.watermark = self.watermark.max(watermark);
            }
            // Without telling anybody yet: the frame does.
            self.egress.stamp(self.watermark);
            if let Err(trap) = self.egress.publish(emitted, self.now_us, outputs) {
                return self.fail(call.name(), trap, outputs);
            }
        }
        self.go_on(outputs);
    }

    /// The consumers have made room, or something was chosen, or time has passed.
    pub(crate) fn go_on(&mut self, outputs: &mut Vec<Output>) {
        if self.draining && matches!(self.doing, Doing::Waiting(_)) {
            self.doing = Doing::Closing;
        }
        match self.doing {
            Doing::Waiting(until_us) if until_us <= self.now_us && !self.egress.is_blocked() => {
                let (max_rows, max_bytes) = (self.tuning.frame_rows, self.tuning.frame_bytes);
                self.call(Call::Next { max_rows, max_bytes }, outputs);
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
            _ => None,
        };
        ask.into_iter().chain(self.egress.deadline_us()).min()
    }

    /// The task cannot go on.
    pub(crate) fn fail(&mut self, call: &'static str, trap: Trap, outputs: &mut Vec<Output>) {
        self.doing = Doing::Failed;
        let component = self.component.clone();
        let failure = Failure { task: self.id, component, call, input: None, place: Place::NoBatch, trap };
        outputs.push(Output::Failed(failure));
    }

    pub(crate) fn report(&self) -> TaskReport {
        TaskReport {
            calls: self.calls,
            failed_calls: self.failed_calls,
            emitted_rows: self.egress.emitted_rows(),
            outstanding_bytes: self.egress.outstanding_bytes(),
            unsent_bytes: self.egress.unsent_bytes(),
            calling: self.doing == Doing::Calling,
            credit_blocked: matches!(self.doing, Doing::Waiting(_) | Doing::Closing) && self.egress.is_blocked(),
            watermark: self.watermark,
            finished: self.doing == Doing::Finished,
            ..TaskReport::default()
        }
    }

    fn call(&mut self, call: Call, outputs: &mut Vec<Output>) {
        let state = self.state.take().expect("the state is here while no call is under way");
        self.doing = Doing::Calling;
        self.calls += 1;
        outputs.push(Output::Call { call, state });
    }
}
