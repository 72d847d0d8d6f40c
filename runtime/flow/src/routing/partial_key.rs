//! Partial key: each key has two targets, and each row goes to the one that has got fewer rows so far.
//!
//! A key that is far more frequent than the others then loads two tasks instead of one, and all tasks get about the
//! same. "So far" counts what this sender sent: without any exchange among senders, that balances as well as
//! knowing everything would.

use super::Delivery;
use super::key::{Hashes, Keys};
use super::scatter::Scatter;
use crate::frame::Frame;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// What a partial-key edge keeps.
#[derive(Debug)]
pub(super) struct PartialKey {
    keys: Keys,
    scatter: Scatter,
    /// Rows that each target got.
    rows: Vec<u64>,
    targets: Vec<u32>,
}

impl PartialKey {
    /// Among so many targets.
    pub(super) fn new(keys: Keys, scatter: Scatter, targets: usize) -> PartialKey {
        PartialKey { keys, scatter, rows: vec![0; targets], targets: Vec::new() }
    }

    /// Delivers each row to one of the two targets of its key, and tells the target of each if asked.
    ///
    /// # Errors
    /// As for a fields grouping.
    pub(super) fn route(
        &mut self,
        frame: &Frame,
        to: &mut Vec<Delivery>,
        by_row: Option<&mut Vec<u32>>,
    ) -> Result<(), String> {
        let PartialKey { keys, scatter, rows, targets } = self;
        let view = frame.view();
        let mut less = |hash: u64| {
            let (one, other) = two_of(hash, rows.len());
            let target = if rows[other] < rows[one] { other } else { one };
            rows[target] += 1;
            target as u32
        };
        targets.clear();
        match keys.hash(&view)? {
            Hashes::Rows(hashes) => targets.extend(hashes.iter().map(|hash| less(*hash))),
            Hashes::Entries(numbered) => {
                targets.extend(numbered.numbers.iter().map(|number| less(numbered.hashes[*number as usize])));
            }
        }
        by_row.into_iter().for_each(|by_row| by_row.clone_from(targets));
        scatter.by_row(frame, targets, to)
    }
}

/// Two different targets, of at least two, from independent parts of a hash.
fn two_of(hash: u64, targets: usize) -> (usize, usize) {
    // The product's high half is as even as a remainder, and much cheaper.
    let scale = |half: u64, limit: usize| ((half * limit as u64) >> 32) as usize;
    let one = scale(hash & 0xffff_ffff, targets);
    let other = scale(hash >> 32, targets - 1);
    (one, if other < one { other } else { other + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_targets_of_a_key_differ_and_every_pair_occurs() {
        for targets in 2..9 {
            let mut seen = alloc::collections::BTreeSet::new();
            for key in 0..10_000u64 {
                let (one, other) = two_of(xxhash_rust::xxh3::xxh3_64(&key.to_le_bytes()), targets);
                assert!(one < targets && other < targets && one != other);
                seen.insert((one, other));
            }
            assert_eq!(seen.len(), targets * (targets - 1));
        }
    }
}
