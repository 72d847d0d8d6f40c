//! Emission below the levels of this crate: whole frames, as the contract has them.
//!
//! [`batch::Outputs`](crate::batch::Outputs) and [`Output`](crate::Output) do this for plugins; use these functions
//! only to build something else. All of it is staged: published when the call returns ok.

use super::imports;

/// A frame from a bolt. `anchors` has the layout of docs/formats.md; empty ties every row to every input row.
/// `task` is for direct streams only: one task of every consumer.
pub fn from_bolt(output: usize, task: Option<u32>, frame: &[u8], anchors: &[u32]) {
    imports::emit_from_bolt(output as u32, task, frame, anchors);
}

/// A frame from a spout. `ids` names each row for `ack` and `fail` or is empty; `position` is where to go on after it.
/// `task` is for direct streams only: one task of every consumer.
pub fn from_spout(output: usize, task: Option<u32>, frame: &[u8], ids: &[u64], position: &[u8]) {
    imports::emit_from_spout(output as u32, task, frame, ids, position);
}

/// A bad tuple: it goes to the dead letters. The host discards the call's effects and calls once more without it.
pub fn reject(row: usize, reason: &str) {
    imports::reject(row as u32, reason);
}

/// As [`reject`], but the tuple comes again after the delay, a limited number of times.
pub fn retry(row: usize, after_ms: u64, reason: &str) {
    imports::retry(row as u32, after_ms, reason);
}

/// Where the plugin is in its batch, from a call that is about to trap or to return an error: the host need not search for the row
/// then. [`batch::Outputs::at`](crate::batch::Outputs::at) does this.
pub fn at_row(row: usize) {
    imports::at_row(row as u32);
}

/// Rows that are kept unacknowledged beyond the call that brought them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Held(pub u64);

/// Keeps rows unacknowledged beyond this call, for a bolt that emits what becomes of them later.
pub fn hold(rows: &[u32]) -> Held {
    Held(imports::hold(rows))
}

/// Acknowledges what is held.
pub fn ack(held: &[Held]) {
    imports::ack(&numbers(held));
}

/// Fails what is held: the spout replays it.
pub fn fail(held: &[Held]) {
    imports::fail(&numbers(held));
}

/// Starts the message timeout of what is held anew.
pub fn reset_timeout(held: &[Held]) {
    imports::reset_timeout(&numbers(held));
}

fn numbers(held: &[Held]) -> Vec<u64> {
    held.iter().map(|held| held.0).collect()
}
