//! Why a run failed, as reports have it.

use crate::end::{TaskEnd, TaskName};
use petrel_flow::{Failure, Place};
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// The input whose batch it was, as `COMPONENT.STREAM`.
    pub input: Option<String>,
    /// Where in the batch it was, if there was one.
    pub rows: Option<FailedRows>,
    /// The tuple, if it is known: each field's value as people read it.
    pub tuple: Option<BTreeMap<String, String>>,
    /// Frames of the guest, innermost first. Empty where there are none.
    pub backtrace: Vec<String>,
}

/// Which rows of a batch may be to blame, by their numbers from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FailedRows {
    /// The first; none where the batch passes in a fresh instance, so that no row is to blame.
    pub first: Option<u32>,
    /// The last.
    pub last: Option<u32>,
    /// The rows of the batch.
    pub of: u32,
}

impl FailureReport {
    /// Of an end; none if it is no failure.
    pub(crate) fn of(end: &TaskEnd) -> Option<FailureReport> {
        match end {
            TaskEnd::Finished | TaskEnd::Stopped => None,
            TaskEnd::Failed(failure) => Some(FailureReport::of_call(failure)),
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
            rows: None,
            tuple: None,
            backtrace: Vec::new(),
        }
    }

    fn of_call(failure: &Failure) -> FailureReport {
        let (rows, tuple) = match &failure.place {
            Place::NoBatch => (None, None),
            Place::Row { row, rows, fields } => (
                Some(FailedRows { first: Some(*row), last: Some(*row), of: *rows }),
                Some(fields.0.iter().cloned().collect()),
            ),
            Place::Within { suspects, rows } => {
                let last = suspects.end.saturating_sub(1);
                (Some(FailedRows { first: Some(suspects.start), last: Some(last), of: *rows }), None)
            }
            Place::NotAgain { rows } => (Some(FailedRows { first: None, last: None, of: *rows }), None),
        };
        FailureReport {
            component: failure.component.to_string(),
            task: Some(failure.task.task.0),
            call: Some(failure.call),
            kind: failure.trap.kind.name(),
            message: failure.trap.message.clone(),
            input: failure.input.as_ref().map(|(_, stream)| stream.to_string()),
            rows,
            tuple,
            backtrace: failure.trap.backtrace.clone(),
        }
    }
}
