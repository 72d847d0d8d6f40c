//! Rows on their way out, and whoever follows them.

use crate::lineage::{Account, Lineage, Origins};
use crate::routing::{Delivery, Spread};
use crate::tracker::Tracker;
use alloc::vec::Vec;

/// Who follows the rows that a call emitted.
pub(crate) enum Following<'a> {
    /// Nobody: nothing is tracked.
    Nobody,
    /// A tracker.
    Tracker {
        tracker: &'a mut Tracker,
        /// What is known of the rows of each emitted frame: which account, and their origins in it.
        origins: &'a [(usize, Origins)],
        accounts: &'a mut [Account],
    },
}

impl Following<'_> {
    /// The lineages of an emitted frame's deliveries, of which there may be none.
    pub(crate) fn lineages(
        &mut self,
        emitted: usize,
        spread: &Spread,
        deliveries: &[Delivery],
        targets: usize,
    ) -> Vec<Lineage> {
        match self {
            Following::Nobody => Vec::new(),
            Following::Tracker { tracker, origins, accounts } => {
                let (account, origins) = &origins[emitted];
                tracker.send(&mut accounts[*account], origins, spread, deliveries, targets)
            }
        }
    }

    /// The lineage of an emitted frame that is kept for an answer.
    pub(crate) fn kept(&mut self, emitted: usize) -> Lineage {
        match self {
            Following::Nobody => Lineage::default(),
            Following::Tracker { tracker, origins, accounts } => {
                let (account, origins) = &origins[emitted];
                tracker.keep(&mut accounts[*account], origins)
            }
        }
    }
}
