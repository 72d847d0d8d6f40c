//! Points in time.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time: microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time by the host's clock.
    pub fn now() -> Timestamp {
        crate::host::now()
    }

    /// The start of the window of that length that the time lies in, windows being aligned at 1970.
    pub fn truncate(self, window: Duration) -> Timestamp {
        let window = (window.as_micros() as i64).max(1);
        Timestamp(self.0 - self.0.rem_euclid(window))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(duration.as_micros().min(i64::MAX as u128) as i64))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(duration.as_micros().min(i64::MAX as u128) as i64))
    }
}
