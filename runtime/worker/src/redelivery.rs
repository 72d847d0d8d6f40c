//! Dead letters that are given to their components again, while the topology runs.

use crate::dead_letters::{DeadLetters, Fate, Letter, LetterSource};
use crate::pauses::Pauses;
use petrel_flow::{Frame, Redelivery, Ticket};
use petrel_frame::{FrameBuf, FrameError, FrameView};
use petrel_model::{Assignment, ComponentIndex, Grouping, Input, InputIndex, TaskId, TaskIndex, World};
use petrel_model::{key_bytes, key_group, nearest, owner};
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
    /// It is a timer: its state has gone on without it.
    #[error("it is a timer, and timers cannot be fired again: the state that it belongs to has gone on without it")]
    Timer,
    /// It never reached an input.
    #[error(
        "the plugin of a grouping failed at it, so that no task was chosen for it: mend the plugin and run the topology again"
    )]
    Grouping,
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

#[derive(Debug, Default)]
struct Shared {
    asked: u64,
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

    /// Gives a letter a ticket, when there is room for it. Returns to whom to send what.
    pub(crate) async fn ask(
        &self,
        assignment: &Assignment,
        pauses: &Pauses,
        letter: &Letter,
    ) -> Result<(TaskId, Redelivery, Redelivering), CannotRedeliver> {
        let (task, input, tuple) = place(assignment, letter)?;
        let size = letter.tuple.len().div_ceil(LARGE_BYTES).clamp(1, IN_FLIGHT);
        // Nobody closes it.
        let Ok(room) = self.room.clone().acquire_many_owned(size as u32).await else {
            return Err(CannotRedeliver::UnderWay);
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
        if shared.waiting.values().any(|waiting| waiting.number == letter.number) {
            return Err(CannotRedeliver::UnderWay);
        }
        let ticket = Ticket(shared.asked);
        shared.asked += 1;
        let (sender, answer) = channel();
        let (sources, paths) = (letter.sources.clone(), letter.paths.clone());
        shared.waiting.insert(ticket, Waiting { number: letter.number, task, sources, paths, answer: sender });
        let redelivery = Redelivery { ticket, input, tuple, attempts: letter.attempts };
        Ok((task, redelivery, Redelivering { task, answer, pauses: pauses.clone(), _room: room }))
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

/// Where a letter belongs in an assignment, and its tuple.
fn place(assignment: &Assignment, letter: &Letter) -> Result<(TaskId, InputIndex, Frame), CannotRedeliver> {
    let component = &letter.component;
    if letter.timer.is_some() {
        return Err(CannotRedeliver::Timer);
    }
    if letter.call != "process" {
        return Err(CannotRedeliver::Grouping);
    }
    let names = || assignment.components.iter().map(|component| component.name.as_str());
    let Some(index) = names().position(|name| name == component) else {
        let near = nearest(component, names());
        let hint = near.map_or_else(String::new, |near| format!(" any more: is it {near} now?"));
        return Err(CannotRedeliver::NoComponent { component: component.clone(), hint });
    };
    let consumer = &assignment.components[index];
    let stream = letter.input.as_ref().map(|input| input.stream.clone()).unwrap_or_default();
    let reads = |input: &Input| format!("{}.{}", assignment.component(input.from).name, input.stream) == stream;
    let number = letter.input.as_ref().map(|input| input.number as usize);
    // A stream may be read twice: then its number tells which.
    let mut inputs = (0..consumer.inputs.len()).filter(|input| reads(&consumer.inputs[*input]));
    let found = number.filter(|number| consumer.inputs.get(*number).is_some_and(reads)).or_else(|| inputs.next());
    let Some(number) = found.filter(|_| consumer.world == World::Bolt) else {
        return Err(CannotRedeliver::NoInput { component: component.clone(), stream });
    };
    let input = &consumer.inputs[number];
    let now: Vec<String> = input.schema.fields.iter().map(ToString::to_string).collect();
    let then: Vec<String> = letter.schema.iter().map(|field| format!("{}: {}", field.name, field.r#type)).collect();
    if now != then {
        let (now, then) = (now.join(", "), then.join(", "));
        return Err(CannotRedeliver::OtherColumns { component: component.clone(), stream, now, then });
    }
    let malformed = |error: FrameError| CannotRedeliver::Malformed(error.to_string());
    let tuple = Frame::validate(FrameBuf::from(letter.tuple.as_slice())).map_err(malformed)?;
    tuple.view().expect(&input.schema).map_err(malformed)?;
    if tuple.view().rows() != 1 {
        return Err(CannotRedeliver::Malformed(format!("it has {} rows instead of one", tuple.view().rows())));
    }
    let task = task_of(input, &tuple.view(), letter.task, consumer.parallelism);
    Ok((TaskId { component: ComponentIndex(index as u32), task }, InputIndex(number as u32), tuple))
}

/// The task that has the state of a tuple's key, where the input is grouped by it; else the task that had the tuple, as far as
/// there are so many now.
fn task_of(input: &Input, tuple: &FrameView<'_>, had_it: u32, parallelism: u32) -> TaskIndex {
    if let Grouping::Fields(_) = input.grouping {
        let columns: Option<Vec<usize>> = input.key.iter().map(|name| input.schema.position(name)).collect();
        // A plugin need not read the key; it has no state by it then.
        if let Some(columns) = columns.filter(|columns| !columns.is_empty()) {
            let mut key = Vec::new();
            key_bytes(tuple, &columns, 0, &mut key);
            return owner(key_group(&key), parallelism);
        }
    }
    TaskIndex(had_it % parallelism.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letters::{LetterField, LetterInput, LetterTimer};
    use petrel_frame::{Field, FrameBuilder, Scalar, Schema, Value};
    use petrel_model::{
        Acking, Component, DeadLetterLimits, Digest, Generation, Grants, Guarantee, KeyGroup, Limits, OutputIndex,
    };

    fn component(name: &str, world: World, parallelism: u32, inputs: Vec<Input>) -> Component {
        Component {
            name: name.into(),
            plugin: Digest([0; 32]),
            world,
            parallelism,
            configuration: "{}".into(),
            grants: Grants::default(),
            limits: Limits::default(),
            tick_ms: 0,
            inputs,
            outputs: vec![],
            on_reject: None,
            tables: vec![],
            state_key: vec![],
        }
    }

    /// `words` → `count` with five tasks, by key.
    fn assignment(grouping: Grouping) -> Assignment {
        let key = if let Grouping::Fields(_) = grouping { vec!["word".to_owned()] } else { Vec::new() };
        let input = Input {
            from: ComponentIndex(0),
            output: OutputIndex(0),
            stream: "default".into(),
            grouping,
            key,
            columns: vec![0],
            schema: schema(),
        };
        let tasks = (0..5).map(|task| TaskId { component: ComponentIndex(1), task: TaskIndex(task) });
        Assignment {
            topology: "t".into(),
            generation: Generation(1),
            guarantee: Guarantee::BestEffort,
            acking: Acking::default(),
            dead_letters: DeadLetterLimits::default(),
            components: vec![
                component("words", World::Spout, 1, vec![]),
                component("count", World::Bolt, 5, vec![input]),
            ],
            tasks: tasks.collect(),
        }
    }

    fn schema() -> Schema {
        Schema::new([Field::new("word", Scalar::String)])
    }

    fn letter(words: &[&str]) -> Letter {
        let mut builder = FrameBuilder::new(&schema());
        words.iter().for_each(|word| builder.push_row(&[Value::String(word)]).unwrap());
        let tuple = builder.finish().unwrap().to_vec();
        Letter {
            number: 1,
            component: "count".into(),
            task: 8,
            input: Some(LetterInput { number: 0, stream: "words.default".into(), frame: None }),
            schema: vec![LetterField { name: "word".into(), r#type: "string".into() }],
            tuple,
            attempts: 4,
            ..Letter::sample("x", 0, 0)
        }
    }

    fn refused(letter: &Letter) -> String {
        place(&assignment(Grouping::Shuffle), letter).unwrap_err().to_string()
    }

    #[test]
    fn a_key_goes_to_the_task_that_has_its_state_and_everything_else_to_the_number_that_had_it() {
        let task = |grouping, word| place(&assignment(grouping), &letter(&[word])).unwrap().0.task;
        assert_eq!(task(Grouping::Shuffle, "storm"), TaskIndex(8 % 5));
        let owners: BTreeSet<TaskIndex> =
            ["storm", "petrel", "calm", "wind", "gale", "sea"].map(|word| task(Grouping::Fields(vec![0]), word)).into();
        assert!(owners.len() > 1, "{owners:?}");
        let key = [&[Scalar::String as u8, 5, 0, 0, 0][..], b"storm"].concat();
        let group: KeyGroup = key_group(&key);
        assert_eq!(task(Grouping::Fields(vec![0]), "storm"), owner(group, 5));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let good = letter(&["storm"]);
        let with = |change: fn(&mut Letter)| {
            let mut letter = good.clone();
            change(&mut letter);
            refused(&letter)
        };
        assert_eq!(place(&assignment(Grouping::Shuffle), &good).map(|it| it.1), Ok(InputIndex(0)));
        assert!(with(|it| it.timer = Some(LetterTimer { table: 0, time_us: 0 })).contains("timers cannot"));
        assert!(with(|it| it.call = "choose".into()).contains("grouping"));
        assert!(with(|it| it.component = "coutn".into()).contains("is it count now?"));
        assert!(with(|it| it.component = "words".into()).contains("words does not read words.default"));
        assert!(with(|it| it.input = None).contains("does not read"));
        let other = with(|it| it.schema[0].r#type = "bytes".into());
        assert!(other.contains("as (word: string), and the letter is (word: bytes)"), "{other}");
        assert!(with(|it| it.tuple.truncate(9)).contains("cannot be read"));
        assert!(refused(&letter(&["a", "b"])).contains("2 rows instead of one"));
    }

    #[test]
    fn an_input_that_moved_is_found_by_its_stream() {
        let mut moved = letter(&["storm"]);
        moved.input.as_mut().unwrap().number = 7;
        assert_eq!(place(&assignment(Grouping::Shuffle), &moved).unwrap().1, InputIndex(0));
    }

    #[tokio::test]
    async fn a_letter_is_tried_once_at_a_time_and_answered_whatever_happens() {
        let (redeliveries, pauses) = (Redeliveries::new(false), Pauses::default());
        let (assignment, first) = (assignment(Grouping::Shuffle), letter(&["storm"]));
        let (task, redelivery, redelivering) = redeliveries.ask(&assignment, &pauses, &first).await.unwrap();
        assert_eq!((task.task.0, redelivery.attempts), (3, 4));
        let again = redeliveries.ask(&assignment, &pauses, &first).await.map(|_| ());
        assert_eq!(again, Err(CannotRedeliver::UnderWay));
        redeliveries.processed(redelivery.ticket, None);
        assert_eq!(redelivering.fate().await, Fate::Processed);
        let guard = redeliveries.until_end_of(task);
        let (.., redelivering) = redeliveries.ask(&assignment, &pauses, &first).await.unwrap();
        drop(guard);
        assert_eq!(redelivering.fate().await, Fate::Ended);
        let late = redeliveries.ask(&assignment, &pauses, &first).await.map(|_| ());
        assert_eq!(late, Err(CannotRedeliver::Ended { component: "count".into(), task: 3 }));
    }
}
