//! Fields: equal keys to the same task, whoever sends them and from wherever.

use super::Delivery;
use super::key::{Hashes, Keys};
use super::scatter::Scatter;
use crate::frame::Frame;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_model::{KEY_GROUPS, KeyGroup, owner};

/// What a fields edge keeps.
#[derive(Debug)]
pub(super) struct Fields {
    keys: Keys,
    scatter: Scatter,
    /// The owner of each key group.
    owners: Box<[u32; KEY_GROUPS as usize]>,
    targets: Vec<u32>,
}

impl Fields {
    /// Among so many targets.
    pub(super) fn new(keys: Keys, scatter: Scatter, targets: usize) -> Fields {
        let owner = |group: usize| owner(KeyGroup(group as u16), targets as u32).0;
        let owners = Box::new(core::array::from_fn(owner));
        Fields { keys, scatter, owners, targets: Vec::new() }
    }

    /// Delivers each row to the owner of its key's group, and tells the target of each if asked.
    ///
    /// # Errors
    /// If the keys take too long to hash, or the consumer's columns do not fit into a frame.
    pub(super) fn route(
        &mut self,
        frame: &Frame,
        to: &mut Vec<Delivery>,
        by_row: Option<&mut Vec<u32>>,
    ) -> Result<(), String> {
        let Fields { keys, scatter, owners, targets } = self;
        let view = frame.view();
        // The key group is the low bits of the hash.
        let owner = |hash: &u64| owners[(*hash % u64::from(KEY_GROUPS)) as usize];
        targets.clear();
        match keys.hash(&view)? {
            Hashes::Rows(hashes) => {
                targets.extend(hashes.iter().map(owner));
                by_row.into_iter().for_each(|by_row| by_row.clone_from(targets));
                scatter.by_row(frame, targets, to)
            }
            Hashes::Entries(numbered) => {
                targets.extend(numbered.hashes.iter().map(owner));
                if let Some(by_row) = by_row {
                    by_row.extend(numbered.numbers.iter().map(|number| targets[*number as usize]));
                }
                scatter.by_entry(frame, numbered, targets, to)
            }
        }
    }
}
