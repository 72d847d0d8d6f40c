//! The call in progress: what it staged, what it may still stage, and the state it works on.

use crate::trap::Breach;
use petrel_flow::Effects;
use petrel_state::TaskState;
use std::ptr::NonNull;

/// What an emission or another staged thing counts at least, so that a million tiny ones are no way around the limit.
const LEAST_BYTES: u64 = 256;

/// The call in progress.
pub(crate) struct CallScope {
    /// The rows of the batch, where the call has one: `process`.
    pub(crate) rows: Option<u32>,
    /// What it staged.
    pub(crate) effects: Effects,
    state: Option<StatePointer>,
    staged_bytes: u64,
    limit: u64,
    next_handle: u64,
}

/// A `&mut TaskState` whose borrow lasts as long as the future of the call.
#[derive(Clone, Copy)]
struct StatePointer(NonNull<TaskState>);

// SAFETY: it stands for a `&mut TaskState`, and that is `Send` because `TaskState` is.
unsafe impl Send for StatePointer where TaskState: Send {}

impl CallScope {
    /// No call yet. Handles of held rows start at a number of the seed's, so that those of an earlier instance of
    /// the task stay apart.
    pub(crate) fn new(seed: u64, limit: u64) -> CallScope {
        let apart = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !0xffff_ffff;
        CallScope { rows: None, effects: Effects::default(), state: None, staged_bytes: 0, limit, next_handle: apart }
    }

    /// A call begins.
    ///
    /// # Safety
    /// Until `end`, or for as long as host functions of this instance can run if `end` is never reached, `state` must
    /// not be used otherwise.
    pub(crate) unsafe fn begin(&mut self, rows: Option<u32>, effects: Effects, state: Option<&mut TaskState>) {
        self.rows = rows;
        self.effects = effects;
        self.state = state.map(|state| StatePointer(NonNull::from(state)));
        self.staged_bytes = 0;
    }

    /// How many bytes the next calls may stage.
    pub(crate) fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The call has returned or failed.
    pub(crate) fn end(&mut self) -> Effects {
        self.state = None;
        std::mem::take(&mut self.effects)
    }

    /// Runs a function on the state of the call.
    pub(crate) fn with_state<T>(&self, function: &str, run: impl FnOnce(&mut TaskState) -> T) -> Result<T, Breach> {
        let Some(StatePointer(mut state)) = self.state else {
            return Err(Breach::Contract(format!(
                "`{function}` was called where there is no state: it works in calls of a bolt"
            )));
        };
        // SAFETY: `begin`'s caller promises that nobody else uses the state until `end`, which removes the pointer.
        // Only host functions come here; they are synchronous and run one at a time on the fibre of the one call, and
        // `run` cannot come here again, as it gets neither the store nor this scope. So the reference is unique.
        Ok(run(unsafe { state.as_mut() }))
    }

    /// Counts what is staged.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Breach> {
        self.staged_bytes = self.staged_bytes.saturating_add((bytes as u64).max(LEAST_BYTES));
        if self.staged_bytes > self.limit { Err(Breach::EmitLimit(self.limit)) } else { Ok(()) }
    }

    /// Checks a row of the batch.
    pub(crate) fn check_row(&self, function: &str, row: u32) -> Result<(), Breach> {
        match self.rows {
            Some(rows) if row < rows => Ok(()),
            Some(rows) => Err(Breach::Contract(format!(
                "`{function}` names row {row} of a batch of {rows} rows, numbered from 0"
            ))),
            None => Err(Breach::Contract(format!(
                "`{function}` names row {row} in a call without a batch: it works in `process`"
            ))),
        }
    }

    /// A new handle for held rows.
    pub(crate) fn new_handle(&mut self) -> u64 {
        self.next_handle += 1;
        self.next_handle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tiny_things_reach_the_limit_too() {
        let mut scope = CallScope::new(1, 10 * LEAST_BYTES);
        for _ in 0..10 {
            scope.charge(1).unwrap();
        }
        assert_eq!(scope.charge(0), Err(Breach::EmitLimit(10 * LEAST_BYTES)));
        let mut scope = CallScope::new(1, 10_000);
        scope.charge(10_000).unwrap();
        assert!(scope.charge(usize::MAX).is_err());
    }

    #[test]
    fn rows_and_state_exist_only_in_calls_that_have_them() {
        let mut scope = CallScope::new(1, 10_000);
        assert!(scope.check_row("reject", 0).is_err());
        assert!(scope.with_state("put", |_| ()).is_err());
        scope.rows = Some(3);
        assert!(scope.check_row("reject", 2).is_ok());
        let Err(Breach::Contract(message)) = scope.check_row("reject", 3) else { panic!() };
        assert_eq!(message, "`reject` names row 3 of a batch of 3 rows, numbered from 0");
    }

    #[test]
    fn handles_of_two_instances_stay_apart() {
        let (mut a, mut b) = (CallScope::new(1, 0), CallScope::new(2, 0));
        let handles: std::collections::BTreeSet<u64> =
            (0..100).flat_map(|_| [a.new_handle(), b.new_handle()]).collect();
        assert_eq!(handles.len(), 200);
    }
}
