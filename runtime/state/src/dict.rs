//! A dictionary for one batch.

use crate::key::{Hasher, Key, Keys, StringKeys, Words};
use alloc::vec;
use alloc::vec::Vec;
use petrel_frame::StringColumn;

/// Numbers the distinct values of a string column in order of first sight.
///
/// Made for one batch at a time and used again for the next: forgetting the last batch costs nothing.
///
/// Its table holds words of `hash: 20, batch: 12, number: 32` bits; a word of another batch counts as empty.
#[derive(Debug)]
pub struct Dict {
    hasher: Hasher,
    table: Vec<u64>,
    shift: u32,
    batch: u64,
    words: Vec<Words>,
}

const NUMBER: u64 = 0xffff_ffff;
const BATCHES: u64 = 1 << 12;
/// Table words per distinct key expected. A batch's table is small, and a short way to an empty word matters more.
const SLACK: usize = 8;

impl Dict {
    /// An empty dictionary. The seed guards against values chosen to collide.
    pub fn new(seed: u64) -> Dict {
        Dict { hasher: Hasher::new(seed), table: vec![0; 1024], shift: 64 - 10, batch: 1, words: Vec::new() }
    }

    /// For each row of the column the number of its value, and for each value the row where it was first seen.
    /// Both vectors are cleared first.
    pub fn encode(&mut self, column: StringColumn<'_>, numbers: &mut Vec<u32>, first: &mut Vec<u32>) {
        let keys = StringKeys(column);
        self.forget();
        numbers.clear();
        first.clear();
        numbers.extend((0..keys.rows()).map(|row| self.number(keys, row, first)));
    }

    #[inline(always)]
    fn number(&mut self, keys: StringKeys<'_>, row: usize, first: &mut Vec<u32>) -> u32 {
        let key = keys.key(row);
        let hash = self.hasher.hash(key.words, || key.long);
        let mask = self.table.len() - 1;
        // The place comes from the high bits, what is compared from the low ones.
        let want = hash << 44 | self.batch << 32;
        let mut place = (hash >> self.shift) as usize;
        loop {
            let word = self.table[place & mask];
            if word & !NUMBER == want {
                let number = word as u32;
                if self.words[number as usize] == key.words
                    && (!key.words.is_long() || same_rest(keys, first[number as usize], &key))
                {
                    return number;
                }
            } else if (word >> 32) % BATCHES != self.batch {
                break;
            }
            place += 1;
        }
        let number = self.words.len() as u32;
        self.table[place & mask] = want | u64::from(number);
        self.words.push(key.words);
        first.push(row as u32);
        if 2 * self.words.len() > mask {
            self.grow(keys, first);
        }
        number
    }

    fn forget(&mut self) {
        self.batch += 1;
        if self.batch == BATCHES {
            self.table.fill(0);
            self.batch = 1;
        }
        // The last batch tells best how many keys this one will have.
        let size = (self.words.len() * SLACK).next_power_of_two();
        if size > self.table.len() {
            self.resize(size);
        }
        self.words.clear();
    }

    fn resize(&mut self, size: usize) {
        self.shift = 64 - size.trailing_zeros();
        self.table.clear();
        self.table.resize(size, 0);
    }

    #[cold]
    fn grow(&mut self, keys: StringKeys<'_>, first: &[u32]) {
        self.resize(self.table.len() * 4);
        let mask = self.table.len() - 1;
        for (number, &row) in first.iter().enumerate() {
            let key = keys.key(row as usize);
            let hash = self.hasher.hash(key.words, || key.long);
            let mut place = (hash >> self.shift) as usize;
            while self.table[place & mask] != 0 {
                place += 1;
            }
            self.table[place & mask] = hash << 44 | self.batch << 32 | number as u64;
        }
    }
}

#[inline(never)]
fn same_rest(keys: StringKeys<'_>, row: u32, key: &Key<'_>) -> bool {
    keys.long(row as usize) == key.long
}
