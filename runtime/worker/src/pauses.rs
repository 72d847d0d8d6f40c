//! Which tasks of a run are paused, and why.

use crate::failure_report::FailureReport;
use petrel_flow::Failure;
use petrel_model::TaskId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a run does when a task is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPause {
    /// The others go on, and the task waits until somebody resumes it, or until the run drains: then the run fails.
    Wait,
    /// The run fails: nobody is there to resume it.
    Fail,
}

/// The paused tasks of a run. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pauses(Arc<Mutex<BTreeMap<TaskId, Failure>>>);

impl Pauses {
    /// A task was paused.
    pub(crate) fn add(&self, failure: Failure) {
        self.paused().insert(failure.task, failure);
    }

    /// A task goes on.
    pub(crate) fn remove(&self, task: TaskId) {
        self.paused().remove(&task);
    }

    /// Why a task is paused; none if it is not.
    pub(crate) fn reason(&self, task: TaskId) -> Option<Failure> {
        self.paused().get(&task).cloned()
    }

    /// The tasks that are paused.
    pub(crate) fn tasks(&self) -> Vec<TaskId> {
        self.paused().keys().copied().collect()
    }

    /// All of them, for reports.
    pub(crate) fn reports(&self) -> Vec<FailureReport> {
        self.paused().values().map(FailureReport::of_call).collect()
    }

    fn paused(&self) -> MutexGuard<'_, BTreeMap<TaskId, Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
