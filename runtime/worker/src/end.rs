//! How a task ends, and what a person is told about it.

use petrel_flow::{Cause, DeadLetter, Failure};
use petrel_sandbox::{SandboxError, WriteError};
use std::fmt;
use std::io::ErrorKind;

/// Which task, for people: `COMPONENT[TASK]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskName {
    /// The component.
    pub component: String,
    /// The number of its task.
    pub task: u32,
    /// Whether it is about the plugin of the grouping before that task.
    pub is_grouping: bool,
}

impl TaskName {
    /// One of the tasks that know which tuples are through. They are of no component.
    pub(crate) fn acker(number: u32) -> TaskName {
        TaskName { component: "the acker".to_owned(), task: number, is_grouping: false }
    }
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if self.is_grouping { "the grouping of " } else { "" };
        write!(f, "{before}{}[{}]", self.component, self.task)
    }
}

/// How a task ended.
#[derive(Debug)]
pub enum TaskEnd {
    /// Its streams ended and everything was processed.
    Finished,
    /// It was told to stop.
    Stopped,
    /// Its guest failed.
    Failed(Box<Failure>),
    /// Its guest failed so often that it is not called any more, and nobody is there to say that it may be.
    Paused(Box<Failure>),
    /// What its component is to read cannot be read. Noticed before any task starts.
    CannotRead {
        /// The component.
        component: String,
        /// The configuration key that names it; none for standard input, which no key leads elsewhere.
        key: Option<String>,
        /// Which path, and why.
        error: String,
    },
    /// What its guest wrote could not be written.
    CannotWrite {
        /// Which task.
        task: TaskName,
        /// Which path, and why.
        error: WriteError,
    },
    /// No instance could be made for it.
    CannotStart {
        /// Which task.
        task: TaskName,
        /// Why.
        error: SandboxError,
    },
    /// A defect of petrel itself.
    Panicked {
        /// Which task.
        task: TaskName,
    },
}

impl TaskEnd {
    /// Whether the topology cannot go on.
    pub fn is_failure(&self) -> bool {
        !matches!(self, TaskEnd::Finished | TaskEnd::Stopped)
    }
}

impl fmt::Display for TaskEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskEnd::Finished => f.write_str("finished"),
            TaskEnd::Stopped => f.write_str("stopped"),
            TaskEnd::Failed(failure) => write_failure(f, failure, "failed"),
            TaskEnd::Paused(failure) => {
                write_failure(f, failure, "was paused, because it fails again and again, at last")?;
                f.write_str(
                    "\n  the tuples at which it failed are in the dead letters, those that came after them are not processed: \
                     mend the plugin or its input, and run again",
                )
            }
            TaskEnd::CannotRead { component, key, error } => {
                write!(f, "{component} cannot start: {error}; nothing was started, and no output was touched")?;
                match key {
                    Some(key) => write!(
                        f,
                        "\n  set `{key}` of `{component}` to what can be read: in the topology, or with --set \
                         {component}.{key}=PATH"
                    ),
                    None => Ok(()),
                }
            }
            TaskEnd::CannotWrite { task, error } => {
                write!(f, "{task} {error}")?;
                match error.source.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                        f.write_str("\n  make room, or set another path, and run the topology again")
                    }
                    _ => Ok(()),
                }
            }
            TaskEnd::CannotStart { task, error } => write!(f, "{task} cannot start: {error}"),
            TaskEnd::Panicked { task } => {
                write!(
                    f,
                    "{task} ended by a defect of petrel itself; the panic message above says where: please report it"
                )
            }
        }
    }
}

/// A tuple, or a timer, at which a plugin fails, for people: why, which one, and where in the plugin.
#[derive(Debug)]
pub struct FaultyTuple<'a>(pub &'a DeadLetter);

impl fmt::Display for FaultyTuple<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeadLetter { task, component, call, input, cause, fields, .. } = self.0;
        write!(f, "{component}[{}] failed in `{call}`", task.task.0)?;
        if let Some(input) = input {
            write!(f, ", input {}", input.stream)?;
        }
        write!(f, "\n  {}: {}", cause.name(), indented(cause.reason()))?;
        f.write_str(if self.0.timer.is_some() { "\n  the key of the timer:" } else { "\n  the tuple:" })?;
        for (name, value) in &fields.0 {
            write!(f, "\n    {name} = {value}")?;
        }
        if let Cause::Fault(trap) = cause {
            write_backtrace(f, &trap.backtrace)?;
        }
        Ok(())
    }
}

fn write_failure(f: &mut fmt::Formatter<'_>, failure: &Failure, what: &str) -> fmt::Result {
    write!(f, "{}[{}] {what} in `{}`", failure.component, failure.task.task.0, failure.call)?;
    if let Some((_, stream)) = &failure.input {
        write!(f, ", input {stream}")?;
    }
    write!(f, "\n  {}: {}", failure.trap.kind.name(), indented(&failure.trap.message))?;
    write_backtrace(f, &failure.trap.backtrace)
}

fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n  ")
}

fn write_backtrace(f: &mut fmt::Formatter<'_>, backtrace: &[String]) -> fmt::Result {
    if !backtrace.is_empty() {
        f.write_str("\n  guest backtrace, innermost first:")?;
        for (depth, frame) in backtrace.iter().enumerate() {
            write!(f, "\n    {depth}: {frame}")?;
        }
    }
    Ok(())
}
