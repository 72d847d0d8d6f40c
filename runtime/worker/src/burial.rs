//! What becomes of a tuple that nobody could process, and of a call that failed: they are told, and kept.

use crate::dead_letters::{
    Fate, FrameOrigin, Letter, LetterBytes, LetterField, LetterInput, LetterPlugin, LetterSource, LetterTimer,
};
use crate::placement::timer_key;
use crate::staff::Staff;
use petrel_flow::{Cause, DeadLetter, Failure, Trap};
use petrel_frame::Field;
use petrel_model::{ComponentName, Digest, Grouping, TaskIndex};
use petrel_sandbox::{LogLevel, LogLine, LogSource};
use tokio::sync::oneshot::Sender;

impl Staff {
    /// Writes a dead letter to the log, and puts it into the run's store where it has one: in the place of the one that it was
    /// before, if it was tried again.
    pub(crate) async fn bury(&self, letter: DeadLetter, now_us: i64) {
        self.tell_letter(&letter);
        if let Some(dead_letters) = &self.dead_letters {
            let ticket = letter.redelivery;
            let letter = self.letter(letter, now_us);
            let letter = match ticket {
                Some(ticket) => self.redeliveries.failed(ticket, letter, dead_letters),
                None => Some(letter),
            };
            if let Some(letter) = letter {
                dead_letters.put(letter).await;
            }
        }
    }

    /// The plugin of a grouping fails again at a letter: a new one takes its place.
    pub(crate) fn bury_again(&self, letter: &Letter, trap: Trap, now_us: i64, answer: Sender<Fate>) {
        let kind = trap.kind.name().to_owned();
        let (topology, component) = (&self.assignment.topology, ComponentName::from(letter.component.as_str()));
        let message = format!("`choose` fails at letter {} again: {kind}: {}", letter.number, trap.message);
        self.logs.tell(topology, &component, TaskIndex(letter.task), LogSource::System, message);
        let attempts = letter.attempts + 1;
        let fate = Fate::Failed { number: 0, kind: kind.clone(), reason: trap.message.clone(), attempts };
        let Some(dead_letters) = &self.dead_letters else { return };
        let letter = Letter {
            time_us: now_us,
            generation: self.assignment.generation.0,
            kind,
            reason: trap.message,
            backtrace: trap.backtrace,
            attempts,
            ..letter.clone()
        };
        dead_letters.settle(letter.number, fate, Some(letter), answer);
    }

    /// Writes a failed call that has no tuple to the log.
    pub(crate) fn tell_fault(&self, failure: &Failure) {
        let Failure { call, trap, .. } = failure;
        self.tell(
            failure,
            format!("`{call}` failed, a fresh instance takes over: {}: {}", trap.kind.name(), trap.message),
        );
    }

    /// Writes to the log that a task was paused. What led to it has often used up what may be told of a task in a second, and
    /// this is the line that matters: it is sent all the same.
    pub(crate) fn tell_paused(&self, failure: &Failure, now_us: i64) {
        let Failure { component, call, trap, .. } = failure;
        let topology = &self.assignment.topology;
        // A line of the log has 4 KiB at most; all of the reason is in the report.
        let reason: String = trap.message.chars().filter(|c| !c.is_control()).take(500).collect();
        self.logs.send(LogLine {
            time_us: now_us,
            level: LogLevel::Warn,
            topology: topology.clone(),
            component: component.clone(),
            task: failure.task.task,
            source: LogSource::System,
            message: format!(
                "paused, because it fails again and again, at last in `{call}`: {}: {reason}; what comes in waits, \
                 and `petrel resume {topology} {component}` goes on",
                trap.kind.name(),
            ),
            dropped_before: 0,
        });
    }

    fn tell(&self, failure: &Failure, message: String) {
        let (topology, task) = (&self.assignment.topology, failure.task.task);
        self.logs.tell(topology, &failure.component, task, LogSource::System, message);
    }

    fn tell_letter(&self, letter: &DeadLetter) {
        let fields: Vec<String> = letter.fields.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let what = match (&letter.input, &letter.timer) {
            (Some(input), _) => format!("a tuple of {}", input.stream),
            (None, Some(_)) => "a timer".to_owned(),
            (None, None) => "a tuple".to_owned(),
        };
        let message = match &letter.cause {
            Cause::Rejected(reason) => format!(
                "rejected {what} after {} attempt{}: {reason} [{}]",
                letter.attempts,
                if letter.attempts == 1 { "" } else { "s" },
                fields.join(", ")
            ),
            Cause::Fault(trap) => format!(
                "`{}` fails at {what}, which goes to the dead letters: {}: {} [{}]",
                letter.call,
                trap.kind.name(),
                trap.message,
                fields.join(", ")
            ),
        };
        let (topology, task) = (&self.assignment.topology, letter.task.task);
        self.logs.tell(topology, &letter.component, task, LogSource::System, message);
    }

    fn letter(&self, letter: DeadLetter, now_us: i64) -> Letter {
        let component = self.component(letter.task.component);
        let input = letter.input.as_ref().and_then(|input| component.inputs.get(input.number.0 as usize));
        let schema: Vec<Field> = match input {
            // The plugin of a grouping may read other columns than the consumer.
            Some(input) if letter.call == "choose" => {
                self.component(input.from).outputs[input.output.0 as usize].schema.fields.clone()
            }
            Some(input) => input.schema.fields.clone(),
            None => timer_key(component),
        };
        let field = |field: &Field| LetterField { name: field.name.clone(), r#type: field.type_name() };
        let chooser = input.and_then(|input| match &input.grouping {
            Grouping::Custom { plugin, .. } if letter.call == "choose" => Some(*plugin),
            _ => None,
        });
        let backtrace = if let Cause::Fault(trap) = &letter.cause { trap.backtrace.clone() } else { Vec::new() };
        Letter {
            number: 0,
            time_us: now_us,
            topology: self.assignment.topology.to_string(),
            generation: self.assignment.generation.0,
            component: letter.component.to_string(),
            task: letter.task.task.0,
            plugin: match chooser {
                Some(digest) => {
                    LetterPlugin { name: "the grouping of its input".to_owned(), digest: digest.to_string() }
                }
                None => self.letter_plugin(&letter, component.plugin),
            },
            call: letter.call.to_owned(),
            input: letter.input.map(|input| LetterInput {
                number: input.number.0,
                stream: input.stream.to_string(),
                frame: input.origin.map(|origin| FrameOrigin {
                    task: origin.task,
                    sequence: origin.sequence,
                    row: origin.row,
                }),
            }),
            timer: letter.timer.map(|timer| LetterTimer { table: timer.table, time_us: timer.time_us }),
            sources: letter
                .roots
                .iter()
                .map(|root| LetterSource {
                    spout: self.component(root.spout.component).name.to_string(),
                    task: root.spout.task.0,
                    tuple: root.tree.to_string(),
                    position: root.position.as_deref().map(LetterBytes::of),
                })
                .collect(),
            paths: letter
                .paths
                .iter()
                .map(|path| path.iter().map(|task| self.name(*task).to_string()).collect())
                .collect(),
            kind: letter.cause.name().to_owned(),
            reason: letter.cause.reason().to_owned(),
            backtrace,
            attempts: letter.attempts,
            schema: schema.iter().map(field).collect(),
            fields: letter.fields.0,
            tuple: letter.tuple.to_vec(),
        }
    }

    fn letter_plugin(&self, letter: &DeadLetter, digest: Digest) -> LetterPlugin {
        let name = self.plugin_names.get(&letter.component).cloned().unwrap_or_default();
        LetterPlugin { name, digest: digest.to_string() }
    }
}
