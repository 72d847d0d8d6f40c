//! What the host keeps beside a frame and no guest sees.

use crate::frame::Frame;
use crate::lineage::Lineage;
use core::fmt;
use petrel_model::{Edge, Generation, InputIndex, TaskId};

/// A channel: what one task sends to one task along one edge. Messages of a channel keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId {
    /// The sender.
    pub from: TaskId,
    /// Which input of the receiver's component: names the edge.
    pub input: InputIndex,
    /// The receiver.
    pub to: TaskId,
}

impl ChannelId {
    /// The edge of the graph that the channel belongs to.
    pub fn edge(&self) -> Edge {
        Edge { to: self.to.component, input: self.input }
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>{}{}", self.from, self.to, self.input)
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A frame of tuples. The only kind that takes credit.
    Data,
    /// No later tuple of the channel is older than this, in µs. Sent where no frame can carry it.
    Watermark(i64),
    /// Nothing comes after it on the channel.
    End,
}

/// Where a message belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// From whom to whom.
    pub channel: ChannelId,
    /// Counts the messages of the channel, from 0, without gaps.
    pub sequence: u64,
    /// The assignment under which it was sent. Receivers drop what is not of their own generation.
    pub generation: Generation,
    /// The checkpoint it belongs to; 0 while there are none.
    pub epoch: u64,
    /// Data, watermark or end.
    pub kind: Kind,
    /// When the sender had it, µs since 1970, before any lingering: for measuring latency only.
    pub sent_us: i64,
}

/// What travels on a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Where it belongs.
    pub envelope: Envelope,
    /// The tuples of a data message; none for every other kind.
    pub frame: Option<Frame>,
    /// Of which trees the tuples are; empty where nothing is tracked.
    pub lineage: Lineage,
}
