//! How long a call may take: running and waiting are counted apart.
//!
//! A call *runs* while its future is polled: in the guest, and in functions of the host that return at once. It *waits*
//! between a poll that ended for want of something and the next one: for a socket, a file, a sleep. Time between polls
//! is nobody's where the call gave way to others.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// Not now.
const NEVER: u64 = u64::MAX;

/// What a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Running.
    pub(crate) run: Duration,
    /// Waiting.
    pub(crate) wait: Duration,
    /// Whether waiting for a silent pipe or standard input counts: else it may last for hours, which is nobody's fault.
    pub(crate) silence_counts: bool,
}

/// Which of the two times is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// It ran too long.
    Running,
    /// It waited too long.
    Waiting,
}

/// The time limits of an instance's current call. Cheap to clone.
///
/// A guest that computes is stopped by the engine's epochs, which look here at every tick; one that waits in a host
/// function is stopped by [`Deadline::watch`].
#[derive(Clone, Debug)]
pub(crate) struct Deadline(Arc<Shared>);

/// Times are nanoseconds.
#[derive(Debug)]
struct Shared {
    origin: Instant,
    run_limit: AtomicU64,
    wait_limit: AtomicU64,
    silence_counts: AtomicBool,
    /// When the poll under way began, after the origin; `NEVER` between polls.
    slice: AtomicU64,
    /// Of this call, before the poll under way.
    ran: AtomicU64,
    waited: AtomicU64,
    /// Of this call, for pipes and standard input where that does not count.
    silent: AtomicU64,
    /// The poll under way ends because the guest gives way to others.
    yields: AtomicBool,
    /// The host waits for a pipe or standard input on the guest's behalf.
    is_silent: AtomicBool,
}

impl Deadline {
    pub(crate) fn new() -> Deadline {
        let zero = || AtomicU64::new(0);
        Deadline(Arc::new(Shared {
            origin: Instant::now(),
            run_limit: zero(),
            wait_limit: zero(),
            silence_counts: AtomicBool::new(false),
            slice: AtomicU64::new(NEVER),
            ran: zero(),
            waited: zero(),
            silent: zero(),
            yields: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
        }))
    }

    /// A call begins that may take so long.
    pub(crate) fn begin(&self, allowed: Allowed) {
        let shared = &*self.0;
        shared.run_limit.store(allowed.run.as_nanos() as u64, Relaxed);
        shared.wait_limit.store(allowed.wait.as_nanos() as u64, Relaxed);
        shared.silence_counts.store(allowed.silence_counts, Relaxed);
        for spent in [&shared.ran, &shared.waited, &shared.silent] {
            spent.store(0, Relaxed);
        }
        shared.is_silent.store(false, Relaxed);
    }

    /// Whether the call has run too long. Asked while it runs.
    pub(crate) fn is_over(&self) -> bool {
        let slice = self.0.slice.load(Relaxed);
        let running = if slice == NEVER { 0 } else { self.now().saturating_sub(slice) };
        self.0.ran.load(Relaxed) + running >= self.0.run_limit.load(Relaxed)
    }

    /// The guest is about to give way to others: until it runs again, the time is nobody's.
    pub(crate) fn give_way(&self) {
        self.0.yields.store(true, Relaxed);
    }

    /// Until the guard is dropped, the host waits for a pipe or standard input.
    pub(crate) fn silence(&self) -> Silent {
        self.0.is_silent.store(true, Relaxed);
        Silent(self.clone())
    }

    /// Whether the host waits for a pipe or standard input.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.is_silent.load(Relaxed)
    }

    /// How long the last call ran.
    pub(crate) fn ran(&self) -> Duration {
        Duration::from_nanos(self.0.ran.load(Relaxed))
    }

    /// How long it waited, for whatever.
    pub(crate) fn waited(&self) -> Duration {
        Duration::from_nanos(self.0.waited.load(Relaxed) + self.0.silent.load(Relaxed))
    }

    /// Waits for a call. Whether one that returned ran too long all the same is for [`Deadline::is_over`] to say.
    ///
    /// # Errors
    /// Which time is over.
    pub(crate) async fn watch<T>(&self, call: impl Future<Output = T>) -> Result<T, Over> {
        let mut call = pin!(call);
        // Made when the call first waits: most calls return at once and never pay for a timer.
        let mut alarm: Option<Pin<Box<Sleep>>> = None;
        // Since when the call waits; nothing while it does not.
        let mut waits_since: Option<u64> = None;
        std::future::poll_fn(move |cx| {
            let shared = &*self.0;
            let begun = self.now();
            if let Some(since) = waits_since.take() {
                self.note_wait(begun.saturating_sub(since));
            }
            shared.yields.store(false, Relaxed);
            shared.slice.store(begun, Relaxed);
            let polled = call.as_mut().poll(cx);
            let ended = self.now();
            shared.slice.store(NEVER, Relaxed);
            let ran = shared.ran.load(Relaxed) + ended.saturating_sub(begun);
            shared.ran.store(ran, Relaxed);
            if let Poll::Ready(value) = polled {
                return Poll::Ready(Ok(value));
            }
            if ran >= shared.run_limit.load(Relaxed) {
                return Poll::Ready(Err(Over::Running));
            }
            if shared.yields.load(Relaxed) {
                return Poll::Pending;
            }
            waits_since = Some(ended);
            if self.is_silent() && !shared.silence_counts.load(Relaxed) {
                return Poll::Pending; // what ends the silence wakes the call
            }
            let left = shared.wait_limit.load(Relaxed).saturating_sub(shared.waited.load(Relaxed));
            let at = tokio::time::Instant::from_std(shared.origin + Duration::from_nanos(ended.saturating_add(left)));
            let alarm = alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
            if alarm.deadline() != at {
                alarm.as_mut().reset(at);
            }
            if left == 0 || alarm.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Over::Waiting));
            }
            Poll::Pending
        })
        .await
    }

    /// Counts time in which the call waited.
    fn note_wait(&self, nanos: u64) {
        let shared = &*self.0;
        let counts = !self.is_silent() || shared.silence_counts.load(Relaxed);
        let to = if counts { &shared.waited } else { &shared.silent };
        to.fetch_add(nanos, Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.origin.elapsed().as_nanos() as u64
    }
}

