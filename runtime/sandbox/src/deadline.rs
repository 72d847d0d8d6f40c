//! How long a call may take, for guests that compute and for guests that wait.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// No limit at the moment.
const NEVER: u64 = u64::MAX;

/// The deadline of an instance's current call. Cheap to clone.
///
/// A guest that computes is stopped by the engine's epochs, which look here at every tick; one that waits in a host
/// function is stopped by [`Deadline::watch`]. While the host reads on the guest's behalf from a pipe that may stay
/// silent for hours, the clock stands still.
#[derive(Clone, Debug)]
pub(crate) struct Deadline(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    origin: Instant,
    /// Microseconds after the origin.
    due: AtomicU64,
}

impl Deadline {
    pub(crate) fn new() -> Deadline {
        Deadline(Arc::new(Shared { origin: Instant::now(), due: AtomicU64::new(NEVER) }))
    }

    /// A call begins that may take so long.
    pub(crate) fn begin(&self, limit: Duration) {
        self.0.due.store(self.now().saturating_add(limit.as_micros() as u64), Relaxed);
    }

    /// Whether the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.now() >= self.0.due.load(Relaxed)
    }

    /// Whether the clock stands still, or no call is under way.
    pub(crate) fn is_paused(&self) -> bool {
        self.0.due.load(Relaxed) == NEVER
    }

    /// Stops the clock until the guard is dropped.
    pub(crate) fn pause(&self) -> Paused {
        let due = self.0.due.swap(NEVER, Relaxed);
        Paused { deadline: self.clone(), left: due.saturating_sub(self.now()), running: due != NEVER }
    }

    /// Waits for a call; nothing when its time is over first.
    pub(crate) async fn watch<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        // Made when the call first waits: most calls return at once and never pay for a timer.
        let mut alarm: Option<Pin<Box<Sleep>>> = None;
        std::future::poll_fn(move |cx| {
            if let Poll::Ready(value) = call.as_mut().poll(cx) {
                return Poll::Ready(Some(value));
            }
            loop {
                let due = self.0.due.load(Relaxed);
                if due == NEVER {
                    return Poll::Pending; // what ends the pause wakes the call
                }
                if self.now() >= due {
                    return Poll::Ready(None);
                }
                let at = tokio::time::Instant::from_std(self.0.origin + Duration::from_micros(due));
                let alarm = alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
                if alarm.deadline() != at {
                    alarm.as_mut().reset(at);
                }
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn now(&self) -> u64 {
        self.0.origin.elapsed().as_micros() as u64
    }
}

/// The clock of a deadline stands still while this lives.
pub(crate) struct Paused {
    deadline: Deadline,
    left: u64,
    running: bool,
}

impl Drop for Paused {
    fn drop(&mut self) {
        if self.running {
            self.deadline.0.due.store(self.deadline.now().saturating_add(self.left), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn a_call_that_waits_for_ever_is_given_up() {
        let deadline = Deadline::new();
        deadline.begin(Duration::from_millis(5));
        assert_eq!(block_on(deadline.watch(pending::<()>())), None);
        assert!(deadline.is_over());
        deadline.begin(Duration::from_secs(60));
        assert_eq!(block_on(deadline.watch(ready(7))), Some(7));
    }

    #[test]
    fn the_clock_stands_still_in_a_pause() {
        let deadline = Deadline::new();
        deadline.begin(Duration::from_millis(20));
        let outcome = block_on(deadline.watch(async {
            let paused = deadline.pause();
            tokio::time::sleep(Duration::from_millis(60)).await;
            assert!(!deadline.is_over());
            drop(paused);
            "read"
        }));
        assert_eq!(outcome, Some("read"));
        assert!(!deadline.is_over());
        let outcome = block_on(deadline.watch(async {
            drop(deadline.pause());
            pending::<()>().await
        }));
        assert_eq!(outcome, None, "what was left still counts after the pause");
    }
}
