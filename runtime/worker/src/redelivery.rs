//! Dead letters that are given to their components again, while the topology runs.

use crate::dead_letters::{DeadLetters, Fate, Letter, LetterSource};
use crate::pauses::Pauses;
use crate::placement::{Choice, Place, place};
use petrel_flow::{Redelivered, Redelivery, Ticket, Trap};
use petrel_model::{Assignment, TaskId, TaskIndex};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many letters are awaited at the same time, whoever asks for it. A large one counts for one for each MiB.
const IN_FLIGHT: usize = 64;
const LARGE_BYTES: usize = 1 << 20;

/// How often whoever waits for an answer looks whether its task was paused.
const LOOK: Duration = Duration::from_millis(50);

/// Why a letter cannot be given to its component again. It is still in the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRedeliver {
    /// The topology has no such component any more.
    #[error("the topology has no component {component}{hint}")]
    NoComponent {
        /// The component's name.
        component: String,
        /// Which one may be meant.
        hint: String,
    },
    /// The component does not read that stream any more.
    #[error("{component} does not read {stream}")]
    NoInput {
        /// The component's name.
        component: String,
        /// `COMPONENT.STREAM`.
        stream: String,
    },
    /// The input has other columns.
    #[error(
        "{component} reads {stream} as ({now}), and the letter is ({then}): run it with the plugins that it came from"
    )]
    OtherColumns {
        /// The component's name.
        component: String,
        /// `COMPONENT.STREAM`.
        stream: String,
        /// The columns of the input.
        now: String,
        /// The columns of the letter.
        then: String,
    },
    /// The component's tables are not those of the timer.
    #[error(
        "{component} has no table {table} with timers by ({key}) any more: run it with the plugin that it came from"
    )]
    NoTable {
        /// The component's name.
        component: String,
        /// The number of the table.
        table: u32,
        /// The columns of the timer's key.
        key: String,
    },
    /// No plugin chooses tasks for that input any more.
    #[error("no plugin chooses the tasks of {component} for {stream} any more: the tuple is that of another topology")]
    NoGrouping {
        /// The component's name.
        component: String,
        /// `COMPONENT.STREAM`.
        stream: String,
    },
    /// The plugin that is to choose a task cannot be asked.
    #[error("the grouping before {component} cannot be asked: {reason}")]
    Grouping {
        /// The component's name.
        component: String,
        /// Why not.
        reason: String,
    },
    /// The bytes in the store are no row of the input.
    #[error("its tuple cannot be read: {0}")]
    Malformed(String),
    /// The task is paused.
    #[error("{component}[{task}] is paused: `petrel resume {topology} {component}` first")]
    Paused {
        /// The topology's name.
        topology: String,
        /// The component's name.
        component: String,
        /// The number of its task.
        task: u32,
    },
    /// The task has ended.
    #[error("{component}[{task}] has ended: retry when the topology does not run, or runs again")]
    Ended {
        /// The component's name.
        component: String,
        /// The number of its task.
        task: u32,
    },
    /// Somebody else asked for it already.
    #[error("it is being tried already")]
    UnderWay,
}

/// A letter that is being tried again.
#[derive(Debug)]
pub struct Redelivering {
    task: TaskId,
    answer: Receiver<Fate>,
    pauses: Pauses,
    /// As long as somebody waits for it: what waits in a paused task keeps no other letters from being tried.
    _room: OwnedSemaphorePermit,
}

impl Redelivering {
    /// Waits for what becomes of it. Nobody need wait: the store is changed in any case.
    pub async fn fate(mut self) -> Fate {
        loop {
            tokio::select! {
                biased;
                fate = &mut self.answer => return fate.unwrap_or(Fate::Ended),
                () = tokio::time::sleep(LOOK) => if self.pauses.reason(self.task).is_some() {
                    return Fate::Waits;
                },
            }
        }
    }
}

/// The letters of a run that are being tried again. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Redeliveries {
    shared: Arc<Mutex<Shared>>,
    room: Arc<Semaphore>,
    /// Letters that were processed stay in the store.
    keep: bool,
}

/// What is to be done about a letter that may be tried again.
#[derive(Debug)]
pub(crate) enum Asked {
    /// To be given to that task.
    Of(TaskId, Box<Redelivery>),
    /// The plugin that chooses a task fails at it again: whoever asked is to be told that there is a new letter.
    NotChosen(Trap, Sender<Fate>),
}

/// Why a plugin has not chosen a task.
#[derive(Debug)]
pub(crate) enum NotChosen {
    /// It fails at the tuple.
    Failed(Trap),
    /// It cannot be asked.
    CannotAsk(String),
}

