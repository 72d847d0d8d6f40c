//! Custom: a plugin of the world `grouping` names a task for each tuple.

use super::scatter::Scatter;
use super::{Delivery, Projection};
use crate::frame::Frame;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What a custom edge keeps.
#[derive(Debug)]
pub(super) struct Custom {
    reads: Projection,
    scatter: Scatter,
}

impl Custom {
    /// For a plugin that reads these columns.
    pub(super) fn new(reads: Projection, scatter: Scatter) -> Custom {
        Custom { reads, scatter }
    }

    /// What the plugin is to see of a frame.
    ///
    /// # Errors
    /// If the columns make too long a frame.
    pub(super) fn question(&self, frame: Frame) -> Result<Frame, String> {
        self.reads.apply(frame)
    }

    /// Delivers as the plugin chose.
    ///
    /// # Errors
    /// If it did not choose one of the targets for every row.
    pub(super) fn route(
        &mut self,
        frame: &Frame,
        tasks: &[u32],
        targets: usize,
        to: &mut Vec<Delivery>,
    ) -> Result<(), String> {
        let rows = frame.view().rows();
        if tasks.len() != rows {
            return Err(format!(
                "the grouping plugin chose {} tasks for a frame of {rows} rows: choose must return one for each row",
                tasks.len()
            ));
        }
        if let Some(row) = tasks.iter().position(|task| *task as usize >= targets) {
            return Err(format!(
                "the grouping plugin chose task {} for row {row}, but the consumer has {targets} tasks, \
                 numbered from 0",
                tasks[row]
            ));
        }
        self.scatter.by_row(frame, tasks, to)
    }
}
