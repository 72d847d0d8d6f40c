//! What one call wrote, until it is known whether the call counts.

use crate::error::StateError;
use crate::input::{Accepted, Purpose};
use crate::timers::Clock;
use alloc::vec::Vec;
use petrel_frame::FrameBuf;

/// One write, checked so far that it can be applied without an error.
#[derive(Debug)]
pub(crate) enum Write {
    /// Values of the passed keys.
    Put { table: u32, values: Accepted },
    /// Values of explicit keys.
    Set { table: u32, keys: Accepted, values: Accepted },
    /// One more item for the lists of explicit keys.
    Append { table: u32, keys: Accepted, values: Accepted },
    /// Timers of explicit keys.
    SetTimers { table: u32, clock: Clock, keys: Accepted, times: Vec<i64> },
    /// Timers of passed keys, by number.
    SetTimersPassed { table: u32, clock: Clock, keys: Vec<u32>, times: Vec<i64> },
    /// Timers that are no longer wanted.
    CancelTimers { table: u32, clock: Clock, keys: Accepted, times: Vec<i64> },
}

impl Write {
    fn rows(&self) -> usize {
        match self {
            Write::Put { values: frame, .. } | Write::Set { keys: frame, .. } | Write::Append { keys: frame, .. } => {
                frame.view().rows()
            }
            Write::SetTimers { times, .. }
            | Write::SetTimersPassed { times, .. }
            | Write::CancelTimers { times, .. } => times.len(),
        }
    }
}

/// The writes of one call in their order.
#[derive(Debug, Default)]
pub(crate) struct Staging {
    writes: Vec<Write>,
    bytes: usize,
    /// Rows of all writes.
    rows: usize,
    limit: usize,
    /// Buffers of earlier calls.
    spare: Vec<FrameBuf>,
}

/// Buffers beyond this number, or larger than this many bytes, are given back to the allocator.
const SPARE: usize = 8;
const SPARE_BYTES: usize = 1 << 20;

impl Staging {
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// More bytes than that are refused.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Counts bytes that the call keeps.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), StateError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limit {
            return Err(StateError::TooMuchStaged { limit: self.limit });
        }
        Ok(())
    }

    /// A checked copy of a frame.
    pub(crate) fn accept(&mut self, bytes: &[u8], purpose: Purpose<'_>) -> Result<Accepted, StateError> {
        self.charge(bytes.len())?;
        Accepted::new(bytes, self.spare.pop().unwrap_or_default(), purpose)
    }

    /// Stages a write. It costs something itself: writes without rows would else be free, and there could be any number.
    pub(crate) fn push(&mut self, write: Write) -> Result<(), StateError> {
        self.charge(size_of::<Write>())?;
        self.rows += write.rows();
        self.writes.push(write);
        Ok(())
    }

    /// Bytes that the call keeps.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Rows of all writes.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Hands back all writes that were taken to be looked at.
    pub(crate) fn put_back(&mut self, writes: Vec<Write>) {
        self.writes = writes;
    }

    /// Takes all writes; hand them back with [`Staging::clear`].
    pub(crate) fn take(&mut self) -> Vec<Write> {
        core::mem::take(&mut self.writes)
    }

    /// Forgets the call's writes, and those that were taken; keeps their buffers.
    pub(crate) fn clear(&mut self, taken: Vec<Write>) {
        if self.writes.is_empty() {
            self.writes = taken;
        }
        (self.bytes, self.rows) = (0, 0);
        let (spare, keep) = (&mut self.spare, |frame: Accepted, spare: &mut Vec<FrameBuf>| {
            let buffer = frame.into_buffer();
            if spare.len() < SPARE && buffer.capacity() <= SPARE_BYTES {
                spare.push(buffer);
            }
        });
        for write in self.writes.drain(..) {
            match write {
                Write::Put { values: frame, .. }
                | Write::SetTimers { keys: frame, .. }
                | Write::CancelTimers { keys: frame, .. } => keep(frame, spare),
                Write::Set { keys, values, .. } | Write::Append { keys, values, .. } => {
                    keep(keys, spare);
                    keep(values, spare);
                }
                Write::SetTimersPassed { .. } => {}
            }
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.bytes + self.spare.iter().map(FrameBuf::capacity).sum::<usize>()
    }
}
