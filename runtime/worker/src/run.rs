//! Starts an assignment and stands for it while it runs.

use crate::acker_shell::AckerShell;
use crate::clock::Clock;
use crate::dead_letters::{self, DeadLetterCounts, DeadLetters, TakenOut};
use crate::draining::Drain;
use crate::end::{TaskEnd, TaskName};
use crate::failure_report::FailureReport;
use crate::meters::TaskMeters;
use crate::opening::Opening;
use crate::pauses::{OnPause, Pauses};
use crate::placement::Choice;
use crate::post::{Letter, Post};
use crate::redelivery::{Asked, CannotRedeliver, NotChosen, Redeliveries, Redelivering};
use crate::report::{Report, Status, components};
use crate::shell::Shell;
use crate::staff::Staff;
use petrel_flow::lineage::Lineage;
use petrel_flow::{ChannelId, Envelope, Kind, Message, Task, Tuning};
use petrel_model::{Assignment, ComponentName, Digest, Grouping, Guarantee, InputIndex, TaskId, TaskIndex};
use petrel_sandbox::{LogLosses, LogSink, Plugin, PrintTarget};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What an assignment needs beside itself.
pub struct RunOptions {
    /// Every plugin that the assignment names.
    pub plugins: BTreeMap<Digest, Plugin>,
    /// Secrets by name; a component sees those it is granted.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// What the topology calls the plugin of each component, for people.
    pub plugin_names: BTreeMap<ComponentName, String>,
    /// Takes the tuples that nobody could process; without it they are counted and logged.
    pub dead_letters: Option<DeadLetters>,
    /// Takes log lines of guests and of the system.
    pub logs: LogSink,
    /// Where what guests print goes.
    pub prints: PrintTarget,
    /// How frames are cut, held and bounded.
    pub tuning: Tuning,
    /// What happens when a task is paused.
    pub on_pause: OnPause,
    /// What it is started for.
    pub purpose: Purpose,
    /// Decides what is left to chance, randomness of guests included.
    pub seed: u64,
}

/// What a run is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run the topology. Output files are begun anew, and dead letters that are processed leave their store at once.
    Run,
    /// To try dead letters of an earlier run again, with the tasks that they need and no others. What that run wrote is
    /// appended to, and letters stay in the store until the caller takes them out: when the run has ended well, everything
    /// that came of them is written.
    Retry,
}

/// Why an assignment is refused.
#[derive(Debug, thiserror::Error)]
pub enum RefusedAssignment {
    /// The guarantee does not exist yet.
    #[error("this version does not run guarantee = {0:?}")]
    Guarantee(Guarantee),
    /// A plugin's bytes were not given.
    #[error("the plugin {plugin} of component {component} is not on this worker")]
    MissingPlugin {
        /// The component.
        component: String,
        /// The plugin's digest.
        plugin: Digest,
    },
}

/// A topology that runs: owns its tasks and hears of their ends.
pub struct Run {
    handle: RunHandle,
    tasks: JoinSet<TaskEnd>,
    /// They end with the run, and never before it.
    ackers: JoinSet<()>,
    names: BTreeMap<tokio::task::Id, TaskName>,
}

/// Looks at a run and ends it, from anywhere.
#[derive(Clone)]
pub struct RunHandle {
    assignment: Arc<Assignment>,
    meters: Vec<Arc<TaskMeters>>,
    dead_letters: Option<DeadLetters>,
    log_losses: LogLosses,
    post: Post,
    pauses: Pauses,
    redeliveries: Redeliveries,
    /// As long as any task runs.
    staff: Weak<Staff>,
    clock: Clock,
    stop: watch::Sender<bool>,
    drain: Drain,
    started: Instant,
    ended: Arc<OnceLock<(f64, Status)>>,
    failure: Arc<OnceLock<FailureReport>>,
}

impl RunHandle {
    /// Spouts end their streams; everything in flight is processed.
    pub fn drain(&self) {
        self.drain.begin();
    }

