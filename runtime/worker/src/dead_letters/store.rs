//! The one writer of a store.

use super::letter::Letter;
use super::reader::visit;
use super::record::{Kind, append};
use super::segment::{self, Begin, Damage, Dropped, Removed, Said, SegmentName, ranges};
use petrel_model::DeadLetterLimits;
use std::collections::{BTreeSet, VecDeque};
use std::fs::{DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// So many segments make a full store: as much goes at once for want of room, or too late for its age.
const SEGMENTS: u64 = 8;
const SEGMENT_BYTES_MAX: u64 = 8 << 20;

/// A folder of dead letters, to write to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    limits: DeadLetterLimits,
    segments: VecDeque<Segment>,
    /// Where letters are appended: the last segment.
    open: Option<Open>,
    /// The next letter's number.
    next: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Segment {
    name: SegmentName,
    bytes: u64,
    /// The letters that were not taken out.
    live: BTreeSet<u64>,
    /// The greatest time of its letters, where there are none that of the file.
    newest_us: i64,
    oldest_us: i64,
    /// It is kept for people to see, although no letter may be left in it.
    damaged: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Behind its last whole record.
    end: u64,
}

/// What became of letters that were to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Older letters that had to go.
    pub dropped: u64,
    /// Letters that alone are larger than the store may be, and why, in words.
    pub too_large: Vec<String>,
}

/// What became of letters that were to be taken out of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOut {
    /// How many are gone.
    pub letters: u64,
    /// Numbers that were asked for and are not there.
    pub missing: Vec<u64>,
    /// How many there are still.
    pub left: u64,
}

/// Why a store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system does not let it.
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        /// `read`, `write`, …
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A newer program wrote it.
    #[error("{} was written by a newer version of petrel (layout {version}): use that one", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of its layout.
        version: u32,
    },
}

impl StoreError {
    pub(super) fn io(what: &'static str, path: &Path, error: std::io::Error) -> StoreError {
        StoreError::Io { what, path: path.to_path_buf(), error }
    }
}

impl Store {
    /// Opens the store of a folder, which need not be there yet; nothing is written before the first letter. What is
    /// damaged is told and left as it is, but for a torn end, which is cut off.
    ///
    /// The caller must be the only writer: it holds the lock of the run's folder.
    ///
    /// # Errors
    /// When it cannot be read, a torn end cannot be cut off, or a newer version wrote it.
    pub fn open(folder: &Path, limits: DeadLetterLimits) -> Result<(Store, Vec<Damage>), StoreError> {
        let mut store =
            Store { folder: folder.to_path_buf(), limits, segments: VecDeque::new(), open: None, next: 1, dropped: 0 };
        let names = segment::list(folder).map_err(|error| StoreError::io("read", folder, error))?;
        for name in names {
            let path = name.path(folder);
            let metadata = std::fs::metadata(&path).map_err(|error| StoreError::io("read", &path, error))?;
            let written = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let newest_us = written.map_or(0, |since| since.as_micros() as i64);
            store.segments.push_back(Segment { newest_us, ..Segment::new(name, metadata.len()) });
        }
        let (mut damage, mut gone) = (Vec::new(), 0);
        visit(folder, |id, said| match said {
            Said::Begin(begin) => {
                store.next = store.next.max(begin.next);
                store.dropped = store.dropped.max(begin.dropped);
            }
            Said::Letter(letter) => {
                store.next = store.next.max(letter.number + 1);
                let segment = store.segments.iter_mut().find(|segment| segment.name.id == id);
                segment.into_iter().for_each(|segment| segment.add(&letter));
            }
            Said::Removed(removed) => store.take_out(removed.ranges.into_iter().flat_map(|(from, to)| from..=to)),
            Said::Dropped(dropped) => {
                store.dropped += dropped.letters;
                gone = gone.max(dropped.through);
            }
            Said::Damage(part) => {
                let segment = store.segments.iter_mut().find(|segment| segment.name.id == id);
                segment.into_iter().for_each(|segment| segment.damaged |= !part.torn);
                damage.push(part);
            }
        })?;
        // Somebody stopped between saying that they go and deleting them.
        while store.segments.front().is_some_and(|segment| segment.name.id <= gone) {
            store.delete_oldest()?;
        }
        store.go_on(&damage)?;
        Ok((store, damage))
    }

    /// Goes on in the last segment, if it is sound; a new one is begun otherwise, so that what is damaged stays to be seen.
    fn go_on(&mut self, damage: &[Damage]) -> Result<(), StoreError> {
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        let path = last.name.path(&self.folder);
        let mut end = last.bytes;
        match damage.iter().find(|part| part.path == path) {
            None => {}
            Some(part) if part.torn && part.offset > 0 => end = part.offset,
            Some(_) => return Ok(()),
        }
        let file =
            OpenOptions::new().append(true).open(&path).map_err(|error| StoreError::io("write", &path, error))?;
        if end < last.bytes {
            file.set_len(end).map_err(|error| StoreError::io("repair", &path, error))?;
            last.bytes = end;
        }
        self.open = Some(Open { file, end });
        Ok(())
    }

