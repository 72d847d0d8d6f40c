//! A bolt's task: batches, timers, ticks and ends, one call at a time.
//!
//! ```text
//!  Nothing ─start─► Calling(Open) ─► Idle ◄──────────────┐
//!                                     │ work::next       │ ok, no faults: commit, publish, credit
//!                                     ▼                  │
//!                                  Calling(work) ────────┤
//!                                     │                  │ rows rejected or to be retried: discard,
//!                                     │                  │ the same batch without them (faults.rs)
//!                                     ▼
//!                       refused, trapped: discard, find the row in fresh instances (hunt.rs) ─► Failed
//!  Idle ─all inputs ended, nothing left─► Closing ─everything sent─► Finished
//! ```

mod faults;
mod hunt;
mod work;

use crate::batch::Batch;
use crate::call::{Call, CallResult, Effects, Trap};
use crate::egress::Egress;
use crate::envelope::Message;
use crate::failure::{Failure, Place};
use crate::frame::Frame;
use crate::ingress::Ingress;
use crate::report::TaskReport;
use crate::retry::Retries;
use crate::step::Output;
use crate::tuning::Tuning;
use crate::watermark::Watermark;
use alloc::boxed::Box;
use alloc::vec::Vec;
use hunt::Hunt;
use petrel_model::{Assignment, ComponentName, InputIndex, TaskId};
use petrel_state::{KeySpec, Passed, TaskState};

/// A bolt's task.
#[derive(Debug)]
pub(crate) struct Bolt {
    id: TaskId,
    component: ComponentName,
    tuning: Tuning,
    ingress: Ingress,
    egress: Egress,
    /// Away while a call is under way.
    state: Option<Box<TaskState>>,
    /// Buffers of the last call, to be used for the next.
    passed: Passed,
    doing: Doing,
    batch: Option<Batch>,
    /// What the call of `process` that is under way was given.
    part: Option<Frame>,
    retries: Retries,
    hunt: Option<Hunt>,
    watermark: Watermark,
    now_us: i64,
    tick_us: i64,
    next_tick_us: Option<i64>,
    /// The last call was for time, not for tuples: tuples go first now.
    timed_last: bool,
    /// Calls for event-time timers since all inputs ended.
    final_calls: u32,
    executed_rows: u64,
    rejected_rows: u64,
    retried_rows: u64,
    calls: u64,
    failed_calls: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Not started yet.
    Nothing,
    /// The call that opens the instance for the first time is under way.
    Opening,
    /// Ready for the next call.
    Idle,
    /// `process` is under way.
    Processing,
    /// A timer, a tick or an end is under way.
    Timing,
    /// A fresh instance is made, opened and tried, to find the row that fails.
    Hunting,
    /// Everything is processed, not everything is sent.
    Closing,
    Finished,
    Failed,
}

impl Bolt {
    pub(crate) fn new(assignment: &Assignment, id: TaskId, tuning: Tuning, now_us: i64, seed: u64) -> Bolt {
        let component = assignment.component(id.component);
        let keyed = component.inputs.first().filter(|_| !component.tables.is_empty());
        let fields = keyed.map_or_else(Vec::new, |input| {
            component.state_key.iter().filter_map(|name| input.schema.field(name).cloned()).collect()
        });
        Bolt {
            id,
            component: component.name.clone(),
            tuning,
            ingress: Ingress::new(assignment, id),
            egress: Egress::new(assignment, id, &tuning, seed),
            state: Some(Box::new(TaskState::new(KeySpec { fields }, &component.tables, seed))),
            passed: Passed::default(),
            doing: Doing::Nothing,
            batch: None,
            part: None,
            retries: Retries::default(),
            hunt: None,
            watermark: Watermark::new(),
            now_us,
            tick_us: i64::try_from(component.tick_ms.saturating_mul(1_000)).unwrap_or(i64::MAX),
            next_tick_us: None,
            timed_last: false,
            final_calls: 0,
            executed_rows: 0,
            rejected_rows: 0,
            retried_rows: 0,
            calls: 0,
            failed_calls: 0,
        }
    }

    /// The instance exists.
    pub(crate) fn start(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Nothing {
            self.call(Doing::Opening, Call::Open { position: None }, outputs);
        }
    }

    /// A message from a producer.
    pub(crate) fn message(&mut self, message: Message, outputs: &mut Vec<Output>) {
        self.ingress.accept(message);
        self.go_on(outputs);
    }

