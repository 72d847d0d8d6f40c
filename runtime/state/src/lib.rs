//! Keyed state that the host owns: interner, tables, staging, dirty tracking, timers. Pure.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod access;
mod batch;
mod block;
mod cell;
mod dict;
mod error;
mod input;
mod interner;
mod key;
mod key_space;
mod long;
mod map;
mod pass;
mod prefetch;
mod staging;
mod store;
mod table;
mod task;
mod timers;

pub use dict::Dict;
pub use error::StateError;
pub use interner::KeyId;
pub use key_space::KeySpec;
pub use pass::Passed;
pub use staging::MAX_STAGED_BYTES;
pub use task::{Changed, TaskState};
pub use timers::{Clock, Due};
