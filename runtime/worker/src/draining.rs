//! Draining: the spouts of a run end their streams, and everything in flight is processed.

use crate::post::{Letter, Post};
use petrel_model::{Assignment, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use tokio::sync::watch;

/// Drains a run, from anywhere. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Drain {
    assignment: Arc<Assignment>,
    post: Post,
    switch: watch::Sender<bool>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Tasks of spouts that have not ended their streams.
    at_work: AtomicUsize,
    /// A spout was told to end before it did so by itself.
    was_early: AtomicBool,
    /// Whoever read standard output has gone.
    no_reader: AtomicBool,
}

impl Drain {
    /// For a run that is about to start.
    pub(crate) fn of(assignment: Arc<Assignment>, post: Post) -> Drain {
        let is_spout = |task: &&petrel_model::TaskId| assignment.component(task.component).world == World::Spout;
        let at_work = AtomicUsize::new(assignment.tasks.iter().filter(is_spout).count());
        let shared = Arc::new(Shared { at_work, ..Shared::default() });
        Drain { assignment, post, switch: watch::Sender::new(false), shared }
    }

    /// Spouts end their streams; everything in flight is processed.
    pub(crate) fn begin(&self) {
        if self.shared.at_work.load(Relaxed) > 0 {
            self.shared.was_early.store(true, Relaxed);
        }
        self.switch.send_replace(true);
        for task in &self.assignment.tasks {
            self.post.deliver(*task, Letter::Drain);
        }
    }

    /// Drains because nobody reads standard output any more. Says whether that is new.
    pub(crate) fn begin_without_reader(&self) -> bool {
        let is_new = !self.shared.no_reader.swap(true, Relaxed);
        if is_new {
            self.begin();
        }
        is_new
    }

    /// A task of a spout has ended its streams.
    pub(crate) fn spout_ended(&self) {
        self.shared.at_work.fetch_sub(1, Relaxed);
    }

    /// Whether a spout was told to end before it did so by itself.
    pub(crate) fn was_early(&self) -> bool {
        self.shared.was_early.load(Relaxed)
    }

    /// Turns true when the run drains.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.switch.subscribe()
    }
}
