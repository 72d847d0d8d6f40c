//! Tuples that are refused, and the end of a task that cannot go on.

use crate::call::Trap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use petrel_frame::{FrameView, Schema, Value};
use petrel_model::{ComponentName, InputIndex, StreamName, TaskId};

/// A tuple as a person reads it: each field's name and its value as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

/// A tuple that the guest will not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Who rejects it.
    pub task: TaskId,
    /// The component's name.
    pub component: ComponentName,
    /// The input it came from.
    pub input: InputIndex,
    /// The input's name.
    pub stream: StreamName,
    /// Its values.
    pub fields: Fields,
    /// The guest's reason.
    pub reason: String,
    /// How often it was tried: 1, or more where the guest had asked for retries.
    pub attempts: u32,
}

/// Why a task cannot go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Which task.
    pub task: TaskId,
    /// The component's name.
    pub component: ComponentName,
    /// The export that failed, or `choose` for a grouping plugin.
    pub call: &'static str,
    /// The input whose batch it was: number and name.
    pub input: Option<(InputIndex, StreamName)>,
    /// Where in the batch.
    pub place: Place,
    /// What happened, with reason and backtrace.
    pub trap: Trap,
}

/// Where in a batch a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The call had no batch.
    NoBatch,
    /// At this row: rows before it pass in a fresh instance, with it they do not.
    Row {
        /// Its number in the batch, from 0.
        row: u32,
        /// The number of rows of the batch.
        rows: u32,
        /// Its values.
        fields: Fields,
    },
    /// Somewhere in these rows: the search took too long.
    Within {
        /// Numbers in the batch, from 0.
        suspects: Range<u32>,
        /// The number of rows of the batch.
        rows: u32,
    },
    /// Nowhere: the whole batch passes in a fresh instance, so it was something the instance remembered.
    NotAgain {
        /// The number of rows of the batch.
        rows: u32,
    },
}
