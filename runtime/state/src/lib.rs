//! Keyed state that the host owns: interner, tables, staging, dirty tracking, timers. Pure.
#![no_std]
extern crate alloc;

mod error;

use alloc::vec::Vec;
use petrel_frame::{Field, FrameBuf, FrameView};
use petrel_model::TableSpec;

pub use error::StateError;

/// Which time a timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clock {
    /// The host's clock.
    Processing,
    /// The watermark of the inputs.
    Event,
}

/// What goes to the guest beside a frame.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// The state block of docs/formats.md; no bytes when there is no `value` table.
    pub block: FrameBuf,
    /// How many keys it holds.
    pub keys: u32,
}

/// What the keys of a task's tables are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySpec {
    /// The key columns. None: the whole task is one key.
    pub fields: Vec<Field>,
}

/// Timers that are due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The table they belong to.
    pub table: u32,
    /// A keys frame: one row per timer, no key twice.
    pub keys: FrameBuf,
    /// The time each was set for, in microseconds.
    pub times: Vec<i64>,
}

/// The state of one task: all its tables and timers.
#[derive(Debug)]
pub struct TaskState;

#[allow(unused_variables, missing_docs)]
impl TaskState {
    pub fn new(key: KeySpec, tables: &[TableSpec], seed: u64) -> TaskState {
        unimplemented!()
    }
    pub fn pass_frame(&mut self, frame: &FrameView, key_columns: &[usize], out: &mut Passed) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn pass_keys(&mut self, keys: &FrameView, out: &mut Passed) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn pass_task(&mut self, out: &mut Passed) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn put(&mut self, table: u32, values: &[u8]) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn get(&mut self, table: u32, keys: &[u8], out: &mut FrameBuf) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn set(&mut self, table: u32, keys: &[u8], values: &[u8]) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn append(&mut self, table: u32, keys: &[u8], values: &[u8]) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn scan(&mut self, table: u32, from: u64, max: u32, out: &mut FrameBuf) -> Result<u64, StateError> {
        unimplemented!()
    }
    pub fn entries(&mut self, table: u32, key: &[u8], out: &mut FrameBuf) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn set_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn set_timers_passed(&mut self, table: u32, clock: Clock, keys: &[u32], times: &[i64]) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn cancel_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]) -> Result<(), StateError> {
        unimplemented!()
    }
    pub fn commit(&mut self) {
        unimplemented!()
    }
    pub fn discard(&mut self) {
        unimplemented!()
    }
    pub fn next_due(&self, clock: Clock) -> Option<i64> {
        unimplemented!()
    }
    pub fn take_due(&mut self, clock: Clock, until_us: i64, max: usize) -> Option<Due> {
        unimplemented!()
    }
    pub fn bytes(&self) -> usize {
        unimplemented!()
    }
    pub fn keys(&self) -> usize {
        unimplemented!()
    }
    pub fn next_epoch(&mut self) {
        unimplemented!()
    }
}
