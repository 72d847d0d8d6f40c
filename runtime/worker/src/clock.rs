//! The only clock of the runtime.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970 that never go back: read from the system once, then carried on by the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_us: i64,
}

impl Clock {
    /// A clock set by the system's.
    pub(crate) fn new() -> Clock {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Clock { start: Instant::now(), start_us: since_1970.as_micros() as i64 }
    }

    /// Now.
    pub(crate) fn now_us(&self) -> i64 {
        self.start_us + self.start.elapsed().as_micros() as i64
    }

    /// How long until that time; zero when it is past.
    pub(crate) fn until(&self, time_us: i64) -> Duration {
        Duration::from_micros(time_us.saturating_sub(self.now_us()).max(0) as u64)
    }
}
