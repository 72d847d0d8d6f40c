//! The hash of each row's key.
//!
//! Hashing costs two thirds of routing by key. A large frame with one text key therefore gets a dictionary first: each
//! distinct key is hashed once, and the receiver, which has to look every key up, is spared most of that too. A frame
//! that comes with a dictionary is hashed entry by entry at any size.

use alloc::vec::Vec;
use petrel_frame::{FrameView, Scalar, StringColumn};
use petrel_model::key_bytes;
use petrel_state::Dict;
use xxhash_rust::xxh3::xxh3_64;

/// For so many frames no dictionary is tried after one that did not pay.
const SKIP_FRAMES: u32 = 15;

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
    pub(super) fn hash<'k>(&'k mut self, view: &FrameView<'k>) -> Hashes<'k> {
        self.hashes.clear();
        let [column] = self.columns[..] else { return self.hash_rows(view) };
        let key = view.column(column);
        // An absent key is not an empty one, but has the same dictionary entry.
        if key.is_list() || key.validity().is_some() {
            return self.hash_rows(view);
        }
        match (key.dictionary(), key.strings()) {
            (Some((numbers, entries)), _) if entries.len() <= view.rows() => {
                let Keys { hashes, bytes, .. } = self;
                hashes.extend(entries.iter().map(|entry| hash_text(key.scalar(), entry, bytes)));
                Hashes::Entries(Numbered { column, numbers, hashes, first: None })
            }
            (_, Some(texts)) if view.rows() < self.dictionary_rows || self.skip > 0 => {
                self.skip = self.skip.saturating_sub(1);
                let Keys { hashes, bytes, .. } = self;
                hashes.extend(texts.iter().map(|text| hash_text(key.scalar(), text, bytes)));
                Hashes::Rows(hashes)
            }
            (_, Some(texts)) => {
                let Keys { hashes, bytes, dict, numbers, first, .. } = self;
                dict.encode(texts, numbers, first);
                hashes.extend(first.iter().map(|row| hash_text(key.scalar(), texts.get(*row as usize), bytes)));
                // With few repetitions, a dictionary makes frames longer and nothing faster.
                if first.len() > view.rows() / 2 {
                    self.skip = SKIP_FRAMES;
                }
                Hashes::Entries(Numbered { column, numbers, hashes, first: Some(first) })
            }
            _ => self.hash_rows(view),
        }
    }

    fn hash_rows(&mut self, view: &FrameView<'_>) -> Hashes<'_> {
        for row in 0..view.rows() {
            self.bytes.clear();
            key_bytes(view, &self.columns, row, &mut self.bytes);
            self.hashes.push(xxh3_64(&self.bytes));
        }
        Hashes::Rows(&self.hashes)
    }
}

/// The hash of a key that is one string or bytes value: what `key_bytes` writes for it, hashed.
#[inline]
fn hash_text(scalar: Scalar, text: &[u8], bytes: &mut Vec<u8>) -> u64 {
    bytes.clear();
    bytes.push(scalar as u8);
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text);
    xxh3_64(bytes)
}
