//! When a guest has failed so often that it is not called any more.
//!
//! A guest that fails at every tuple would turn a stream into dead letters at full speed. So its task is *paused* after so many
//! rows condemned one after the other, or after a few of them in so long a time in which no call passed. It does not
//! try by itself whether the guest has recovered, because each try would cost another tuple; a person says when to go on.

use crate::tuning::Tuning;

/// So many must have been condemned, however long that took: narrowing down a single row that loops for ever takes long, too.
const FEW: u32 = 3;

/// Counts what goes wrong between two things that go well.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    condemned: u32,
    /// Since when calls fail and none passes, in µs.
    failing_since_us: Option<i64>,
}

impl Breaker {
    /// A call passed, with rows in it.
    pub(crate) fn passed(&mut self) {
        *self = Breaker::default();
    }

    /// A call that began at this time failed.
    pub(crate) fn failed(&mut self, began_us: i64) {
        self.failing_since_us.get_or_insert(began_us);
    }

    /// A row failed alone, or a call that has no rows failed.
    pub(crate) fn condemned(&mut self) {
        self.condemned += 1;
    }

    /// Whether it is enough.
    pub(crate) fn trips(&self, now_us: i64, tuning: &Tuning) -> bool {
        self.condemned >= tuning.breaker_rows
            || (self.condemned >= FEW
                && self.failing_since_us.is_some_and(|since| now_us.saturating_sub(since) >= tuning.breaker_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_by_number_or_by_time_and_only_without_success_in_between() {
        let tuning = Tuning { breaker_rows: 5, breaker_us: 1_000, ..Tuning::default() };
        let mut breaker = Breaker::default();
        for now_us in 0..3 {
            assert!(!breaker.trips(1_000_000, &tuning), "{now_us} are few");
            breaker.failed(now_us);
            breaker.condemned();
        }
        assert!(!breaker.trips(999, &tuning));
        assert!(breaker.trips(1_000, &tuning));
        breaker.passed();
        assert!(!breaker.trips(1_000_000, &tuning));
        (0..5).for_each(|_| breaker.condemned());
        assert!(breaker.trips(0, &tuning));
    }
}
