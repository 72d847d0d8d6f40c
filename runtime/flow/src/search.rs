//! Finding the row that makes a call fail.
//!
//! Every try runs the first *n* rows of the batch in a fresh instance on the state as it was. Halving *n* between what
//! passes and what fails ends at the smallest prefix that fails: its last row is the one to name. The first try is the
//! whole batch, because a failure that does not come again there came from what the old instance remembered.

use core::ops::Range;

/// The search as a machine of its own: ask [`next`](Search::next) how many rows to try, tell [`tried`](Search::tried)
/// how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    rows: u32,
    /// So many rows pass.
    passes: u32,
    /// So many rows fail; none while the whole batch has not been tried again.
    fails: Option<u32>,
    again: bool,
}

/// What is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This row.
    Row(u32),
    /// The whole batch passes.
    Nothing,
}

impl Search {
    /// A search among so many rows, at least 1.
    pub(crate) fn new(rows: u32) -> Search {
        assert!(rows > 0, "an empty batch cannot be searched");
        Search { rows, passes: 0, fails: None, again: true }
    }

    /// The number of rows of the batch.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// How many rows, counted from the first, the next try is to run; none when the search is over.
    pub(crate) fn next(&self) -> Option<u32> {
        match self.fails {
            None => self.again.then_some(self.rows),
            Some(fails) => (fails - self.passes > 1).then(|| self.passes + (fails - self.passes) / 2),
        }
    }

    /// How the try that `next` asked for went.
    pub(crate) fn tried(&mut self, failed: bool) {
        let tried = self.next().expect("a try is over although none was asked for");
        match (self.fails, failed) {
            (_, true) => self.fails = Some(tried),
            (Some(_), false) => self.passes = tried,
            (None, false) => self.again = false,
        }
    }

    /// The result, when the search is over.
    pub(crate) fn found(&self) -> Option<Found> {
        match (self.next(), self.fails) {
            (Some(_), _) => None,
            (None, Some(fails)) => Some(Found::Row(fails - 1)),
            (None, None) => Some(Found::Nothing),
        }
    }

    /// The rows among which the failing one is, as far as is known.
    pub(crate) fn suspects(&self) -> Range<u32> {
        self.passes..self.fails.unwrap_or(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(rows: u32, fails: impl Fn(u32) -> bool) -> (Found, u32) {
        let mut search = Search::new(rows);
        let mut tries = 0;
        while let Some(prefix) = search.next() {
            assert!((1..=rows).contains(&prefix));
            search.tried(fails(prefix));
            tries += 1;
        }
        (search.found().unwrap(), tries)
    }

    #[test]
    fn a_failure_that_does_not_come_again() {
        assert_eq!(run(100, |_| false), (Found::Nothing, 1));
    }

    proptest! {
        #[test]
        fn finds_the_first_failing_row(rows in 1u32..5_000, seed: u32) {
            let bad = seed % rows;
            let (found, tries) = run(rows, |prefix| prefix > bad);
            prop_assert_eq!(found, Found::Row(bad));
            prop_assert!(tries <= 2 + u32::BITS - rows.leading_zeros());
        }

        #[test]
        fn ends_whatever_the_tries_say(rows in 1u32..5_000, answers: u64) {
            let mut search = Search::new(rows);
            let mut tries = 0;
            while search.next().is_some() {
                let before = search.suspects();
                search.tried(tries == 0 || answers >> (tries % 64) & 1 == 1);
                prop_assert!(tries == 0 || search.suspects().len() < before.len());
                tries += 1;
            }
            prop_assert!(matches!(search.found(), Some(Found::Row(row)) if row < rows));
        }
    }
}
