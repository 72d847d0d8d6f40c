//! Runs all tasks of an assignment on one thread.
//!
//! Whatever may happen next (a message arrives, credit arrives, a call returns, time is told) is a candidate; the seed
//! picks one. Messages of a channel keep their order and so does credit; nothing else does.

use petrel_flow::{
    Attempt, Call, CallResult, ChannelId, DeadLetter, Effects, Failure, Frame, Input, Kind, Message, Output, Task,
    TaskReport, Ticket, Trap, Tuning, Write,
};
use petrel_model::{Assignment, Edge, Guarantee, TaskId};
use petrel_state::TaskState;
use std::collections::{BTreeMap, VecDeque};

/// What a guest is given besides the call.
pub(crate) struct Host<'a> {
    pub(crate) state: &'a mut TaskState,
    pub(crate) effects: &'a mut Effects,
    pub(crate) now_us: i64,
    pub(crate) attempt: Attempt,
}

pub(crate) type Guest = Box<dyn FnMut(&Call, Host<'_>) -> CallResult>;
/// A closure as a guest.
pub(crate) fn guest(call: impl FnMut(&Call, Host<'_>) -> CallResult + 'static) -> Guest {
    Box::new(call)
}

/// Makes an instance for a task, again after a restart.
pub(crate) type Plugin<'p> = Box<dyn Fn(TaskId) -> Guest + 'p>;
pub(crate) type Chooser<'p> = Box<dyn FnMut(Edge, &Frame, u32) -> Result<Vec<u32>, Trap> + 'p>;

/// What becomes of a message to or from an acker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    None,
    Lost,
}

pub(crate) type Disturb<'p> = Box<dyn FnMut((TaskId, TaskId)) -> Disturbance + 'p>;

/// SplitMix64: the whole chance of a run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((word ^ (word >> 31)) % limit as u64) as usize
    }
}

struct Running {
    task: Task,
    guest: Guest,
    pending: VecDeque<(i64, Input)>,
    calling: bool,
    wake_us: i64,
    finished: bool,
}

pub(crate) struct Executor<'p> {
    plugins: Vec<Plugin<'p>>,
    pub(crate) chooser: Option<Chooser<'p>>,
    /// What becomes of messages to and from ackers.
    pub(crate) disturb: Option<Disturb<'p>>,
    tasks: BTreeMap<TaskId, Running>,
    messages: BTreeMap<ChannelId, VecDeque<Message>>,
    credits: BTreeMap<ChannelId, VecDeque<u64>>,
    /// Between tasks and ackers, in both directions, by sender and receiver.
    acking: BTreeMap<(TaskId, TaskId), VecDeque<Input>>,
    sequences: BTreeMap<ChannelId, u64>,
    outstanding: BTreeMap<ChannelId, (u64, u32)>,
    chance: Chance,
    tuning: Tuning,
    /// How long a call of a component takes, by its number.
    pub(crate) call_us: BTreeMap<u32, i64>,
    pub(crate) now_us: i64,
    pub(crate) letters: Vec<DeadLetter>,
    /// Dead letters that were processed in the end.
    pub(crate) redelivered: Vec<Ticket>,
    /// Calls that failed without a tuple to blame.
    pub(crate) faults: Vec<Failure>,
    /// Why tasks were paused, and which, in order.
    pub(crate) paused: Vec<Failure>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) writes: Vec<Write>,
    pub(crate) restarts: usize,
    /// The most bytes that were under way on all channels, by what was sent and not credited.
    pub(crate) outstanding_max: u64,
    pub(crate) frames_sent: usize,
    /// Every frame that was sent, by sender, receiver and the number of its message.
    pub(crate) sent: BTreeMap<(TaskId, TaskId, u64), Frame>,
    tracing: bool,
    pub(crate) trace: Vec<String>,
}

impl<'p> Executor<'p> {
    /// Tasks for everybody, plugins in the order of the components.
    pub(crate) fn new(assignment: &Assignment, tuning: Tuning, seed: u64, plugins: Vec<Plugin<'p>>) -> Executor<'p> {
        let running = |id: &TaskId| Running {
            task: Task::new(assignment, *id, tuning, 0, seed),
            guest: if id.is_acker() { guest(|_, _| unreachable!()) } else { plugins[id.component.0 as usize](*id) },
            pending: VecDeque::from([(0, Input::Start)]),
            calling: false,
            wake_us: i64::MAX,
            finished: false,
        };
        let ackers = match assignment.guarantee {
            Guarantee::AtLeastOnce => assignment.acking.ackers,
            _ => 0,
        };
        let ids = assignment.tasks.iter().copied().chain((0..ackers).map(TaskId::acker));
        let tasks = ids.map(|id| (id, running(&id))).collect();
        Executor {
            plugins,
            chooser: None,
            disturb: None,
            tasks,
            messages: BTreeMap::new(),
            credits: BTreeMap::new(),
            acking: BTreeMap::new(),
            sequences: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            chance: Chance(seed),
            tuning,
            call_us: BTreeMap::new(),
            now_us: 0,
            letters: Vec::new(),
            redelivered: Vec::new(),
            faults: Vec::new(),
            paused: Vec::new(),
            failures: Vec::new(),
            writes: Vec::new(),
            restarts: 0,
            outstanding_max: 0,
            frames_sent: 0,
            sent: BTreeMap::new(),
            tracing: false,
            trace: Vec::new(),
        }
    }

    /// Writes down everything that tasks do.
    pub(crate) fn traced(self) -> Executor<'p> {
        Executor { tracing: true, ..self }
    }

