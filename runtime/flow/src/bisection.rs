//! How many rows the next call takes, so that a fault costs one row.
//!
//! A call that fails leaves nothing behind, so its rows are tried again in halves, and every half that passes counts: what
//! fails is narrowed down to one row that fails alone, and no row is processed twice for good. Such a row is *condemned*.
//! After it one row is tried, then twice as many with each success: where bad rows come close together, a search
//! through all that is left would find them one by one, each at the price of a search.
//!
//! Where a call ran out of time, larger parts get a share of it only: with the whole time for each half, a row that
//! loops for ever would cost a time limit for each halving. A row alone always has the whole time, so that nothing is condemned for
//! having had less.
//!
//! A guest may *name* the row at which it is when it fails. Then there is nothing to search: the rows before that one are tried, and
//! should pass; then the row alone. A guest whose word did not hold is searched as any other.
//!
//! Whoever condemns a row sees to it that the instance had been given nothing before: what fails in an instance that was used may be
//! what that one remembered, such as memory that leaked.

/// A part of the time that a call may take, in 64ths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeShare(u8);

impl TimeShare {
    /// All of it.
    pub const WHOLE: TimeShare = TimeShare(64);

    /// This share of a time in ms, at least 1.
    pub fn of_ms(self, whole_ms: u64) -> u64 {
        if self == TimeShare::WHOLE {
            return whole_ms;
        }
        (u128::from(whole_ms) * u128::from(self.0) / 64).max(1) as u64
    }
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How much of `batch_ms` and `io_ms` it may take.
    pub share: TimeShare,
    /// Some of its rows failed together with others before: should it fail, what the guest says about that is known.
    pub again: bool,
}

impl Attempt {
    /// With all the time, for the first time.
    pub const FIRST: Attempt = Attempt { share: TimeShare::WHOLE, again: false };
}

/// What a try says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// One of several rows: try fewer.
    Narrowed,
    /// This row fails alone.
    Condemned,
}

/// The state of a search in a queue of rows whose first ones are tried next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bisection {
    /// Rows of a call when nothing is wrong.
    usual: usize,
    /// Rows of the next call, while nothing is suspected.
    limit: usize,
    /// So many of the rows that come next failed together; 0: none did.
    suspects: usize,
    /// So many rows were too much for the whole time; 0: none were.
    timed_out: usize,
    /// So many rows come before the one that the guest named.
    named: Option<usize>,
    /// What it named once was not to blame, or something before it failed.
    misled: bool,
}

impl Bisection {
    /// Nothing has failed. A call takes so many rows, at least 1.
    pub(crate) fn new(usual: usize) -> Bisection {
        let usual = usual.max(1);
        Bisection { usual, limit: usual, suspects: 0, timed_out: 0, named: None, misled: false }
    }

    /// As after a condemned row: with one row, then twice as many with each success.
    pub(crate) fn carefully(usual: usize) -> Bisection {
        Bisection { limit: 1, ..Bisection::new(usual) }
    }

    /// How many rows the next try takes at most.
    pub(crate) fn rows(&self) -> usize {
        if let Some(before) = self.named {
            return before.max(1);
        }
        match self.suspects {
            0 => self.limit,
            suspects => suspects.div_ceil(2),
        }
    }

    /// How a try of so many rows is made.
    pub(crate) fn attempt(&self, rows: usize) -> Attempt {
        let share = match self.timed_out {
            timed_out if timed_out > 0 && rows > 1 => TimeShare((rows * 64 / timed_out).clamp(1, 64) as u8),
            _ => TimeShare::WHOLE,
        };
        Attempt { share, again: self.suspects > 0 || self.named.is_some() }
    }

    /// So many rows were too many to be given to a call at all.
    pub(crate) fn too_many(&mut self, rows: usize) -> Verdict {
        if rows <= 1 {
            return Verdict::Condemned;
        }
        self.limit = (rows / 2).max(1);
        self.suspects = 0;
        self.named = None;
        Verdict::Narrowed
    }

