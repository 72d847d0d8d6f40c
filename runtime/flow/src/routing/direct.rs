//! Direct: the guest names the task.

use super::Delivery;
use crate::frame::Frame;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The frame to the task that the guest named.
///
/// # Errors
/// If it named none, or one that the consumer does not have.
pub(super) fn route(frame: Frame, task: Option<u32>, targets: usize, to: &mut Vec<Delivery>) -> Result<(), String> {
    let Some(task) = task else {
        return Err(String::from("emitted without naming a task to a stream with a direct grouping: use emit-direct"));
    };
    if task as usize >= targets {
        return Err(format!(
            "emitted directly to task {task}, but the consumer has {targets} tasks, numbered from 0: \
             take the number from the consumers of the context given to open"
        ));
    }
    to.push((task as usize, frame));
    Ok(())
}