/// A letter for which a task is sought, as long as this lives.
struct Seeking<'a> {
    redeliveries: &'a Redeliveries,
    number: u64,
}

impl Drop for Seeking<'_> {
    fn drop(&mut self) {
        self.redeliveries.shared().sought.remove(&self.number);
    }
}

#[derive(Debug, Default)]
struct Shared {
    asked: u64,
    /// The numbers of letters for which a task is sought.
    sought: BTreeSet<u64>,
    waiting: BTreeMap<Ticket, Waiting>,
    ended: BTreeSet<TaskId>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    task: TaskId,
    /// Where it came from when it came first: nobody follows it any more.
    sources: Vec<LetterSource>,
    paths: Vec<Vec<String>>,
    answer: Sender<Fate>,
}

impl Redeliveries {
    /// None yet. `keep`: those that were processed stay in the store.
    pub(crate) fn new(keep: bool) -> Redeliveries {
        Redeliveries { shared: Arc::default(), room: Arc::new(Semaphore::new(IN_FLIGHT)), keep }
    }

    /// Gives a letter a ticket, when there is room for it, and says to whom to send what. `choose` asks the plugin of a grouping.
    pub(crate) async fn ask(
        &self,
        assignment: &Assignment,
        pauses: &Pauses,
        letter: &Letter,
        choose: impl AsyncFnOnce(&Choice) -> Result<TaskIndex, NotChosen>,
    ) -> Result<(Asked, Redelivering), CannotRedeliver> {
        let place = place(assignment, letter)?;
        let size = letter.tuple.len().div_ceil(LARGE_BYTES).clamp(1, IN_FLIGHT);
        // Nobody closes it.
        let Ok(room) = self.room.clone().acquire_many_owned(size as u32).await else {
            return Err(CannotRedeliver::UnderWay);
        };
        let _seeking = self.seek(letter.number)?;
        let (sender, answer) = channel();
        let redelivering = |task| Redelivering { task, answer, pauses: pauses.clone(), _room: room };
        let (task, what) = match place {
            Place::Task(task, what) => (task, what),
            Place::Choice(choice) => {
                let at = |task| TaskId { component: choice.consumer, task };
                match choose(&choice).await {
                    Ok(task) => (at(task), Redelivered::Tuple { input: choice.input, tuple: choice.tuple }),
                    Err(NotChosen::Failed(trap)) => {
                        return Ok((Asked::NotChosen(trap, sender), redelivering(at(TaskIndex(letter.task)))));
                    }
                    Err(NotChosen::CannotAsk(reason)) => {
                        return Err(CannotRedeliver::Grouping { component: letter.component.clone(), reason });
                    }
                }
            }
        };
        let (component, number) = (letter.component.clone(), task.task.0);
        if pauses.reason(task).is_some() {
            let topology = assignment.topology.to_string();
            return Err(CannotRedeliver::Paused { topology, component, task: number });
        }
        let mut shared = self.shared();
        if shared.ended.contains(&task) {
            return Err(CannotRedeliver::Ended { component, task: number });
        }
        let ticket = Ticket(shared.asked);
        shared.asked += 1;
        let (sources, paths) = (letter.sources.clone(), letter.paths.clone());
        shared.waiting.insert(ticket, Waiting { number: letter.number, task, sources, paths, answer: sender });
        drop(shared);
        let redelivery = Box::new(Redelivery { ticket, what, attempts: letter.attempts });
        Ok((Asked::Of(task, redelivery), redelivering(task)))
    }