    /// The paused tasks of a component, or of all, call their guests again. Says how many there were.
    pub fn resume(&self, component: Option<&ComponentName>) -> usize {
        let is_meant =
            |task: &TaskId| component.is_none_or(|name| self.assignment.component(task.component).name == *name);
        let meant: Vec<TaskId> = self.pauses.tasks().into_iter().filter(is_meant).collect();
        meant.iter().for_each(|task| self.post.deliver(*task, Letter::Resume));
        meant.len()
    }

    /// What runs.
    pub fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// Gives a letter of the run's store to its component again, as soon as there is room: 64 are awaited at the same time, fewer if
    /// they are large.
    ///
    /// # Errors
    /// When that cannot be. It is still in the store then.
    pub async fn redeliver(&self, letter: &dead_letters::Letter) -> Result<Redelivering, CannotRedeliver> {
        let staff = self.staff.clone();
        let choose = async move |choice: &Choice| match staff.upgrade() {
            Some(staff) => staff.choose(choice).await,
            None => Err(NotChosen::CannotAsk("every task has ended".to_owned())),
        };
        let (asked, redelivering) = self.redeliveries.ask(&self.assignment, &self.pauses, letter, choose).await?;
        match asked {
            Asked::Of(task, redelivery) => self.post.deliver(task, Letter::Redelivery(redelivery)),
            Asked::NotChosen(trap, answer) => {
                // Without anybody who writes there is no answer, and it stays as it is.
                if let Some(staff) = self.staff.upgrade() {
                    staff.bury_again(letter, trap, self.clock.now_us(), answer);
                }
            }
        }
        Ok(redelivering)
    }

    /// Takes letters out of the run's store: these, or all there are.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    pub async fn drop_letters(&self, numbers: Option<Vec<u64>>) -> Result<TakenOut, String> {
        match &self.dead_letters {
            Some(dead_letters) => dead_letters.remove(numbers).await,
            None => Err("this run keeps no dead letters".to_owned()),
        }
    }

    /// Ends every stream of tasks that do not run here: nothing comes from them. To be called once, where nothing did.
    pub fn end_absent(&self) {
        let is_absent = |task: &TaskId| !self.assignment.tasks.contains(task);
        for to in &self.assignment.tasks {
            for (number, input) in self.assignment.component(to.component).inputs.iter().enumerate() {
                let senders = (0..self.assignment.component(input.from).parallelism)
                    .map(|task| TaskId { component: input.from, task: TaskIndex(task) });
                for from in senders.filter(is_absent) {
                    let envelope = Envelope {
                        channel: ChannelId { from, input: InputIndex(number as u32), to: *to },
                        sequence: 0,
                        generation: self.assignment.generation,
                        epoch: 0,
                        kind: Kind::End,
                        sent_us: self.clock.now_us(),
                    };
                    let message = Message { envelope, frame: None, lineage: Lineage::default() };
                    self.post.deliver(*to, Letter::Message(message));
                }
            }
        }
    }

    /// Every task stops where it stands.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// The figures now.
    pub fn report(&self) -> Report {
        let (elapsed_s, status) = match self.ended.get() {
            Some(ended) => *ended,
            None => (self.started.elapsed().as_secs_f64(), Status::Running),
        };
        let paused = self.pauses.reports();
        let mut components = components(&self.assignment, &self.meters, &paused, elapsed_s);
        for component in &self.assignment.components {
            if let Some(report) = components.get_mut(component.name.as_str()) {
                report.dropped_log_lines += self.log_losses.of(&component.name);
            }
        }
        Report {
            topology: self.assignment.topology.to_string(),
            status,
            elapsed_s,
            failure: self.failure.get().cloned(),
            dead_letters: self.dead_letters.as_ref().map_or(DeadLetterCounts::default(), DeadLetters::counts),
            components,
            paused,
        }
    }

    /// The first reason to end is the one that counts.
    fn close(&self, status: Status) {
        self.ended.get_or_init(|| (self.started.elapsed().as_secs_f64(), status));
    }
}

