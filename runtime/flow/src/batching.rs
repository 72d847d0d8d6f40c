//! Small frames are joined, so that a call of the guest is worth its price.
//!
//! Both ends of a channel do it. The sender holds small frames back for up to a linger, but only while its receiver is
//! busy anyway; the receiver joins what has queued up before it calls its guest. A frame that is large enough passes
//! both ends without a copy.

use crate::frame::Frame;
use crate::lineage::Lineage;
use crate::parcel::Parcel;
use crate::tuning::Tuning;
use alloc::vec::Vec;

/// Small frames that wait for company on the sender's side.
#[derive(Debug, Default)]
pub(crate) struct Held {
    parcels: Vec<Parcel>,
    bytes: u64,
    /// When the first of them was emitted, in µs.
    since_us: i64,
}

impl Held {
    /// Bytes of frames.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// When what is held has to go, in µs.
    pub(crate) fn deadline_us(&self, tuning: &Tuning) -> Option<i64> {
        (!self.is_empty()).then(|| self.since_us.saturating_add(tuning.linger_us))
    }

    /// Whether a frame of so many bytes still fits.
    pub(crate) fn has_room(&self, bytes: u64, tuning: &Tuning) -> bool {
        self.bytes + bytes <= u64::from(tuning.frame_bytes)
    }

    /// Holds a frame.
    pub(crate) fn push(&mut self, parcel: Parcel, now_us: i64) {
        if self.is_empty() {
            self.since_us = now_us;
        }
        self.bytes += parcel.bytes();
        self.parcels.push(parcel);
    }

    /// Lets go of everything, joined: the frames (one, but for frames that do not join) and since when they are here.
    pub(crate) fn release(&mut self, mut each: impl FnMut(Parcel, i64)) {
        self.bytes = 0;
        join(&mut self.parcels, |parcel| each(parcel, self.since_us));
    }
}

/// Joins the frames to one and empties the vector. Frames that do not join, as those of a guest that changes its
/// encodings beyond what fits together, come out one by one: nothing is ever lost here.
pub(crate) fn join(parcels: &mut Vec<Parcel>, mut each: impl FnMut(Parcel)) {
    if parcels.len() > 1
        && let Ok(frame) = Frame::concat(parcels.iter().map(|parcel| &parcel.frame))
    {
        let mut lineage = Lineage::default();
        parcels.drain(..).for_each(|parcel| lineage.append(parcel.lineage));
        return each(Parcel { frame, lineage });
    }
    parcels.drain(..).for_each(each);
}

/// How many rows of a frame one call takes, so that a long frame comes in slices of about the same size.
pub(crate) fn slice_rows(rows: usize, bytes: u64, tuning: &Tuning) -> usize {
    let limit = u64::from(tuning.slice_bytes).max(1);
    // Half as much again is let through whole: two slices would save less than the copy costs.
    if bytes <= limit + limit / 2 || rows < 2 {
        return rows.max(1);
    }
    rows.div_ceil(bytes.div_ceil(limit) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_frames_come_in_slices_of_one_size() {
        let tuning = Tuning { slice_bytes: 100, ..Tuning::default() };
        assert_eq!(slice_rows(50, 80, &tuning), 50);
        assert_eq!(slice_rows(50, 150, &tuning), 50);
        assert_eq!(slice_rows(50, 151, &tuning), 25);
        assert_eq!(slice_rows(50, 1_000, &tuning), 5);
        assert_eq!(slice_rows(1, 1_000, &tuning), 1);
        assert_eq!(slice_rows(3, 100_000, &tuning), 1);
    }
}
