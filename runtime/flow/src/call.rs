//! A call of a guest, seen from the host: what goes in, what comes out.
//!
//! `Task::step` asks for calls and takes what they returned; the sandbox (or, in the simulator, a native plugin)
//! carries them out. Nothing a call does is visible before the task has taken its return.

use crate::frame::Frame;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_frame::FrameBuf;
use petrel_state::Passed;

/// What a guest is asked to do. Times are microseconds since 1970-01-01 UTC.
#[derive(Debug)]
pub enum Call {
    /// Spout and bolt: start. A spout gets the position to go on from.
    Open {
        /// As it came with an emitted frame of an earlier instance.
        position: Option<Vec<u8>>,
    },
    /// Spout: emit up to so many rows and bytes.
    Next {
        /// Rows at most.
        max_rows: u32,
        /// Bytes at most; a single larger tuple is allowed.
        max_bytes: u32,
    },
    /// Spout: these ids are through.
    Ack(Vec<u64>),
    /// Spout: these ids failed; emit them again.
    Fail(Vec<u64>),
    /// Spout: tuples are wanted again.
    Activate,
    /// Spout: `next` will not be called until `Activate`.
    Deactivate,
    /// Bolt: a batch of an input.
    Process {
        /// The number of the input.
        input: u32,
        /// Columns as the plugin declared them.
        frame: Frame,
        /// The keys in it and their values.
        state: Passed,
    },
    /// Bolt: timers that are due.
    Timer {
        /// The table they belong to.
        table: u32,
        /// A keys frame, one row per timer.
        keys: FrameBuf,
        /// The time each was set for.
        times: Vec<i64>,
        /// Each row of `keys` is its own key.
        state: Passed,
    },
    /// Bolt: the time of a tick.
    Tick {
        /// Now.
        now_us: i64,
        /// The task's own key, if its tables are not keyed.
        state: Passed,
    },
    /// Bolt: every channel of an input has ended.
    End {
        /// The number of the input.
        input: u32,
        /// As for a tick.
        state: Passed,
    },
}

impl Call {
    /// The name of the export, for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Call::Open { .. } => "open",
            Call::Next { .. } => "next",
            Call::Ack(_) => "ack",
            Call::Fail(_) => "fail",
            Call::Activate => "activate",
            Call::Deactivate => "deactivate",
            Call::Process { .. } => "process",
            Call::Timer { .. } => "on-timer",
            Call::Tick { .. } => "on-tick",
            Call::End { .. } => "on-end",
        }
    }
}

/// What a call that returned ok said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Nothing to say: every call but `next`.
    Done,
    /// `next`: ask again at once.
    More,
    /// `next`: ask again at this time, in microseconds since 1970.
    Idle(i64),
    /// `next`: nothing will come any more.
    End,
}

/// Why a call did not return ok. All its effects are to be discarded; the instance is unusable unless it `Refused`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trap {
    /// What happened.
    pub kind: TrapKind,
    /// The reason as a person should read it: the guest's own words, or which limit and its value.
    pub message: String,
    /// Guest frames, innermost first, with function names. Empty where there are none.
    pub backtrace: Vec<String>,
}

impl Trap {
    /// The guest broke the contract.
    pub fn contract(message: impl Into<String>) -> Trap {
        Trap { kind: TrapKind::Contract, message: message.into(), backtrace: Vec::new() }
    }
}

