//! What a bolt does next.

use super::{Bolt, Doing};
use crate::batch::{Batch, Part};
use crate::bisection::{Attempt, Verdict};
use crate::call::{Call, Trap};
use crate::ingress::Port;
use crate::step::Output;
use crate::watermark::END;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use petrel_frame::FrameView;
use petrel_state::{Clock, Passed};

/// After so many calls for event-time timers at the end, a bolt is told off for setting new ones for ever.
const FINAL_CALLS: u32 = 100_000;

enum Work {
    Timers(Clock),
    TimerAgain,
    Tick,
    Batch,
    End(usize),
}

impl Bolt {
    /// Calls the guest, if there is something to do and nothing is in the way, or finishes.
    pub(crate) fn go_on(&mut self, outputs: &mut Vec<Output>) {
        while self.doing == Doing::Idle && !self.egress.is_blocked() {
            // Rows that come again may be as old as the watermark was when they came first, and any row of a batch that
            // is begun may be one that comes again.
            let watermarks = self.ingress.watermarks();
            if self.retries.is_empty() && self.batch.is_none() {
                self.watermark.update(watermarks);
            } else {
                watermarks.for_each(drop);
            }
            let Some(work) = self.next_work() else {
                // Only here: while consumers have to catch up first, timers may be left that are to fire.
                if self.has_ended() && self.ingress.ports().iter().all(|port| port.end_told) {
                    // What it holds still nobody will let go any more.
                    self.fail_held(outputs);
                    self.doing = Doing::Closing;
                }
                break;
            };
            match work {
                Work::Timers(clock) => self.fire(clock, outputs),
                Work::TimerAgain => self.fire_again(outputs),
                Work::Tick => self.tick(outputs),
                Work::Batch => self.process(outputs),
                Work::End(port) => self.tell_end(port, outputs),
            }
        }
        if self.doing == Doing::Closing && self.egress.close(self.now_us, outputs) {
            self.doing = Doing::Finished;
            outputs.push(Output::Finished);
        }
    }

    /// When time has to be told, in µs.
    pub(crate) fn wake_us(&self) -> Option<i64> {
        let mut wake = self.egress.deadline_us();
        if self.doing == Doing::Idle && !self.egress.is_blocked() {
            let timers = self.state.as_ref().filter(|_| !self.has_ended()).and_then(|s| s.next_due(Clock::Processing));
            let own = [timers, self.next_tick_us.filter(|_| !self.has_ended()), self.retries.next_due_us()];
            wake = wake.into_iter().chain(own.into_iter().flatten()).min();
        }
        wake
    }

    fn next_work(&mut self) -> Option<Work> {
        // A batch that is begun is finished first: its rows are one arrival.
        if self.batch.is_some() {
            return Some(Work::Batch);
        }
        let again = || (!self.timers_again.is_empty()).then_some(Work::TimerAgain);
        let time = self.due_work().or_else(again);
        // Whatever the watermark lets fire has fired: now consumers may rely on it. The last one they learn by the end.
        if !matches!(time, Some(Work::Timers(Clock::Event))) && self.watermark.current() != END {
            self.egress.stamp(self.watermark.current());
        }
        if time.is_some() && !self.timed_last {
            return time;
        }
        if self.take_batch() {
            return Some(Work::Batch);
        }
        if time.is_some() {
            return time;
        }
        let over = |(number, port): (usize, &Port)| {
            (!port.end_told && port.has_ended() && self.retries.has_none_of(number)).then_some(Work::End(number))
        };
        self.ingress.ports().iter().enumerate().find_map(over)
    }

    fn due_work(&self) -> Option<Work> {
        let state = self.state.as_ref()?;
        let due = |clock, until_us| state.next_due(clock).is_some_and(|due_us| due_us <= until_us);
        if due(Clock::Event, self.watermark.current()) {
            Some(Work::Timers(Clock::Event))
        } else if self.has_ended() {
            // Nothing waits for the host's clock any more: what is pending on it is dropped.
            None
        } else if due(Clock::Processing, self.now_us) {
            Some(Work::Timers(Clock::Processing))
        } else if self.next_tick_us.is_some_and(|tick_us| tick_us <= self.now_us) {
            Some(Work::Tick)
        } else {
            None
        }
    }

