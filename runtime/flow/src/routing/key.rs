//! The hash of each row's key.
//!
//! Hashing costs two thirds of routing by key. A large frame with one text key therefore gets a dictionary first: each
//! distinct key is hashed once, and the receiver, which has to look every key up, is spared most of that too. A frame
//! that comes with a dictionary is hashed entry by entry at any size.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_frame::{Column, FrameView, Scalar, StringColumn};
use petrel_model::key_bytes;
use petrel_state::Dict;
use xxhash_rust::xxh3::xxh3_64;

/// A dictionary pays from about so many rows for each distinct key on (measured: sender and receiver together, 6,000
/// rows: 13 against 18 ns a row at fifteen, 26 against 24 at four).
const REPETITIONS: usize = 5;
/// For so many frames no dictionary is tried after one that did not pay.
const SKIP_FRAMES: u32 = 15;
/// Keys that are hashed row by row have at most so many bytes in a frame. Only rows that repeat long dictionary entries
/// come near: a few bytes of each would otherwise keep the host busy for hours.
const MAX_KEY_BYTES: u64 = 64 << 20;

/// The key columns of a stream and what is needed to hash them.
#[derive(Debug)]
pub(super) struct Keys {
    columns: Vec<usize>,
    /// Frames of at least so many rows get a dictionary.
    dictionary_rows: usize,
    /// So many frames get none yet.
    skip: u32,
    dict: Dict,
    numbers: Vec<u32>,
    first: Vec<u32>,
    hashes: Vec<u64>,
    bytes: Vec<u8>,
}

/// The hashes of a frame's keys.
#[derive(Debug)]
pub(super) enum Hashes<'k> {
    /// One for each row.
    Rows(&'k [u64]),
    /// One for each dictionary entry of the one key column.
    Entries(Numbered<'k>),
}

/// A key column as numbers of entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered<'k> {
    /// Which column of the producer's stream.
    pub(super) column: usize,
    /// For each row, its entry.
    pub(super) numbers: &'k [u32],
    /// The hash of each entry.
    pub(super) hashes: &'k [u64],
    /// For each entry a row that has it; none if the column has a dictionary of its own, with these entries.
    first: Option<&'k [u32]>,
}

impl<'k> Numbered<'k> {
    /// Whether receivers gain more from getting numbers than making them cost. A dictionary that was there already
    /// cost nothing.
    pub(super) fn pays(&self) -> bool {
        self.first.is_none() || self.hashes.len() * REPETITIONS <= self.numbers.len()
    }

    /// The strings of the column that the entries are among, and where entry number *n* is there.
    pub(super) fn entries<'a>(&self, view: &FrameView<'a>) -> (StringColumn<'a>, impl Fn(usize) -> usize + use<'k>) {
        let column = view.column(self.column);
        let strings = column.dictionary().map(|(_, entries)| entries).or_else(|| column.strings());
        let first = self.first;
        let place = move |entry: usize| first.map_or(entry, |first| first[entry] as usize);
        (strings.expect("only text columns are numbered"), place)
    }
}

