//! What a spout emitted and is not through: whoever has to replay it.
//!
//! A guest that gives ids replays by itself: it is told which ids failed, as in Storm. For one that gives none the host
//! keeps the frames, which cost a counted reference each, and emits failed rows again: so every spout is one whose
//! tuples are processed at least once, as long as the process lives.

use crate::call::{Emitted, Origin};
use crate::frame::Frame;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Emitted rows that are not through, by the numbers under which they are pending.
#[derive(Debug, Default)]
pub(super) struct Kept {
    next: u64,
    /// By the number of the first row. An entry goes as soon as all its rows are through, whatever is before it.
    entries: BTreeMap<u64, Entry>,
    /// The guest has given ids: rows without one are nobody's concern, as in Storm.
    has_ids: bool,
    /// Ids that the guest was told to emit again, and their numbers.
    told: BTreeMap<u64, Vec<u64>>,
    to_ack: Vec<u64>,
    to_fail: Vec<u64>,
    to_replay: Vec<u64>,
}

/// Rows of one frame.
#[derive(Debug)]
struct Entry {
    /// The number of the first.
    first: u64,
    rows: usize,
    /// So many are not through.
    left: usize,
    by: By,
}

#[derive(Debug)]
enum By {
    /// The guest replays, by these ids.
    Guest(Vec<u64>),
    /// The host does.
    Host { output: u32, direct: Option<u32>, frame: Frame, position: Vec<u8> },
}

impl Kept {
    /// Whether the guest replays by itself.
    pub(super) fn has_ids(&self) -> bool {
        self.has_ids
    }

    /// Rows are emitted: the numbers under which they are pending, none if nobody waits for them. Ids that the guest was told
    /// to emit again get their old numbers.
    pub(super) fn admit(&mut self, emitted: &Emitted) -> Vec<u64> {
        let rows = emitted.frame.view().rows();
        let (ids, position) = match &emitted.origin {
            Origin::Source { ids, position } => (&ids[..], &position[..]),
            Origin::Anchors(_) => (&[][..], &[][..]),
        };
        self.has_ids |= !ids.is_empty();
        if rows == 0 || (ids.is_empty() && self.has_ids) {
            return Vec::new();
        }
        if ids.is_empty() {
            let Emitted { output, direct, frame, .. } = emitted;
            let (frame, position) = (frame.clone(), position.to_vec());
            return self.push(rows, By::Host { output: *output, direct: *direct, frame, position });
        }
        if self.told.is_empty() {
            return self.push(rows, By::Guest(ids.to_vec()));
        }
        let known: Vec<Option<u64>> = ids.iter().map(|id| self.told_number(*id)).collect();
        let fresh: Vec<u64> = ids.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(id, _)| *id).collect();
        let mut numbers = self.push(fresh.len(), By::Guest(fresh)).into_iter();
        known.into_iter().filter_map(|known| known.or_else(|| numbers.next())).collect()
    }

    /// These are through.
    pub(super) fn acked(&mut self, numbers: &[u64]) {
        for number in numbers {
            let Some(entry) = self.entry(*number) else { continue };
            if let By::Guest(ids) = &entry.by {
                let id = ids[(number - entry.first) as usize];
                self.to_ack.push(id);
            }
            self.done_with(*number);
        }
    }

    /// The guest did not emit these again: nobody waits for them any more.
    pub(super) fn given_up(&mut self, numbers: &[u64]) {
        for &number in numbers {
            self.told.retain(|_, told| {
                told.retain(|other| *other != number);
                !told.is_empty()
            });
            self.done_with(number);
        }
    }

    /// A row needs no replay any more.
    fn done_with(&mut self, number: u64) {
        let Some(entry) = self.entry(number) else { return };
        entry.left -= 1;
        if entry.left == 0 {
            let first = entry.first;
            self.entries.remove(&first);
        }
    }

    /// These failed.
    pub(super) fn failed(&mut self, numbers: &[u64]) {
        for &number in numbers {
            let Some(entry) = self.entry(number) else { continue };
            match &entry.by {
                By::Guest(ids) => {
                    let id = ids[(number - entry.first) as usize];
                    self.to_fail.push(id);
                    self.told.entry(id).or_default().push(number);
                }
                By::Host { .. } => self.to_replay.push(number),
            }
        }
    }

    /// Whether the host has rows to emit again.
    pub(super) fn has_replays(&self) -> bool {
        !self.to_replay.is_empty()
    }

    /// Rows to emit again, of one frame, and their numbers.
    pub(super) fn next_replay(&mut self) -> Option<(Emitted, Vec<u64>)> {
        // Those that failed first, first.
        let oldest = *self.to_replay.first()?;
        let entry = self.entry(oldest)?;
        let range = entry.first..entry.first + entry.rows as u64;
        let By::Host { output, direct, ref frame, ref position } = entry.by else { return None };
        let (frame, position) = (frame.clone(), position.clone());
        let mut numbers: Vec<u64> = self.to_replay.extract_if(.., |number| range.contains(number)).collect();
        numbers.sort_unstable();
        let rows: Vec<u32> = numbers.iter().map(|number| (number - range.start) as u32).collect();
        let origin = Origin::Source { ids: Vec::new(), position };
        Some((Emitted { output, direct, frame: frame.take(&rows), origin }, numbers))
    }

    /// Ids that the guest is to be told are through.
    pub(super) fn take_acks(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.to_ack)
    }

    /// Ids that the guest is to be told to emit again.
    pub(super) fn take_fails(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.to_fail)
    }

    /// The guest that gave the ids is gone. What the host keeps stays.
    pub(super) fn forget_guest(&mut self) {
        self.entries.retain(|_, entry| matches!(entry.by, By::Host { .. }));
        self.told.clear();
        self.to_ack.clear();
        self.to_fail.clear();
    }

    fn push(&mut self, rows: usize, by: By) -> Vec<u64> {
        let first = self.next;
        self.next += rows as u64;
        if rows > 0 {
            self.entries.insert(first, Entry { first, rows, left: rows, by });
        }
        (first..self.next).collect()
    }

    fn told_number(&mut self, id: u64) -> Option<u64> {
        let numbers = self.told.get_mut(&id)?;
        let number = numbers.remove(0);
        if numbers.is_empty() {
            self.told.remove(&id);
        }
        Some(number)
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let (_, entry) = self.entries.range_mut(..=number).next_back()?;
        (number < entry.first + entry.rows as u64 && entry.left > 0).then_some(entry)
    }
}