    /// Puts together the next batch, from what comes again or from what has queued up.
    fn take_batch(&mut self) -> bool {
        self.batch = if let Some(waiting) = self.retries.pop(self.now_us) {
            Some(Batch::again(waiting, &self.tuning))
        } else if self.retries.bytes() < self.tuning.window_bytes {
            self.ingress.next_batch(&self.tuning)
        } else {
            // So much waits for another try that nothing new is taken in: senders will notice.
            None
        };
        self.batch.is_some()
    }

    /// Calls `process` with the next part of the batch.
    fn process(&mut self, outputs: &mut Vec<Output>) {
        self.timed_last = false;
        let Some(batch) = &mut self.batch else { return };
        let Some(Part { frame, attempt }) = batch.part() else { return self.pay(outputs) };
        let port = batch.port;
        let mut passed = core::mem::take(&mut self.passed);
        let state = self.state.as_mut().expect("the state is here while no call is under way");
        let columns = &self.ingress.ports()[port].key_columns;
        if let Err(error) = state.pass_frame(&frame.view(), columns, &mut passed) {
            state.discard();
            self.passed = passed;
            if batch.too_many(frame.view().rows()) == Verdict::Condemned {
                self.condemn_row(&frame, Trap::contract(error.to_string()), outputs);
            }
            return;
        }
        self.part = Some(frame.clone());
        self.call(Doing::Processing, Call::Process { input: port as u32, frame, state: passed }, attempt, outputs);
    }

    /// Calls `on-timer` with timers that are due.
    fn fire(&mut self, clock: Clock, outputs: &mut Vec<Output>) {
        self.timed_last = true;
        let until_us = match clock {
            Clock::Event => self.watermark.current(),
            Clock::Processing => self.now_us,
        };
        if self.has_ended() {
            self.final_calls += 1;
            if self.final_calls > FINAL_CALLS {
                let message = format!(
                    "all inputs have ended, and after {FINAL_CALLS} calls of on-timer there are still event-time timers: \
                     do not set a timer again when its time is the end of everything"
                );
                return self.fail("on-timer", Trap::contract(message), outputs);
            }
        }
        let mut passed = core::mem::take(&mut self.passed);
        let most = self.timers.rows();
        let Some(due) = self.state().take_due(clock, until_us, most) else {
            self.passed = passed;
            return;
        };
        let keys = FrameView::parse(&due.keys).expect("the state makes valid keys frames");
        if let Err(error) = self.state().pass_keys(&keys, &mut passed) {
            self.state().discard();
            self.passed = passed;
            if self.timers.too_many(keys.rows()) == Verdict::Condemned {
                self.condemn_timer(clock, until_us, Trap::contract(error.to_string()), outputs);
            }
            return;
        }
        let attempt = self.timers.attempt(keys.rows());
        let call = Call::Timer { table: due.table, keys: due.keys, times: due.times, state: passed };
        self.call(Doing::Firing(clock, until_us), call, attempt, outputs);
    }

    /// Calls `on-tick`, once for however many ticks were missed.
    fn tick(&mut self, outputs: &mut Vec<Output>) {
        self.timed_last = true;
        let last_us = self.next_tick_us.unwrap_or(self.now_us);
        let missed = self.now_us.saturating_sub(last_us) / self.tick_us.max(1);
        self.next_tick_us = Some(last_us.saturating_add(self.tick_us.saturating_mul(missed.saturating_add(1))));
        let now_us = self.now_us;
        self.pass_task(Doing::Ticking, "on-tick", |state| Call::Tick { now_us, state }, outputs);
    }

    /// Calls `on-end`.
    fn tell_end(&mut self, port: usize, outputs: &mut Vec<Output>) {
        self.ingress.port_mut(port).end_told = true;
        self.pass_task(Doing::Ending(port), "on-end", |state| Call::End { input: port as u32, state }, outputs);
    }

    fn pass_task(
        &mut self,
        doing: Doing,
        name: &'static str,
        call: impl FnOnce(Passed) -> Call,
        outputs: &mut Vec<Output>,
    ) {
        let mut passed = core::mem::take(&mut self.passed);
        match self.state().pass_task(&mut passed) {
            Ok(()) => self.call(doing, call(passed), Attempt::FIRST, outputs),
            Err(error) => self.fail(name, Trap::contract(error.to_string()), outputs),
        }
    }
}