    /// How many letters there are.
    pub fn letters(&self) -> u64 {
        self.segments.iter().map(|segment| segment.live.len() as u64).sum()
    }

    /// How many had to go since the folder was made.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Numbers letters and stores them, each whole or not at all, and lets go of what is too old or too much then. When it
    /// returns, they survive a crash of the machine.
    ///
    /// # Errors
    /// When they cannot be written. None of them is stored then, and their numbers are given again.
    pub fn append(&mut self, letters: &mut Vec<Letter>, now_us: i64) -> Result<Appended, StoreError> {
        let mut appended = Appended::default();
        letters.iter_mut().for_each(Letter::cut);
        letters.retain(|letter| {
            let fits = letter.tuple.len() as u64 + RECORD_ROOM <= self.limits.max_bytes;
            if !fits {
                appended.too_large.push(format!(
                    "a tuple of {} bytes is larger than the dead letters may be, which are {} bytes: raise \
                     `dead_letters.max_mb`",
                    letter.tuple.len(),
                    self.limits.max_bytes
                ));
            }
            fits
        });
        if letters.is_empty() {
            return Ok(appended);
        }
        if self.is_segment_full(now_us) {
            self.open = None;
        }
        let start = self.writable()?;
        let salt = self.segments.back().map_or(0, |segment| segment.name.salt);
        let mut bytes = Vec::new();
        for (letter, number) in letters.iter_mut().zip(self.next..) {
            letter.number = number;
            let facts = serde_json::to_vec(letter).expect("facts of a letter are plain values");
            append(&mut bytes, start, salt, Kind::Letter, &facts, &letter.tuple);
        }
        self.write(&bytes)?;
        self.next += letters.len() as u64;
        if let Some(segment) = self.segments.back_mut() {
            letters.iter().for_each(|letter| segment.add(letter));
        }
        appended.dropped = self.trim(now_us)?;
        Ok(appended)
    }

