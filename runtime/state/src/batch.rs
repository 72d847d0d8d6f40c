//! Numbering the keys of one batch: from rows to small numbers in order of first sight.

use crate::interner::{Interner, KeyId};
use crate::key::{Key, Keys, Words};
use alloc::vec::Vec;
use petrel_frame::Bitmap;

/// The keys of a batch: for each its id and the row where it was first seen. Used again for the next batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    // Both have a place for every row of the largest batch so far and one more: writing every row's key to the next
    // place, and counting only those that are new, needs no branch.
    ids: Vec<KeyId>,
    first: Vec<u32>,
    len: usize,
    entries: Vec<u32>,
}

const NOT_SEEN: u32 = u32::MAX;
/// Rows whose memory is asked for before the first of them is looked at.
const BLOCK: usize = 32;

/// A key of a block.
#[derive(Clone, Copy, Default)]
struct Hashed {
    words: Words,
    hash: u64,
}

impl Batch {
    /// No keys.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn ids(&self) -> &[KeyId] {
        &self.ids[..self.len]
    }

    pub(crate) fn first(&self) -> &[u32] {
        &self.first[..self.len]
    }

    /// Clears, and makes room for the keys of so many rows.
    pub(crate) fn start(&mut self, rows: usize, interner: &mut Interner) {
        self.len = 0;
        if self.ids.len() <= rows {
            self.ids.resize(rows + 1, KeyId(0));
            self.first.resize(rows + 1, 0);
        }
        interner.start_batch();
    }

    /// A row has a key; its number.
    #[inline(always)]
    pub(crate) fn add(&mut self, interner: &mut Interner, row: usize, id: KeyId) -> u32 {
        let (number, first) = interner.see(id, self.len as u32);
        self.ids[self.len] = id;
        self.first[self.len] = row as u32;
        self.len += usize::from(first);
        number
    }

    /// A row whose key counts as another one than that of every other row.
    pub(crate) fn add_alone(&mut self, row: usize, id: KeyId) {
        self.ids[self.len] = id;
        self.first[self.len] = row as u32;
        self.len += 1;
    }

    /// Numbers all rows of a column. `numbers` has four bytes for each.
    ///
    /// In blocks: first ask for the memory of all keys of the block, then look, so that waits overlap.
    pub(crate) fn add_column<K: Keys>(&mut self, interner: &mut Interner, keys: K, numbers: &mut [u8]) {
        self.start(keys.rows(), interner);
        let mut block = [Hashed::default(); BLOCK];
        let (ids, first_rows, mut len) = (&mut self.ids[..], &mut self.first[..], 0);
        for (start, numbers) in (0..keys.rows()).step_by(BLOCK).zip(numbers.chunks_mut(4 * BLOCK)) {
            let block = &mut block[..numbers.len() / 4];
            let rows = start..start + block.len();
            for ((row, words), hashed) in rows.clone().zip(keys.words(rows.clone())).zip(block.iter_mut()) {
                let hash = interner.hasher.hash(words, || keys.long(row));
                *hashed = Hashed { words, hash };
                interner.prefetch(hash);
            }
            for ((row, hashed), out) in rows.zip(&*block).zip(numbers.chunks_exact_mut(4)) {
                let (id, number, first) = interner.number(hashed.words, hashed.hash, || keys.long(row), len as u32);
                ids[len] = id;
                first_rows[len] = row as u32;
                len += usize::from(first);
                out.copy_from_slice(&number.to_le_bytes());
            }
        }
        self.len = len;
    }

    /// The same for a column that has a dictionary: each entry in use is looked up once.
    pub(crate) fn add_dictionary<K: Keys>(
        &mut self,
        interner: &mut Interner,
        indices: &[u32],
        present: Option<Bitmap<'_>>,
        entries: K,
        numbers: &mut [u8],
    ) {
        self.start(indices.len(), interner);
        let mut seen = core::mem::take(&mut self.entries);
        seen.clear();
        seen.resize(entries.rows(), NOT_SEEN);
        for ((row, &index), out) in indices.iter().enumerate().zip(numbers.chunks_exact_mut(4)) {
            let number = if present.is_some_and(|present| !present.get(row)) {
                let id = interner.intern(&Key::ABSENT);
                self.add(interner, row, id)
            } else {
                let seen = &mut seen[index as usize];
                if *seen == NOT_SEEN {
                    let id = interner.intern(&entries.key(index as usize));
                    *seen = self.add(interner, row, id);
                }
                *seen
            };
            out.copy_from_slice(&number.to_le_bytes());
        }
        self.entries = seen;
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn memory(&self) -> usize {
        4 * (self.ids.capacity() + self.first.capacity() + self.entries.capacity())
    }
}
