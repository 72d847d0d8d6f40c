//! What travels together: a frame, and of which trees its rows are.

use crate::frame::Frame;
use crate::lineage::Lineage;

/// A frame with the lineage of its rows; an empty one where nothing is tracked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parcel {
    pub(crate) frame: Frame,
    pub(crate) lineage: Lineage,
}

impl Parcel {
    /// Of rows that nobody follows.
    pub(crate) fn untracked(frame: Frame) -> Parcel {
        Parcel { frame, lineage: Lineage::default() }
    }

    /// Bytes of the frame: what credit counts.
    pub(crate) fn bytes(&self) -> u64 {
        self.frame.bytes()
    }
}
