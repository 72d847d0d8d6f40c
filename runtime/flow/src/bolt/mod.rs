//! A bolt's task: batches, timers, ticks and ends, one call at a time.
//!
//! ```text
//!  Nothing ─start─► Opening ─► Idle ◄─────────────────────────┐
//!                               │ work::next_work             │ ok, no faults: commit, publish, credit
//!                               ▼                             │
//!                    Processing, Timing, … ───────────────────┤
//!                     │               │                       │ rows rejected or to be retried: discard,
//!                     │               │                       │ the same batch without them (rejects.rs)
//!                     │               ▼
//!                     │        failed: discard, try fewer rows or condemn the one (faults.rs)
//!                     │               │                   │ that was one too many
//!                     │               ▼                   ▼
//!                     │         Restarting            Paused ─resume─► Restarting
//!                     │               └─► Reopening ─► Idle
//!                     ▼
//!  Idle ─all inputs ended, nothing left─► Closing ─everything sent─► Finished
//! ```

mod faults;
mod rejects;
mod timers_again;
mod tracking;
mod work;

use crate::batch::{Batch, Whole};
use crate::bisection::{Attempt, Bisection};
use crate::breaker::Breaker;
use crate::call::{Call, CallResult, Effects, Trap};
use crate::dead_letter::{Redelivered, Redelivery};
use crate::dead_letter_row::LetterStream;
use crate::egress::Egress;
use crate::envelope::Message;
use crate::failure::Failure;
use crate::frame::Frame;
use crate::ingress::Ingress;
use crate::lineage::{Holds, Lineage, Segment};
use crate::parcel::Parcel;
use crate::report::TaskReport;
use crate::retry::{LetterAgain, Retries, Waiting};
use crate::step::Output;
use crate::tracker::Tracker;
use crate::tuning::Tuning;
use crate::watermark::Watermark;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use petrel_frame::Schema;
use petrel_model::{Assignment, ComponentName, InputIndex, TaskId};
use petrel_state::{Clock, KeySpec, Passed, TaskState};
use timers_again::TimerAgain;
use tracking::Descent;

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
    /// The columns of a timer's key.
    key_schema: Schema,
    /// Buffers of the last call, to be used for the next.
    passed: Passed,
    doing: Doing,
    /// When the call that is under way was asked for, in µs.
    called_us: i64,
    batch: Option<Batch>,
    /// What the call of `process` that is under way was given.
    part: Option<Frame>,
    /// The instance was made in the place of one that failed, and has been given nothing since.
    untouched: bool,
    /// The timer that is due first failed alone, in an instance that was used before.
    timer_tried_again: bool,
    retries: Retries,
    /// How many tables its state has.
    tables: usize,
    /// Dead letters that are timers and are to be fired again, the one that is under way first.
    timers_again: VecDeque<TimerAgain>,
    /// How many timers the next call takes.
    timers: Bisection,
    breaker: Breaker,
    /// Calls of `open` of fresh instances that failed one after the other.
    failed_opens: u32,
    /// Calls of `on-end` for the same input that failed.
    failed_ends: u32,
    letters: Option<LetterStream>,
    /// None where nothing is tracked.
    tracker: Option<Tracker>,
    /// What the guest holds, by handle.
    held: Holds,
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
    condemned_rows: u64,
    retried_rows: u64,
    calls: u64,
    failed_calls: u64,
    restarts: u64,
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
    /// Timers that are due by this clock and until this time are under way.
    Firing(Clock, i64),
    /// A timer that is a dead letter is under way.
    FiringAgain,
    /// A tick is under way.
    Ticking,
    /// The end of this input is told.
    Ending(usize),
    /// A fresh instance is made.
    Restarting,
    /// The call that opens a fresh instance is under way.
    Reopening,
    /// The guest failed so often that it is not called any more.
    Paused,
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
            key_schema: Schema::new(fields.iter().map(|field| field.clone().optional()).collect::<Vec<_>>()),
            state: Some(Box::new(TaskState::new(KeySpec { fields }, &component.tables, seed))),
            passed: Passed::default(),
            doing: Doing::Nothing,
            called_us: now_us,
            batch: None,
            part: None,
            untouched: false,
            timer_tried_again: false,
            retries: Retries::default(),
            tables: component.tables.len(),
            timers_again: VecDeque::new(),
            timers: Bisection::new(tuning.timer_rows as usize),
            breaker: Breaker::default(),
            failed_opens: 0,
            failed_ends: 0,
            letters: LetterStream::new(component),
            tracker: Tracker::new(assignment, id),
            held: Holds::default(),
            watermark: Watermark::new(),
            now_us,
            tick_us: i64::try_from(component.tick_ms.saturating_mul(1_000)).unwrap_or(i64::MAX),
            next_tick_us: None,
            timed_last: false,
            final_calls: 0,
            executed_rows: 0,
            rejected_rows: 0,
            condemned_rows: 0,
            retried_rows: 0,
            calls: 0,
            failed_calls: 0,
            restarts: 0,
        }
    }

    /// The instance exists.
    pub(crate) fn start(&mut self, outputs: &mut Vec<Output>) {
        if self.doing == Doing::Nothing {
            self.call(Doing::Opening, Call::Open { position: None }, Attempt::FIRST, outputs);
        }
    }

    /// A message from a producer.
    pub(crate) fn message(&mut self, message: Message, outputs: &mut Vec<Output>) {
        self.ingress.accept(message);
        self.go_on(outputs);
    }

    /// A dead letter is to be tried again. One for an input that is not there is dropped, as stale messages are.
    pub(crate) fn redeliver(&mut self, redelivery: Redelivery, outputs: &mut Vec<Output>) {
        let Redelivery { ticket, what, attempts } = redelivery;
        match what {
            Redelivered::Tuple { input, tuple } if (input.0 as usize) < self.ingress.ports().len() => {
                // Nobody waits for it: the tree that it was of is done with.
                let lineage = match &self.tracker {
                    Some(_) => Lineage::of(Segment::untracked(1)),
                    None => Lineage::default(),
                };
                let rows = Whole { parcel: Parcel { frame: tuple, lineage }, sources: Vec::new() };
                let letter = Some(LetterAgain { ticket, attempts });
                self.retries.push(self.now_us, Waiting { port: input.0 as usize, rows, tried: 0, letter });
            }
            Redelivered::Tuple { .. } => {}
            Redelivered::Timer { timer, key } => {
                self.take_timer_again(TimerAgain { ticket, timer, key, attempts });
            }
        }
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
        let at_row = effects.at_row;
        let timers = if let Call::Timer { times, .. } = &call { times.len() } else { 0 };
        if let Call::Process { state, .. }
        | Call::Timer { state, .. }
        | Call::Tick { state, .. }
        | Call::End { state, .. } = call
        {
            self.passed = state;
        }
        match self.take_effects(name, result, effects, outputs) {
            Ok(Taken::Counts) => {}
            Ok(Taken::PutAside) => {
                self.untouched = false;
                return self.go_on(outputs);
            }
            Err(trap) => return self.call_failed(name, timers, at_row, trap, outputs),
        }
        self.untouched &= self.doing == Doing::Reopening;
        match self.doing {
            Doing::Opening => {
                self.next_tick_us = (self.tick_us > 0).then(|| self.now_us.saturating_add(self.tick_us));
            }
            Doing::Processing => {
                self.part_passed(outputs);
                if self.batch.as_ref().is_some_and(Batch::is_at_named) {
                    // What it does to a row that is suspected is to be the row's doing, not that of those before it.
                    return self.restart(outputs);
                }
            }
            Doing::Firing(..) => {
                self.timers.passed(timers);
                self.timer_tried_again = false;
                self.breaker.passed();
            }
            Doing::FiringAgain => self.timer_passed_again(outputs),
            Doing::Ending(_) => self.failed_ends = 0,
            Doing::Reopening => self.failed_opens = 0,
            _ => {}
        }
        self.doing = Doing::Idle;
        self.go_on(outputs);
    }

    /// Makes what a call did visible: state, writes, frames. Or not: what cannot be taken as a whole is a fault of the call.
    fn take_effects(
        &mut self,
        name: &'static str,
        result: CallResult,
        mut effects: Effects,
        outputs: &mut Vec<Output>,
    ) -> Result<Taken, Trap> {
        result?;
        if !effects.faults.is_empty() {
            if self.doing != Doing::Processing {
                let message = alloc::format!("reject and retry name rows of a batch, and {name} has none");
                return Err(Trap::contract(message));
            }
            self.put_aside(effects.faults, outputs)?;
            return Ok(Taken::PutAside);
        }
        let descent = if self.tracker.is_some() { Descent::of(&mut effects) } else { Descent::default() };
        self.egress.prepare(effects.emitted, false)?;
        self.state().commit();
        if !effects.writes.is_empty() {
            outputs.push(Output::Write(effects.writes));
        }
        self.release(descent, outputs);
        Ok(Taken::Counts)
    }

    /// The rows of the part are through.
    fn part_passed(&mut self, outputs: &mut Vec<Output>) {
        let rows = self.part.take().map_or(0, |part| part.view().rows());
        self.executed_rows += rows as u64;
        self.breaker.passed();
        if let Some(batch) = &mut self.batch {
            batch.passed(rows);
            outputs.extend(batch.letter.map(|letter| Output::Redelivered(letter.ticket)));
        }
        self.pay(outputs);
    }

    /// A grouping plugin has chosen, or failed.
    pub(crate) fn chosen(&mut self, ticket: u64, tasks: Result<Vec<u32>, Trap>, outputs: &mut Vec<Output>) {
        if let Some(letter) = self.egress.chosen(ticket, tasks, self.tracker.as_mut(), outputs) {
            self.choice_failed(letter, outputs);
        }
        self.go_on(outputs);
    }

    /// If nothing is left of the batch, pays what it owes.
    fn pay(&mut self, outputs: &mut Vec<Output>) {
        self.settle(outputs);
        let Some(batch) = self.batch.take_if(|batch| batch.is_done()) else { return };
        for receipt in &batch.receipts {
            let channel = self.ingress.done(batch.port, receipt);
            outputs.push(Output::Credit { channel, bytes: receipt.bytes });
        }
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

    pub(crate) fn report(&self) -> TaskReport {
        let batch = self.batch.as_ref().map_or(0, Batch::bytes);
        TaskReport {
            calls: self.calls,
            executed_rows: self.executed_rows,
            emitted_rows: self.egress.emitted_rows(),
            rejected_rows: self.rejected_rows,
            condemned_rows: self.condemned_rows,
            retried_rows: self.retried_rows,
            failed_calls: self.failed_calls,
            restarts: self.restarts,
            stale_messages: self.ingress.stale,
            repeated_messages: self.ingress.repeated,
            missing_messages: self.ingress.missing,
            queue_bytes: self.ingress.queue_bytes() + self.retries.bytes() + batch,
            outstanding_bytes: self.egress.outstanding_bytes(),
            unsent_bytes: self.egress.unsent_bytes(),
            calling: self.state.is_none(),
            credit_blocked: matches!(self.doing, Doing::Idle | Doing::Closing) && self.egress.is_blocked(),
            paused: self.doing == Doing::Paused,
            watermark: self.watermark.current(),
            finished: self.doing == Doing::Finished,
            ..TaskReport::default()
        }
    }

    fn call(&mut self, doing: Doing, call: Call, attempt: Attempt, outputs: &mut Vec<Output>) {
        let state = self.state.take().expect("the state is here while no call is under way");
        self.doing = doing;
        self.called_us = self.now_us;
        self.calls += 1;
        outputs.push(Output::Call { call, state, attempt });
    }

    pub(crate) fn state_mut(&mut self) -> Option<&mut TaskState> {
        self.state.as_deref_mut()
    }

    fn state(&mut self) -> &mut TaskState {
        self.state.as_mut().expect("the state is here while no call is under way")
    }

    fn has_ended(&self) -> bool {
        self.ingress.has_ended() && self.batch.is_none() && self.retries.is_empty() && self.timers_again.is_empty()
    }

    /// A failure of this task. With a batch, of its input.
    fn failure(&self, call: &'static str, trap: Trap) -> Failure {
        let port = match self.doing {
            Doing::Ending(port) => Some(port),
            _ => self.batch.as_ref().map(|batch| batch.port),
        };
        let input = port.map(|port| (InputIndex(port as u32), self.ingress.ports()[port].stream.clone()));
        Failure { task: self.id, component: self.component.clone(), call, input, trap }
    }
}

/// What became of the effects of a call that returned ok.
enum Taken {
    /// They are visible.
    Counts,
    /// They are not: rows were put aside, and the call is made again without them.
    PutAside,
}
