//! Randomness for guests: drawn from the seed the host gives, so that a call can be repeated exactly.

use rand_core::TryRng;
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// SHA-256 over a key and a counter: unpredictable without the seed, the same again with it.
pub(crate) struct SeededRandom {
    key: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl SeededRandom {
    /// A stream of its own for each seed, purpose and task.
    pub(crate) fn new(seed: u64, purpose: &str, component: &str, task: u32) -> SeededRandom {
        let mut key = Sha256::new_with_prefix(seed.to_le_bytes());
        key.update(task.to_le_bytes());
        key.update(purpose.as_bytes());
        key.update([0]);
        key.update(component.as_bytes());
        SeededRandom { key: key.finalize().into(), counter: 0, block: [0; 32], used: 32 }
    }

    pub(crate) fn next<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    fn fill(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            if self.used == self.block.len() {
                let block = Sha256::new_with_prefix(self.key).chain_update(self.counter.to_le_bytes());
                self.block = block.finalize().into();
                self.counter += 1;
                self.used = 0;
            }
            let count = bytes.len().min(self.block.len() - self.used);
            let (now, later) = bytes.split_at_mut(count);
            now.copy_from_slice(&self.block[self.used..][..count]);
            self.used += count;
            bytes = later;
        }
    }
}

impl TryRng for SeededRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.next()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.next()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_anything_else_something_else() {
        let draw = |seed, purpose, component, task| SeededRandom::new(seed, purpose, component, task).next::<100>();
        let first = draw(1, "a", "b", 0);
        assert_eq!(first, draw(1, "a", "b", 0));
        for other in [
            draw(2, "a", "b", 0),
            draw(1, "c", "b", 0),
            draw(1, "a", "c", 0),
            draw(1, "a", "b", 1),
            draw(1, "ab", "", 0),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn pieces_join_to_one_stream() {
        let mut pieces = SeededRandom::new(9, "a", "b", 0);
        let mut joined = pieces.next::<5>().to_vec();
        joined.extend(pieces.next::<60>());
        joined.extend(pieces.next::<35>());
        assert_eq!(joined, SeededRandom::new(9, "a", "b", 0).next::<100>());
    }
}
