//! The order of starting: bolts start when every spout has opened, so that no sink empties its file for a topology whose
//! source is not there.

use petrel_model::TaskId;
use std::collections::BTreeSet;
use tokio::sync::watch;

/// The spouts' tasks that have not opened yet. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    waiting: watch::Sender<BTreeSet<TaskId>>,
}

impl Opening {
    /// Before the start of these spouts' tasks.
    pub(crate) fn of(spouts: impl Iterator<Item = TaskId>) -> Opening {
        Opening { waiting: watch::Sender::new(spouts.collect()) }
    }

    /// The `open` of a spout's task returned ok.
    pub(crate) fn opened(&self, spout: TaskId) {
        self.waiting.send_if_modified(|waiting| waiting.remove(&spout));
    }

    /// Waits until every spout's task has opened.
    pub(crate) async fn all_opened(&self) {
        // The sender is ours, so that waiting cannot fail.
        let _ = self.waiting.subscribe().wait_for(BTreeSet::is_empty).await;
    }
}
