//! State as maps.

use crate::value::{Key, Val};
use petrel_state::Clock;
use std::collections::{BTreeMap, BTreeSet};

/// The naive state: absent values are not in the maps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    /// By table, key and subkey (`None` but in maps).
    pub(crate) values: BTreeMap<(u32, Key, Option<Val>), Val>,
    pub(crate) timers: BTreeSet<(Clock, i64, u32, Key)>,
}

impl Model {
    pub(crate) fn get(&self, table: u32, key: &Key, subkey: Option<&Val>) -> Val {
        self.values.get(&(table, key.clone(), subkey.cloned())).cloned().unwrap_or(Val::Null)
    }

    pub(crate) fn set(
        &mut self,
        table: u32,
        key: &Key,
        subkey: Option<&Val>,
        value: Val,
        dirty: &mut BTreeSet<(u32, Key)>,
    ) {
        if self.get(table, key, subkey) != value {
            dirty.insert((table, key.clone()));
        }
        let place = (table, key.clone(), subkey.cloned());
        match value {
            Val::Null => self.values.remove(&place),
            value => self.values.insert(place, value),
        };
    }

    pub(crate) fn keys(&self) -> BTreeSet<&Key> {
        self.values.keys().map(|(_, key, _)| key).chain(self.timers.iter().map(|(_, _, _, key)| key)).collect()
    }
}
