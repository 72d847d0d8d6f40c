//! Keys to small numbers that stay the same as long as the key is used.

use crate::key::{Hasher, Key, Words};
use crate::long::LongKeys;
use crate::prefetch::prefetch;
use alloc::vec;
use alloc::vec::Vec;
use petrel_model::KeyGroup;

/// The number of a key that a task holds state for; given again once nothing is kept for the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl KeyId {
    /// Of no key: nothing is kept under it.
    pub(crate) const NONE: KeyId = KeyId(u32::MAX);
}

/// Keys, each with an id; dense, so that everything kept for a key can lie in a vector by id.
///
/// The index is open addressing over words of `hash: 32, id + 1: 32` bits. A word's place follows from its hash bits
/// alone, so growing and removing never look at keys. All else that is wanted of a key with every row of a batch is in
/// one [`Entry`] of half a cache line.
#[derive(Debug)]
pub(crate) struct Interner {
    pub(crate) hasher: Hasher,
    index: Vec<u64>,
    /// How far to shift the 32 hash bits for a place in the index.
    shift: u32,
    entries: Vec<Entry>,
    long: LongKeys,
    free: Vec<u32>,
    /// Ids for which nothing may be kept: new ones, and those released for the last time.
    suspects: Vec<u32>,
    /// While changes are tracked, ids released for the last time: they stay until the epoch is over, so that it can
    /// still be told which keys were removed in it.
    removed: Vec<u32>,
    tracked: bool,
    batch: u32,
}

/// What is kept of a key.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
struct Entry {
    words: Words,
    /// The last batch that had the key, and the key's number in it.
    batch: u32,
    number: u32,
    /// How many values and timers are kept for the key.
    references: u32,
    group: u16,
    used: bool,
}

const EMPTY: u64 = 0;
const FIRST_BITS: u32 = 10;
const NO_GROUP: u16 = u16::MAX;

/// The 32 bits of a hash that the index keeps; never 0, so that no key looks like an empty word.
#[inline(always)]
fn tag(hash: u64) -> u64 {
    hash >> 32 | 1
}

impl Interner {
    pub(crate) fn new(seed: u64) -> Interner {
        Interner {
            hasher: Hasher::new(seed),
            index: vec![EMPTY; 1 << FIRST_BITS],
            shift: 32 - FIRST_BITS,
            entries: Vec::new(),
            long: LongKeys::default(),
            free: Vec::new(),
            suspects: Vec::new(),
            removed: Vec::new(),
            tracked: false,
            batch: 0,
        }
    }

    /// The id of a key, if it has one.
    pub(crate) fn find(&self, key: &Key<'_>) -> Option<KeyId> {
        self.probe_key(key, self.hasher.hash(key.words, || key.long)).ok()
    }

    /// The id of a key, a new one if it has none. It stays valid until the next [`Interner::sweep`], and beyond that
    /// as long as it is retained.
    pub(crate) fn intern(&mut self, key: &Key<'_>) -> KeyId {
        self.intern_hashed(key.words, self.hasher.hash(key.words, || key.long), || key.long)
    }

