//! Numbered tuples, shared out to the tasks of a spout, as fast as asked or at a rate.
//!
//! A spout that makes its tuples up (numbers, sentences) needs three things that have nothing to do with what
//! the tuples are: which numbers are this task's, when each is due, and where to go on after a restart. A
//! [`Series`] is those three. Task *t* of *p* has the numbers *t*, *t + p*, *t + 2p* …; with a rate, number *i* is due
//! *i / rate* seconds after the start, so that the tasks together keep the rate and take turns.
//!
//! ```
//! use petrel_series::{Series, Turn};
//!
//! // The first task of two, 1,000 tuples a second over both, five in all: 0, 2 and 4 are ours.
//! let mut series = Series::new(0, 2).rate(Some(1_000.0)).count(Some(5));
//! assert_eq!(series.turn(0, 100), Turn::Emit { first: 0, rows: 1 });
//! series.advance(1);
//! assert_eq!(series.turn(500, 100), Turn::Idle { until_us: 2_000 });
//! assert_eq!(series.turn(4_000, 100), Turn::Emit { first: 2, rows: 2 });
//! series.advance(2);
//! assert_eq!(series.turn(4_000, 100), Turn::End);
//! ```
//!
//! Time comes in as microseconds: nothing here reads a clock.

/// How far a series may fall behind before it gives up catching up: one second. A stall of the topology is
/// made good up to that, a longer one (or a pause) is not followed by a flood.
pub const CATCH_UP_US: i64 = 1_000_000;

/// The shortest time a series asks to be left alone: 1 ms. At higher rates several tuples are due at once.
pub const IDLE_US_MIN: i64 = 1_000;

/// What a series has to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Emit `rows` tuples: those numbered `first`, `first + step`, `first + 2 × step` …
    Emit {
        /// The number of the first.
        first: u64,
        /// How many, at least one.
        rows: usize,
    },
    /// Nothing is due before this time, in microseconds.
    Idle {
        /// When to ask again.
        until_us: i64,
    },
    /// There are no more.
    End,
}

/// The numbers of one task, and when they are due.
#[derive(Clone, Debug)]
pub struct Series {
    task: u64,
    step: u64,
    next: u64,
    end: Option<u64>,
    rate: Option<f64>,
    /// When number `base` was due. `None` until the first turn, and after a pause.
    started: Option<Started>,
}

#[derive(Clone, Copy, Debug)]
struct Started {
    at_us: i64,
    base: u64,
}

impl Series {
    /// The series of task `task` of `parallelism`: without end, as fast as asked.
    pub fn new(task: u32, parallelism: u32) -> Series {
        let (task, step) = (u64::from(task), u64::from(parallelism.max(1)));
        Series { task, step, next: task, end: None, rate: None, started: None }
    }

    /// Tuples a second, over all tasks.
    pub fn rate(self, rate: Option<f64>) -> Series {
        Series { rate, ..self }
    }

    /// Tuples in all, over all tasks.
    pub fn count(self, count: Option<u64>) -> Series {
        Series { end: count, ..self }
    }

    /// The distance between two numbers of this task.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What to do at this time, emitting at most `rows_max` tuples (taken as 1 if it is 0).
    pub fn turn(&mut self, now_us: i64, rows_max: usize) -> Turn {
        let mut rows = rows_max.max(1) as u64;
        if let Some(end) = self.end {
            if self.next >= end {
                return Turn::End;
            }
            rows = rows.min((end - self.next).div_ceil(self.step));
        }
        if let Some(rate) = self.rate {
            let started =
                *self.started.get_or_insert(Started { at_us: now_us, base: self.next - self.next % self.step });
            let mut behind_us = now_us.saturating_sub(started.due_us(self.next, rate));
            if behind_us > CATCH_UP_US {
                self.started = Some(Started { at_us: now_us - CATCH_UP_US, base: self.next });
                behind_us = CATCH_UP_US;
            }
            if behind_us < 0 {
                return Turn::Idle { until_us: (now_us - behind_us).max(now_us.saturating_add(IDLE_US_MIN)) };
            }
            let due = 1 + (behind_us as f64 * rate / 1e6 / self.step as f64) as u64;
            rows = rows.min(due);
        }
        Turn::Emit { first: self.next, rows: rows as usize }
    }

    /// The first `rows` tuples of the last [`Turn::Emit`] were emitted.
    pub fn advance(&mut self, rows: usize) {
        self.next = self.next.saturating_add(self.step.saturating_mul(rows as u64));
    }

    /// The spout was paused: the rate starts anew, nothing is made good.
    pub fn pause(&mut self) {
        self.started = None;
    }

    /// Where to go on: 8 bytes.
    pub fn position(&self) -> [u8; 8] {
        self.next.to_le_bytes()
    }

    /// Goes on from a [`position`](Series::position) of the same task of as many tasks.
    ///
    /// # Errors
    /// A sentence, where the bytes are no such position.
    pub fn seek(&mut self, position: &[u8]) -> Result<(), String> {
        let bytes: [u8; 8] =
            position.try_into().map_err(|_| format!("the position has {} bytes instead of 8", position.len()))?;
        let next = u64::from_le_bytes(bytes);
        if next % self.step != self.task {
            return Err(format!(
                "the position {next} belongs to task {} of {}, this is task {}: start with the parallelism it was made with",
                next % self.step,
                self.step,
                self.task
            ));
        }
        self.next = next;
        self.started = None;
        Ok(())
    }
}

