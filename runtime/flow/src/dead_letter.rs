//! Tuples that nobody could process, and all that is known about them.

use crate::call::Trap;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::lineage::{Path, Tree};
use alloc::string::String;
use alloc::vec::Vec;
use petrel_model::{ComponentName, InputIndex, StreamName, TaskId};

/// A tuple, or a timer, that the guest will not have or that makes it fail.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Whose guest it was.
    pub task: TaskId,
    /// The component's name.
    pub component: ComponentName,
    /// The export that was called: `process`, `on-timer`, or `choose` of a grouping plugin.
    pub call: &'static str,
    /// Where the tuple came from; none for a timer.
    pub input: Option<TupleInput>,
    /// What the timer was; none for a tuple.
    pub timer: Option<TupleTimer>,
    /// A frame of one row: with the columns of the input, of a timer those of its key, and of a tuple at which `choose` failed all
    /// columns of the stream.
    pub tuple: Frame,
    /// Its values, for people.
    pub fields: Fields,
    /// The tuples of spouts that it came from, where tuples are tracked.
    pub roots: Vec<Root>,
    /// The ways on which it came: one of them, or, where it comes from several tuples, several. Empty where nothing is tracked. Others
    /// that were sent together with it may be among them.
    pub paths: Vec<Path>,
    /// Why it is here.
    pub cause: Cause,
    /// How often it was tried: 1, or more where the guest had asked for retries, or where it was a dead letter before.
    pub attempts: u32,
    /// The ticket of the [`Redelivery`] that it comes from: so this is the answer to it.
    pub redelivery: Option<Ticket>,
}

/// A dead letter that is to be tried again by the component that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Redelivery {
    /// Names it in the answer.
    pub ticket: Ticket,
    /// What it is.
    pub what: Redelivered,
    /// How often it was tried before.
    pub attempts: u32,
}

/// What a dead letter is that is to be tried again.
#[derive(Clone, Debug, PartialEq)]
pub enum Redelivered {
    /// A tuple.
    Tuple {
        /// The input that it came from.
        input: InputIndex,
        /// A frame of one row with the columns of the input.
        tuple: Frame,
    },
    /// A timer. It is fired at once, with the state of its key as it is now.
    Timer {
        /// Its table, and the time that it was set for.
        timer: TupleTimer,
        /// A keys frame of one row.
        key: Frame,
    },
}

/// Names a redelivery; whoever asks for it chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The input that a tuple came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TupleInput {
    /// Its number.
    pub number: InputIndex,
    /// `COMPONENT.STREAM`.
    pub stream: StreamName,
    /// Which frame brought it; none for a tuple that has not reached the input yet.
    pub origin: Option<TupleOrigin>,
}

/// A tuple of a spout that another one came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The task of the spout.
    pub spout: TaskId,
    /// Its tree.
    pub tree: Tree,
    /// Where the spout goes on after the frame of that tuple, in its own words; none if it said nothing, if that is longer than 4 KiB, or
    /// if too many tuples were processed together.
    pub position: Option<Vec<u8>>,
}

/// Which frame of which task brought a tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TupleOrigin {
    /// The number of the task of the producer.
    pub task: u32,
    /// The number of the message on its channel.
    pub sequence: u64,
    /// The row in its frame.
    pub row: u32,
}

/// The timer at which `on-timer` fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TupleTimer {
    /// The table it belongs to.
    pub table: u32,
    /// The time it was set for, µs since 1970.
    pub time_us: i64,
}

/// Why a tuple is in the dead letters.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The guest will not have it, for this reason; or it asked for it again too often.
    Rejected(String),
    /// The guest fails when it gets it.
    Fault(Trap),
}

impl Cause {
    /// `rejected`, or the kind of the trap.
    pub fn name(&self) -> &'static str {
        match self {
            Cause::Rejected(_) => "rejected",
            Cause::Fault(trap) => trap.kind.name(),
        }
    }

    /// The reason as a person should read it.
    pub fn reason(&self) -> &str {
        match self {
            Cause::Rejected(reason) => reason,
            Cause::Fault(trap) => &trap.message,
        }
    }
}
