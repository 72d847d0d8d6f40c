//! The rules of the data plane. (Tour: to be written with the crate.)
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod batch;
mod batching;
mod bolt;
mod call;
mod credit;
mod egress;
mod envelope;
mod failure;
mod frame;
mod inbound;
mod ingress;
mod outbound;
mod report;
mod retry;
mod routing;
mod search;
mod spout;
mod step;
mod task;
mod tuning;
mod watermark;

pub use call::{Call, CallResult, Effects, Emitted, HoldAction, Origin, Returned, RowFault, Trap, TrapKind, Write};
pub use envelope::{ChannelId, Envelope, Kind, Message};
pub use failure::{Failure, Fields, Place, Rejected};
pub use frame::Frame;
pub use report::TaskReport;
pub use step::{Input, Output};
pub use task::Task;
pub use tuning::Tuning;