impl Run {
    /// Starts every task of the assignment. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the assignment asks for what this worker does not have.
    pub fn start(assignment: Assignment, options: RunOptions) -> Result<Run, RefusedAssignment> {
        if assignment.guarantee == Guarantee::ExactlyOnce {
            return Err(RefusedAssignment::Guarantee(assignment.guarantee));
        }
        for component in &assignment.components {
            let groupings = component.inputs.iter().filter_map(|input| match &input.grouping {
                Grouping::Custom { plugin, .. } => Some(*plugin),
                _ => None,
            });
            let missing = groupings.chain([component.plugin]).find(|plugin| !options.plugins.contains_key(plugin));
            if let Some(plugin) = missing {
                return Err(RefusedAssignment::MissingPlugin { component: component.name.to_string(), plugin });
            }
        }
        let assignment = Arc::new(assignment);
        let started = Instant::now();
        let ackers = match assignment.guarantee {
            Guarantee::AtLeastOnce => assignment.acking.ackers,
            Guarantee::BestEffort | Guarantee::ExactlyOnce => 0,
        };
        let (post, inboxes) = Post::open(assignment.tasks.iter().copied().chain((0..ackers).map(TaskId::acker)));
        let mut inboxes = inboxes.into_iter();
        let (stop, stopped) = watch::channel(false);
        let drain = Drain::of(assignment.clone(), post.clone());
        let clock = Clock::new();
        let pauses = Pauses::default();
        let redeliveries = Redeliveries::new(options.purpose == Purpose::Retry);
        let log_losses = options.logs.losses();
        let staff = Arc::new(Staff {
            assignment: assignment.clone(),
            plugins: options.plugins,
            secrets: options.secrets,
            plugin_names: options.plugin_names,
            dead_letters: options.dead_letters.clone(),
            logs: options.logs,
            prints: options.prints,
            pauses: pauses.clone(),
            on_pause: options.on_pause,
            redeliveries: redeliveries.clone(),
            append: options.purpose == Purpose::Retry,
            seed: options.seed,
        });
        let opening = Opening::of(assignment.tasks.iter().copied().filter(|id| staff.is_spout(*id)));
        let mut meters = Vec::new();
        let mut tasks = JoinSet::new();
        let mut names = BTreeMap::new();
        for (id, inbox) in assignment.tasks.iter().zip(inboxes.by_ref()) {
            let task_meters = Arc::new(TaskMeters::default());
            let shell = Shell {
                id: *id,
                task: Task::new(&assignment, *id, options.tuning, clock.now_us(), options.seed),
                staff: staff.clone(),
                inbox,
                post: post.clone(),
                meters: task_meters.clone(),
                clock,
                opening: opening.clone(),
                stop: stopped.clone(),
                drained: drain.watch(),
                drain: drain.clone(),
            };
            meters.push(task_meters);
            let spawned = tasks.spawn(shell.run());
            names.insert(spawned.id(), staff.name(*id));
        }
        let mut acker_tasks: JoinSet<()> = JoinSet::new();
        for (number, inbox) in (0..ackers).zip(inboxes) {
            let id = TaskId::acker(number);
            let task = Task::new(&assignment, id, options.tuning, clock.now_us(), options.seed);
            let shell = AckerShell { task, inbox, post: post.clone(), clock };
            let spawned = acker_tasks.spawn(shell.run());
            names.insert(spawned.id(), TaskName::acker(number));
        }
        let handle = RunHandle {
            assignment,
            meters,
            dead_letters: options.dead_letters,
            log_losses,
            post,
            pauses,
            redeliveries,
            staff: Arc::downgrade(&staff),
            clock,
            stop,
            drain,
            started,
            ended: Arc::default(),
            failure: Arc::default(),
        };
        Ok(Run { handle, tasks, ackers: acker_tasks, names })
    }