    /// Runs until all tasks have finished, one has failed, or nothing can happen any more. Says whether all finished.
    pub(crate) fn run(&mut self) -> bool {
        for _ in 0..5_000_000 {
            if !self.failures.is_empty() {
                return false;
            }
            if self.has_finished() {
                return true;
            }
            if !self.happen() {
                return self.has_finished();
            }
        }
        panic!("the graph does not come to an end");
    }

    fn has_finished(&self) -> bool {
        self.tasks.iter().all(|(id, running)| running.finished || id.is_acker())
    }

    /// Runs for so many µs of virtual time.
    pub(crate) fn run_until(&mut self, until_us: i64) {
        while self.now_us < until_us && self.failures.is_empty() && self.happen() {}
    }

    /// Tells spouts to end.
    pub(crate) fn drain(&mut self) {
        let now_us = self.now_us;
        self.tasks.values_mut().for_each(|running| running.pending.push_back((now_us, Input::Drain)));
    }

    /// Tells a task to call its guest again.
    pub(crate) fn resume(&mut self, id: TaskId) {
        self.give(id, Input::Resume);
    }

    /// Gives something to a task.
    pub(crate) fn give(&mut self, id: TaskId, input: Input) {
        let now_us = self.now_us;
        self.tasks.get_mut(&id).unwrap().pending.push_back((now_us, input));
    }

    /// Puts a message of somebody's making on its way.
    pub(crate) fn inject(&mut self, message: Message) {
        self.messages.entry(message.envelope.channel).or_default().push_back(message);
    }

    pub(crate) fn report(&self, id: TaskId) -> TaskReport {
        self.tasks[&id].task.report()
    }

    /// One thing happens. False when nothing can.
    fn happen(&mut self) -> bool {
        enum Candidate {
            Message(ChannelId),
            Credit(ChannelId),
            Pending(TaskId),
            Wake(TaskId),
            Acking((TaskId, TaskId)),
        }
        loop {
            let now_us = self.now_us;
            let mut candidates = Vec::new();
            candidates.extend(self.messages.iter().filter(|(_, q)| !q.is_empty()).map(|(c, _)| Candidate::Message(*c)));
            candidates.extend(self.credits.iter().filter(|(_, q)| !q.is_empty()).map(|(c, _)| Candidate::Credit(*c)));
            let acking = self.acking.iter().filter(|(_, q)| !q.is_empty());
            candidates.extend(acking.map(|(channel, _)| Candidate::Acking(*channel)));
            let due = |running: &Running| running.pending.front().is_some_and(|(ready_us, _)| *ready_us <= now_us);
            candidates.extend(self.tasks.iter().filter(|(_, r)| due(r)).map(|(id, _)| Candidate::Pending(*id)));
            let wakes = self.tasks.iter().filter(|(_, r)| !r.finished && r.wake_us <= now_us);
            candidates.extend(wakes.map(|(id, _)| Candidate::Wake(*id)));
            if candidates.is_empty() {
                let ready = self.tasks.values().filter_map(|r| r.pending.front().map(|(ready_us, _)| *ready_us));
                let wakes = self.tasks.values().filter(|r| !r.finished).map(|r| r.wake_us);
                match ready.chain(wakes).min() {
                    Some(next_us) if next_us < i64::MAX => self.now_us = next_us,
                    _ => return false,
                }
                continue;
            }
            let (to, input) = match candidates.swap_remove(self.chance.below(candidates.len())) {
                Candidate::Message(channel) => {
                    (channel.to, Input::Message(self.messages.get_mut(&channel).unwrap().pop_front().unwrap()))
                }
                Candidate::Credit(channel) => {
                    let bytes = self.credits.get_mut(&channel).unwrap().pop_front().unwrap();
                    (channel.from, Input::Credit { channel, bytes })
                }
                Candidate::Acking(channel) => {
                    let input = self.acking.get_mut(&channel).unwrap().pop_front().unwrap();
                    match self.disturb.as_mut().map_or(Disturbance::None, |disturb| disturb(channel)) {
                        Disturbance::None => {}
                        Disturbance::Lost => continue,
                    }
                    (channel.1, input)
                }
                Candidate::Pending(id) => (id, self.tasks.get_mut(&id).unwrap().pending.pop_front().unwrap().1),
                Candidate::Wake(id) => {
                    self.tasks.get_mut(&id).unwrap().wake_us = i64::MAX;
                    (id, Input::Time { now_us })
                }
            };
            if matches!(input, Input::Returned { .. }) {
                self.tasks.get_mut(&to).unwrap().calling = false;
            }
            let mut outputs = Vec::new();
            let running = self.tasks.get_mut(&to).unwrap();
            running.task.step(input, &mut outputs);
            assert!(!running.finished || outputs.is_empty(), "{to} does something after its end: {outputs:?}");
            for output in outputs {
                self.perform(to, output);
            }
            return true;
        }
    }

