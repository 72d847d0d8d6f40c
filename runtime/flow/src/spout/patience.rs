//! How long a message timeout really is.
//!
//! Where tuples wait for longer than the timeout before anybody processes them, each would be emitted again while it still
//! waits, and the next one too: nothing would ever get through but copies. So the timeout grows to twice as long whenever
//! tuples have timed out, once in each timeout, and shrinks again when none do. What was lost is then emitted again later; what
//! waits gets through.

use super::acking::TIMEOUT_TICKS;

/// The longest timeout, as a multiple of what the topology says.
pub(crate) const STRETCH_MAX: u32 = 1_024;

/// Stretches the ticks in which a timeout is measured.
#[derive(Debug)]
pub(super) struct Patience {
    stretch: u32,
    /// Ticks since one counted.
    skipped: u32,
    /// Ticks that counted since the stretch changed.
    unchanged: u32,
    /// Ticks that counted since something timed out.
    calm: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { stretch: 1, skipped: 0, unchanged: TIMEOUT_TICKS, calm: 0 }
    }
}

impl Patience {
    /// A tick has passed. Says whether it counts.
    pub(super) fn is_a_tick(&mut self) -> bool {
        self.skipped += 1;
        let counts = self.skipped >= self.stretch;
        if counts {
            self.skipped = 0;
        }
        counts
    }

    /// A tick that counts is over, and something timed out, or not.
    pub(super) fn ticked(&mut self, timed_out: bool) {
        self.unchanged += 1;
        self.calm = if timed_out { 0 } else { self.calm + 1 };
        if timed_out && self.unchanged >= TIMEOUT_TICKS {
            self.change(self.stretch.saturating_mul(2).min(STRETCH_MAX));
        } else if self.calm >= 2 * TIMEOUT_TICKS && self.stretch > 1 {
            self.change(self.stretch / 2);
        }
    }

    fn change(&mut self, stretch: u32) {
        (self.stretch, self.unchanged, self.calm) = (stretch, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks until so many of them counted.
    fn ticks(patience: &mut Patience, counting: u32, timed_out: bool) -> u32 {
        let (mut ticks, mut counted) = (0, 0);
        while counted < counting {
            ticks += 1;
            if patience.is_a_tick() {
                patience.ticked(timed_out);
                counted += 1;
            }
        }
        ticks
    }

    #[test]
    fn a_timeout_grows_once_in_each_and_shrinks_when_it_is_calm() {
        let mut patience = Patience::default();
        assert_eq!(ticks(&mut patience, 100, false), 100, "nothing has timed out");
        assert_eq!(ticks(&mut patience, 1, true), 1);
        assert_eq!(ticks(&mut patience, TIMEOUT_TICKS - 1, true), 2 * (TIMEOUT_TICKS - 1), "twice as long, not more");
        assert_eq!(ticks(&mut patience, 1, true), 2);
        assert_eq!(ticks(&mut patience, 1, true), 4);
        (0..20).for_each(|_| assert!(ticks(&mut patience, TIMEOUT_TICKS, true) > TIMEOUT_TICKS));
        assert_eq!(ticks(&mut patience, 1, false), STRETCH_MAX);
        (0..20).for_each(|_| assert!(ticks(&mut patience, 2 * TIMEOUT_TICKS, false) >= 2 * TIMEOUT_TICKS));
        assert_eq!(ticks(&mut patience, 10, false), 10);
    }
}
