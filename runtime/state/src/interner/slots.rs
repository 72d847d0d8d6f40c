//! Where a key is found: open addressing over slots of half a cache line that hold all a batch asks for.

use crate::key::Words;
use crate::prefetch::prefetch;
use alloc::vec;
use alloc::vec::Vec;

/// A place for a key, and what a batch wants of it.
///
/// Key, id and the batch's number lie together, so that finding and numbering a key touches one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Slot {
    pub(super) words: Words,
    /// The upper half of the key's hash: its place follows from it alone, so that growing and removing never look at
    /// keys.
    hash: u32,
    pub(super) id: u32,
    /// The last batch that had the key, and the key's number in it.
    pub(super) batch: u32,
    pub(super) number: u32,
}

/// No id: the slot is empty, and its words are those of no key.
const NOBODY: u32 = u32::MAX;
const EMPTY: Slot = Slot { words: Words::NONE, hash: 0, id: NOBODY, batch: 0, number: 0 };

const FIRST_BITS: u32 = 8;
/// Up to so many slots, 4 MiB of them, three in four stay empty: nearly every key is then where it is looked for
/// first. Beyond that memory counts for more, and half of them stay empty.
const ROOMY: usize = 1 << 17;

/// The slots.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// How far to shift the 32 hash bits for a place.
    shift: u32,
    used: usize,
}

impl Slots {
    pub(super) fn new() -> Slots {
        Slots { slots: vec![EMPTY; 1 << FIRST_BITS], shift: 32 - FIRST_BITS, used: 0 }
    }

    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    /// The place of the key with those words that is the same otherwise too, or where it belongs.
    #[inline(always)]
    pub(super) fn find(&self, words: Words, hash: u64, same: impl Fn(u32) -> bool) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        let mut place = self.home((hash >> 32) as u32);
        loop {
            // SAFETY: there is always a slot, so that `mask` is less than their number, and so is what it leaves.
            let slot = unsafe { self.slots.get_unchecked(place & mask) };
            if slot.words == words {
                if same(slot.id) {
                    return Ok(place & mask);
                }
            } else if slot.id == NOBODY {
                return Err(place & mask);
            }
            place += 1;
        }
    }

    pub(super) fn at(&self, place: usize) -> &Slot {
        &self.slots[place]
    }

    #[inline(always)]
    pub(super) fn at_mut(&mut self, place: usize) -> &mut Slot {
        &mut self.slots[place]
    }

    /// Puts a key where [`find`](Self::find) said it belongs. `moved` is told the place of every id whose place is
    /// new, this one included.
    pub(super) fn insert(&mut self, words: Words, hash: u64, id: u32, place: usize, mut moved: impl FnMut(u32, usize)) {
        self.slots[place] = Slot { words, hash: (hash >> 32) as u32, id, batch: 0, number: 0 };
        self.used += 1;
        let room = if self.slots.len() < ROOMY { 4 } else { 2 };
        if room * self.used > self.slots.len() {
            self.grow(moved);
        } else {
            moved(id, place);
        }
    }

    #[cold]
    fn grow(&mut self, mut moved: impl FnMut(u32, usize)) {
        let bits = 32 - self.shift + 1;
        self.shift = 32 - bits;
        let old = core::mem::replace(&mut self.slots, vec![EMPTY; 1 << bits]);
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| slot.id != NOBODY) {
            let mut place = self.home(slot.hash);
            while self.slots[place & mask].id != NOBODY {
                place += 1;
            }
            self.slots[place & mask] = slot;
            moved(slot.id, place & mask);
        }
    }

    /// Empties a slot. `moved` is told of every id whose place is new.
    pub(super) fn remove(&mut self, mut hole: usize, mut moved: impl FnMut(u32, usize)) {
        let mask = self.slots.len() - 1;
        // Slots after the hole move into it unless that were before their home: no key is ever behind an empty slot.
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let slot = self.slots[place];
            if slot.id == NOBODY {
                break;
            }
            if place.wrapping_sub(self.home(slot.hash)) & mask >= place.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                moved(slot.id, hole);
                hole = place;
            }
        }
        self.slots[hole] = EMPTY;
        self.used -= 1;
    }

    /// Forgets which batch had which key.
    pub(super) fn forget_batches(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.batch = 0);
    }

    /// Asks the processor for what [`find`](Self::find) will touch.
    #[inline(always)]
    pub(super) fn prefetch(&self, hash: u64) {
        prefetch(&self.slots, self.home((hash >> 32) as u32));
    }

    pub(super) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }
}
