//! Records of a segment: how they are written, and how they are found again where the file is damaged.
//!
//! A checksum belongs to one place of one segment, whose name has a random *salt*. So bytes that look like a record, which a
//! tuple may well contain, are none.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// `PDL1`.
const MAGIC: u32 = u32::from_le_bytes(*b"PDL1");
/// Before the two parts of a record.
pub(crate) const HEADER_BYTES: usize = 32;
/// Records start at multiples of this.
pub(crate) const ALIGN: usize = 8;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// The first of a segment.
    Begin = 1,
    /// A letter: its facts, and the tuple.
    Letter = 2,
    /// Letters that were taken out.
    Removed = 3,
    /// Segments that had to go.
    Dropped = 4,
}

impl Kind {
    fn from_code(code: u32) -> Option<Kind> {
        [Kind::Begin, Kind::Letter, Kind::Removed, Kind::Dropped].into_iter().find(|kind| *kind as u32 == code)
    }
}

/// A record as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) kind: Kind,
    /// A JSON document.
    pub(crate) facts: &'a [u8],
    /// Of a letter: the frame.
    pub(crate) tuple: &'a [u8],
}

impl Record<'_> {
    /// Bytes that it takes in the file.
    pub(crate) fn length(&self) -> usize {
        (HEADER_BYTES + self.facts.len() + self.tuple.len()).next_multiple_of(ALIGN)
    }
}

/// What stands next in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Record(Record<'a>),
    /// Nothing that can be read, up to the next record or the end.
    Damage {
        /// It starts here.
        offset: usize,
        bytes: usize,
        /// It is the end of the file, and looks like a record of which the end was never written.
        torn: bool,
    },
}

/// Appends a record to a segment of which `out` is the part from `start` on.
///
/// # Panics
/// If the facts or the tuple are longer than 4 GiB.
pub(crate) fn append(out: &mut Vec<u8>, start: u64, salt: u32, kind: Kind, facts: &[u8], tuple: &[u8]) {
    let at = out.len();
    let length = (HEADER_BYTES + facts.len() + tuple.len()).next_multiple_of(ALIGN);
    let word = |length: usize| u32::try_from(length).expect("a record is far from 4 GiB").to_le_bytes();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&MAGIC.to_le_bytes());
    out.extend_from_slice(&word(length));
    out.extend_from_slice(&(kind as u32).to_le_bytes());
    out.extend_from_slice(&word(facts.len()));
    out.extend_from_slice(&word(tuple.len()));
    let seed = seed(salt, start + at as u64);
    let check = xxh3_64_with_seed(&out[at + 8..], seed) as u32;
    out.extend_from_slice(&check.to_le_bytes());
    out.extend_from_slice(facts);
    out.extend_from_slice(tuple);
    out.resize(at + length, 0);
    let checksum = xxh3_64_with_seed(&out[at + 8..], seed);
    out[at..at + 8].copy_from_slice(&checksum.to_le_bytes());
}

/// The records of a segment, and what is damaged between them.
pub(crate) fn scan(bytes: &[u8], salt: u32) -> impl Iterator<Item = Item<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        if let Some((record, length)) = parse(bytes, at, salt) {
            at += length;
            return Some(Item::Record(record));
        }
        let offset = at;
        let next = (offset + ALIGN..bytes.len()).step_by(ALIGN).find(|next| parse(bytes, *next, salt).is_some());
        at = next.unwrap_or(bytes.len());
        let torn = next.is_none() && is_torn(bytes, offset, salt);
        Some(Item::Damage { offset, bytes: at - offset, torn })
    })
}

/// The record at a place and its length.
fn parse(bytes: &[u8], at: usize, salt: u32) -> Option<(Record<'_>, usize)> {
    let length = header(bytes, at, salt)?;
    let record = bytes.get(at..at.checked_add(length)?)?;
    if xxh3_64_with_seed(&record[8..], seed(salt, at as u64)).to_le_bytes() != record[..8] {
        return None;
    }
    let facts = HEADER_BYTES.checked_add(word(record, 20) as usize)?;
    let tuple = facts.checked_add(word(record, 24) as usize)?;
    let kind = Kind::from_code(word(record, 16))?;
    Some((Record { kind, facts: record.get(HEADER_BYTES..facts)?, tuple: record.get(facts..tuple)? }, length))
}

