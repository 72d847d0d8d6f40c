//! How soon to ask again what has nothing yet.

use std::time::Duration;

/// The first wait; each further one is twice as long.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest: what comes after a long silence is seen this late at most, and asking costs next to nothing.
const LONGEST: Duration = Duration::from_millis(32);

/// Waits that grow while nothing comes. Begun anew when something has come.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    last: Option<Duration>,
}

impl Patience {
    /// How long to wait this time.
    pub(crate) fn wait(&mut self) -> Duration {
        let wait = self.last.map_or(SHORTEST, |last| LONGEST.min(2 * last));
        self.last = Some(wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest() {
        let mut patience = Patience::default();
        let waits: Vec<u128> = (0..8).map(|_| patience.wait().as_millis()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
    }
}
