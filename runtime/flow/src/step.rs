//! What goes into [`Task::step`](crate::Task::step) and what comes out of it.

use crate::acker::{Notice, ToAcker};
use crate::bisection::Attempt;
use crate::call::{Call, CallResult, Effects, Trap, Write};
use crate::dead_letter::{DeadLetter, Redelivery, Ticket};
use crate::envelope::{ChannelId, Message};
use crate::failure::Failure;
use crate::frame::Frame;
use crate::lineage::Line;
use alloc::boxed::Box;
use alloc::vec::Vec;
use petrel_model::{Edge, TaskId};
use petrel_state::TaskState;

/// What happens to a task.
#[derive(Debug)]
pub enum Input {
    /// Once, before anything else: the instance exists and waits for `open`.
    Start,
    /// From a producer.
    Message(Message),
    /// The call that the task asked for is over.
    Returned {
        /// As it was given with [`Output::Call`]; its buffers are used again.
        call: Call,
        /// What the guest said, or why it did not.
        result: CallResult,
        /// What the call staged. Ignored unless the result is ok.
        effects: Effects,
        /// As it was given with the call, with what the call staged.
        state: Box<TaskState>,
        /// Now, µs since 1970.
        now_us: i64,
    },
    /// The fresh instance that [`Output::Restart`] asked for exists and waits for `open`.
    Restarted,
    /// A consumer has processed so many bytes of what was sent to it.
    Credit {
        /// The channel they were sent on.
        channel: ChannelId,
        /// Bytes of frames.
        bytes: u64,
    },
    /// The answer to [`Output::Choose`].
    Chosen {
        /// As it was given.
        ticket: u64,
        /// A task for each row of the frame, or why the plugin has none.
        tasks: Result<Vec<u32>, Trap>,
    },
    /// The time that [`Output::WakeAt`] asked for has come. Harmless at any other time.
    Time {
        /// Now, µs since 1970.
        now_us: i64,
    },
    /// A task that was paused is to call its guest again, in a fresh instance. Harmless at any other time.
    Resume,
    /// From a task, to an acker.
    ToAcker(Box<ToAcker>),
    /// From an acker, to a spout, about one of its lines.
    Notice {
        /// Which.
        line: Line,
        /// What it says.
        notice: Notice,
    },
    /// A dead letter is to be tried again. Answered by [`Output::Redelivered`], or by a [`DeadLetter`] with its ticket. It holds
    /// no watermark back, but the end of the task. After that it is not answered, nor by a spout.
    Redeliver(Box<Redelivery>),
    /// A spout is to stop asking its guest and to end its streams. A bolt ignores it: it ends when its inputs end.
    Drain,
}

/// What a task wants done. The shell does it in the order in which it is given.
#[derive(Debug)]
pub enum Output {
    /// Call the guest; answer with [`Input::Returned`]. Never more than one at a time.
    Call {
        /// What to call with what.
        call: Call,
        /// Host-owned state: given away for the length of the call.
        state: Box<TaskState>,
        /// How it is made.
        attempt: Attempt,
    },
    /// Throw the instance away and make a new one; answer with [`Input::Restarted`]. Never while a call runs.
    Restart,
    /// Ask the grouping plugin of an edge for a task for each row; answer with [`Input::Chosen`].
    Choose {
        /// Names the question. Questions of one edge must be answered in order.
        ticket: u64,
        /// Whose grouping.
        edge: Edge,
        /// The number of tasks to choose from.
        tasks: u32,
        /// All columns of the producer's stream.
        frame: Frame,
    },
    /// Deliver to the receiver of the message's channel.
    Send(Message),
    /// Deliver to the sender of the channel, as [`Input::Credit`].
    Credit {
        /// The channel.
        channel: ChannelId,
        /// Bytes of frames that are processed.
        bytes: u64,
    },
    /// Deliver to the acker that it names, as [`Input::ToAcker`]; in order.
    ToAcker(Box<ToAcker>),
    /// Deliver to a spout, as [`Input::Notice`].
    Notice {
        /// Its task.
        to: TaskId,
        /// Which line it is about.
        line: Line,
        /// What it says.
        notice: Notice,
    },
    /// Carry out writes to the outside, in order.
    Write(Vec<Write>),
    /// Give [`Input::Time`] at this time, µs since 1970. Replaces the one before; `i64::MAX` means not at all.
    WakeAt(i64),
    /// To the run's store of dead letters.
    DeadLetter(Box<DeadLetter>),
    /// The tuple of an [`Input::Redeliver`] was processed: what came of it is visible.
    Redelivered(Ticket),
    /// A call failed that had no tuple to blame, and the task goes on: to be told and counted.
    Fault(Box<Failure>),
    /// The guest failed so often that it is not called until [`Input::Resume`]. What comes in waits.
    Paused(Box<Failure>),
    /// Everything is processed and sent. Nothing else follows, except that credit may still be coming in.
    Finished,
    /// The task cannot go on. Nothing else follows.
    Failed(Failure),
}