impl Keys {
    /// The keys in these columns. Frames of at least `dictionary_rows` rows get a dictionary.
    pub(super) fn new(columns: &[usize], dictionary_rows: usize, seed: u64) -> Keys {
        Keys {
            columns: columns.to_vec(),
            dictionary_rows,
            skip: 0,
            dict: Dict::new(seed),
            numbers: Vec::new(),
            first: Vec::new(),
            hashes: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Hashes the keys of a frame, in the cheapest way for it.
    ///
    /// # Errors
    /// If its rows repeat long dictionary entries too often, for a person to read.
    pub(super) fn hash<'k>(&'k mut self, view: &FrameView<'k>) -> Result<Hashes<'k>, String> {
        self.hashes.clear();
        let [column] = self.columns[..] else { return self.hash_rows(view) };
        let key = view.column(column);
        // An absent key is not an empty one, but has the same dictionary entry.
        if key.is_list() || key.validity().is_some() {
            return self.hash_rows(view);
        }
        Ok(match (key.dictionary(), key.strings()) {
            (Some((numbers, entries)), _) if entries.len() <= view.rows() => {
                let Keys { hashes, bytes, .. } = self;
                hash_texts(key.scalar(), &entries, entries.len(), |entry| entry, bytes, hashes);
                Hashes::Entries(Numbered { column, numbers, hashes, first: None })
            }
            (_, Some(texts)) if view.rows() < self.dictionary_rows || self.skip > 0 => {
                self.skip = self.skip.saturating_sub(1);
                let Keys { hashes, bytes, .. } = self;
                hash_texts(key.scalar(), &texts, texts.len(), |row| row, bytes, hashes);
                Hashes::Rows(hashes)
            }
            (_, Some(texts)) => {
                let Keys { hashes, bytes, dict, numbers, first, .. } = self;
                dict.encode(texts, numbers, first);
                hash_texts(key.scalar(), &texts, first.len(), |entry| first[entry] as usize, bytes, hashes);
                let numbered = Numbered { column, numbers, hashes, first: Some(first) };
                if !numbered.pays() {
                    self.skip = SKIP_FRAMES;
                }
                Hashes::Entries(numbered)
            }
            _ => return self.hash_rows(view),
        })
    }

    fn hash_rows(&mut self, view: &FrameView<'_>) -> Result<Hashes<'_>, String> {
        let repeated: u64 = self.columns.iter().map(|column| repeated_bytes(&view.column(*column))).sum();
        if repeated > MAX_KEY_BYTES {
            return Err(format!(
                "the keys of a frame of {} rows take {repeated} bytes when each is written out, more than \
                 {MAX_KEY_BYTES}: emit smaller frames, or shorter keys",
                view.rows()
            ));
        }
        for row in 0..view.rows() {
            self.bytes.clear();
            key_bytes(view, &self.columns, row, &mut self.bytes);
            self.hashes.push(xxh3_64(&self.bytes));
        }
        Ok(Hashes::Rows(&self.hashes))
    }
}

/// The bytes of a column's texts when each row has its own, where rows share entries of a dictionary.
fn repeated_bytes(column: &Column<'_>) -> u64 {
    let Some((numbers, entries)) = column.dictionary() else { return 0 };
    numbers.iter().map(|number| entries.get(*number as usize).len() as u64).sum()
}

/// Keys that are written down before the first of them is hashed: reading what was just written stalls.
const BLOCK: usize = 32;
/// Texts up to this length are copied by one load and store of fixed length.
const SHORT: usize = 16;
/// What stands before the text in key bytes: the tag and the length.
const PREFIX: usize = 5;

/// The hashes of keys that are one string or bytes value: XXH3-64 of what `key_bytes` writes for each, for those at
/// `at(0)`, `at(1)` … in the column.
#[inline(always)]
fn hash_texts(
    scalar: Scalar,
    texts: &StringColumn<'_>,
    count: usize,
    at: impl Fn(usize) -> usize,
    bytes: &mut Vec<u8>,
    hashes: &mut Vec<u64>,
) {
    let (offsets, padded) = (texts.offsets(), texts.padded_bytes());
    let mut keys = [[0; PREFIX + SHORT]; BLOCK];
    let mut lengths = [0; BLOCK];
    hashes.reserve(count);
    for block in (0..count).step_by(BLOCK) {
        let rows = BLOCK.min(count - block);
        for i in 0..rows {
            let place = at(block + i);
            let (start, end) = (offsets[place] as usize, offsets[place + 1] as usize);
            // The column's padding makes so many bytes readable from the start of any text.
            keys[i][PREFIX..].copy_from_slice(&padded[start..start + SHORT]);
            keys[i][0] = scalar as u8;
            keys[i][1] = (end - start) as u8;
            lengths[i] = end - start;
        }
        for i in 0..rows {
            let hash = if lengths[i] <= SHORT {
                xxh3_64(&keys[i][..PREFIX + lengths[i]])
            } else {
                hash_long(scalar, texts.get(at(block + i)), bytes)
            };
            hashes.push(hash);
        }
    }
}

#[inline(never)]
fn hash_long(scalar: Scalar, text: &[u8], bytes: &mut Vec<u8>) -> u64 {
    bytes.clear();
    bytes.push(scalar as u8);
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text);
    xxh3_64(bytes)
}
