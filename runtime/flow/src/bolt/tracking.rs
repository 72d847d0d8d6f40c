//! A bolt's part in acking: what its emissions come from, what it holds, and when its input is done with.

use super::{Bolt, Doing};
use crate::call::{Effects, HoldAction, Origin};
use crate::followed::Following;
use crate::lineage::Origins;
use crate::step::Output;
use alloc::vec::Vec;

const KNOWN: &str = "handles were looked up";

/// What a call says about the descent of what it emitted.
#[derive(Debug, Default)]
pub(super) struct Descent {
    /// For each emitted frame, its anchors and the number of its rows.
    emitted: Vec<(Vec<u32>, u32)>,
    holds: Vec<HoldAction>,
}

impl Descent {
    /// Takes it out of the effects of a call.
    pub(super) fn of(effects: &mut Effects) -> Descent {
        let anchors = |origin: &mut Origin| match origin {
            Origin::Anchors(anchors) => core::mem::take(anchors),
            Origin::Source { .. } => Vec::new(),
        };
        let emitted = effects.emitted.iter_mut();
        Descent {
            emitted: emitted.map(|it| (anchors(&mut it.origin), it.frame.view().rows() as u32)).collect(),
            holds: core::mem::take(&mut effects.holds),
        }
    }

    fn origins(&self, input: &Origins) -> Vec<(usize, Origins)> {
        self.emitted.iter().map(|(anchors, rows)| (0, input.anchored(anchors, *rows))).collect()
    }
}

impl Bolt {
    /// Sends what a call emitted, which is prepared, and does what it wants done about held tuples.
    pub(super) fn release(&mut self, descent: Descent, outputs: &mut Vec<Output>) {
        let Some(tracker) = &mut self.tracker else {
            return self.egress.release(Following::Nobody, self.now_us, outputs);
        };
        let rows = self.part.as_ref().map_or(0, |part| part.view().rows());
        let part = match self.doing {
            Doing::Processing => self.batch.as_mut().and_then(|batch| batch.tracked(rows)),
            _ => None,
        };
        if let Some((account, input)) = part {
            let origins = descent.origins(&input);
            let following = Following::Tracker { tracker, origins: &origins, accounts: core::slice::from_mut(account) };
            self.egress.release(following, self.now_us, outputs);
            for action in &descent.holds {
                if let HoldAction::Hold(handle, rows) = action {
                    tracker.hold(&mut self.held, *handle, account, &input.take(rows.iter().copied()));
                }
            }
            return self.let_go(&descent.holds, outputs);
        }
        // A call without rows: what it emits comes from the held tuples that it is done with, as the results of a window do.
        let done = self.held.known(&acked(&descent.holds));
        let (mut account, input) = self.held.release(&done).expect(KNOWN);
        let origins = descent.origins(&input);
        let following =
            Following::Tracker { tracker, origins: &origins, accounts: core::slice::from_mut(&mut account) };
        self.egress.release(following, self.now_us, outputs);
        tracker.settle(account, outputs);
        self.let_go(&descent.holds, outputs);
    }

    /// Acknowledges, fails and resets held tuples. Handles that are not there any more are ignored.
    fn let_go(&mut self, holds: &[HoldAction], outputs: &mut Vec<Output>) {
        let Some(tracker) = &mut self.tracker else { return };
        for action in holds {
            match action {
                HoldAction::Hold(..) | HoldAction::ResetTimeout(_) => {}
                HoldAction::Ack(handles) => {
                    let known = self.held.known(handles);
                    tracker.settle(self.held.ack(&known).expect(KNOWN), outputs);
                }
                HoldAction::Fail(handles) => {
                    let known = self.held.known(handles);
                    tracker.settle(self.held.fail(&known).expect(KNOWN), outputs);
                }
            }
        }
        // All at once, so that a handle that is named again and again costs no more.
        let reset = |action: &HoldAction| match action {
            HoldAction::ResetTimeout(handles) => self.held.known(handles),
            _ => Vec::new(),
        };
        let reset: Vec<u64> = holds.iter().flat_map(reset).collect();
        let reset = self.held.known(&reset);
        if !reset.is_empty() {
            tracker.reset(self.held.trees(&reset).expect(KNOWN), outputs);
        }
    }

    /// The instance that knew of them is gone: what it held fails, so that it is replayed at once.
    pub(super) fn fail_held(&mut self, outputs: &mut Vec<Output>) {
        let Some(tracker) = &mut self.tracker else { return };
        let handles = self.held.handles();
        tracker.settle(self.held.fail(&handles).expect(KNOWN), outputs);
    }

    /// Tells ackers of frames that are done with.
    pub(super) fn settle(&mut self, outputs: &mut Vec<Output>) {
        let (Some(tracker), Some(batch)) = (&mut self.tracker, &mut self.batch) else { return };
        batch.take_settled().into_iter().for_each(|account| tracker.settle(account, outputs));
    }
}

fn acked(holds: &[HoldAction]) -> Vec<u64> {
    let handles =
        |action: &HoldAction| if let HoldAction::Ack(handles) = action { handles.clone() } else { Vec::new() };
    holds.iter().flat_map(handles).collect()
}
