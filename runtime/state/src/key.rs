//! A key as two words: what is hashed and compared instead of bytes.

use core::ops::Range;
use petrel_frame::StringColumn;

/// Stands in the last byte of [`Key::hi`] for "more than fifteen bytes: compare the rest too".
const LONG: u64 = 0xff << 56;
/// The same for "there is no value".
const ABSENT: u64 = 0xfe << 56;
/// The same for "there is no key".
const NOTHING: u64 = 0xfd << 56;

/// A key for hashing and comparing: its first fifteen bytes and its length, in two words, and all of it if it is longer.
///
/// Two keys of up to fifteen bytes are equal if their words are; neither comparing nor hashing them branches on the
/// length.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    pub(crate) words: Words,
    /// All bytes of a long key, none of a short one.
    pub(crate) long: &'a [u8],
}

/// The words of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Bytes 0 to 7, zeros where the key is shorter.
    lo: u64,
    /// Bytes 8 to 14, zeros where the key is shorter, and in the last byte the length or a mark.
    hi: u64,
}

impl<'a> Key<'a> {
    /// The key of a row without a value, different from every other.
    pub(crate) const ABSENT: Key<'static> = Key { words: Words { lo: 0, hi: ABSENT }, long: &[] };

    /// The key that takes the first `len` bytes of a buffer with at least sixteen.
    pub(crate) fn load(from: &'a [u8], len: usize) -> Key<'a> {
        let words = Words::load(from.first_chunk().expect("sixteen bytes to load"), len);
        Key { words, long: if words.is_long() { &from[..len] } else { &[] } }
    }

    /// A number as a key of eight bytes.
    pub(crate) fn number(value: i64) -> Key<'static> {
        Key { words: Words { lo: value as u64, hi: 8 << 56 }, long: &[] }
    }

    /// A truth value as a key of one byte.
    pub(crate) fn truth(value: bool) -> Key<'static> {
        Key { words: Words { lo: value.into(), hi: 1 << 56 }, long: &[] }
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        match self.words.hi >> 56 {
            len @ 0..16 => len as usize,
            _ => self.long.len(),
        }
    }
}

impl Words {
    /// The words of no key, different from those of every key.
    pub(crate) const NONE: Words = Words { lo: 0, hi: NOTHING };

    #[inline(always)]
    fn load(bytes: &[u8; 16], len: usize) -> Words {
        let both = u128::from_le_bytes(*bytes);
        let mask = MASKS[len.min(16)];
        let mark = if len < 16 { (len as u64) << 56 } else { LONG };
        Words { lo: both as u64 & mask.0, hi: (both >> 64) as u64 & mask.1 | mark }
    }

    /// Whether the words do not hold all of the key.
    #[inline(always)]
    pub(crate) fn is_long(self) -> bool {
        self.hi >= LONG
    }

    /// The bytes of a key whose words hold all of it; `None` if it is the absent key.
    pub(crate) fn short_bytes(self, into: &mut [u8; 16]) -> Option<&[u8]> {
        into[..8].copy_from_slice(&self.lo.to_le_bytes());
        into[8..].copy_from_slice(&self.hi.to_le_bytes());
        let len = usize::from(into[15]);
        into.get(..len)
    }
}

static MASKS: [(u64, u64); 17] = {
    let mut masks = [(0, 0); 17];
    let mut len = 0;
    while len <= 16 {
        masks[len] = match len {
            0..8 => ((1 << (8 * len)) - 1, 0),
            8..15 => (!0, (1 << (8 * (len - 8))) - 1),
            _ => (!0, !(0xff << 56)),
        };
        len += 1;
    }
    masks
};

/// Secret multipliers: who does not know the seed cannot choose keys that collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher {
    first: u64,
    second: u64,
    third: u64,
}

impl Hasher {
    pub(crate) fn new(seed: u64) -> Hasher {
        let mut state = seed;
        let mut next = || {
            // SplitMix64: spreads whatever seed it is given over all bits.
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^ (word >> 31)
        };
        Hasher { first: next(), second: next(), third: next() }
    }

    /// All bits are good, the high ones as well as the low ones. `long` are the bytes of a long key.
    #[inline(always)]
    pub(crate) fn hash<'a>(&self, words: Words, long: impl FnOnce() -> &'a [u8]) -> u64 {
        let hash = fold(words.lo ^ self.first, words.hi ^ self.second);
        if words.is_long() { self.rest(hash, long()) } else { hash }
    }

    #[inline(never)]
    fn rest(&self, mut hash: u64, bytes: &[u8]) -> u64 {
        for chunk in bytes[15..].chunks(16) {
            let mut padded = [0; 16];
            padded[..chunk.len()].copy_from_slice(chunk);
            let both = u128::from_le_bytes(padded);
            hash = fold(hash ^ both as u64, self.third ^ (both >> 64) as u64);
        }
        fold(hash ^ bytes.len() as u64, self.second)
    }
}

/// The halves of the full product, which depend on every bit of both factors, folded into one word.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The keys of a column, by row.
pub(crate) trait Keys: Copy {
    /// How many rows there are.
    fn rows(&self) -> usize;
    /// The words of the keys of some rows, in order. The rows must exist.
    fn words(&self, rows: Range<usize>) -> impl Iterator<Item = Words>;
    /// All bytes of the long key of a row.
    fn long(&self, row: usize) -> &[u8];

    /// The key of a row.
    #[inline(always)]
    fn key(&self, row: usize) -> Key<'_> {
        let words = self.words(row..row + 1).next().expect("one row");
        Key { words, long: if words.is_long() { self.long(row) } else { &[] } }
    }
}

/// Strings or bytes, one per row.
#[derive(Clone, Copy)]
pub(crate) struct StringKeys<'a>(pub(crate) StringColumn<'a>);

impl<'a> StringKeys<'a> {
    /// The key of a row, for as long as the column lives.
    pub(crate) fn into_key(self, row: usize) -> Key<'a> {
        let words = self.key(row).words;
        Key { words, long: if words.is_long() { self.0.get(row) } else { &[] } }
    }
}

impl Keys for StringKeys<'_> {
    fn rows(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn words(&self, rows: Range<usize>) -> impl Iterator<Item = Words> {
        // Padding follows the last value, so that sixteen bytes can be loaded from the start of each.
        let bytes = self.0.padded_bytes();
        self.0.offsets()[rows.start..rows.end + 1].windows(2).map(move |pair| {
            let (start, end) = (pair[0] as u32 as usize, pair[1] as u32 as usize);
            Words::load(bytes[start..start + 16].try_into().expect("sixteen bytes"), end.wrapping_sub(start))
        })
    }

    fn long(&self, row: usize) -> &[u8] {
        self.0.get(row)
    }
}

/// Numbers or timestamps, one per row.
#[derive(Clone, Copy)]
pub(crate) struct NumberKeys<'a>(pub(crate) &'a [i64]);

impl Keys for NumberKeys<'_> {
    fn rows(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn words(&self, rows: Range<usize>) -> impl Iterator<Item = Words> {
        self.0[rows].iter().map(|&value| Key::number(value).words)
    }

    fn long(&self, _: usize) -> &[u8] {
        &[]
    }
}
