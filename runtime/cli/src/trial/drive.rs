//! The world around one task, in virtual time.

use super::alone::Alone;
use super::outcome::Outcome;
use super::samples::Samples;
use super::trial_state;
use crate::failure::CommandResult;
use anyhow::anyhow;
use petrel_flow::lineage::Lineage;
use petrel_flow::{ChannelId, Effects, Envelope, Input, Kind, Message, Output, Task, Tuning, Write};
use petrel_model::{Component, ComponentIndex, InputIndex, InputStream, TaskId, TaskIndex};
use petrel_sandbox::{Consumer, Instance, InstanceSpec, LogBudget, LogLines, LogSink};
use petrel_worker::TaskEnd;
use std::collections::{BTreeMap, VecDeque};

/// When the clock starts: 2000-01-01 UTC, in microseconds since 1970.
const START_US: i64 = 946_684_800_000_000;
/// What chance is drawn from.
const SEED: u64 = 1;

/// How far a trial goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Virtual time after the last tuple of a bolt, or for all of a spout, in microseconds.
    pub(crate) advance_us: i64,
    /// Whether the inputs of a bolt end.
    pub(crate) end: bool,
    /// Tuples that a spout is to emit.
    pub(crate) rows: usize,
}

/// A task that is being tried.
pub(crate) struct Trial {
    alone: Alone,
    spec: InstanceSpec,
    instance: Instance,
    task: Task,
    logs: LogLines,
    /// What the task wants done.
    wanted: VecDeque<Output>,
    stepped: Vec<Output>,
    effects: Effects,
    now_us: i64,
    wake_us: i64,
    over: bool,
    outcome: Outcome,
}

impl Trial {
    /// Makes the instance.
    ///
    /// # Errors
    /// When that is not possible, because of a grant for example.
    pub(crate) async fn start(alone: Alone, limits: Limits) -> CommandResult<Trial> {
        let (logs, lines) = LogSink::bounded(LogSink::CAPACITY);
        let id = TaskId { component: alone.component, task: TaskIndex(0) };
        let frame_rows = u32::try_from(limits.rows.clamp(1, 65_536)).unwrap_or(1);
        let tuning = Tuning { linger_us: 0, frame_rows, ..Tuning::default() };
        let spec = instance_spec(&alone, logs);
        let instance = alone.plugin.instantiate(&spec).await.map_err(anyhow::Error::from)?;
        Ok(Trial {
            spec,
            instance,
            task: Task::new(&alone.assignment, id, tuning, START_US, SEED),
            logs: lines,
            wanted: VecDeque::new(),
            stepped: Vec::new(),
            effects: Effects::default(),
            now_us: START_US,
            wake_us: i64::MAX,
            over: false,
            outcome: Outcome::new(alone.assignment.component(alone.component)),
            alone,
        })
    }

    /// Gives a bolt its tuples, one frame after the other, then time, then the end of its inputs.
    ///
    /// # Errors
    /// When what it writes cannot be written. That it fails is an outcome.
    pub(crate) async fn feed(mut self, samples: Vec<Samples>, limits: Limits) -> CommandResult<Outcome> {
        self.step(Input::Start);
        self.settle(self.now_us, usize::MAX).await?;
        let mut sent = Vec::new();
        for (input, samples) in samples.into_iter().enumerate() {
            // A bolt gets what it reads, in its own order, whatever else the samples have: as routing sees to in a topology.
            let columns = &self.alone.assignment.component(self.alone.component).inputs[input].columns;
            let frames = samples.projected(columns)?;
            sent.push(frames.len() as u64);
            for (sequence, frame) in (0..).zip(frames) {
                let envelope = self.envelope(input, sequence, Kind::Data);
                self.step(Input::Message(Message { envelope, frame: Some(frame), lineage: Lineage::default() }));
                self.settle(self.now_us, usize::MAX).await?;
            }
        }
        let until_us = self.now_us.saturating_add(limits.advance_us);
        self.settle(until_us, usize::MAX).await?;
        self.now_us = self.now_us.max(until_us);
        let component = self.alone.assignment.component(self.alone.component);
        if let Some(state) = self.task.state_mut() {
            self.outcome.state = trial_state::tables(state, component)?;
            self.outcome.timers = trial_state::timers(state, component)?;
        }
        if limits.end {
            for (input, sequence) in sent.into_iter().enumerate() {
                let envelope = self.envelope(input, sequence, Kind::End);
                self.step(Input::Message(Message { envelope, frame: None, lineage: Lineage::default() }));
            }
            self.settle(i64::MAX, usize::MAX).await?;
        }
        Ok(self.outcome)
    }

    /// Asks a spout for tuples, waiting for it in virtual time only.
    ///
    /// # Errors
    /// As for [`Trial::feed`].
    pub(crate) async fn draw(mut self, limits: Limits) -> CommandResult<Outcome> {
        self.step(Input::Start);
        self.settle(self.now_us.saturating_add(limits.advance_us), limits.rows).await?;
        self.outcome.cut(limits.rows);
        Ok(self.outcome)
    }

    fn step(&mut self, input: Input) {
        self.task.step(input, &mut self.stepped);
        self.wanted.extend(self.stepped.drain(..));
    }