    /// A try of so many rows failed, for want of time or otherwise; at the row of that number, if the guest said so.
    pub(crate) fn failed(&mut self, rows: usize, timed_out: bool, named: Option<usize>) -> Verdict {
        if timed_out && self.timed_out == 0 {
            self.timed_out = rows;
        }
        // The rows before the one that it named were to pass.
        self.misled |= self.named.take().is_some_and(|before| before > 0);
        let named = named.filter(|before| !self.misled && *before < rows);
        if rows <= 1 {
            self.suspects = 0;
            self.limit = if named.is_some() { self.usual } else { 1 };
            return Verdict::Condemned;
        }
        self.suspects = if named.is_some() { 0 } else { rows };
        self.named = named;
        Verdict::Narrowed
    }

    /// So many rows are tried no more as they are: some of them are left out.
    pub(crate) fn set_aside(&mut self, rows: usize) {
        self.named = self.named.and_then(|before| before.checked_sub(rows));
    }

    /// Whether the row that the guest named is the next, to be tried alone.
    pub(crate) fn is_at_named(&self) -> bool {
        self.named == Some(0)
    }

    /// A try of so many rows passed.
    pub(crate) fn passed(&mut self, rows: usize) {
        if let Some(before) = &mut self.named {
            if *before == 0 {
                // It was not that row.
                *self = Bisection { misled: true, ..Bisection::new(self.usual) };
            } else {
                *before = before.saturating_sub(rows);
            }
        } else if self.suspects > 0 {
            self.suspects = self.suspects.saturating_sub(rows);
            // All of them passed in the end: it was not the rows.
            if self.suspects == 0 {
                *self = Bisection { misled: self.misled, ..Bisection::new(self.usual) };
            }
        } else if self.limit < self.usual {
            self.limit = self.limit.saturating_mul(2).min(self.usual);
            if self.limit == self.usual {
                self.timed_out = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    struct Outcome {
        condemned: Vec<usize>,
        passed: Vec<usize>,
        tries: usize,
        /// In 64ths of a time limit.
        time: usize,
    }

    fn search(rows: usize, usual: usize, bad: &BTreeSet<usize>, timed_out: bool) -> Outcome {
        search_with(rows, usual, bad, timed_out, |_, _| None)
    }

    /// The guest names a row of each failed call as `name` says, which is given the call's rows and the first bad one.
    fn search_with(
        rows: usize,
        usual: usize,
        bad: &BTreeSet<usize>,
        timed_out: bool,
        mut name: impl FnMut(usize, usize) -> Option<usize>,
    ) -> Outcome {
        let mut bisection = Bisection::new(usual);
        let mut outcome = Outcome { condemned: Vec::new(), passed: Vec::new(), tries: 0, time: 0 };
        let mut done = 0;
        while done < rows {
            let next = bisection.rows().min(rows - done);
            let share = bisection.attempt(next).share;
            outcome.tries += 1;
            let Some(first) = bad.range(done..done + next).next() else {
                outcome.passed.extend(done..done + next);
                bisection.passed(next);
                done += next;
                continue;
            };
            outcome.time += usize::from(share.0);
            let named = name(next, first - done);
            if bisection.failed(next, timed_out, named) == Verdict::Condemned {
                assert_eq!(share, TimeShare::WHOLE);
                outcome.condemned.push(done);
                done += 1;
            }
        }
        outcome
    }

    proptest! {
        #[test]
        fn every_bad_row_is_condemned_and_every_other_passes_once(
            rows in 1usize..3_000,
            usual in 1usize..3_000,
            bad in prop::collection::btree_set(0usize..3_000, 0..40),
            timed_out: bool,
        ) {
            let bad: BTreeSet<usize> = bad.into_iter().filter(|row| *row < rows).collect();
            let outcome = search(rows, usual, &bad, timed_out);
            prop_assert_eq!(outcome.condemned, bad.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(outcome.passed, (0..rows).filter(|row| !bad.contains(row)).collect::<Vec<_>>());
            // Down to the row and up again, for each.
            let halvings = (usize::BITS - usual.min(rows).leading_zeros()) as usize + 1;
            prop_assert!(outcome.tries <= rows.div_ceil(usual) + 3 * halvings * bad.len(), "{} tries", outcome.tries);
        }

        #[test]
        fn a_guest_that_names_the_row_costs_three_calls_for_each(
            rows in 1usize..3_000,
            usual in 1usize..3_000,
            bad in prop::collection::btree_set(0usize..3_000, 0..40),
        ) {
            let bad: BTreeSet<usize> = bad.into_iter().filter(|row| *row < rows).collect();
            let outcome = search_with(rows, usual, &bad, false, |_, before| Some(before));
            prop_assert_eq!(outcome.condemned, bad.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(outcome.passed, (0..rows).filter(|row| !bad.contains(row)).collect::<Vec<_>>());
            prop_assert!(outcome.tries <= rows.div_ceil(usual) + 3 * bad.len(), "{} tries", outcome.tries);
        }

        #[test]
        fn a_name_that_misleads_condemns_nobody_else(
            rows in 1usize..3_000,
            usual in 1usize..3_000,
            bad in prop::collection::btree_set(0usize..3_000, 0..40),
            names in prop::collection::vec(prop::option::of(0usize..4_000), 1..20),
        ) {
            let bad: BTreeSet<usize> = bad.into_iter().filter(|row| *row < rows).collect();
            let mut at = 0;
            let outcome = search_with(rows, usual, &bad, false, |_, _| {
                at += 1;
                names[at % names.len()]
            });
            prop_assert_eq!(outcome.condemned, bad.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(outcome.passed, (0..rows).filter(|row| !bad.contains(row)).collect::<Vec<_>>());
            let halvings = (usize::BITS - usual.min(rows).leading_zeros()) as usize + 1;
            prop_assert!(
                outcome.tries <= rows.div_ceil(usual) + (3 * halvings + 3) * (bad.len() + 1), "{} tries", outcome.tries
            );
        }

        #[test]
        fn an_answer_that_changes_every_time_comes_to_an_end_too(rows in 1usize..3_000, answers: u64) {
            let mut bisection = Bisection::new(rows);
            let (mut done, mut tries) = (0, 0);
            while done < rows {
                let next = bisection.rows().min(rows - done);
                tries += 1;
                if answers >> (tries % 64) & 1 == 0 {
                    bisection.passed(next);
                    done += next;
                } else if bisection.failed(next, false, None) == Verdict::Condemned {
                    done += 1;
                }
            }
            prop_assert!(tries <= 40 * rows);
        }
    }

    #[test]
    fn one_bad_row_in_a_hundred_costs_a_dozen_calls() {
        let bad: BTreeSet<usize> = (0..10_000).filter(|row| row % 100 == 63).collect();
        let outcome = search(10_000, 5_000, &bad, false);
        assert!(outcome.tries <= 14 * bad.len(), "{} tries for {} bad rows", outcome.tries, bad.len());
    }

    #[test]
    fn a_row_that_loops_costs_about_three_time_limits() {
        for bad in [0, 1, 2_500, 4_999] {
            let outcome = search(5_000, 5_000, &[bad].into(), true);
            assert!(outcome.time <= 64 * 13 / 4, "row {bad}: {} 64ths", outcome.time);
        }
    }

    #[test]
    fn a_failure_that_does_not_come_again_costs_a_few_calls() {
        let mut bisection = Bisection::new(1_000);
        assert_eq!(bisection.failed(1_000, false, None), Verdict::Narrowed);
        let (mut done, mut tries) = (0, 0);
        while done < 1_000 {
            let next = bisection.rows();
            bisection.passed(next);
            done += next;
            tries += 1;
        }
        assert!(tries <= 11, "{tries} tries");
        assert_eq!(bisection, Bisection::new(1_000));
    }

    #[test]
    fn shares_of_a_time_are_never_nothing() {
        assert_eq!(TimeShare(1).of_ms(10), 1);
        assert_eq!(TimeShare(32).of_ms(10_000), 5_000);
        assert_eq!(TimeShare::WHOLE.of_ms(u64::MAX), u64::MAX);
    }
}
