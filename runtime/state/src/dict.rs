//! A dictionary for one batch.

use crate::key::{Hasher, Keys, StringKeys, Words};
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
        numbers.extend(keys.words(0..keys.rows()).enumerate().map(|(row, words)| self.number(keys, row, words, first)));
    }

    #[inline(always)]
    fn number(&mut self, keys: StringKeys<'_>, row: usize, words: Words, first: &mut Vec<u32>) -> u32 {
        let hash = self.hasher.hash(words, || keys.long(row));
        let mask = self.table.len() - 1;
        // The place comes from the high bits, what is compared from the low ones.
        let want = hash << 44 | self.batch << 32;
        let mut place = (hash >> self.shift) as usize;
        loop {
            // SAFETY: the table is never empty, so that `mask` is less than its length, and so is what it leaves.
            let word = unsafe { *self.table.get_unchecked(place & mask) };
            if word & !NUMBER == want {
                let number = word as u32;
                if self.words[number as usize] == words
                    && (!words.is_long() || same_rest(keys, first[number as usize], row))
                {
                    return number;
                }
            } else if (word >> 32) % BATCHES != self.batch {
                return self.insert(keys, row, words, want, place & mask, first);
            }
            place += 1;
        }
    }

    fn insert(
        &mut self,
        keys: StringKeys<'_>,
        row: usize,
        words: Words,
        want: u64,
        place: usize,
        first: &mut Vec<u32>,
    ) -> u32 {
        let number = self.words.len() as u32;
        self.table[place] = want | u64::from(number);
        self.words.push(words);
        first.push(row as u32);
        if 2 * self.words.len() > self.table.len() {
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
fn same_rest(keys: StringKeys<'_>, a: u32, b: usize) -> bool {
    keys.long(a as usize) == keys.long(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Scalar, Schema};
    use proptest::prelude::*;

    fn frame(values: &[Vec<u8>]) -> FrameBuf {
        let mut builder = FrameBuilder::new(&Schema::new([Field::new("value", Scalar::Bytes)]));
        values.iter().for_each(|value| builder.column(0).push_bytes(value));
        let mut out = FrameBuf::new();
        builder.finish_into(&mut out).unwrap();
        out
    }

    fn check(dict: &mut Dict, values: &[Vec<u8>]) {
        let frame = frame(values);
        let view = FrameView::parse(&frame).unwrap();
        let (mut numbers, mut first) = (vec![9], vec![9]);
        dict.encode(view.column(0).strings().unwrap(), &mut numbers, &mut first);
        let (mut known, mut expected_first) = (BTreeMap::new(), vec![]);
        for (row, value) in values.iter().enumerate() {
            let next = known.len() as u32;
            if *known.entry(value).or_insert(next) == next {
                expected_first.push(row as u32);
            }
        }
        assert_eq!(first, expected_first);
        assert_eq!(numbers, values.iter().map(|value| known[value]).collect::<Vec<_>>());
    }

    /// Bytes of 0 to 40, from few letters so that many are equal or begin alike.
    fn value() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(0..2u8, 0..5),
            (0..41usize, 0..3u8).prop_map(|(len, last)| {
                let mut value = vec![7; len];
                value.extend((len > 0).then_some(last));
                value
            }),
        ]
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_a_map(
            seed in any::<u64>(),
            batches in prop::collection::vec(prop::collection::vec(value(), 0..80), 1..6),
        ) {
            let mut dict = Dict::new(seed);
            batches.iter().for_each(|values| check(&mut dict, values));
        }
    }

    #[test]
    fn it_grows_within_a_batch() {
        let values: Vec<Vec<u8>> = (0..20_000_u32).map(|n| alloc::format!("{:>20}", n % 9_000).into_bytes()).collect();
        let mut dict = Dict::new(1);
        check(&mut dict, &values);
        check(&mut dict, &values);
    }

    #[test]
    fn batches_are_told_apart_after_their_count_wraps() {
        let mut dict = Dict::new(1);
        let mut values: Vec<Vec<u8>> = (0..100).map(|n| vec![n]).collect();
        check(&mut dict, &values);
        // The next batch but these has the same number within the words of the table.
        (0..BATCHES - 2).for_each(|_| check(&mut dict, &[vec![200]]));
        values.reverse();
        check(&mut dict, &values);
    }
}
