//! The shell around one task: performs what `Task::step` wants done and feeds back what came of it.

use crate::ages::Ages;
use crate::clock::Clock;
use crate::draining::Drain;
use crate::end::TaskEnd;
use crate::meters::TaskMeters;
use crate::opening::Opening;
use crate::pauses::OnPause;
use crate::post::{Inbox, Letter, Post};
use crate::staff::Staff;
use petrel_flow::{Call, Effects, Input, Output, Returned, Task};
use petrel_model::{Edge, TaskId};
use petrel_sandbox::{Instance, LogBudget, Silence};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often a draining run looks whether a spout waits for input that may never come.
const LOOK: Duration = Duration::from_millis(10);

/// Reports of a task at work are so old, at most.
const NOTE_EVERY: Duration = Duration::from_millis(10);

/// A task keeps its thread for about so long before it lets others run.
const TURN: Duration = Duration::from_micros(300);

/// One running task.
pub(crate) struct Shell {
    pub(crate) id: TaskId,
    pub(crate) task: Task,
    pub(crate) staff: Arc<Staff>,
    pub(crate) inbox: Inbox,
    pub(crate) post: Post,
    pub(crate) meters: Arc<TaskMeters>,
    pub(crate) clock: Clock,
    pub(crate) opening: Opening,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) drained: watch::Receiver<bool>,
    pub(crate) drain: Drain,
}

/// What the shell keeps while the task runs.
struct Running {
    shell: Shell,
    instance: Instance,
    /// How many instances were thrown away.
    life: u64,
    groupings: HashMap<Edge, Instance>,
    ages: Ages,
    /// What the guest may still log in the second that runs, whichever instance it is in.
    log_budget: LogBudget,
    /// How the task ended, if something that arrived ended it.
    end: Option<TaskEnd>,
    outputs: VecDeque<Output>,
    scratch: Vec<Output>,
    wake_us: i64,
    noted: Instant,
}

impl Shell {
    /// Runs the task until it finishes, fails or is stopped.
    pub(crate) async fn run(self) -> TaskEnd {
        let mut stop = self.stop.clone();
        let drain = self.staff.is_spout(self.id).then(|| self.drain.clone());
        let _guard = self.staff.redeliveries.until_end_of(self.id);
        let work = async move {
            if !self.staff.is_spout(self.id) {
                self.opening.all_opened().await;
            }
            let mut running = match Running::new(self).await {
                Ok(running) => running,
                Err(end) => return end,
            };
            running.work().await
        };
        let end = tokio::select! {
            end = work => end,
            // Dropping the work drops the instance in the middle of its call: nothing of that call is visible.
            _ = stop.wait_for(|stopped| *stopped) => TaskEnd::Stopped,
        };
        if let (Some(drain), TaskEnd::Finished) = (drain, &end) {
            drain.spout_ended();
        }
        end
    }
}

impl Running {
    async fn new(shell: Shell) -> Result<Running, TaskEnd> {
        let log_budget = LogBudget::default();
        let instance = shell.staff.instance(shell.id, 0, &log_budget).await?;
        let groupings = shell.staff.groupings(shell.id).await?;
        Ok(Running {
            shell,
            instance,
            life: 0,
            groupings,
            ages: Ages::default(),
            log_budget,
            end: None,
            outputs: VecDeque::new(),
            scratch: Vec::new(),
            wake_us: i64::MAX,
            noted: Instant::now(),
        })
    }

