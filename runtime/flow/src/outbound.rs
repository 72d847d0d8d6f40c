//! The sender's end of a channel.
//!
//! ```text
//! push ──► held (small frames, while the receiver is busy) ──► queue (waits for credit) ──► Output::Send
//! ```

use crate::batching::Held;
use crate::credit::Window;
use crate::envelope::{ChannelId, Envelope, Kind, Message};
use crate::parcel::Parcel;
use crate::step::Output;
use crate::tuning::Tuning;
use crate::watermark;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use petrel_model::Generation;

/// What a task sends to one task along one edge.
#[derive(Debug)]
pub(crate) struct Outbound {
    id: ChannelId,
    generation: Generation,
    tuning: Tuning,
    sequence: u64,
    window: Window,
    held: Held,
    queue: VecDeque<(Parcel, i64)>,
    queue_bytes: u64,
    /// What the receiver has been told.
    watermark: i64,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// As soon as everything is sent.
    Due,
    Sent,
}

impl Outbound {
    /// A channel on which nothing was sent.
    pub(crate) fn new(id: ChannelId, generation: Generation, tuning: Tuning) -> Outbound {
        Outbound {
            id,
            generation,
            tuning,
            sequence: 0,
            window: Window::new(tuning.window_bytes),
            held: Held::default(),
            queue: VecDeque::new(),
            queue_bytes: 0,
            watermark: watermark::NONE,
            end: End::Open,
        }
    }

    /// Which channel.
    pub(crate) fn id(&self) -> ChannelId {
        self.id
    }

    /// Bytes that are sent and not processed.
    pub(crate) fn outstanding(&self) -> u64 {
        self.window.outstanding()
    }

    /// Bytes that are not sent yet.
    pub(crate) fn unsent(&self) -> u64 {
        self.held.bytes() + self.queue_bytes
    }

    /// How busy its receiver is, as far as this channel knows: bytes that it has yet to process.
    pub(crate) fn load(&self) -> u64 {
        self.outstanding() + self.unsent()
    }

    /// Whether something waits for credit. What lingers does not count.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether the end is sent.
    pub(crate) fn is_closed(&self) -> bool {
        self.end == End::Sent
    }

    /// When something has to be done without any other input, in µs.
    pub(crate) fn deadline_us(&self) -> Option<i64> {
        self.held.deadline_us(&self.tuning)
    }

    /// Takes a frame to send. `now_us` is when it was emitted.
    pub(crate) fn push(&mut self, parcel: Parcel, now_us: i64, outputs: &mut Vec<Output>) {
        let bytes = parcel.bytes();
        let small = bytes < u64::from(self.tuning.whole_bytes);
        let joins = small && self.held.has_room(bytes, &self.tuning);
        if !self.held.is_empty() && !joins {
            self.release();
        }
        if small && self.is_busy() && self.tuning.linger_us > 0 {
            self.held.push(parcel, now_us);
        } else {
            self.enqueue(parcel, now_us);
        }
        self.send(outputs);
    }

    /// The receiver has processed so many bytes.
    pub(crate) fn credit(&mut self, bytes: u64, outputs: &mut Vec<Output>) {
        self.window.give_back(bytes);
        self.send(outputs);
        if !self.is_busy() {
            self.release();
            self.send(outputs);
        }
    }

    /// Time has passed.
    pub(crate) fn time(&mut self, now_us: i64, outputs: &mut Vec<Output>) {
        if self.deadline_us().is_some_and(|deadline| deadline <= now_us) {
            self.release();
            self.send(outputs);
        }
    }

    /// Tells the receiver the watermark, unless a frame will, or has.
    pub(crate) fn announce(&mut self, watermark: i64, now_us: i64, outputs: &mut Vec<Output>) {
        if watermark > self.watermark && self.unsent() == 0 && self.end == End::Open {
            self.watermark = watermark;
            self.emit(Kind::Watermark(watermark), None, now_us, outputs);
        }
    }

    /// Nothing will be pushed any more: sends what is left, as credit allows, and then the end.
    pub(crate) fn close(&mut self, now_us: i64, outputs: &mut Vec<Output>) {
        if self.end == End::Open {
            self.end = End::Due;
            self.release();
        }
        self.send(outputs);
        if self.end == End::Due && self.queue.is_empty() {
            self.end = End::Sent;
            self.emit(Kind::End, None, now_us, outputs);
        }
    }

    fn is_busy(&self) -> bool {
        self.window.outstanding() > 0 || !self.queue.is_empty()
    }

    fn release(&mut self) {
        let (queue, bytes) = (&mut self.queue, &mut self.queue_bytes);
        self.held.release(|parcel, since_us| {
            *bytes += parcel.bytes();
            queue.push_back((parcel, since_us));
        });
    }

    fn enqueue(&mut self, parcel: Parcel, now_us: i64) {
        self.queue_bytes += parcel.bytes();
        self.queue.push_back((parcel, now_us));
    }

    fn send(&mut self, outputs: &mut Vec<Output>) {
        while let Some((parcel, _)) = self.queue.front() {
            let bytes = parcel.bytes();
            if !self.window.allows(bytes) {
                return;
            }
            let Some((parcel, sent_us)) = self.queue.pop_front() else { return };
            self.window.take(bytes);
            self.queue_bytes -= bytes;
            if let Some(watermark) = parcel.frame.view().watermark() {
                self.watermark = self.watermark.max(watermark);
            }
            self.emit(Kind::Data, Some(parcel), sent_us, outputs);
        }
    }

    fn emit(&mut self, kind: Kind, parcel: Option<Parcel>, sent_us: i64, outputs: &mut Vec<Output>) {
        let envelope = Envelope {
            channel: self.id,
            sequence: self.sequence,
            generation: self.generation,
            epoch: 0,
            kind,
            sent_us,
        };
        self.sequence += 1;
        let (frame, lineage) = parcel.map(|it| (Some(it.frame), it.lineage)).unwrap_or_default();
        outputs.push(Output::Send(Message { envelope, frame, lineage }));
    }
}