    /// Looks at the run and ends it, from anywhere.
    pub fn handle(&self) -> RunHandle {
        self.handle.clone()
    }

    /// Waits until the next task has ended, without losing anything when it is not awaited to its end. The first
    /// failure stops the other tasks. None: all have ended, and the report is final.
    pub async fn next_end(&mut self) -> Option<TaskEnd> {
        let joined = tokio::select! {
            biased;
            joined = self.tasks.join_next_with_id() => joined,
            // Without it no tuple is ever through: spouts would wait for it for ever, or emit everything again and again.
            Some(ended) = self.ackers.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                return Some(self.ended(TaskEnd::Panicked { task: self.name(id) }));
            }
        };
        let Some(joined) = joined else {
            self.handle.close(if self.handle.drain.was_early() { Status::Drained } else { Status::Done });
            return None;
        };
        let end = joined.map_or_else(|error| TaskEnd::Panicked { task: self.name(error.id()) }, |(_, end)| end);
        Some(self.ended(end))
    }

    /// What a task that has ended was called.
    fn name(&self, id: tokio::task::Id) -> TaskName {
        self.names.get(&id).cloned().unwrap_or_default()
    }

    /// A task has ended like this.
    fn ended(&self, end: TaskEnd) -> TaskEnd {
        if let Some(failure) = FailureReport::of(&end) {
            self.handle.failure.get_or_init(|| failure);
            self.handle.stop();
            self.handle.close(Status::Failed);
        } else if matches!(end, TaskEnd::Stopped) {
            self.handle.close(Status::Stopped);
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::FIRST_GENERATION;
    use petrel_model::{Acking, DeadLetterLimits};

    /// A run without components, and with an acker.
    fn tracked() -> Run {
        let assignment = Assignment {
            topology: "t".into(),
            generation: FIRST_GENERATION,
            guarantee: Guarantee::AtLeastOnce,
            acking: Acking::default(),
            dead_letters: DeadLetterLimits::default(),
            components: vec![],
            tasks: vec![],
        };
        let options = RunOptions {
            plugins: BTreeMap::new(),
            secrets: BTreeMap::new(),
            plugin_names: BTreeMap::new(),
            dead_letters: None,
            logs: LogSink::nowhere(),
            prints: PrintTarget::Stderr,
            tuning: Tuning::default(),
            on_pause: OnPause::Fail,
            purpose: Purpose::Run,
            seed: 1,
        };
        Run::start(assignment, options).unwrap()
    }

    #[tokio::test]
    async fn an_acker_that_panics_ends_the_run_and_is_named() {
        let mut run = tracked();
        assert_eq!(run.ackers.len(), 1);
        // A task at work, so that the run does not end by itself.
        let mut stop = run.handle.stop.subscribe();
        run.tasks.spawn(async move {
            let _ = stop.wait_for(|stopped| *stopped).await;
            TaskEnd::Stopped
        });
        let defective = run.ackers.spawn(async { panic!("a defect") });
        run.names.insert(defective.id(), TaskName::acker(1));
        let end = run.next_end().await.expect("it has not ended well");
        assert!(end.to_string().starts_with("the acker[1] ended by a defect of petrel itself"), "{end}");
        assert!(matches!(run.next_end().await, Some(TaskEnd::Stopped)), "the others are stopped");
        assert!(run.next_end().await.is_none());
        let report = run.handle().report();
        assert_eq!(report.status, Status::Failed);
        let failure = report.failure.expect("why it failed");
        assert_eq!((failure.component.as_str(), failure.task, failure.kind), ("the acker", Some(1), "defect"));
    }

    #[tokio::test]
    async fn ackers_that_work_do_not_keep_a_run_from_ending() {
        let mut run = tracked();
        assert!(run.next_end().await.is_none());
        assert_eq!(run.handle().report().status, Status::Done);
    }
}
