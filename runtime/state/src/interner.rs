//! Keys to small numbers that stay the same as long as the key is used.

mod slots;

use crate::key::{Hasher, Key, Words};
use crate::long::LongKeys;
use alloc::vec::Vec;
use petrel_model::KeyGroup;
use slots::Slots;

/// The number of a key that a task holds state for; given again once nothing is kept for the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl KeyId {
    /// Of no key: nothing is kept under it.
    pub(crate) const NONE: KeyId = KeyId(u32::MAX);
}

/// Keys, each with an id; dense, so that everything kept for a key can lie in a vector by id.
///
/// What is wanted of a key with every row of a batch is in its slot ([`Slots`]), the rest in its [`Entry`].
#[derive(Debug)]
pub(crate) struct Interner {
    pub(crate) hasher: Hasher,
    slots: Slots,
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
    /// Keys for which something is kept, and the bytes of the long ones among them.
    kept: usize,
    kept_long: usize,
}

/// What is kept of a key by its id.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The key's slot.
    place: u32,
    /// How many values and timers are kept for the key.
    references: u32,
    group: u16,
    used: bool,
}

const NO_GROUP: u16 = u16::MAX;

impl Interner {
    pub(crate) fn new(seed: u64) -> Interner {
        Interner {
            hasher: Hasher::new(seed),
            slots: Slots::new(),
            entries: Vec::new(),
            long: LongKeys::default(),
            free: Vec::new(),
            suspects: Vec::new(),
            removed: Vec::new(),
            tracked: false,
            batch: 0,
            kept: 0,
            kept_long: 0,
        }
    }

    /// The id of a key, if it has one.
    pub(crate) fn find(&self, key: &Key<'_>) -> Option<KeyId> {
        let place = self.place_of(key, self.hasher.hash(key.words, || key.long)).ok()?;
        Some(KeyId(self.slots.at(place).id))
    }

    /// The id of a key, a new one if it has none. It stays valid until the next [`Interner::sweep`], and beyond that
    /// as long as it is retained.
    pub(crate) fn intern(&mut self, key: &Key<'_>) -> KeyId {
        let place = self.find_or_insert(key.words, self.hasher.hash(key.words, || key.long), || key.long);
        KeyId(self.slots.at(place).id)
    }

