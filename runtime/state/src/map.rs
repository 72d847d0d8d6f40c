//! Tables of kind map: a value for each subkey of each key.

use crate::interner::{Interner, KeyId};
use crate::key::Key;
use crate::size::ENTRY_WEIGHT;
use crate::store::Store;
use alloc::vec::Vec;
use petrel_frame::{Column, Field, FrameBuilder};

/// Entries, each with an id of its own, found by key and subkey; those of one key are linked.
///
/// Entry ids are dense as key ids are, so a scan is a walk along a vector and its cursor a position in it.
#[derive(Debug)]
pub(crate) struct Map {
    subkey: Field,
    entries: Interner,
    pub(crate) store: Store,
    links: Vec<Link>,
    /// By key id: its newest entry.
    heads: Vec<u32>,
}

/// Where an entry stands among those of its key.
#[derive(Clone, Copy, Debug)]
struct Link {
    key: KeyId,
    newer: u32,
    older: u32,
}

const NONE: u32 = u32::MAX;

impl Map {
    pub(crate) fn new(subkey: Field, value: Field, seed: u64) -> Map {
        Map { subkey, entries: Interner::new(seed), store: Store::new(value), links: Vec::new(), heads: Vec::new() }
    }

    pub(crate) fn subkey(&self) -> &Field {
        &self.subkey
    }

    /// The entry of a subkey, which is a row of a column, if there is one.
    pub(crate) fn find(&self, key: KeyId, subkey: &Column<'_>, row: usize, encoded: &mut Vec<u8>) -> Option<KeyId> {
        let len = encode(key, subkey, row, encoded);
        self.entries.find(&Key::load(encoded, len))
    }

    /// Sets the entries of keys and subkeys, row by row. `keys` is told when a key gets an entry or loses one.
    pub(crate) fn write(&mut self, ids: &[KeyId], subkeys: &Column<'_>, values: &Column<'_>, keys: &mut Interner) {
        let (mut found, mut encoded) = (Vec::with_capacity(ids.len()), Vec::new());
        for (row, &key) in ids.iter().enumerate() {
            let entry = self.intern(key, subkeys, row, &mut encoded);
            if self.links.len() <= entry.0 as usize {
                self.links.resize(entry.0 as usize + 1, Link { key, newer: NONE, older: NONE });
            }
            self.links[entry.0 as usize].key = key;
            found.push(entry);
        }
        self.store.cover(self.entries.bound());
        self.heads.resize(self.heads.len().max(keys.bound()), NONE);
        let Map { entries, links, heads, store, .. } = self;
        store.write(&found, values, None, &mut |entry, present| {
            let key = links[entry.0 as usize].key;
            if present {
                link(links, heads, entry);
                entries.retain(entry);
                keys.retain(key);
            } else {
                unlink(links, heads, entry);
                entries.release(entry);
                keys.release(key);
            }
        });
    }

    /// The entry of a subkey, a new one if there is none; it stays until the next sweep.
    pub(crate) fn intern(&mut self, key: KeyId, subkey: &Column<'_>, row: usize, encoded: &mut Vec<u8>) -> KeyId {
        let len = encode(key, subkey, row, encoded);
        self.entries.intern(&Key::load(encoded, len))
    }

    /// What the key of an entry takes beside its place.
    pub(crate) fn long_bytes(&self, entry: KeyId) -> usize {
        self.entries.long_bytes(entry)
    }

    /// The key that an entry belongs to, read from the entry's own key: also before anything is kept in it.
    pub(crate) fn key_of(&self, entry: KeyId) -> KeyId {
        let mut short = [0; 16];
        let bytes = self.entries.bytes(entry, &mut short).expect("entries have keys");
        KeyId(u32::from_le_bytes(bytes[..4].try_into().expect("four bytes")))
    }

    /// How much all entries count.
    pub(crate) fn size(&self) -> usize {
        self.entries.kept() * ENTRY_WEIGHT + self.entries.kept_long() + self.store.size()
    }

