//! The numbers whose XOR tells when a tree is done.
//!
//! Every segment of rows that is under way, or kept, has an *edge number*, and every run in it a *value* that sender and
//! receiver compute alike. Storm draws a random number for each tuple; a counter that is mixed well does as well, costs
//! nothing to draw, and gives the same numbers when a run is repeated.

use petrel_model::Generation;

/// Spreads consecutive numbers over all of u64: 2^64 divided by the golden ratio, odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Bits of the counter of one task. The rest numbers the tasks.
const COUNTER_BITS: u32 = 40;

/// Names a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeNumber(pub u64);

impl EdgeNumber {
    /// The value of the run that starts at that row of the segment.
    ///
    /// Rows number runs: so a run of one row is worth the same whether it stands alone or in a run of rows of
    /// consecutive trees.
    #[inline]
    pub fn value(self, row: u32) -> u64 {
        mix(self.0.wrapping_add(u64::from(row).wrapping_mul(STEP)))
    }
}

/// Draws the edge numbers of one task.
#[derive(Clone, Debug)]
pub struct EdgeNumbers {
    offset: u64,
    next: u64,
}

impl EdgeNumbers {
    /// Of a task, counted over all tasks of the topology. Two tasks of one generation never draw the same number, and
    /// a task that starts again has another generation, so that it does not draw those of its earlier life.
    ///
    /// # Panics
    /// If the task is not below 2^24.
    pub fn new(task: u32, generation: Generation) -> EdgeNumbers {
        assert!(task < 1 << (64 - COUNTER_BITS), "task {task} is too large to number edges");
        EdgeNumbers { offset: mix(generation.0.wrapping_mul(STEP)), next: u64::from(task) << COUNTER_BITS }
    }

    /// The next one.
    pub fn draw(&mut self) -> EdgeNumber {
        let number = self.next;
        self.next += 1;
        // A bijection: different numbers stay different.
        EdgeNumber(mix(number.wrapping_add(self.offset)))
    }
}

/// The finalizer of SplitMix64: a bijection in which every bit of the result depends on every bit of the argument.
#[inline]
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    #[test]
    fn numbers_and_values_do_not_collide() {
        let mut values = BTreeSet::new();
        for (task, generation) in [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2)] {
            let mut numbers = EdgeNumbers::new(task, Generation(generation));
            for _ in 0..1_000 {
                let edge = numbers.draw();
                assert!((0..20).all(|row| values.insert(edge.value(row))));
            }
        }
    }

    #[test]
    fn a_task_draws_the_same_numbers_every_time() {
        let mut once = EdgeNumbers::new(7, Generation(3));
        let mut twice = EdgeNumbers::new(7, Generation(3));
        assert!((0..100).all(|_| once.draw() == twice.draw()));
    }

    #[test]
    fn bits_of_values_are_even() {
        let mut numbers = EdgeNumbers::new(0, Generation(0));
        let values: Vec<u64> =
            (0..64).map(|_| numbers.draw()).flat_map(|edge| (0..64).map(move |i| edge.value(i))).collect();
        for bit in 0..64 {
            let ones = values.iter().filter(|value| *value >> bit & 1 == 1).count();
            assert!((1_850..2_250).contains(&ones), "bit {bit} is set in {ones} of 4096 values");
        }
    }
}
