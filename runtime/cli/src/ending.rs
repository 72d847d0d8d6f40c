//! How signals end what runs: the first drains, the second stops.
//!
//! Listening is a task of its own. Whoever draws the view may be held up by a terminal or a pipe that takes nothing, and a person
//! who wants a program to end has often stopped looking at what it says.

use crate::failure::Failure;
use crate::interruption::Signals;
use petrel_worker::RunHandle;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::signal::unix::SignalKind;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// A run that was stopped has so long to say its last words; then the process ends without them.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Listens to signals until it is dropped.
pub(crate) struct Ending {
    stopped_by: Arc<OnceLock<SignalKind>>,
    notes: UnboundedReceiver<&'static str>,
    task: JoinHandle<()>,
}

impl Ending {
    /// From now on signals end these runs.
    pub(crate) fn listen(signals: Signals, handles: Vec<RunHandle>) -> Ending {
        let (sender, notes) = unbounded_channel();
        let stopped_by = Arc::new(OnceLock::new());
        let task = tokio::spawn(follow(signals, handles, sender, stopped_by.clone()));
        Ending { stopped_by, notes, task }
    }

    /// What is to be told to the person who sent a signal.
    pub(crate) async fn next_note(&mut self) -> &'static str {
        match self.notes.recv().await {
            Some(note) => note,
            None => std::future::pending().await,
        }
    }

    /// One that was not told yet, if there is one.
    pub(crate) fn waiting_note(&mut self) -> Option<&'static str> {
        self.notes.try_recv().ok()
    }

    /// The signal that stopped the runs, if one did.
    pub(crate) fn stopped_by(&self) -> Option<SignalKind> {
        self.stopped_by.get().copied()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(
    mut signals: Signals,
    handles: Vec<RunHandle>,
    notes: UnboundedSender<&'static str>,
    stopped_by: Arc<OnceLock<SignalKind>>,
) {
    signals.next().await;
    handles.iter().for_each(RunHandle::drain);
    let _ = notes.send("draining: spouts end, what is in flight is processed; once more to stop at once");
    let signal = signals.next().await;
    let _ = stopped_by.set(signal);
    handles.iter().for_each(RunHandle::stop);
    let _ = notes.send("stopping: what is in flight is dropped");
    // A thread: the runtime may be gone by then, or held up.
    std::thread::spawn(move || {
        std::thread::sleep(LAST_WORDS);
        std::process::exit(i32::from(Failure::Stopped(signal).code()));
    });
}