/// The length of the record that a header at a place begins. Checked by itself, so that looking for a record costs no
/// checksum over megabytes at each place.
fn header(bytes: &[u8], at: usize, salt: u32) -> Option<usize> {
    let header = bytes.get(at..at.checked_add(HEADER_BYTES)?)?;
    let length = word(header, 12) as usize;
    let check = || xxh3_64_with_seed(&header[8..28], seed(salt, at as u64)) as u32;
    let sound = word(header, 8) == MAGIC && length >= HEADER_BYTES && length.is_multiple_of(ALIGN);
    (sound && word(header, 28) == check()).then_some(length)
}

/// Whether the end of a file looks as if it was being written when the machine or the process stopped: the beginning of a
/// record, or zeros that a file system put there.
fn is_torn(bytes: &[u8], at: usize, salt: u32) -> bool {
    let rest = &bytes[at..];
    let unfinished = header(bytes, at, salt).is_some_and(|length| length > rest.len());
    unfinished || rest.len() < HEADER_BYTES || rest.iter().all(|byte| *byte == 0)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn seed(salt: u32, offset: u64) -> u64 {
    (u64::from(salt) << 32) ^ offset.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SALT: u32 = 0x5eed;

    fn written(parts: &[(Vec<u8>, Vec<u8>)]) -> (Vec<u8>, Vec<usize>) {
        let (mut out, mut starts) = (Vec::new(), Vec::new());
        for (facts, tuple) in parts {
            starts.push(out.len());
            append(&mut out, 0, SALT, Kind::Letter, facts, tuple);
        }
        (out, starts)
    }

    fn found(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let record = |item| match item {
            Item::Record(record) => Some((record.facts.to_vec(), record.tuple.to_vec())),
            Item::Damage { .. } => None,
        };
        scan(bytes, SALT).filter_map(record).collect()
    }

    fn parts() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..80);
        proptest::collection::vec((bytes(), bytes()), 1..8)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(parts in parts()) {
            let (bytes, _) = written(&parts);
            prop_assert_eq!(found(&bytes), parts);
        }

        #[test]
        fn a_torn_tail_costs_the_last_record_and_says_so(parts in parts(), cut in 1usize..1000) {
            let (bytes, starts) = written(&parts);
            let end = bytes.len() - 1 - cut % (bytes.len() - 1);
            let whole = starts.iter().skip(1).chain([&bytes.len()]).filter(|next| **next <= end).count();
            let items: Vec<Item<'_>> = scan(&bytes[..end], SALT).collect();
            prop_assert_eq!(found(&bytes[..end]), parts[..whole].to_vec());
            match items.last() {
                Some(Item::Damage { offset, bytes, torn }) => {
                    prop_assert!(torn);
                    prop_assert_eq!(offset + bytes, end);
                }
                _ => prop_assert!(starts.contains(&end)),
            }
        }

        #[test]
        fn a_changed_byte_costs_one_record_and_says_where(parts in parts(), at in any::<usize>(), flip in 1u8..) {
            let (mut bytes, starts) = written(&parts);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            let hit = starts.iter().rposition(|start| *start <= at).unwrap_or(0);
            let mut others = parts;
            others.remove(hit);
            prop_assert_eq!(found(&bytes), others);
            let damage = scan(&bytes, SALT).find_map(|item| match item {
                Item::Damage { offset, .. } => Some(offset),
                Item::Record(_) => None,
            });
            prop_assert_eq!(damage, Some(starts[hit]));
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(found(&bytes), vec![]);
        }
    }

    /// A tuple may be a segment, byte for byte: when what is around it is damaged, it must not come out as a record.
    #[test]
    fn records_within_a_tuple_are_none() {
        let (inner, _) = written(&[(b"forged".to_vec(), b"tuple".to_vec())]);
        let mut bytes = Vec::new();
        append(&mut bytes, 0, SALT, Kind::Letter, b"", &inner);
        append(&mut bytes, 0, SALT, Kind::Letter, b"after", b"");
        bytes[3] ^= 1;
        assert_eq!(found(&bytes), [(b"after".to_vec(), vec![])]);
    }
}
