//! A target that does not come back is a mistake of its own kind, and nothing in a test run would end it.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An input that takes longer ends the process, so that somebody hears of it.
const HANG: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Watches the inputs of one target, one after the other, until it is dropped.
pub(crate) struct Watch(Arc<Mutex<Option<Now>>>);

struct Now {
    input: String,
    since: Instant,
}

impl Watch {
    pub(crate) fn new() -> Watch {
        let now = Arc::new(Mutex::new(None::<Now>));
        let seen = Arc::downgrade(&now);
        std::thread::spawn(move || {
            while let Some(now) = seen.upgrade() {
                if let Some(now) = lock(&now).as_ref().filter(|now| now.since.elapsed() > HANG) {
                    // Not `eprintln`, whose words a test keeps to itself until it ends.
                    let _ = writeln!(std::io::stderr(), "{} has not come back for {HANG:?}: giving up", now.input);
                    std::process::abort();
                }
                drop(now);
                std::thread::sleep(LOOK_EVERY);
            }
        });
        Watch(now)
    }

    /// The input that is tried from now on.
    pub(crate) fn begin(&self, input: String) {
        *lock(&self.0) = Some(Now { input, since: Instant::now() });
    }
}

fn lock(now: &Mutex<Option<Now>>) -> MutexGuard<'_, Option<Now>> {
    now.lock().unwrap_or_else(PoisonError::into_inner)
}
