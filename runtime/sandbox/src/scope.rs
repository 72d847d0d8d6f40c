//! The call in progress: what it staged, what it may still stage, and the state it works on.

use crate::trap::Breach;
use petrel_flow::{Effects, HoldAction};
use petrel_model::Limits;
use petrel_state::TaskState;
use std::collections::BTreeMap;
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
    limits: Limits,
    /// How often `emit_bytes` and `emit_rows` this call may emit.
    emit_factor: u64,
    staged_bytes: u64,
    emitted_rows: u64,
    /// Bytes that functions took beside state and emissions.
    told_bytes: u64,
    /// Held tuples by handle, after the last call.
    held: BTreeMap<u64, u64>,
    held_tuples: u64,
    /// Tuples that this call holds.
    holding: u64,
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
    pub(crate) fn new(seed: u64, limits: Limits) -> CallScope {
        CallScope {
            rows: None,
            effects: Effects::default(),
            state: None,
            limits,
            emit_factor: 1,
            staged_bytes: 0,
            emitted_rows: 0,
            told_bytes: 0,
            held: BTreeMap::new(),
            held_tuples: 0,
            holding: 0,
            next_handle: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !0xffff_ffff,
        }
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
        (self.staged_bytes, self.emitted_rows, self.told_bytes, self.holding) = (0, 0, 0, 0);
    }

    /// The next calls may emit so many times what the limits say.
    pub(crate) fn set_emit_factor(&mut self, factor: u64) {
        self.emit_factor = factor;
    }

    /// The call has returned ok: what it did with held tuples counts, unless it is made again without some rows.
    pub(crate) fn keep_holds(&mut self) {
        if !self.effects.faults.is_empty() {
            return;
        }
        for action in &self.effects.holds {
            match action {
                HoldAction::Hold(handle, rows) => {
                    let tuples = weight_of(rows.len());
                    self.held.insert(*handle, tuples);
                    self.held_tuples += tuples;
                }
                HoldAction::Ack(handles) | HoldAction::Fail(handles) => {
                    for handle in handles {
                        self.held_tuples -= self.held.remove(handle).unwrap_or(0);
                    }
                }
                HoldAction::ResetTimeout(_) => {}
            }
        }
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
        let limit = self.limits.emit_bytes.saturating_mul(self.emit_factor);
        if self.staged_bytes > limit { Err(Breach::EmitBytes(limit)) } else { Ok(()) }
    }

    /// Counts rows that are emitted.
    pub(crate) fn charge_rows(&mut self, rows: usize) -> Result<(), Breach> {
        self.emitted_rows = self.emitted_rows.saturating_add(rows as u64);
        let limit = self.limits.emit_rows.saturating_mul(self.emit_factor);
        if self.emitted_rows > limit { Err(Breach::EmitRows(limit)) } else { Ok(()) }
    }

    /// Counts what a function took that is neither state nor staged.
    pub(crate) fn charge_told(&mut self, bytes: usize) -> Result<(), Breach> {
        self.told_bytes = self.told_bytes.saturating_add(bytes as u64);
        let limit = self.limits.host_call_bytes;
        if self.told_bytes > limit { Err(Breach::HostCallBytes(limit)) } else { Ok(()) }
    }

    /// Counts tuples that are to be held. Those of this call's own acks and fails are only let go when it returns ok.
    pub(crate) fn charge_held(&mut self, tuples: usize) -> Result<(), Breach> {
        self.holding += weight_of(tuples);
        let limit = self.limits.held_tuples;
        if self.held_tuples + self.holding > limit { Err(Breach::HeldTuples(limit)) } else { Ok(()) }
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

/// A handle without tuples is not free either.
fn weight_of(tuples: usize) -> u64 {
    (tuples as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(limits: Limits) -> CallScope {
        CallScope::new(1, limits)
    }

    fn emitting(emit_bytes: u64) -> CallScope {
        scope(Limits { emit_bytes, ..Limits::default() })
    }

    #[test]
    fn many_tiny_things_reach_the_limit_too() {
        let mut scope = emitting(10 * LEAST_BYTES);
        for _ in 0..10 {
            scope.charge(1).unwrap();
        }
        assert_eq!(scope.charge(0), Err(Breach::EmitBytes(10 * LEAST_BYTES)));
        let mut scope = emitting(10_000);
        scope.charge(10_000).unwrap();
        assert!(scope.charge(usize::MAX).is_err());
    }

    #[test]
    fn at_the_end_of_an_input_more_may_be_emitted() {
        let mut scope = scope(Limits { emit_bytes: 1_000, emit_rows: 10, ..Limits::default() });
        scope.set_emit_factor(16);
        scope.charge(16_000).unwrap();
        scope.charge_rows(160).unwrap();
        assert_eq!(scope.charge(1), Err(Breach::EmitBytes(16_000)));
        assert_eq!(scope.charge_rows(1), Err(Breach::EmitRows(160)));
    }

    #[test]
    fn held_tuples_count_until_they_are_let_go() {
        let mut scope = scope(Limits { held_tuples: 5, ..Limits::default() });
        let hold = |scope: &mut CallScope, rows: Vec<u32>| {
            scope.charge_held(rows.len())?;
            let handle = scope.new_handle();
            scope.effects.holds.push(HoldAction::Hold(handle, rows));
            Ok::<_, Breach>(handle)
        };
        // SAFETY: there is no state.
        let begin = |scope: &mut CallScope| unsafe { scope.begin(Some(9), Effects::default(), None) };
        begin(&mut scope);
        let (three, none) = (hold(&mut scope, vec![0, 1, 2]).unwrap(), hold(&mut scope, vec![]).unwrap());
        assert_eq!(hold(&mut scope, vec![3, 4]), Err(Breach::HeldTuples(5)));
        // The call is discarded: nothing is held.
        begin(&mut scope);
        let five = hold(&mut scope, vec![0, 1, 2, 3, 4]).unwrap();
        scope.keep_holds();
        begin(&mut scope);
        assert_eq!(hold(&mut scope, vec![]), Err(Breach::HeldTuples(5)));
        begin(&mut scope);
        scope.effects.holds.push(HoldAction::Ack(vec![five, five, three]));
        scope.effects.holds.push(HoldAction::Fail(vec![none]));
        scope.keep_holds();
        assert_eq!(scope.held_tuples, 0);
    }

    #[test]
    fn rows_and_state_exist_only_in_calls_that_have_them() {
        let mut scope = emitting(10_000);
        assert!(scope.check_row("reject", 0).is_err());
        assert!(scope.with_state("put", |_| ()).is_err());
        scope.rows = Some(3);
        assert!(scope.check_row("reject", 2).is_ok());
        let Err(Breach::Contract(message)) = scope.check_row("reject", 3) else { panic!() };
        assert_eq!(message, "`reject` names row 3 of a batch of 3 rows, numbered from 0");
    }

    #[test]
    fn handles_of_two_instances_stay_apart() {
        let (mut a, mut b) = (CallScope::new(1, Limits::default()), CallScope::new(2, Limits::default()));
        let handles: std::collections::BTreeSet<u64> =
            (0..100).flat_map(|_| [a.new_handle(), b.new_handle()]).collect();
        assert_eq!(handles.len(), 200);
    }
}
