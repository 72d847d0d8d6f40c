//! The threads that tasks run on.

use std::io;
use tokio::runtime::{Builder, Runtime};

/// After so many turns of tasks a thread looks for timers, sockets and what other threads woke. Left alone, it would look at once
/// when it has nothing else to do, and every 61 turns: guests that keep all threads busy would
/// make every spout that sleeps late.
const TURNS: u32 = 4;

/// Threads for runs, one for each core.
///
/// # Errors
/// The operating system gives none.
pub fn threads() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().event_interval(TURNS).global_queue_interval(TURNS).build()
}