impl Started {
    /// When that number is due, in microseconds.
    fn due_us(self, number: u64, rate: f64) -> i64 {
        let after = number.saturating_sub(self.base) as f64;
        self.at_us.saturating_add((after * 1e6 / rate).ceil() as i64)
    }
}

/// Whether there is such a rate, in tuples a second.
///
/// # Errors
/// A sentence, where there is not.
pub fn check_rate(rate: Option<f64>) -> Result<(), String> {
    match rate {
        Some(rate) if !(rate > 0.0 && rate <= 1e12) => {
            Err(format!("{rate:?} tuples a second cannot be kept; leave it out to emit as fast as possible"))
        }
        _ => Ok(()),
    }
}

/// Whether there can be so many tuples.
///
/// # Errors
/// A sentence, where there cannot.
pub fn check_count(count: Option<i64>) -> Result<(), String> {
    match count {
        Some(count) if count < 0 => Err(format!("{count} is less than nothing; leave it out to emit without end")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a series in virtual time, `per_turn` tuples at most a turn, and returns (time, number) of each.
    fn run(mut series: Series, until_us: i64, per_turn: usize) -> Vec<(i64, u64)> {
        let (mut now, mut seen) = (0, Vec::new());
        while now <= until_us {
            match series.turn(now, per_turn) {
                Turn::Emit { first, rows } => {
                    assert!(rows >= 1 && rows <= per_turn);
                    seen.extend((0..rows as u64).map(|row| (now, first + row * series.step())));
                    series.advance(rows);
                }
                Turn::Idle { until_us } => {
                    assert!(until_us > now, "an idle spout would be asked again at once");
                    now = until_us;
                }
                Turn::End => break,
            }
        }
        seen
    }

    #[test]
    fn without_a_rate_everything_is_due() {
        let seen = run(Series::new(0, 1).count(Some(10)), 0, 4);
        assert_eq!(seen.iter().map(|&(_, number)| number).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn tasks_share_the_numbers() {
        let mut all: Vec<u64> = (0..3)
            .flat_map(|task| run(Series::new(task, 3).count(Some(10)), 0, 100))
            .map(|(_, number)| number)
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        assert!(run(Series::new(2, 3).count(Some(2)), 0, 100).is_empty());
    }

    #[test]
    fn a_slow_rate_is_exact() {
        let seen = run(Series::new(0, 1).rate(Some(4.0)), 1_000_000, 100);
        assert_eq!(seen, [(0, 0), (250_000, 1), (500_000, 2), (750_000, 3), (1_000_000, 4)]);
    }

    #[test]
    fn a_fast_rate_comes_in_milliseconds() {
        let seen = run(Series::new(0, 1).rate(Some(250_000.0)), 100_000, 10_000);
        assert_eq!(seen.len(), 25_001);
        assert!(seen.iter().all(|&(at, number)| at >= number as i64 * 4 && at <= number as i64 * 4 + IDLE_US_MIN));
    }

    #[test]
    fn two_tasks_keep_the_rate_together() {
        let one = run(Series::new(0, 2).rate(Some(100.0)), 1_000_000, 100);
        let two = run(Series::new(1, 2).rate(Some(100.0)), 1_000_000, 100);
        assert_eq!((one.len(), two.len()), (51, 50));
        assert_eq!(two[0], (10_000, 1));
    }

    #[test]
    fn a_stall_is_made_good_for_a_second() {
        let mut series = Series::new(0, 1).rate(Some(1_000.0));
        assert_eq!(series.turn(0, 1_000_000), Turn::Emit { first: 0, rows: 1 });
        series.advance(1);
        assert_eq!(series.turn(3_600_000_000, 1_000_000), Turn::Emit { first: 1, rows: 1_001 });
        series.advance(1_001);
        assert_eq!(series.turn(3_600_000_000, 1_000_000), Turn::Idle { until_us: 3_600_001_000 });
        series.pause();
        assert_eq!(series.turn(9_000_000_000, 1_000_000), Turn::Emit { first: 1_002, rows: 1 });
    }

    #[test]
    fn goes_on_from_a_position() {
        let mut series = Series::new(1, 2);
        series.advance(5);
        let mut again = Series::new(1, 2);
        again.seek(&series.position()).unwrap();
        assert_eq!(again.turn(0, 1), Turn::Emit { first: 11, rows: 1 });
        assert!(Series::new(0, 2).seek(&series.position()).unwrap_err().contains("task 1 of 2"));
        assert!(check_rate(Some(0.0)).is_err() && check_rate(Some(f64::NAN)).is_err() && check_rate(Some(0.1)).is_ok());
        assert!(check_rate(Some(1e300)).is_err_and(|message| message.starts_with("1e300 tuples")));
        assert!(check_count(Some(-1)).is_err() && check_count(Some(0)).is_ok());
        assert!(again.seek(b"odd").unwrap_err().contains("3 bytes"));
    }
}