    /// Does what the task wants, and moves the clock to when it wants to be woken, up to a time or so many tuples.
    async fn settle(&mut self, until_us: i64, rows: usize) -> CommandResult {
        while !self.over && self.outcome.rows() < rows {
            if let Some(output) = self.wanted.pop_front() {
                self.perform(output).await?;
                self.tell_logs();
            } else if self.wake_us <= until_us && self.wake_us != i64::MAX {
                self.now_us = self.now_us.max(self.wake_us);
                self.wake_us = i64::MAX;
                self.step(Input::Time { now_us: self.now_us });
            } else {
                break;
            }
        }
        Ok(())
    }

    async fn perform(&mut self, output: Output) -> CommandResult {
        match output {
            Output::Call { call, mut state, attempt } => {
                self.instance.set_attempt(attempt);
                let mut effects = std::mem::take(&mut self.effects);
                let result = self.instance.call(&call, &mut state, &mut effects, self.now_us).await;
                self.outcome.calls += 1;
                self.step(Input::Returned { call, result, effects, state, now_us: self.now_us });
            }
            Output::Restart => {
                self.spec.append = true;
                self.instance = self.alone.plugin.instantiate(&self.spec).await.map_err(anyhow::Error::from)?;
                self.step(Input::Restarted);
            }
            Output::Send(message) => {
                let Message { envelope, frame: Some(frame), lineage: _ } = message else { return Ok(()) };
                let reader = self.alone.assignment.component(envelope.channel.to.component);
                self.outcome.emitted(reader.inputs[0].output.0 as usize, &frame.view());
                // Readers are always ready for more.
                self.step(Input::Credit { channel: envelope.channel, bytes: frame.len() as u64 });
            }
            Output::Write(writes) => self.write(writes).await?,
            Output::WakeAt(time_us) => self.wake_us = time_us,
            Output::DeadLetter(letter) => {
                self.outcome.buried(self.alone.assignment.component(self.alone.component), &letter);
            }
            Output::Fault(failure) => self.outcome.failed(TaskEnd::Failed(failure).to_string()),
            Output::Paused(failure) => {
                self.outcome.failed(TaskEnd::Paused(failure).to_string());
                self.over = true;
            }
            Output::Finished => {
                self.outcome.ended = true;
                self.over = true;
            }
            Output::Failed(failure) => {
                self.outcome.failed(TaskEnd::Failed(Box::new(failure)).to_string());
                self.over = true;
            }
            // Nobody waits for credit for the samples, and readers have no grouping plugin.
            Output::Credit { .. } | Output::Choose { .. } => {}
            // Nothing is tracked, and nothing was delivered again.
            Output::ToAcker(_) | Output::Notice { .. } | Output::Redelivered(_) => {}
        }
        Ok(())
    }

    async fn write(&mut self, writes: Vec<Write>) -> CommandResult {
        let mut to_files = Vec::new();
        for write in writes {
            match write {
                Write::Print(bytes) => self.outcome.printed.extend(bytes),
                write => to_files.push(write),
            }
        }
        let written = self.instance.write(to_files).await;
        Ok(written.map_err(|error| anyhow!("{}[0] cannot write: {error}", self.spec.component))?)
    }

    fn tell_logs(&self) {
        while let Some(line) = self.logs.try_next() {
            tell!("{:5} {}: {}", line.level.name().to_uppercase(), line.source.name(), line.message);
        }
    }

    fn envelope(&self, input: usize, sequence: u64, kind: Kind) -> Envelope {
        let assignment = &self.alone.assignment;
        let task = |component: ComponentIndex| TaskId { component, task: TaskIndex(0) };
        let from = assignment.component(self.alone.component).inputs[input].from;
        let channel = ChannelId { from: task(from), input: InputIndex(input as u32), to: task(self.alone.component) };
        Envelope { channel, sequence, generation: assignment.generation, epoch: 0, kind, sent_us: self.now_us }
    }
}

/// What the worker would tell the instance.
fn instance_spec(alone: &Alone, logs: LogSink) -> InstanceSpec {
    let Alone { assignment, component, .. } = alone;
    let component: &Component = assignment.component(*component);
    let inputs = component.inputs.iter().map(|input| InputStream {
        stream: format!("{}.{}", assignment.component(input.from).name, input.stream),
        schema: input.schema.clone(),
        key: input.key.clone(),
    });
    let readers =
        assignment.components.iter().filter(|reader| reader.inputs.iter().any(|input| input.from == alone.component));
    InstanceSpec {
        topology: assignment.topology.clone(),
        component: component.name.clone(),
        task: TaskIndex(0),
        parallelism: 1,
        generation: assignment.generation,
        tracking: false,
        consumers: readers
            .map(|reader| Consumer { output: reader.inputs[0].output.0, component: reader.name.clone(), tasks: 1 })
            .collect(),
        inputs: inputs.collect(),
        outputs: component.outputs.clone(),
        configuration: component.configuration.clone(),
        grants: component.grants.clone(),
        secrets: BTreeMap::new(),
        limits: component.limits,
        logs,
        log_budget: LogBudget::default(),
        seed: SEED,
        append: false,
    }
}