    /// The entries of a key, ordered by subkey: the order does not depend on how the map came to be.
    pub(crate) fn of_key(&self, key: KeyId) -> Vec<KeyId> {
        let mut found = Vec::new();
        let mut entry = self.heads.get(key.0 as usize).copied().unwrap_or(NONE);
        while entry != NONE {
            found.push(KeyId(entry));
            entry = self.links[entry as usize].older;
        }
        let number = !self.subkey.scalar.is_variable();
        found.sort_by_cached_key(|&entry| {
            let mut short = [0; 16];
            let subkey = self.subkey_bytes(entry, &mut short);
            match subkey {
                Some(bytes) if number => {
                    let mut word = [0; 8];
                    word[..bytes.len()].copy_from_slice(bytes);
                    // Absent first, then numbers by value: the sign bit turned, the greatest byte first.
                    (true, (i64::from_le_bytes(word) ^ i64::MIN).to_be_bytes().to_vec())
                }
                Some(bytes) => (true, bytes.to_vec()),
                None => (false, Vec::new()),
            }
        });
        found
    }

    /// The key of an entry.
    pub(crate) fn key(&self, entry: KeyId) -> KeyId {
        self.links[entry.0 as usize].key
    }

    /// Pushes the subkey of an entry.
    pub(crate) fn push_subkey(&self, entry: KeyId, to: &mut FrameBuilder, column: usize) {
        crate::key_space::push_scalar(self.subkey.scalar, self.subkey_bytes(entry, &mut [0; 16]), to, column);
    }

    /// How many bytes an entry's subkey and value take in a frame, at most.
    pub(crate) fn frame_bytes(&self, entry: KeyId) -> usize {
        let subkey = self.subkey_bytes(entry, &mut [0; 16]).map_or(0, <[u8]>::len);
        9 + subkey + self.store.frame_bytes(entry)
    }

    /// Frees the ids of entries that are gone.
    pub(crate) fn sweep(&mut self) {
        self.entries.sweep();
    }

    pub(crate) fn next_epoch(&mut self) {
        self.store.next_epoch();
        self.entries.next_epoch();
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn memory(&self) -> usize {
        self.entries.memory()
            + self.store.memory()
            + self.links.capacity() * size_of::<Link>()
            + 4 * self.heads.capacity()
    }

    fn subkey_bytes<'a>(&'a self, entry: KeyId, short: &'a mut [u8; 16]) -> Option<&'a [u8]> {
        let bytes = self.entries.bytes(entry, short).expect("entries have keys");
        (bytes[4] != 0).then(|| &bytes[5..])
    }
}

/// Entries are found by the key's id, whether there is a subkey, and its bytes. Writes these and some zeros; how many
/// these are.
fn encode(key: KeyId, subkey: &Column<'_>, row: usize, into: &mut Vec<u8>) -> usize {
    into.clear();
    into.extend_from_slice(&key.0.to_le_bytes());
    into.push(subkey.is_present(row).into());
    if subkey.is_present(row) {
        if let Some(values) = subkey.i64s() {
            into.extend_from_slice(&values[row].to_le_bytes());
        } else if let Some(values) = subkey.bools() {
            into.push(values.get(row).into());
        } else {
            into.extend_from_slice(subkey.bytes_at(row));
        }
    }
    let len = into.len();
    into.resize(len + 16, 0);
    len
}

fn link(links: &mut [Link], heads: &mut [u32], entry: KeyId) {
    let head = &mut heads[links[entry.0 as usize].key.0 as usize];
    links[entry.0 as usize].newer = NONE;
    links[entry.0 as usize].older = *head;
    if *head != NONE {
        links[*head as usize].newer = entry.0;
    }
    *head = entry.0;
}

fn unlink(links: &mut [Link], heads: &mut [u32], entry: KeyId) {
    let Link { key, newer, older } = links[entry.0 as usize];
    if newer == NONE {
        heads[key.0 as usize] = older;
    } else {
        links[newer as usize].older = older;
    }
    if older != NONE {
        links[older as usize].newer = newer;
    }
}