    /// From now on a task is sought for that letter.
    fn seek(&self, number: u64) -> Result<Seeking<'_>, CannotRedeliver> {
        let mut shared = self.shared();
        if shared.waiting.values().any(|waiting| waiting.number == number) || !shared.sought.insert(number) {
            return Err(CannotRedeliver::UnderWay);
        }
        Ok(Seeking { redeliveries: self, number })
    }

    /// A letter was processed.
    pub(crate) fn processed(&self, ticket: Ticket, dead_letters: Option<&DeadLetters>) {
        let Some(Waiting { number, answer, .. }) = self.shared().waiting.remove(&ticket) else { return };
        match dead_letters {
            Some(dead_letters) if !self.keep => dead_letters.settle(number, Fate::Processed, None, answer),
            _ => drop(answer.send(Fate::Processed)),
        }
    }

    /// A letter failed again, and this is the new one. Gives it back if nobody asked for the try.
    pub(crate) fn failed(&self, ticket: Ticket, letter: Letter, dead_letters: &DeadLetters) -> Option<Letter> {
        let Some(waiting) = self.shared().waiting.remove(&ticket) else { return Some(letter) };
        let Waiting { number, sources, paths, answer, task: _ } = waiting;
        let letter = Letter { sources, paths, ..letter };
        let (kind, reason, attempts) = (letter.kind.clone(), letter.reason.clone(), letter.attempts);
        dead_letters.settle(number, Fate::Failed { number: 0, kind, reason, attempts }, Some(letter), answer);
        None
    }

    /// To be dropped when that task ends, in whatever way.
    pub(crate) fn until_end_of(&self, task: TaskId) -> EndGuard {
        EndGuard { redeliveries: self.clone(), task }
    }

    /// A task has ended: what it was given and has not answered it never will.
    fn task_ended(&self, task: TaskId) {
        let mut shared = self.shared();
        shared.ended.insert(task);
        for (_, waiting) in shared.waiting.extract_if(.., |_, waiting| waiting.task == task) {
            let _ = waiting.answer.send(Fate::Ended);
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers, when it is dropped, for what a task has not answered.
#[derive(Debug)]
pub(crate) struct EndGuard {
    redeliveries: Redeliveries,
    task: TaskId,
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.redeliveries.task_ended(self.task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::tests::{assignment, chosen_by_a_plugin, letter, unchosen};
    use petrel_model::Grouping;

    /// Where no plugin is to be asked.
    async fn nobody(_: &Choice) -> Result<TaskIndex, NotChosen> {
        panic!("no plugin is to be asked")
    }

    #[tokio::test]
    async fn a_letter_is_tried_once_at_a_time_and_answered_whatever_happens() {
        let (redeliveries, pauses) = (Redeliveries::new(false), Pauses::default());
        let (assignment, first) = (assignment(Grouping::Shuffle), letter(&["storm"]));
        let ask = async || redeliveries.ask(&assignment, &pauses, &first, nobody).await;
        let Ok((Asked::Of(task, redelivery), redelivering)) = ask().await else { panic!() };
        assert_eq!((task.task.0, redelivery.attempts), (3, 4));
        let again = ask().await.map(|_| ());
        assert_eq!(again, Err(CannotRedeliver::UnderWay));
        redeliveries.processed(redelivery.ticket, None);
        assert_eq!(redelivering.fate().await, Fate::Processed);
        let guard = redeliveries.until_end_of(task);
        let (_, redelivering) = ask().await.unwrap();
        drop(guard);
        assert_eq!(redelivering.fate().await, Fate::Ended);
        let late = ask().await.map(|_| ());
        assert_eq!(late, Err(CannotRedeliver::Ended { component: "count".into(), task: 3 }));
    }

    #[tokio::test]
    async fn a_plugin_chooses_again_and_whoever_comes_meanwhile_waits() {
        let (redeliveries, pauses) = (Redeliveries::new(false), Pauses::default());
        let (assignment, letter) = (assignment(chosen_by_a_plugin()), unchosen(37, "storm"));
        let ask = async |choose: Result<TaskIndex, NotChosen>| {
            let choosing = async |_: &Choice| {
                let meanwhile = redeliveries.ask(&assignment, &pauses, &letter, nobody).await.map(|_| ());
                assert_eq!(meanwhile, Err(CannotRedeliver::UnderWay));
                choose
            };
            redeliveries.ask(&assignment, &pauses, &letter, choosing).await
        };
        let gone = ask(Err(NotChosen::CannotAsk("it is gone".into()))).await.map(|_| ());
        assert_eq!(gone.unwrap_err().to_string(), "the grouping before count cannot be asked: it is gone");
        let trap = Trap::contract("not 37");
        let Ok((Asked::NotChosen(failed, answer), redelivering)) = ask(Err(NotChosen::Failed(trap.clone()))).await
        else {
            panic!()
        };
        assert_eq!(failed, trap);
        let fate = Fate::Failed { number: 2, kind: "contract".into(), reason: "not 37".into(), attempts: 5 };
        answer.send(fate.clone()).unwrap();
        assert_eq!(redelivering.fate().await, fate);
        let Ok((Asked::Of(task, redelivery), _waits)) = ask(Ok(TaskIndex(2))).await else { panic!() };
        assert_eq!(task.task, TaskIndex(2));
        let Redelivered::Tuple { tuple, .. } = redelivery.what else { panic!() };
        assert_eq!(tuple.view().columns(), 1, "what the consumer reads");
        let again = redeliveries.ask(&assignment, &pauses, &letter, nobody).await.map(|_| ());
        assert_eq!(again, Err(CannotRedeliver::UnderWay));
    }
}
