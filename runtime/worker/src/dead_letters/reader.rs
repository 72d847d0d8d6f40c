//! Reads a store without holding it, also while somebody writes to it.

use super::letter::Letter;
use super::segment::{self, Damage, Said};
use super::store::StoreError;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

/// What a store has beside its letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many letters there are.
    pub letters: u64,
    /// How many had to go for want of room or for their age, since the folder was made.
    pub dropped: u64,
    /// What cannot be read. The end of the last segment is not among it while somebody may be writing there.
    pub damage: Vec<Damage>,
    /// Letters that were in what cannot be read, as far as their numbers tell.
    pub unreadable: u64,
}

/// Gives every letter to `each`, the oldest first, and what else is known. `live`: somebody may be writing.
///
/// # Errors
/// When the folder or a file in it cannot be read, or was written by a newer version. A folder that is not there is an
/// empty store.
pub fn read(folder: &Path, live: bool, mut each: impl FnMut(Letter)) -> Result<Contents, StoreError> {
    let mut contents = Contents::default();
    // Letters are taken out by later records, so those are looked for first.
    let mut removed = BTreeSet::new();
    let mut first_kept = 0;
    visit(folder, |_, said| match said {
        Said::Removed(ranges) => removed.extend(ranges.ranges.into_iter().flat_map(|(from, to)| from..=to)),
        Said::Dropped(dropped) => first_kept = first_kept.max(dropped.through + 1),
        _ => {}
    })?;
    let mut last_segment = 0;
    let mut expected: Option<u64> = None;
    visit(folder, |id, said| {
        last_segment = id;
        match said {
            Said::Begin(begin) => {
                contents.dropped = contents.dropped.max(begin.dropped);
                contents.unreadable += missing(expected, begin.next, &removed);
                expected = Some(begin.next);
            }
            Said::Dropped(dropped) => contents.dropped += dropped.letters,
            Said::Letter(letter) => {
                contents.unreadable += missing(expected, letter.number, &removed);
                expected = Some(letter.number + 1);
                if id >= first_kept && !removed.contains(&letter.number) {
                    contents.letters += 1;
                    each(*letter);
                }
            }
            Said::Removed(_) => {}
            Said::Damage(damage) => contents.damage.push(damage),
        }
    })?;
    if live && contents.damage.last().is_some_and(|damage| damage.torn && is_of(damage, last_segment)) {
        contents.damage.pop();
    }
    Ok(contents)
}

/// Letters that are neither there nor taken out, although numbers are given without gaps.
fn missing(expected: Option<u64>, found: u64, removed: &BTreeSet<u64>) -> u64 {
    let Some(expected) = expected.filter(|expected| *expected < found) else { return 0 };
    found - expected - removed.range(expected..found).count() as u64
}

fn is_of(damage: &Damage, segment: u64) -> bool {
    let name = damage.path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(&format!("{segment:08}-")))
}

/// Everything that the segments say, the oldest first, each with the number of its segment.
pub(super) fn visit(folder: &Path, mut each: impl FnMut(u64, Said)) -> Result<(), StoreError> {
    let names = segment::list(folder).map_err(|error| StoreError::io("read", folder, error))?;
    for name in names {
        let path = name.path(folder);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // The writer deleted it meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(StoreError::io("read", &path, error)),
        };
        segment::read(&bytes, &name, folder, |said| each(name.id, said))
            .map_err(|version| StoreError::Version { path, version })?;
    }
    Ok(())
}
