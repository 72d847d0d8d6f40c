//! The receiver's end of a channel.

use crate::envelope::{Envelope, Kind, Message};
use crate::parcel::Parcel;
use crate::watermark;
use alloc::collections::VecDeque;

/// What one task gets from one task along one edge, in order.
#[derive(Debug)]
pub(crate) struct Inbound {
    sequence: u64,
    queue: VecDeque<Item>,
    queue_bytes: u64,
    watermark: i64,
    ended: bool,
}

#[derive(Debug)]
enum Item {
    /// With the number of its message.
    Frame(u64, Parcel),
    Watermark(i64),
    End,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is queued. So many messages before it never came.
    Queued {
        /// The gap in the sequence.
        missing: u64,
    },
    /// It had come before, and is dropped.
    Repeated,
}

impl Inbound {
    /// A channel on which nothing came.
    pub(crate) fn new() -> Inbound {
        Inbound { sequence: 0, queue: VecDeque::new(), queue_bytes: 0, watermark: watermark::NONE, ended: false }
    }

    /// Takes a message of this channel and generation.
    pub(crate) fn accept(&mut self, message: Message) -> Accepted {
        let Message { envelope: Envelope { sequence, kind, .. }, frame, lineage } = message;
        let Some(missing) = sequence.checked_sub(self.sequence) else { return Accepted::Repeated };
        self.sequence = sequence + 1;
        match (kind, frame) {
            (Kind::Data, Some(frame)) => {
                self.queue_bytes += frame.bytes();
                self.queue.push_back(Item::Frame(sequence, Parcel { frame, lineage }));
            }
            (Kind::Data, None) => {}
            // A bolt that is slow keeps only the last of several watermarks: the queue is bounded in items too.
            (Kind::Watermark(time), _) => match self.queue.back_mut() {
                Some(Item::Watermark(last)) => *last = time.max(*last),
                _ => self.queue.push_back(Item::Watermark(time)),
            },
            (Kind::End, _) => self.queue.push_back(Item::End),
        }
        Accepted::Queued { missing }
    }

    /// Applies watermarks and the end that are next in line, and gives the frame that is next then.
    pub(crate) fn front(&mut self) -> Option<&Parcel> {
        while let Some(item) = self.queue.front() {
            match item {
                Item::Frame(..) => break,
                Item::Watermark(time) => self.watermark = self.watermark.max(*time),
                Item::End => (self.ended, self.watermark) = (true, watermark::END),
            }
            self.queue.pop_front();
        }
        match self.queue.front() {
            Some(Item::Frame(_, parcel)) => Some(parcel),
            _ => None,
        }
    }

    /// Takes the frame that `front` gave, with the number of its message.
    pub(crate) fn pop(&mut self) -> Option<(u64, Parcel)> {
        self.front()?;
        let Some(Item::Frame(sequence, parcel)) = self.queue.pop_front() else { return None };
        self.queue_bytes -= parcel.bytes();
        Some((sequence, parcel))
    }

    /// A frame with this watermark has been processed.
    pub(crate) fn advance(&mut self, watermark: i64) {
        self.watermark = self.watermark.max(watermark);
    }

    /// No later tuple of it is older, in µs.
    pub(crate) fn watermark(&self) -> i64 {
        self.watermark
    }

    /// Whether the end was reached: nothing waits, nothing will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes of frames that wait.
    pub(crate) fn queue_bytes(&self) -> u64 {
        self.queue_bytes
    }
}
