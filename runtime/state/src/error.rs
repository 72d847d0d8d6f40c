//! Why an operation on state was refused.

use alloc::boxed::Box;
use alloc::string::String;
use petrel_frame::FrameError;

/// What a guest, or a frame that cannot be handled, did wrong.
///
/// None of these leaves a trace: the call that led to it is to be discarded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StateError {
    /// A table number that `describe` did not give.
    #[error(
        "`{operation}` names state table {table}, but the plugin declares {tables}: tables are numbered from 0 in the order of `describe`"
    )]
    NoSuchTable {
        /// The function of the contract.
        operation: &'static str,
        /// The number given.
        table: u32,
        /// How many tables there are.
        tables: usize,
    },
    /// A function that this kind of table does not have.
    #[error("`{operation}` does not work on state table `{table}` of kind {kind}: {help}")]
    WrongKind {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// Its kind.
        kind: &'static str,
        /// What to use instead.
        help: &'static str,
    },
    /// The table's declaration cannot work.
    #[error("state table `{table}` cannot be used: {reason}")]
    BadTable {
        /// The table.
        table: String,
        /// What is wrong with its declaration.
        reason: &'static str,
    },
    /// The frame itself is malformed.
    #[error("`{operation}` on state table `{table}` was given a malformed {what} frame: {source}")]
    Frame {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// `keys` or `values`.
        what: &'static str,
        /// What is malformed.
        source: Box<FrameError>,
    },
    /// The frame does not have the columns that are needed.
    #[error("`{operation}` on state table `{table}` needs a {what} frame of ({expected}), got ({found})")]
    Columns {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// `keys` or `values`.
        what: &'static str,
        /// Column types that are needed.
        expected: String,
        /// Column types that came.
        found: String,
    },
    /// The number of rows, keys or times does not agree.
    #[error("`{operation}` on state table `{table}` needs {expected} {what}, got {found}")]
    Rows {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// What was counted.
        what: &'static str,
        /// How many are needed.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// An absent value where there must be one.
    #[error(
        "`{operation}` on state table `{table}` was given an absent value in row {row}: a list has no absent values, leave the row out"
    )]
    Absent {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// The first such row.
        row: usize,
    },
    /// The call passed no keys, so nothing can be named by its number or handed back.
    #[error(
        "`{operation}` on state table `{table}` needs keys passed with the call, and this call passed none: use `{instead}` with a keys frame"
    )]
    NothingPassed {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// The function that takes explicit keys.
        instead: &'static str,
    },
    /// A number of a passed key that is too large.
    #[error(
        "`{operation}` on state table `{table}` names key {key}, but the call passed {keys}: keys are numbered from 0"
    )]
    NoSuchKey {
        /// The function of the contract.
        operation: &'static str,
        /// The table.
        table: String,
        /// The number given.
        key: u32,
        /// How many keys were passed.
        keys: usize,
    },
    /// One call staged more than is kept for it.
    #[error(
        "one call staged more than {limit} bytes of state: write less in one call, emit smaller frames to this bolt, or raise \
         `host_call_bytes`"
    )]
    TooMuchStaged {
        /// The limit in bytes.
        limit: usize,
    },
    /// The state would be larger than its limit.
    #[error(
        "the state of the task would take {bytes} bytes, and the limit is {limit}: keep less for each key, delete keys \
         that are done with, spread the keys over more tasks (`parallelism`), or raise `state_bytes`"
    )]
    StateTooLarge {
        /// What it would take.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// There would be more timers than the limit.
    #[error(
        "the task would have {timers} timers, and the limit is {limit}: set fewer, cancel those that are no longer \
         wanted, spread the keys over more tasks (`parallelism`), or raise `timers`"
    )]
    TooManyTimers {
        /// How many there would be.
        timers: u64,
        /// The limit.
        limit: u64,
    },
    /// Keys that repeat long dictionary entries: looking each up would take too long.
    #[error(
        "`{operation}`: {keys} keys that share entries of a dictionary take {bytes} bytes when each is looked up, more than {limit}: ask for each key once"
    )]
    KeysTooLong {
        /// The function of the contract.
        operation: &'static str,
        /// How many keys.
        keys: usize,
        /// What they take together.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The values asked for, or those of a batch's keys, do not fit into a frame.
    #[error(
        "`{operation}`: the values of {keys} keys make a frame of {bytes} bytes, more than {limit}: ask for fewer keys at a time, or keep less in one value"
    )]
    TooLarge {
        /// The function of the contract; `pass` for values that were to go with a batch.
        operation: &'static str,
        /// How many keys.
        keys: usize,
        /// The size the frame would have.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
}
