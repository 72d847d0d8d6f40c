//! What one or several calls of `process` take, and what is owed to the senders when they have.

use crate::batching::slice_rows;
use crate::frame::Frame;
use crate::tuning::Tuning;
use alloc::vec::Vec;

/// Frames of one input that are processed, and credited, together.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The number of the input.
    pub(crate) port: usize,
    /// How often its rows were tried before.
    pub(crate) tried: u32,
    /// What is owed, once everything is done with.
    pub(crate) receipts: Vec<Receipt>,
    /// What is left to process, the next frame last. Nearly always a single one.
    frames: Vec<Frame>,
    /// Rows of the next frame that are done with.
    done: usize,
    /// Rows that the next call takes at most.
    rows: usize,
    tuning: Tuning,
}

/// What a sender is owed for the frames of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The number of the channel within the input.
    pub(crate) channel: usize,
    /// Credit.
    pub(crate) bytes: u64,
    /// The latest watermark among them.
    pub(crate) watermark: i64,
}

impl Batch {
    /// Of these frames in order, at least one.
    pub(crate) fn new(port: usize, mut frames: Vec<Frame>, receipts: Vec<Receipt>, tuning: &Tuning) -> Batch {
        frames.reverse();
        let mut batch = Batch { port, tried: 0, receipts, frames, done: 0, rows: 0, tuning: *tuning };
        batch.size_up();
        batch
    }

    /// Of rows that were tried before.
    pub(crate) fn again(port: usize, frame: Frame, tried: u32, tuning: &Tuning) -> Batch {
        Batch { tried, ..Batch::new(port, Vec::from([frame]), Vec::new(), tuning) }
    }

    /// What the next call is to take; none when everything is done with.
    pub(crate) fn part(&self) -> Option<Frame> {
        let frame = self.frames.last()?;
        let rows = frame.view().rows();
        let end = rows.min(self.done + self.rows);
        Some(if self.done == 0 && end == rows { frame.clone() } else { frame.slice(self.done..end) })
    }

    /// Whether everything is done with.
    pub(crate) fn is_done(&self) -> bool {
        self.frames.is_empty()
    }

    /// The part is done with.
    pub(crate) fn advance(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        self.done += self.rows;
        if self.done >= frame.view().rows() {
            self.frames.pop();
            self.size_up();
        }
    }

    /// The part is too large for one call: takes half of it. Says whether that is possible.
    pub(crate) fn halve(&mut self) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let left = (frame.view().rows() - self.done).min(self.rows);
        self.rows = left / 2;
        self.rows > 0
    }

    /// Bytes of the frames that are not done with.
    pub(crate) fn bytes(&self) -> u64 {
        self.frames.iter().map(Frame::bytes).sum()
    }

    fn size_up(&mut self) {
        self.done = 0;
        self.rows = self.frames.last().map_or(0, |frame| slice_rows(frame.view().rows(), frame.bytes(), &self.tuning));
    }
}