    /// As [`Interner::intern`], with the key's hash. `long` are the bytes of a long key.
    #[inline(always)]
    pub(crate) fn intern_hashed<'a>(&mut self, words: Words, hash: u64, long: impl FnOnce() -> &'a [u8]) -> KeyId {
        if words.is_long() {
            return self.intern_long(&Key { words, long: long() }, hash);
        }
        match self.probe(words, hash, |_| true) {
            Ok(id) => id,
            Err(place) => self.insert(&Key { words, long: &[] }, hash, place),
        }
    }

    // Not inlined: the loop over short keys stays small enough to be kept in registers.
    #[inline(never)]
    fn intern_long(&mut self, key: &Key<'_>, hash: u64) -> KeyId {
        match self.probe_key(key, hash) {
            Ok(id) => id,
            Err(place) => self.insert(key, hash, place),
        }
    }

    fn probe_key(&self, key: &Key<'_>, hash: u64) -> Result<KeyId, usize> {
        self.probe(key.words, hash, |id| !key.words.is_long() || self.long.get(id) == key.long)
    }

    /// The id of the key with those words that is the same otherwise too, or the place in the index where it belongs.
    #[inline(always)]
    fn probe(&self, words: Words, hash: u64, same: impl Fn(u32) -> bool) -> Result<KeyId, usize> {
        let mask = self.index.len() - 1;
        let tag = tag(hash);
        let mut place = (tag >> self.shift) as usize;
        loop {
            // SAFETY: the index is never empty, so that `mask` is less than its length, and so is what it leaves.
            let word = unsafe { *self.index.get_unchecked(place & mask) };
            if word >> 32 == tag {
                let id = word as u32 - 1;
                // SAFETY: tags are not 0, so this is no empty word; words in the index have ids of entries, and
                // there are never fewer entries than there were.
                let entry = unsafe { self.entries.get_unchecked(id as usize) };
                if entry.words == words && same(id) {
                    return Ok(KeyId(id));
                }
            } else if word == EMPTY {
                return Err(place & mask);
            }
            place += 1;
        }
    }

    #[inline(never)]
    fn insert(&mut self, key: &Key<'_>, hash: u64, place: usize) -> KeyId {
        let entry = Entry { words: key.words, batch: 0, number: 0, references: 0, group: NO_GROUP, used: true };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                // 2³⁰ entries are 32 GiB: memory ends before ids do.
                assert!(self.entries.len() < 1 << 30, "a task holds state for at most 2^30 keys");
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        if key.words.is_long() {
            self.long.set(id, key.long);
        }
        self.index[place] = tag(hash) << 32 | u64::from(id + 1);
        self.suspects.push(id);
        if 2 * self.len() > self.index.len() {
            self.grow();
        }
        KeyId(id)
    }

    /// How many keys have an id.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Ids are below this.
    pub(crate) fn bound(&self) -> usize {
        self.entries.len()
    }

    fn home(&self, word: u64) -> usize {
        (word >> 32 >> self.shift) as usize
    }

    #[cold]
    fn grow(&mut self) {
        let bits = (32 - self.shift + 2).min(31);
        self.shift = 32 - bits;
        let old = core::mem::replace(&mut self.index, vec![EMPTY; 1 << bits]);
        let mask = self.index.len() - 1;
        for word in old.into_iter().filter(|&word| word != EMPTY) {
            let mut place = self.home(word);
            while self.index[place & mask] != EMPTY {
                place += 1;
            }
            self.index[place & mask] = word;
        }
    }

    /// Something is kept for the key: its id stays.
    pub(crate) fn retain(&mut self, id: KeyId) {
        self.entries[id.0 as usize].references += 1;
    }

    /// Something is no longer kept for the key.
    pub(crate) fn release(&mut self, id: KeyId) {
        let entry = &mut self.entries[id.0 as usize];
        entry.references -= 1;
        if entry.references == 0 {
            if self.tracked { &mut self.removed } else { &mut self.suspects }.push(id.0);
        }
    }

    /// Retains or releases.
    pub(crate) fn appearance(&mut self, id: KeyId, present: bool) {
        if present { self.retain(id) } else { self.release(id) }
    }

    /// From now on, ids of removed keys stay until the epoch is over; those of the last epoch go.
    pub(crate) fn next_epoch(&mut self) {
        self.tracked = true;
        self.suspects.append(&mut self.removed);
        self.sweep();
    }

    /// Frees the ids of keys for which nothing is kept.
    pub(crate) fn sweep(&mut self) {
        while let Some(id) = self.suspects.pop() {
            let entry = self.entries[id as usize];
            if entry.used && entry.references == 0 {
                self.remove(id);
            }
        }
    }

    fn remove(&mut self, id: u32) {
        let entry = self.entries[id as usize];
        let hash = self.hasher.hash(entry.words, || self.long.get(id));
        if entry.words.is_long() {
            self.long.remove(id);
        }
        let mask = self.index.len() - 1;
        let mut hole = (tag(hash) >> self.shift) as usize;
        while self.index[hole] as u32 != id + 1 {
            hole = (hole + 1) & mask;
        }
        // Words after the hole move into it unless that were before their home: no word is ever found behind an
        // empty place.
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let word = self.index[place];
            if word == EMPTY {
                break;
            }
            if place.wrapping_sub(self.home(word)) & mask >= place.wrapping_sub(hole) & mask {
                self.index[hole] = word;
                hole = place;
            }
        }
        self.index[hole] = EMPTY;
        self.entries[id as usize].used = false;
        self.free.push(id);
    }

    /// Whether a key has this id.
    pub(crate) fn is_used(&self, id: KeyId) -> bool {
        self.entries.get(id.0 as usize).is_some_and(|entry| entry.used)
    }

    /// Starts a batch: no key has been seen in it.
    pub(crate) fn start_batch(&mut self) {
        self.batch = self.batch.wrapping_add(1);
        if self.batch == 0 {
            self.entries.iter_mut().for_each(|entry| entry.batch = 0);
            self.batch = 1;
        }
    }

    /// The number of a key within the batch: the one it has, or `next`, and whether it is seen for the first time.
    #[inline(always)]
    pub(crate) fn see(&mut self, id: KeyId, next: u32) -> (u32, bool) {
        let entry = &mut self.entries[id.0 as usize];
        let first = entry.batch != self.batch;
        // Which it is, no processor can foresee: a branch would cost more than all else here.
        let number = core::hint::select_unpredictable(first, next, entry.number);
        entry.batch = self.batch;
        entry.number = number;
        (number, first)
    }

    /// Gives a key group to each new key for which something is kept.
    pub(crate) fn set_groups(&mut self, mut group: impl FnMut(Option<&[u8]>) -> KeyGroup) {
        for &id in &self.suspects {
            let entry = &self.entries[id as usize];
            if entry.group == NO_GROUP && entry.references > 0 {
                self.entries[id as usize].group = group(self.bytes(KeyId(id), &mut [0; 16])).0;
            }
        }
    }

    /// The key group of a key for which something is kept.
    pub(crate) fn group(&self, id: KeyId) -> KeyGroup {
        KeyGroup(self.entries[id.0 as usize].group)
    }

    /// Asks the processor for what [`Interner::find`] will touch first.
    #[inline(always)]
    pub(crate) fn prefetch_index(&self, hash: u64) {
        prefetch(&self.index, (tag(hash) >> self.shift) as usize);
    }

    /// Asks for what it will touch next, once the first has arrived.
    #[inline(always)]
    pub(crate) fn prefetch_entry(&self, hash: u64) {
        // SAFETY: a tag has 32 bits, and the index has a place for each value of those that `shift` leaves.
        let word = unsafe { *self.index.get_unchecked((tag(hash) >> self.shift) as usize) };
        prefetch(&self.entries, (word as u32).wrapping_sub(1) as usize);
    }

    /// The bytes of a key, `None` if it is the absent key.
    pub(crate) fn bytes<'a>(&'a self, id: KeyId, short: &'a mut [u8; 16]) -> Option<&'a [u8]> {
        let words = self.entries[id.0 as usize].words;
        if words.is_long() { Some(self.long.get(id.0)) } else { words.short_bytes(short) }
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn memory(&self) -> usize {
        self.index.capacity() * 8
            + self.entries.capacity() * size_of::<Entry>()
            + self.long.memory()
            + 4 * (self.free.capacity() + self.suspects.capacity())
    }
}

#[cfg(test)]
mod tests;