    /// The call is over.
    pub(crate) fn returned(
        &mut self,
        call: Call,
        result: CallResult,
        effects: Effects,
        state: Box<TaskState>,
        outputs: &mut Vec<Output>,
    ) {
        self.state = Some(state);
        let name = call.name();
        if let Call::Process { state, .. }
        | Call::Timer { state, .. }
        | Call::Tick { state, .. }
        | Call::End { state, .. } = call
        {
            self.passed = state;
        }
        let failed = result.err();
        if failed.is_some() {
            self.failed_calls += 1;
        }
        match (self.doing, failed) {
            (Doing::Hunting, failed) => return self.tried(name, failed, outputs),
            (Doing::Opening | Doing::Timing, Some(trap)) => return self.fail(name, Place::NoBatch, trap, outputs),
            (Doing::Processing, Some(trap)) => return self.hunt(name, trap, outputs),
            (Doing::Processing, None) if !effects.faults.is_empty() => {
                return self.put_aside(effects.faults, outputs);
            }
            (Doing::Opening | Doing::Timing, None) if !effects.faults.is_empty() => {
                let message = alloc::format!("reject and retry name rows of a batch, and {name} has none");
                return self.fail(name, Place::NoBatch, Trap::contract(message), outputs);
            }
            (Doing::Opening | Doing::Timing | Doing::Processing, None) => {}
            (Doing::Nothing | Doing::Idle | Doing::Closing | Doing::Finished | Doing::Failed, _) => return,
        }
        if !self.release(name, effects, outputs) {
            return;
        }
        match self.doing {
            Doing::Opening => {
                self.next_tick_us = (self.tick_us > 0).then(|| self.now_us.saturating_add(self.tick_us));
            }
            Doing::Processing => self.part_done(outputs),
            _ => {}
        }
        self.doing = Doing::Idle;
        self.go_on(outputs);
    }

    /// Makes what a call did visible: state, writes, frames. Says whether that went well.
    fn release(&mut self, name: &'static str, effects: Effects, outputs: &mut Vec<Output>) -> bool {
        self.state().commit();
        if !effects.writes.is_empty() {
            outputs.push(Output::Write(effects.writes));
        }
        for emitted in effects.emitted {
            if let Err(trap) = self.egress.publish(emitted, self.now_us, outputs) {
                self.fail(name, Place::NoBatch, trap, outputs);
                return false;
            }
        }
        true
    }

    /// The rows of the part are through.
    fn part_done(&mut self, outputs: &mut Vec<Output>) {
        let rows = self.part.take().map_or(0, |part| part.view().rows());
        self.executed_rows += rows as u64;
        self.batch_part_over(outputs);
    }

    /// Nothing is left to do about the part: goes on to the next, or pays what the batch owes.
    fn batch_part_over(&mut self, outputs: &mut Vec<Output>) {
        let Some(batch) = &mut self.batch else { return };
        batch.advance();
        if !batch.is_done() {
            return;
        }
        for receipt in &batch.receipts {
            let channel = self.ingress.done(batch.port, receipt);
            outputs.push(Output::Credit { channel, bytes: receipt.bytes });
        }
        self.batch = None;
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

    /// The task cannot go on.
    pub(crate) fn fail(&mut self, call: &'static str, place: Place, trap: Trap, outputs: &mut Vec<Output>) {
        self.doing = Doing::Failed;
        let input = self
            .batch
            .as_ref()
            .map(|batch| (InputIndex(batch.port as u32), self.ingress.ports()[batch.port].stream.clone()));
        let component = self.component.clone();
        outputs.push(Output::Failed(Failure { task: self.id, component, call, input, place, trap }));
    }

    pub(crate) fn report(&self) -> TaskReport {
        let batch = self.batch.as_ref().map_or(0, Batch::bytes);
        TaskReport {
            calls: self.calls,
            executed_rows: self.executed_rows,
            emitted_rows: self.egress.emitted_rows(),
            rejected_rows: self.rejected_rows,
            retried_rows: self.retried_rows,
            failed_calls: self.failed_calls,
            stale_messages: self.ingress.stale,
            repeated_messages: self.ingress.repeated,
            missing_messages: self.ingress.missing,
            queue_bytes: self.ingress.queue_bytes() + self.retries.bytes() + batch,
            outstanding_bytes: self.egress.outstanding_bytes(),
            unsent_bytes: self.egress.unsent_bytes(),
            calling: matches!(self.doing, Doing::Opening | Doing::Processing | Doing::Timing | Doing::Hunting),
            credit_blocked: matches!(self.doing, Doing::Idle | Doing::Closing) && self.egress.is_blocked(),
            watermark: self.watermark.current(),
            finished: self.doing == Doing::Finished,
        }
    }

    fn call(&mut self, doing: Doing, call: Call, outputs: &mut Vec<Output>) {
        let state = self.state.take().expect("the state is here while no call is under way");
        self.doing = doing;
        self.calls += 1;
        outputs.push(Output::Call { call, state });
    }

    pub(crate) fn state_mut(&mut self) -> Option<&mut TaskState> {
        self.state.as_deref_mut()
    }

    fn state(&mut self) -> &mut TaskState {
        self.state.as_mut().expect("the state is here while no call is under way")
    }

    fn has_ended(&self) -> bool {
        self.ingress.has_ended() && self.batch.is_none() && self.retries.is_empty()
    }
}