    /// Interns a key whose hash is known and numbers it within the batch: the number it has, or `next`, and whether it
    /// is seen for the first time. `long` are the bytes of a long key.
    #[inline(always)]
    pub(crate) fn number<'a>(
        &mut self,
        words: Words,
        hash: u64,
        long: impl FnOnce() -> &'a [u8],
        next: u32,
    ) -> (KeyId, u32, bool) {
        let place = self.find_or_insert(words, hash, long);
        self.see_at(place, next)
    }

    #[inline(always)]
    fn find_or_insert<'a>(&mut self, words: Words, hash: u64, long: impl FnOnce() -> &'a [u8]) -> usize {
        if words.is_long() {
            return self.find_or_insert_long(&Key { words, long: long() }, hash);
        }
        match self.slots.find(words, hash, |_| true) {
            Ok(place) => place,
            Err(place) => self.insert(&Key { words, long: &[] }, hash, place),
        }
    }

    // Not inlined: the loop over short keys stays small enough to be kept in registers.
    #[inline(never)]
    fn find_or_insert_long(&mut self, key: &Key<'_>, hash: u64) -> usize {
        match self.place_of(key, hash) {
            Ok(place) => place,
            Err(place) => self.insert(key, hash, place),
        }
    }

    fn place_of(&self, key: &Key<'_>, hash: u64) -> Result<usize, usize> {
        self.slots.find(key.words, hash, |id| !key.words.is_long() || self.long.get(id) == key.long)
    }

    /// Gives an id to a key that has none. Returns its place, which need not be the one where it belonged.
    #[inline(never)]
    fn insert(&mut self, key: &Key<'_>, hash: u64, place: usize) -> usize {
        let entry = Entry { place: 0, references: 0, group: NO_GROUP, used: true };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                // 2³⁰ keys take 64 GiB: memory ends before ids do.
                assert!(self.entries.len() < 1 << 30, "a task holds state for at most 2^30 keys");
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        if key.words.is_long() {
            self.long.set(id, key.long);
        }
        let entries = &mut self.entries;
        self.slots.insert(key.words, hash, id, place, |id, place| entries[id as usize].place = place as u32);
        self.suspects.push(id);
        self.entries[id as usize].place as usize
    }

    /// How many keys have an id.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Ids are below this.
    pub(crate) fn bound(&self) -> usize {
        self.entries.len()
    }

    /// Something is kept for the key: its id stays.
    pub(crate) fn retain(&mut self, id: KeyId) {
        let entry = &mut self.entries[id.0 as usize];
        entry.references += 1;
        if entry.references == 1 {
            self.kept += 1;
            self.kept_long += self.long_bytes(id);
        }
    }

    /// Something is no longer kept for the key.
    pub(crate) fn release(&mut self, id: KeyId) {
        let entry = &mut self.entries[id.0 as usize];
        entry.references -= 1;
        if entry.references == 0 {
            if self.tracked { &mut self.removed } else { &mut self.suspects }.push(id.0);
            self.kept -= 1;
            self.kept_long -= self.long_bytes(id);
        }
    }

    /// How many values and timers are kept for a key.
    pub(crate) fn references(&self, id: KeyId) -> u32 {
        self.entries[id.0 as usize].references
    }

    /// What a key takes beside its slot: nothing where that holds all of it.
    pub(crate) fn long_bytes(&self, id: KeyId) -> usize {
        self.long.bytes_of(id.0)
    }

    /// How many keys there are for which something is kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// The bytes of the long keys for which something is kept.
    pub(crate) fn kept_long(&self) -> usize {
        self.kept_long
    }

    /// The bytes of the long keys for which nothing is kept: those that a call brought, at most.
    pub(crate) fn passing_long(&self) -> usize {
        self.long.live() - self.kept_long
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
        let place = self.entries[id as usize].place as usize;
        if self.slots.at(place).words.is_long() {
            self.long.remove(id);
        }
        let entries = &mut self.entries;
        self.slots.remove(place, |id, place| entries[id as usize].place = place as u32);
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
            self.slots.forget_batches();
            self.batch = 1;
        }
    }

    /// The number of a key within the batch: the one it has, or `next`, and whether it is seen for the first time.
    pub(crate) fn see(&mut self, id: KeyId, next: u32) -> (u32, bool) {
        let (_, number, first) = self.see_at(self.entries[id.0 as usize].place as usize, next);
        (number, first)
    }

    #[inline(always)]
    fn see_at(&mut self, place: usize, next: u32) -> (KeyId, u32, bool) {
        let slot = self.slots.at_mut(place);
        let first = slot.batch != self.batch;
        // Which it is, no processor can foresee: a branch would cost more than all else here.
        let number = core::hint::select_unpredictable(first, next, slot.number);
        slot.batch = self.batch;
        slot.number = number;
        (KeyId(slot.id), number, first)
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

    /// Asks the processor for what [`Interner::number`] will touch.
    #[inline(always)]
    pub(crate) fn prefetch(&self, hash: u64) {
        self.slots.prefetch(hash);
    }

    /// The bytes of a key, `None` if it is the absent key.
    pub(crate) fn bytes<'a>(&'a self, id: KeyId, short: &'a mut [u8; 16]) -> Option<&'a [u8]> {
        let words = self.slots.at(self.entries[id.0 as usize].place as usize).words;
        if words.is_long() { Some(self.long.get(id.0)) } else { words.short_bytes(short) }
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn memory(&self) -> usize {
        self.slots.memory()
            + self.entries.capacity() * size_of::<Entry>()
            + self.long.memory()
            + 4 * (self.free.capacity() + self.suspects.capacity())
    }
}

#[cfg(test)]
mod tests;