    fn perform(&mut self, id: TaskId, output: Output) {
        if self.tracing {
            self.trace.push(format!("{} {id} {}", self.now_us, brief(&output)));
        }
        let now_us = self.now_us;
        let running = self.tasks.get_mut(&id).unwrap();
        assert!(!running.finished, "{id} does something after its end");
        match output {
            Output::Call { call, mut state, attempt } => {
                assert!(!running.calling, "{id} calls twice at a time");
                running.calling = true;
                let mut effects = Effects::default();
                let host = Host { state: &mut state, effects: &mut effects, now_us, attempt };
                let result = (running.guest)(&call, host);
                let now_us = now_us + self.call_us.get(&id.component.0).copied().unwrap_or(1);
                running.pending.push_back((now_us, Input::Returned { call, result, effects, state, now_us }));
            }
            Output::Restart => {
                assert!(!running.calling, "{id} restarts during a call");
                self.restarts += 1;
                running.guest = self.plugins[id.component.0 as usize](id);
                running.pending.push_back((now_us, Input::Restarted));
            }
            Output::Choose { ticket, edge, tasks, frame } => {
                let tasks = (self.chooser.as_mut().expect("a chooser is set"))(edge, &frame, tasks);
                running.pending.push_back((now_us, Input::Chosen { ticket, tasks }));
            }
            Output::Send(message) => self.send(id, message),
            Output::Credit { channel, bytes } => {
                assert_eq!(channel.to, id, "{id} gives credit for what it did not get");
                let (outstanding, frames) = self.outstanding.get_mut(&channel).unwrap();
                *outstanding = outstanding.checked_sub(bytes).expect("no more credit than was sent");
                // One credit may stand for several frames: how many are left is known again when none are.
                *frames = if *outstanding == 0 { 0 } else { *frames };
                self.credits.entry(channel).or_default().push_back(bytes);
            }
            Output::Write(writes) => self.writes.extend(writes),
            Output::WakeAt(wake_us) => running.wake_us = wake_us,
            Output::DeadLetter(letter) => self.letters.push(*letter),
            Output::ToAcker(message) => {
                let channel = (id, TaskId::acker(message.to));
                self.acking.entry(channel).or_default().push_back(Input::ToAcker(message));
            }
            Output::Notice { to, line, notice } => {
                self.acking.entry((id, to)).or_default().push_back(Input::Notice { line, notice });
            }
            Output::Redelivered(ticket) => self.redelivered.push(ticket),
            Output::Fault(failure) => self.faults.push(*failure),
            Output::Paused(failure) => self.paused.push(*failure),
            Output::Finished => running.finished = true,
            Output::Failed(failure) => self.failures.push(failure),
        }
    }

    fn send(&mut self, id: TaskId, message: Message) {
        let channel = message.envelope.channel;
        assert_eq!(channel.from, id, "{id} sends in another's name");
        let sequence = self.sequences.entry(channel).or_default();
        assert_eq!(message.envelope.sequence, *sequence, "{channel} counts its messages");
        *sequence += 1;
        assert_eq!(message.frame.is_some(), message.envelope.kind == Kind::Data);
        if let Some(frame) = &message.frame {
            self.frames_sent += 1;
            self.sent.insert((channel.from, channel.to, message.envelope.sequence), frame.clone());
            let (outstanding, frames) = self.outstanding.entry(channel).or_default();
            *outstanding += frame.len() as u64;
            *frames += 1;
            assert!(
                *outstanding <= self.tuning.window_bytes || *frames == 1,
                "{channel} has {outstanding} bytes in {frames} frames under way"
            );
            self.outstanding_max = self.outstanding_max.max(self.outstanding.values().map(|(bytes, _)| bytes).sum());
        }
        self.messages.entry(channel).or_default().push_back(message);
    }
}

fn brief(output: &Output) -> String {
    match output {
        Output::Call { call, .. } => format!("call {}", call.name()),
        Output::Send(message) => {
            format!("send {:?} {:?}", message.envelope, message.frame.as_ref().map(|f| f.to_vec()))
        }
        other => format!("{other:?}"),
    }
}
