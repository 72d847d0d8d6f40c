//! Hostile plugins beside a neighbour: whatever a guest does, a topology that runs beside it in the same process keeps its rate,
//! the process stays small, and the user is told what happened.
//!
//! A test binary of its own, so that nothing else runs while rates are measured; its tests take turns. What it measured it
//! prints: `cargo test --release -p petrel-tests --test hostile -- --nocapture`.

#[path = "../it/guests.rs"]
mod guests;

mod beside;
mod floods;
mod loops;
mod many_memories;
mod nonsense;
mod process;
mod stumbles;