/// The kinds of reasons for which a call does not return ok.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrapKind {
    /// The guest returned an error. The instance is as usable as before.
    Refused,
    /// The guest trapped: a panic, `unreachable`, an access out of bounds.
    Trapped,
    /// The call ran longer than `batch_ms`, in the guest or in functions of the host.
    TimeLimit,
    /// The call waited longer than `io_ms`: for a socket, a file, a sleep.
    IoLimit,
    /// The instance wanted more memory than `memory_bytes`, over all its memories and tables.
    MemoryLimit,
    /// The guest exhausted its call stack.
    StackLimit,
    /// The call emitted more than `emit_bytes`.
    EmitLimit,
    /// The call emitted more rows than `emit_rows`.
    RowLimit,
    /// The call handed more than `host_call_bytes` to functions of the host.
    HostCallLimit,
    /// The instance wanted more handles of the host's resources than `handles`.
    HandleLimit,
    /// What the call wrote would make the task's state larger than `state_bytes`.
    StateLimit,
    /// The task would have more timers than `timers`.
    TimerLimit,
    /// The task would hold more tuples than `held_tuples`.
    HoldLimit,
    /// Tuples failed and were not emitted again: no guest did it.
    Lost,
    /// The guest broke the contract: a malformed frame, a wrong number, a table that is not there.
    Contract,
}

impl TrapKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            TrapKind::Refused => "error",
            TrapKind::Trapped => "trap",
            TrapKind::TimeLimit => "time-limit",
            TrapKind::IoLimit => "io-limit",
            TrapKind::MemoryLimit => "memory-limit",
            TrapKind::StackLimit => "stack-limit",
            TrapKind::EmitLimit => "emit-limit",
            TrapKind::RowLimit => "row-limit",
            TrapKind::HostCallLimit => "host-call-limit",
            TrapKind::HandleLimit => "handle-limit",
            TrapKind::StateLimit => "state-limit",
            TrapKind::TimerLimit => "timer-limit",
            TrapKind::HoldLimit => "hold-limit",
            TrapKind::Lost => "lost",
            TrapKind::Contract => "contract",
        }
    }

    /// Whether it is a limit that was reached, which reports count by name.
    pub fn is_limit(self) -> bool {
        !matches!(self, TrapKind::Refused | TrapKind::Trapped | TrapKind::Lost | TrapKind::Contract)
    }
}

/// What a call staged beside its writes to state, which `petrel_state::TaskState` stages itself.
#[derive(Debug, Default)]
pub struct Effects {
    /// Frames in order of emission. Each was validated against the schema of its output.
    pub emitted: Vec<Emitted>,
    /// Rows to reject or to retry.
    pub faults: Vec<RowFault>,
    /// The row of the batch at which the guest says it is, in a call that does not return ok.
    pub at_row: Option<u32>,
    /// What was done with held tuples, in order.
    pub holds: Vec<HoldAction>,
    /// What is to be written to files of path grants, or printed.
    pub writes: Vec<Write>,
}

/// A frame that a call emitted.
#[derive(Debug)]
pub struct Emitted {
    /// The number of the output stream.
    pub output: u32,
    /// The task for direct emission.
    pub direct: Option<u32>,
    /// Validated against the schema of the output.
    pub frame: Frame,
    /// What its rows come from.
    pub origin: Origin,
}

/// What the rows of an emitted frame come from.
#[derive(Debug)]
pub enum Origin {
    /// From a spout.
    Source {
        /// A message id per row, or none.
        ids: Vec<u64>,
        /// Where to go on after this frame.
        position: Vec<u8>,
    },
    /// From a bolt: anchors as docs/formats.md lays them out, checked.
    Anchors(Vec<u32>),
}

/// A row of the batch that the guest will not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The row's number in the batch.
    pub row: u32,
    /// The guest's reason.
    pub reason: String,
    /// Try again after so many milliseconds; none: reject.
    pub retry_after_ms: Option<u64>,
}

/// What a guest did with held tuples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldAction {
    /// Keep these rows of the batch under a handle.
    Hold(u64, Vec<u32>),
    /// Acknowledge.
    Ack(Vec<u64>),
    /// Fail.
    Fail(Vec<u64>),
    /// Start the message timeout anew.
    ResetTimeout(Vec<u64>),
}

/// A staged write to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// To a file that `create` opened.
    Append(u32, Vec<u8>),
    /// To standard output.
    Print(Vec<u8>),
}

/// How a call ended: what it said, or why not.
pub type CallResult = Result<Returned, Trap>;