/// The host waits for a pipe or standard input while this lives.
pub(crate) struct Silent(Deadline);

impl Drop for Silent {
    fn drop(&mut self) {
        self.0.0.is_silent.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use std::thread;

    const ALLOWED: Allowed =
        Allowed { run: Duration::from_millis(40), wait: Duration::from_millis(60), silence_counts: false };

    fn begun() -> Deadline {
        let deadline = Deadline::new();
        deadline.begin(ALLOWED);
        deadline
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn a_call_that_waits_for_ever_is_given_up() {
        let deadline = begun();
        let started = Instant::now();
        assert_eq!(block_on(deadline.watch(pending::<()>())), Err(Over::Waiting));
        assert!(started.elapsed() >= ALLOWED.wait && deadline.waited() < ALLOWED.wait + Duration::from_secs(5));
        assert!(!deadline.is_over(), "it has not run");
        deadline.begin(ALLOWED);
        assert_eq!(block_on(deadline.watch(ready(7))), Ok(7));
        assert_eq!(deadline.waited(), Duration::ZERO);
    }

    #[test]
    fn many_short_waits_are_one_long_one() {
        let deadline = begun();
        let naps = async {
            for _ in 0..1000 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert_eq!(block_on(deadline.watch(naps)), Err(Over::Waiting));
        assert!(deadline.ran() < ALLOWED.run);
    }

    #[test]
    fn running_and_waiting_are_counted_apart() {
        let deadline = begun();
        // More of both together than either may be.
        let outcome = block_on(deadline.watch(async {
            for _ in 0..2 {
                thread::sleep(Duration::from_millis(15));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }));
        assert_eq!(outcome, Ok(()));
        assert!(deadline.ran() >= Duration::from_millis(30) && deadline.waited() >= Duration::from_millis(40));
    }

    #[test]
    fn what_takes_long_within_one_poll_runs() {
        let deadline = begun();
        let outcome = block_on(deadline.watch(async {
            thread::sleep(Duration::from_millis(50));
            assert!(deadline.is_over());
            tokio::task::yield_now().await;
        }));
        assert_eq!(outcome, Err(Over::Running));
        deadline.begin(ALLOWED);
        let outcome = block_on(deadline.watch(async { thread::sleep(Duration::from_millis(50)) }));
        assert_eq!(outcome, Ok(()), "it has returned");
        assert!(deadline.is_over(), "but too late");
    }

    #[test]
    fn who_gives_way_does_not_wait() {
        let deadline = begun();
        let outcome = block_on(deadline.watch(async {
            for _ in 0..100 {
                deadline.give_way();
                tokio::task::yield_now().await;
            }
        }));
        assert_eq!((outcome, deadline.waited()), (Ok(()), Duration::ZERO));
    }

    #[test]
    fn silence_counts_only_where_it_is_to() {
        for (silence_counts, expected) in [(false, Ok("read")), (true, Err(Over::Waiting))] {
            let deadline = Deadline::new();
            deadline.begin(Allowed { silence_counts, ..ALLOWED });
            let outcome = block_on(deadline.watch(async {
                let silent = deadline.silence();
                assert!(deadline.is_silent());
                tokio::time::sleep(Duration::from_millis(120)).await;
                drop(silent);
                "read"
            }));
            assert_eq!(outcome, expected);
            assert!(!deadline.is_silent());
            assert!(deadline.waited() >= ALLOWED.wait, "the time is told all the same");
        }
        let deadline = begun();
        let outcome = block_on(deadline.watch(async {
            drop(deadline.silence());
            pending::<()>().await
        }));
        assert_eq!(outcome, Err(Over::Waiting), "after it, waiting counts again");
    }
}