    async fn work(&mut self) -> TaskEnd {
        self.step(Input::Start);
        loop {
            let turn = Instant::now();
            let end = self.take_turn(turn).await;
            self.shell.meters.busy_ns.fetch_add(turn.elapsed().as_nanos() as u64, Relaxed);
            if let Some(end) = end.or(self.end.take()) {
                self.note();
                return end;
            }
            if turn.duration_since(self.noted) >= NOTE_EVERY {
                self.note();
            }
            if self.outputs.is_empty() && !self.take_arrived() {
                self.note();
                self.wait().await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Performs outputs until there are none left or the turn is over. Returns how the task ended, if it did.
    async fn take_turn(&mut self, turn: Instant) -> Option<TaskEnd> {
        while let Some(output) = self.outputs.pop_front() {
            if let Some(end) = self.perform(output).await {
                return Some(end);
            }
            // What arrived meanwhile is to be known before the task decides on its next call.
            self.take_arrived();
            if turn.elapsed() >= TURN {
                break;
            }
        }
        None
    }

    /// Waits for a letter or for the time the task asked for, whichever comes first.
    async fn wait(&mut self) {
        let blocked = self.shell.task.report().credit_blocked;
        let begun = Instant::now();
        let letter = if self.wake_us == i64::MAX {
            self.shell.inbox.recv().await
        } else {
            let sleep = tokio::time::sleep(self.shell.clock.until(self.wake_us));
            tokio::select! {
                biased;
                letter = self.shell.inbox.recv() => letter,
                () = sleep => None,
            }
        };
        if blocked {
            self.shell.meters.blocked_ns.fetch_add(begun.elapsed().as_nanos() as u64, Relaxed);
        }
        match letter {
            Some(letter) => self.open(letter),
            None => {
                self.wake_us = i64::MAX;
                let now_us = self.shell.clock.now_us();
                self.step(Input::Time { now_us });
            }
        }
    }

    /// Feeds the task everything that has arrived, and the time if it asked for it. Says whether there was anything.
    fn take_arrived(&mut self) -> bool {
        let mut any = false;
        while let Ok(letter) = self.shell.inbox.try_recv() {
            self.open(letter);
            any = true;
        }
        if self.wake_us != i64::MAX {
            let now_us = self.shell.clock.now_us();
            if now_us >= self.wake_us {
                self.wake_us = i64::MAX;
                self.step(Input::Time { now_us });
                any = true;
            }
        }
        any || !self.outputs.is_empty()
    }

    fn open(&mut self, letter: Letter) {
        match letter {
            Letter::Message(message) => {
                self.ages.arrived(&message);
                self.step(Input::Message(message));
            }
            Letter::Credit { channel, bytes } => self.step(Input::Credit { channel, bytes }),
            // What waits before a paused task will never be processed: that is not the end that a drain promises.
            Letter::Drain => match self.shell.staff.pauses.reason(self.shell.id) {
                Some(failure) => self.end = Some(TaskEnd::Paused(Box::new(failure))),
                None => self.step(Input::Drain),
            },
            Letter::Redelivery(redelivery) => self.step(Input::Redeliver(redelivery)),
            Letter::Notice { line, notice } => self.step(Input::Notice { line, notice }),
            // No task but an acker is told.
            Letter::ToAcker(_) => {}
            Letter::Resume => {
                self.shell.staff.pauses.remove(self.shell.id);
                self.step(Input::Resume);
            }
        }
    }

    fn step(&mut self, input: Input) {
        self.shell.task.step(input, &mut self.scratch);
        self.outputs.extend(self.scratch.drain(..));
    }

    /// Does one thing the task wants done. Returns how the task ended, if it did.
    async fn perform(&mut self, output: Output) -> Option<TaskEnd> {
        match output {
            Output::Call { call, mut state, attempt } => {
                self.instance.set_attempt(attempt);
                let mut effects = Effects::default();
                let now_us = self.shell.clock.now_us();
                let silence = self.shell.staff.may_wait(self.shell.id).then(|| self.instance.silence());
                let mut drained = self.shell.drained.clone();
                let result = tokio::select! {
                    biased;
                    result = self.instance.call(&call, &mut state, &mut effects, now_us) => result,
                    // Nothing of the call is visible: what the guest emits it emits before it waits for more.
                    () = unwanted(silence, &mut drained) => Ok(Returned::End),
                };
                self.shell.meters.add_usage(self.instance.take_usage());
                if matches!(call, Call::Open { .. }) && result.is_ok() {
                    self.shell.opening.opened(self.shell.id);
                }
                self.take_arrived();
                let now_us = self.shell.clock.now_us();
                self.step(Input::Returned { call, result, effects, state, now_us });
            }
            Output::Restart => match self.fresh_instance().await {
                Ok(instance) => {
                    self.instance = instance;
                    self.step(Input::Restarted);
                }
                Err(end) => return Some(end),
            },
            Output::Choose { ticket, edge, tasks, frame } => {
                let grouping = self.groupings.get_mut(&edge).expect("an edge with a custom grouping has its instance");
                let tasks = grouping.choose(&frame, tasks).await;
                if !grouping.is_usable() {
                    match self.shell.staff.grouping(self.shell.id, edge, &self.log_budget).await {
                        Ok(fresh) => self.groupings.extend(fresh.map(|fresh| (edge, fresh))),
                        Err(end) => return Some(end),
                    }
                }
                self.step(Input::Chosen { ticket, tasks });
            }
            Output::Send(message) => self.shell.post.deliver(message.envelope.channel.to, Letter::Message(message)),
            Output::Credit { channel, bytes } => {
                self.ages.processed(channel, bytes, self.shell.clock.now_us(), &self.shell.meters);
                self.shell.post.deliver(channel.from, Letter::Credit { channel, bytes });
            }
            Output::Write(writes) => {
                if let Err(error) = self.instance.write(writes).await {
                    if !error.is_broken_pipe() {
                        return Some(TaskEnd::CannotWrite { task: self.shell.staff.name(self.shell.id), error });
                    }
                    // As with `| head`: nobody wants the rest. What other sinks write is whole all the same.
                    if self.shell.drain.begin_without_reader() {
                        self.shell.staff.tell_no_reader(self.shell.id);
                    }
                }
            }
            Output::WakeAt(time_us) => self.wake_us = time_us,
            Output::DeadLetter(letter) => self.shell.staff.bury(*letter, self.shell.clock.now_us()).await,
            Output::ToAcker(message) => {
                self.shell.post.deliver(TaskId::acker(message.to), Letter::ToAcker(message));
            }
            Output::Redelivered(ticket) => {
                self.shell.staff.redeliveries.processed(ticket, self.shell.staff.dead_letters.as_ref());
            }
            // Ackers have shells of their own.
            Output::Notice { .. } => {}
            Output::Fault(failure) => self.shell.staff.tell_fault(&failure),
            Output::Paused(failure) => {
                if self.shell.staff.on_pause == OnPause::Fail || *self.shell.drained.borrow() {
                    return Some(TaskEnd::Paused(failure));
                }
                self.shell.staff.tell_paused(&failure, self.shell.clock.now_us());
                // Unless somebody has resumed it before this was read.
                if self.shell.task.report().paused {
                    self.shell.staff.pauses.add(*failure);
                }
            }
            Output::Finished => return Some(TaskEnd::Finished),
            Output::Failed(failure) => return Some(TaskEnd::Failed(Box::new(failure))),
        }
        None
    }

    async fn fresh_instance(&mut self) -> Result<Instance, TaskEnd> {
        self.life += 1;
        self.shell.staff.instance(self.shell.id, self.life, &self.log_budget).await
    }

    /// Copies the task's counters to where reports read them. Counting them together costs more than many a call, so this
    /// is not done for each.
    fn note(&mut self) {
        self.noted = Instant::now();
        let report = self.shell.task.report();
        let meters = &self.shell.meters;
        let emitted = report.emitted_rows.iter().sum();
        meters.emitted.store(emitted, Relaxed);
        meters
            .executed
            .store(if self.shell.staff.is_spout(self.shell.id) { emitted } else { report.executed_rows }, Relaxed);
        meters.rejected.store(report.rejected_rows, Relaxed);
        meters.dead_letters.store(report.rejected_rows + report.condemned_rows, Relaxed);
        meters.faults.store(report.failed_calls, Relaxed);
        meters.acked.store(report.acked_rows, Relaxed);
        meters.failed.store(report.failed_rows, Relaxed);
        meters.timed_out.store(report.timed_out_rows, Relaxed);
        meters.lost.store(report.lost_rows, Relaxed);
        meters.pending.store(report.pending_rows, Relaxed);
        meters.restarts.store(report.restarts, Relaxed);
        meters.calls.store(report.calls, Relaxed);
        meters.queued_bytes.store(report.queue_bytes, Relaxed);
    }
}

/// Waits until the run drains and the guest waits for a pipe or standard input. For ever where it never does so.
async fn unwanted(silence: Option<Silence>, drained: &mut watch::Receiver<bool>) {
    let Some(silence) = silence else { return std::future::pending().await };
    if drained.wait_for(|drained| *drained).await.is_err() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        if silence.is_waiting() {
            return;
        }
    }
}
