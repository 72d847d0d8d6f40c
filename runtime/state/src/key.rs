//! A key as two words: what is hashed and compared instead of bytes.

use petrel_frame::StringColumn;

/// Stands in the last byte of [`Key::hi`] for "more than fifteen bytes: compare the rest too".
const LONG: u64 = 0xff << 56;
/// The same for "there is no value".
const ABSENT: u64 = 0xfe << 56;

/// The first fifteen bytes of a key and its length, in two words, and where the rest is.
///
/// Two keys of up to fifteen bytes are equal if their words are; neither comparing nor hashing them branches on the
/// length.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    /// Bytes 0 to 7, zeros where the key is shorter.
    pub(crate) lo: u64,
    /// Bytes 8 to 14, zeros where the key is shorter, and in the last byte the length or a mark.
    pub(crate) hi: u64,
    /// The key and whatever follows it in its buffer.
    from: &'a [u8],
    len: usize,
}

impl<'a> Key<'a> {
    /// The key of a row without a value, different from every other.
    pub(crate) const ABSENT: Key<'static> = Key { lo: 0, hi: ABSENT, from: &[], len: 0 };

    /// The key that takes the first `len` bytes of a buffer with at least sixteen.
    #[inline(always)]
    pub(crate) fn load(from: &'a [u8], len: usize) -> Key<'a> {
        let (lo, hi) = (word(from, 0), word(from, 8));
        let mask = MASKS[len.min(16)];
        let mark = if len < 16 { (len as u64) << 56 } else { LONG };
        Key { lo: lo & mask.0, hi: hi & mask.1 | mark, from, len }
    }

    /// The key that is a row of a string column.
    #[inline(always)]
    pub(crate) fn of_string(column: StringColumn<'a>, row: usize) -> Key<'a> {
        let (start, end) = (column.offsets()[row] as usize, column.offsets()[row + 1] as usize);
        Key::load(&column.padded_bytes()[start..], end.wrapping_sub(start))
    }

    /// A number as a key of eight bytes.
    #[inline(always)]
    pub(crate) fn number(value: i64) -> Key<'static> {
        Key { lo: value as u64, hi: 8 << 56, from: &[], len: 8 }
    }

    /// A truth value as a key of one byte.
    pub(crate) fn truth(value: bool) -> Key<'static> {
        Key { lo: value as u64, hi: 1 << 56, from: &[], len: 1 }
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the words do not hold all of it.
    #[inline(always)]
    pub(crate) fn is_long(&self) -> bool {
        is_long(self.hi)
    }

    /// All bytes of a long key.
    pub(crate) fn long_bytes(&self) -> &'a [u8] {
        &self.from[..self.len]
    }
}

/// Whether a stored second word belongs to a long key.
#[inline(always)]
pub(crate) fn is_long(hi: u64) -> bool {
    hi >= LONG
}

/// The bytes of a key whose words hold all of it; `None` if it is the absent key.
pub(crate) fn short_bytes(lo: u64, hi: u64, into: &mut [u8; 16]) -> Option<&[u8]> {
    into[..8].copy_from_slice(&lo.to_le_bytes());
    into[8..].copy_from_slice(&hi.to_le_bytes());
    let len = usize::from(into[15]);
    into.get(..len)
}

#[inline(always)]
fn word(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(from[at..at + 8].try_into().expect("eight bytes"))
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

    /// All bits are good, the high ones as well as the low ones.
    #[inline(always)]
    pub(crate) fn hash(&self, key: &Key<'_>) -> u64 {
        let hash = self.short(key.lo, key.hi);
        if key.is_long() { self.long(hash, key.long_bytes()) } else { hash }
    }

    #[inline(always)]
    pub(crate) fn short(&self, lo: u64, hi: u64) -> u64 {
        fold(lo ^ self.first, hi ^ self.second)
    }

    #[inline(never)]
    pub(crate) fn long(&self, mut hash: u64, bytes: &[u8]) -> u64 {
        for chunk in bytes[15..].chunks(16) {
            let mut words = [0; 16];
            words[..chunk.len()].copy_from_slice(chunk);
            hash = fold(hash ^ word(&words, 0), self.third ^ word(&words, 8));
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

/// Keys by row.
pub(crate) trait Keys: Copy {
    /// How many.
    fn rows(&self) -> usize;
    /// The key of a row; the row must exist.
    fn key(&self, row: usize) -> Key<'_>;
}

/// Strings or bytes, one per row, each with sixteen readable bytes from its start.
#[derive(Clone, Copy)]
pub(crate) struct StringKeys<'a>(pub(crate) StringColumn<'a>);

impl Keys for StringKeys<'_> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn key(&self, row: usize) -> Key<'_> {
        Key::of_string(self.0, row)
    }
}

/// Numbers or timestamps, one per row.
#[derive(Clone, Copy)]
pub(crate) struct NumberKeys<'a>(pub(crate) &'a [i64]);

impl Keys for NumberKeys<'_> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn key(&self, row: usize) -> Key<'_> {
        Key::number(self.0[row])
    }
}
