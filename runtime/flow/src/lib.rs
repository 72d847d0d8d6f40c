//! The rules of the data plane: routing, batching, credit, faults, time, and the task as a pure step machine.
//!
//! A [`Task`] is one instance of a spout or bolt with everything that is decided around it. It does nothing itself. A
//! shell tells it what happened ([`Input`]) and does what it wants done ([`Output`]): calling the guest, delivering
//! messages, waking it. So the same code runs in the worker, in the simulator, and in a unit test, and a run is a
//! function of its inputs.
//!
//! ```text
//!   Message ──►┌─ ingress ─────┐        ┌─ bolt / spout ──────────┐        ┌─ egress ──────────────┐
//!   (frames,   │ port, inbound │ batch  │ one call at a time,     │ frames │ router ─► outbound    │──► Send
//!   watermark, │ joins small,  │───────►│ state goes with it,     │───────►│ by key,   lingers,    │
//!   end)       │ slices large  │        │ effects count if it     │        │ load, …   waits for   │
//!   Credit  ◄──│ frames        │◄───────│ returned ok             │        │           credit      │◄── Credit
//!              └───────────────┘  done  └──┬──────────────────▲───┘        └───────────────────────┘
//!                                          ▼ Output::Call     │ Input::Returned
//!                                          the guest, wherever it runs
//! ```
//!
//! # Nouns
//!
//! - [`Frame`]: a validated batch of tuples, shared between tasks without a copy.
//! - *channel* ([`ChannelId`]): what one task sends to one task along one edge. Messages of it keep their order.
//! - *credit*: bytes that may be under way on a channel and not yet be processed.
//! - *batch*: frames of one input that are processed, and credited, together; a *part* of it goes with one call.
//! - *watermark*: no later tuple is older; a task's is the minimum over its input channels.
//! - *tree*: a spout's row with a message id and all that comes of it; [`lineage`] says of rows which trees they are of,
//!   an [`acker`] when nothing of a tree is left, and [`pending`] what its spout does then.
//! - [`Tuning`]: all sizes and times in one place.
//!
//! # Example
//!
//! The shell's loop, for a spout that nobody reads and whose guest has nothing to say:
//!
//! ```
//! use petrel_flow::{Call, Effects, Input, Output, Returned, Task, Tuning};
//! # use petrel_model::*;
//! # let clock = Component {
//! #     name: ComponentName::from("clock"),
//! #     plugin: Digest([0; 32]),
//! #     world: World::Spout,
//! #     parallelism: 1,
//! #     configuration: "{}".into(),
//! #     grants: Grants::default(),
//! #     limits: Limits::default(),
//! #     tick_ms: 0,
//! #     inputs: vec![],
//! #     outputs: vec![],
//! #     on_reject: None,
//! #     tables: vec![],
//! #     state_key: vec![],
//! # };
//! # let id = TaskId { component: ComponentIndex(0), task: TaskIndex(0) };
//! # let assignment = Assignment {
//! #     topology: TopologyName::from("example"),
//! #     generation: Generation(1),
//! #     guarantee: Guarantee::BestEffort,
//! #     acking: Acking::default(),
//! #     dead_letters: DeadLetterLimits::default(),
//! #     components: vec![clock],
//! #     tasks: vec![id],
//! # };
//! let mut task = Task::new(&assignment, id, Tuning::default(), 0, 42);
//! let mut inputs = vec![Input::Start];
//! let mut calls = Vec::new();
//! while let Some(input) = inputs.pop() {
//!     let mut outputs = Vec::new();
//!     task.step(input, &mut outputs);
//!     for output in outputs {
//!         match output {
//!             Output::Call { call, state, .. } => {
//!                 calls.push(call.name());
//!                 let said = if let Call::Next { .. } = call { Returned::End } else { Returned::Done };
//!                 let effects = Effects::default();
//!                 inputs.push(Input::Returned { call, result: Ok(said), effects, state, now_us: 1 });
//!             }
//!             Output::Finished => calls.push("finished"),
//!             other => unreachable!("{other:?}"),
//!         }
//!     }
//! }
//! assert_eq!(calls, ["open", "next", "finished"]);
//! ```
//!
//! # Invariants
//!
//! - At most one call of a guest is under way, and the state is with it.
//! - Frames, writes and state of a call are visible after it returned ok without faults, and otherwise never.
//! - A row is condemned only when it failed alone and with the whole time; every other row is processed once for good.
//! - A guest is not called while anything that its task emitted waits for credit: what a task holds back is bounded
//!   by the outputs of one call, what is under way on a channel by its window or one frame.
//! - A message is credited when its rows were processed, buried as dead letters, or put aside; rows put aside are bounded, too.
//! - The end of a channel comes after everything else on it; a task finishes after its last end is sent.
//! - A consumer is told a watermark after everything that its timers made.
//! - No clock, no randomness, no iteration over hash maps: the same inputs give the same outputs.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod acker;
mod acker_task;
mod batch;
mod batching;
mod bisection;
mod bolt;
mod breaker;
mod call;
mod credit;
mod dead_letter;
mod dead_letter_row;
mod egress;
mod envelope;
mod failure;
mod fields;
mod followed;
mod frame;
mod inbound;
mod ingress;
pub mod lineage;
mod numbered;
mod outbound;
mod parcel;
pub mod pending;
mod report;
mod retry;
mod routing;
mod spout;
mod step;
mod task;
mod tracker;
mod tuning;
mod watermark;

pub use bisection::{Attempt, TimeShare};
pub use call::{Call, CallResult, Effects, Emitted, HoldAction, Origin, Returned, RowFault, Trap, TrapKind, Write};
pub use dead_letter::{Cause, DeadLetter, Redelivered, Redelivery, Root, Ticket, TupleInput, TupleOrigin, TupleTimer};
pub use envelope::{ChannelId, Envelope, Kind, Message};
pub use failure::Failure;
pub use fields::Fields;
pub use frame::Frame;
pub use report::TaskReport;
pub use step::{Input, Output};
pub use task::Task;
pub use tuning::Tuning;
