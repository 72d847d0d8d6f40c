//! A segment: one file of the store. What its records mean.

use super::letter::Letter;
use super::record::{Item, Kind, Record, scan};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The version of the layout.
const VERSION: u32 = 1;
const EXTENSION: &str = "letters";

/// A segment's name: which one it is, and the salt of its checksums.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    /// Counts up from 1.
    pub(crate) id: u64,
    pub(crate) salt: u32,
}

impl SegmentName {
    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{:08}-{:08x}.{EXTENSION}", self.id, self.salt))
    }

    fn parse(name: &OsStr) -> Option<SegmentName> {
        let (id, salt) = name.to_str()?.strip_suffix(".letters")?.split_once('-')?;
        Some(SegmentName { id: id.parse().ok()?, salt: u32::from_str_radix(salt, 16).ok()? })
    }
}

/// The segments of a folder, the oldest first. A folder that is not there has none.
pub(crate) fn list(folder: &Path) -> std::io::Result<Vec<SegmentName>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(SegmentName::parse(&entry?.file_name()));
    }
    names.sort_unstable();
    Ok(names)
}

/// The first record of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begin {
    pub(crate) version: u32,
    /// No letter before it had this number or a greater one.
    pub(crate) next: u64,
    /// Letters that had gone for want of room or for their age before it.
    pub(crate) dropped: u64,
}

impl Begin {
    pub(crate) fn new(next: u64, dropped: u64) -> Begin {
        Begin { version: VERSION, next, dropped }
    }
}

/// Letters that were taken out: from the first number to the second, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removed {
    pub(crate) ranges: Vec<(u64, u64)>,
}

/// Segments that had to go, written before they are deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dropped {
    /// This one and all before it.
    pub(crate) through: u64,
    /// Letters that nobody had taken out.
    pub(crate) letters: u64,
}

/// What a record says.
#[derive(Debug)]
pub(crate) enum Said {
    Begin(Begin),
    Letter(Box<Letter>),
    Removed(Removed),
    Dropped(Dropped),
    Damage(Damage),
}

/// A part of a segment that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where it starts, in bytes.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
    /// It is the end of the file, and looks as if it was being written when the process or the machine stopped.
    pub torn: bool,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { path, offset, bytes, torn } = self;
        let what = if *torn { "was not written to its end" } else { "is damaged" };
        write!(f, "{}: {what}: {bytes} bytes at offset {offset}", path.display())
    }
}

/// Gives everything that a segment's bytes say.
///
/// # Errors
/// The version, if it is one that this program does not know.
pub(crate) fn read(bytes: &[u8], name: &SegmentName, folder: &Path, mut each: impl FnMut(Said)) -> Result<(), u32> {
    let damage = |offset: usize, bytes: usize, torn| {
        Said::Damage(Damage { path: name.path(folder), offset: offset as u64, bytes: bytes as u64, torn })
    };
    let mut at = 0;
    for item in scan(bytes, name.salt) {
        let (said, length) = match item {
            Item::Damage { offset, bytes, torn } => (damage(offset, bytes, torn), bytes),
            Item::Record(record) => {
                let length = record.length();
                // Facts that are no facts have a sound checksum, so a defect of ours wrote them.
                (parse(&record).unwrap_or_else(|| damage(at, length, false)), length)
            }
        };
        if let Said::Begin(Begin { version, .. }) = &said
            && *version > VERSION
        {
            return Err(*version);
        }
        at += length;
        each(said);
    }
    Ok(())
}

fn parse(record: &Record<'_>) -> Option<Said> {
    let facts = record.facts;
    Some(match record.kind {
        Kind::Begin => Said::Begin(serde_json::from_slice(facts).ok()?),
        Kind::Removed => Said::Removed(serde_json::from_slice(facts).ok()?),
        Kind::Dropped => Said::Dropped(serde_json::from_slice(facts).ok()?),
        Kind::Letter => {
            let mut letter: Letter = serde_json::from_slice(facts).ok()?;
            letter.tuple = record.tuple.to_vec();
            Said::Letter(Box::new(letter))
        }
    })
}

/// Numbers as ranges, both ends included.
pub(crate) fn ranges(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_segments() {
        let name = SegmentName { id: 12, salt: 0xabc };
        let path = name.path(Path::new("f"));
        assert_eq!(path, Path::new("f/00000012-00000abc.letters"));
        assert_eq!(SegmentName::parse(path.file_name().unwrap()), Some(name));
        for other in ["lock", "x-1.letters", "1-zz.letters", "00000012-00000abc.letters.tmp"] {
            assert_eq!(SegmentName::parse(OsStr::new(other)), None, "{other}");
        }
    }

    #[test]
    fn numbers_in_ranges() {
        assert_eq!(ranges([1, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(ranges([]), []);
    }
}
