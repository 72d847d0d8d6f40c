//! A task as a pure step machine.

use crate::report::TaskReport;
use crate::step::{Input, Output};
use crate::tuning::Tuning;
use alloc::vec::Vec;
use petrel_model::{Assignment, TaskId};

/// One task of a topology: one spout or bolt instance and everything that is decided around it.
pub struct Task {}

impl Task {
    /// The task `id` of an assignment, before its start.
    ///
    /// `now_us` is µs since 1970; `seed` decides what is left to chance.
    ///
    /// # Panics
    /// If the assignment has no such task.
    pub fn new(_assignment: &Assignment, _id: TaskId, _tuning: Tuning, _now_us: i64, _seed: u64) -> Task {
        Task {}
    }

    /// Takes what happened and appends what is to be done about it.
    pub fn step(&mut self, _input: Input, _outputs: &mut Vec<Output>) {}

    /// Counters and gauges as they are now.
    pub fn report(&self) -> TaskReport {
        TaskReport::default()
    }
}