    /// Takes letters out. Gives the numbers of those that were there.
    ///
    /// # Errors
    /// When that cannot be written; they are all still there then.
    pub fn remove(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<Vec<u64>, StoreError> {
        let is_there = |number: &u64| self.segments.iter().any(|segment| segment.live.contains(number));
        let mut numbers: Vec<u64> = numbers.into_iter().filter(is_there).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.is_empty() {
            return Ok(numbers);
        }
        let removed = Removed { ranges: ranges(numbers.iter().copied()) };
        self.say(Kind::Removed, &removed)?;
        self.take_out(numbers.iter().copied());
        self.delete_empty()?;
        Ok(numbers)
    }

    /// Takes letters out by number, or, where none are named, everything that is there.
    ///
    /// # Errors
    /// As for [`remove`](Store::remove) and [`clear`](Store::clear).
    pub fn take(&mut self, numbers: Option<Vec<u64>>) -> Result<TakenOut, StoreError> {
        let Some(mut missing) = numbers else {
            return Ok(TakenOut { letters: self.clear()?, missing: Vec::new(), left: self.letters() });
        };
        let gone = self.remove(missing.iter().copied())?;
        missing.retain(|number| !gone.contains(number));
        missing.sort_unstable();
        missing.dedup();
        Ok(TakenOut { letters: gone.len() as u64, missing, left: self.letters() })
    }

    /// Takes everything out, what is damaged too. Gives the number of letters.
    ///
    /// # Errors
    /// When a file cannot be written or deleted.
    pub fn clear(&mut self) -> Result<u64, StoreError> {
        let letters = self.letters();
        if self.segments.is_empty() {
            return Ok(0);
        }
        // What is deleted makes room, on a full disk too, for the new segment, which knows the next number.
        while self.segments.len() > 1 {
            self.delete_oldest()?;
        }
        self.open = None;
        self.writable()?;
        self.delete_oldest()?;
        Ok(letters)
    }

    /// Lets go of the oldest segments as long as there is too much or they are too old. Gives the number of letters that
    /// went.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn trim(&mut self, now_us: i64) -> Result<u64, StoreError> {
        self.delete_empty()?;
        let max_age_us = i64::try_from(self.limits.max_age_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let too_old_us = now_us.saturating_sub(max_age_us);
        let (mut through, mut letters, mut bytes) = (None, 0, self.segments.iter().map(|it| it.bytes).sum::<u64>());
        for (place, segment) in self.segments.iter().enumerate() {
            let is_last = place + 1 == self.segments.len();
            let old = segment.newest_us <= too_old_us && !segment.is_empty();
            if !old && (bytes <= self.limits.max_bytes || is_last) {
                break;
            }
            bytes -= segment.bytes;
            letters += segment.live.len() as u64;
            through = Some(segment.name.id);
        }
        let Some(through) = through else { return Ok(0) };
        if self.segments.back().is_some_and(|last| last.name.id == through) {
            self.open = None;
        }
        self.say(Kind::Dropped, &Dropped { through, letters })?;
        self.dropped += letters;
        while self.segments.front().is_some_and(|segment| segment.name.id <= through) {
            self.delete_oldest()?;
        }
        Ok(letters)
    }

    fn is_segment_full(&self, now_us: i64) -> bool {
        let max_bytes = (self.limits.max_bytes / SEGMENTS).min(SEGMENT_BYTES_MAX);
        let max_age_us = i64::try_from((self.limits.max_age_ms / SEGMENTS).saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.segments
            .back()
            .is_some_and(|segment| segment.bytes >= max_bytes || segment.oldest_us < now_us.saturating_sub(max_age_us))
    }

    /// Appends a record that is no letter.
    fn say(&mut self, kind: Kind, facts: &impl serde::Serialize) -> Result<(), StoreError> {
        let start = self.writable()?;
        let salt = self.segments.back().map_or(0, |segment| segment.name.salt);
        let facts = serde_json::to_vec(facts).expect("facts are plain values");
        let mut bytes = Vec::new();
        append(&mut bytes, start, salt, kind, &facts, &[]);
        self.write(&bytes)
    }

    /// Where the next record goes: the end of the open segment, which is begun if there is none.
    fn writable(&mut self) -> Result<u64, StoreError> {
        if let Some(open) = &self.open {
            return Ok(open.end);
        }
        let folder = &self.folder;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| StoreError::io("create", folder, error))?;
        let id = self.segments.back().map_or(0, |segment| segment.name.id) + 1;
        let name = SegmentName { id, salt: RandomState::new().hash_one(id) as u32 };
        let path = name.path(folder);
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
        let mut file = file.map_err(|error| StoreError::io("create", &path, error))?;
        let facts = serde_json::to_vec(&Begin::new(self.next, self.dropped)).expect("facts are plain values");
        let mut bytes = Vec::new();
        append(&mut bytes, 0, name.salt, Kind::Begin, &facts, &[]);
        if let Err(error) = file.write_all(&bytes).and_then(|()| sync_folder(folder)) {
            // A segment without its beginning would be told as damaged.
            let _ = std::fs::remove_file(&path);
            return Err(StoreError::io("write", &path, error));
        }
        let end = bytes.len() as u64;
        self.segments.push_back(Segment::new(name, end));
        self.open = Some(Open { file, end });
        Ok(end)
    }

    /// Writes whole records behind the last one, or nothing.
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let (Some(open), Some(segment)) = (&mut self.open, self.segments.back_mut()) else { return Ok(()) };
        if let Err(error) = open.file.write_all(bytes).and_then(|()| open.file.sync_data()) {
            let error = StoreError::io("write", &segment.name.path(&self.folder), error);
            // Where not even that is possible, the rest of the record is told as damaged, and a new segment is begun.
            if open.file.set_len(open.end).is_err() {
                self.open = None;
            }
            return Err(error);
        }
        open.end += bytes.len() as u64;
        segment.bytes = open.end;
        Ok(())
    }

    fn take_out(&mut self, numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            for segment in &mut self.segments {
                segment.live.remove(&number);
            }
        }
    }

    /// Deletes the oldest segments in which no letter is left. The last one stays: it knows the next number.
    fn delete_empty(&mut self) -> Result<(), StoreError> {
        while self.segments.len() > 1 && self.segments.front().is_some_and(Segment::is_empty) {
            self.delete_oldest()?;
        }
        Ok(())
    }

    fn delete_oldest(&mut self) -> Result<(), StoreError> {
        let Some(segment) = self.segments.front() else { return Ok(()) };
        let path = segment.name.path(&self.folder);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("delete", &path, error));
            }
            _ => {}
        }
        self.segments.pop_front();
        Ok(())
    }
}

/// What a record has beside its tuple takes about so much at most.
const RECORD_ROOM: u64 = 64 << 10;

impl Segment {
    fn new(name: SegmentName, bytes: u64) -> Segment {
        Segment { name, bytes, live: BTreeSet::new(), newest_us: i64::MIN, oldest_us: i64::MAX, damaged: false }
    }

    /// Whether nobody needs it any more.
    fn is_empty(&self) -> bool {
        self.live.is_empty() && !self.damaged
    }

    fn add(&mut self, letter: &Letter) {
        self.live.insert(letter.number);
        self.newest_us = self.newest_us.max(letter.time_us);
        self.oldest_us = self.oldest_us.min(letter.time_us);
    }
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
