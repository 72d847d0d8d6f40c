//! Why a run failed, as reports have it.

use crate::end::{TaskEnd, TaskName};
use petrel_flow::Failure;
use serde::Serialize;

/// The reason for which a topology failed: that of the task which stopped it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailureReport {
    /// The component.
    pub component: String,
    /// The number of its task; none where it is about all of them.
    pub task: Option<u32>,
    /// The export that failed, `choose` for that of a grouping plugin; none where it was no call.
    pub call: Option<&'static str>,
    /// What kind of thing happened: a kind of trap by its name, or `read`, `write`, `start` or `defect`.
    pub kind: &'static str,
    /// The reason, for people.
    pub message: String,
    /// The input that was processed, as `COMPONENT.STREAM`.
    pub input: Option<String>,
    /// Frames of the guest, innermost first. Empty where there are none.
    pub backtrace: Vec<String>,
}

impl FailureReport {
    /// Of an end; none if it is no failure.
    pub(crate) fn of(end: &TaskEnd) -> Option<FailureReport> {
        match end {
            TaskEnd::Finished | TaskEnd::Stopped => None,
            TaskEnd::Failed(failure) | TaskEnd::Paused(failure) => Some(FailureReport::of_call(failure)),
            TaskEnd::CannotRead { component, key: _, error } => {
                let task = TaskName { component: component.clone(), task: 0, is_grouping: false };
                Some(FailureReport { task: None, ..FailureReport::without_call(&task, "read", error.clone()) })
            }
            TaskEnd::CannotWrite { task, error } => Some(FailureReport::without_call(task, "write", error.to_string())),
            TaskEnd::CannotStart { task, error } => Some(FailureReport::without_call(task, "start", error.to_string())),
            TaskEnd::Panicked { task } => {
                Some(FailureReport::without_call(task, "defect", "a defect of petrel itself".to_owned()))
            }
        }
    }

    fn without_call(task: &TaskName, kind: &'static str, message: String) -> FailureReport {
        FailureReport {
            component: task.component.clone(),
            task: Some(task.task),
            call: None,
            kind,
            message,
            input: None,
            backtrace: Vec::new(),
        }
    }

    /// Of a failed call.
    pub(crate) fn of_call(failure: &Failure) -> FailureReport {
        FailureReport {
            component: failure.component.to_string(),
            task: Some(failure.task.task.0),
            call: Some(failure.call),
            kind: failure.trap.kind.name(),
            message: failure.trap.message.clone(),
            input: failure.input.as_ref().map(|(_, stream)| stream.to_string()),
            backtrace: failure.trap.backtrace.clone(),
        }
    }
}
