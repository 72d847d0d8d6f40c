//! State as maps.

use crate::value::{Key, Val};
use petrel_state::Clock;
use std::collections::{BTreeMap, BTreeSet};

fn scalar_len(value: &Val) -> usize {
    match value {
        Val::Null => 0,
        Val::Bool(_) => 1,
        Val::Text(text) => text.len(),
        Val::Raw(bytes) => bytes.len(),
        Val::Int(_) | Val::Float(_) | Val::Time(_) => 8,
        Val::List(_) => panic!("not a scalar"),
    }
}

fn prefixed_len(value: &Val) -> usize {
    scalar_len(value) + if matches!(value, Val::Text(_) | Val::Raw(_)) { 4 } else { 0 }
}

/// One field is kept as its own bytes, several as key bytes.
fn key_len(key: &Key) -> usize {
    match &key[..] {
        [value] => scalar_len(value),
        values => values.iter().map(|value| 1 + prefixed_len(value)).sum(),
    }
}

fn value_len(value: &Val) -> usize {
    match value {
        Val::List(items) => items.iter().map(prefixed_len).sum(),
        value => scalar_len(value),
    }
}

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

    /// The size as it is documented, from what is in the maps.
    pub(crate) fn size(&self, variable: impl Fn(u32) -> bool) -> u64 {
        let long = |bytes: usize| if bytes > 15 { bytes } else { 0 };
        let keys: usize = self.keys().into_iter().map(|key| 64 + long(key_len(key))).sum();
        let values = self.values.iter().map(|((table, _, subkey), value)| {
            let entry = subkey.as_ref().map_or(0, |subkey| 80 + long(5 + scalar_len(subkey)));
            entry + if variable(*table) { 32 + value_len(value) } else { 16 }
        });
        (keys + values.sum::<usize>() + 48 * self.timers.len()) as u64
    }

    pub(crate) fn keys(&self) -> BTreeSet<&Key> {
        self.values.keys().map(|(_, key, _)| key).chain(self.timers.iter().map(|(_, _, _, key)| key)).collect()
    }
}
