//! All: every tuple to every task, without copying any.

use super::Delivery;
use crate::frame::Frame;
use alloc::vec::Vec;

/// The same frame to each target.
pub(super) fn route(frame: &Frame, targets: usize, to: &mut Vec<Delivery>) {
    to.extend((0..targets).map(|target| (target, frame.clone())));
}
