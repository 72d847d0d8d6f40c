//! State as the host keeps it, on plain maps.

use crate::describe::{TableKind, TableSpec};
use crate::host::Clock;
use crate::tuple::OwnedValue;
use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Schema};
use std::collections::{BTreeMap, BTreeSet};

/// The values of a key's fields.
pub(super) type Key = Vec<OwnedValue>;

/// A key as tests write it: an array of values, or `()` where state is not keyed.
pub trait IntoKey {
    /// The values of the key's fields, in order.
    fn into_key(self) -> Vec<OwnedValue>;
}

impl IntoKey for () {
    fn into_key(self) -> Vec<OwnedValue> {
        Vec::new()
    }
}

impl<V: Into<OwnedValue>, const N: usize> IntoKey for [V; N] {
    fn into_key(self) -> Vec<OwnedValue> {
        self.into_iter().map(Into::into).collect()
    }
}

impl IntoKey for Vec<OwnedValue> {
    fn into_key(self) -> Vec<OwnedValue> {
        self
    }
}

/// What a table holds for a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Value(OwnedValue),
    List(Vec<OwnedValue>),
    Map(BTreeMap<OwnedValue, OwnedValue>),
}

/// A change that a call staged.
#[derive(Debug)]
pub(super) enum Change {
    Set { table: usize, key: Key, subkey: Option<OwnedValue>, value: OwnedValue },
    Append { table: usize, key: Key, value: OwnedValue },
    Timer { clock: Clock, at: i64, table: usize, key: Key, set: bool },
}

/// The state of one task.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) key_fields: Vec<Field>,
    pub(super) specs: Vec<TableSpec>,
    pub(super) cells: Vec<BTreeMap<Key, Cell>>,
    /// By clock, time, table and key: the order in which they are due.
    pub(super) timers: BTreeSet<(Clock, i64, usize, Key)>,
}

impl Store {
    pub(super) fn new(key_fields: Vec<Field>, specs: Vec<TableSpec>) -> Store {
        let cells = specs.iter().map(|_| BTreeMap::new()).collect();
        Store { key_fields, specs, cells, timers: BTreeSet::new() }
    }

    /// The number of the table of that name.
    pub(super) fn table(&self, name: &str) -> usize {
        self.specs.iter().position(|spec| spec.name == name).unwrap_or_else(|| {
            let names: Vec<_> = self.specs.iter().map(|spec| spec.name.as_str()).collect();
            panic!("there is no state table `{name}`; there are: {}", names.join(", "))
        })
    }

    /// A key with its values as the types of the key's fields.
    pub(super) fn key(&self, key: Vec<OwnedValue>) -> Key {
        assert_eq!(key.len(), self.key_fields.len(), "the key has the fields {}", Schema::new(self.key_fields.clone()));
        key.into_iter().zip(&self.key_fields).map(|(value, field)| value.cast(field.scalar)).collect()
    }

    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Set { table, key, subkey: Some(subkey), value } => {
                let cell = self.cells[table].entry(key).or_insert_with(|| Cell::Map(BTreeMap::new()));
                let Cell::Map(map) = cell else { unreachable!("only maps have subkeys") };
                match value {
                    OwnedValue::Null => drop(map.remove(&subkey)),
                    value => drop(map.insert(subkey, value)),
                }
            }
            Change::Set { table, key, subkey: None, value } => match value {
                OwnedValue::Null => drop(self.cells[table].remove(&key)),
                OwnedValue::List(items) => drop(self.cells[table].insert(key, Cell::List(items))),
                value => drop(self.cells[table].insert(key, Cell::Value(value))),
            },
            Change::Append { table, key, value } => {
                let cell = self.cells[table].entry(key).or_insert_with(|| Cell::List(Vec::new()));
                let Cell::List(list) = cell else { unreachable!("only lists are appended to") };
                list.push(value);
            }
            Change::Timer { clock, at, table, key, set } => {
                let timer = (clock, at, table, key);
                if set {
                    self.timers.insert(timer);
                } else {
                    self.timers.remove(&timer);
                }
            }
        }
    }

    /// The values frame of `get`.
    pub(super) fn get(&self, table: usize, keys: &FrameView<'_>) -> FrameBuf {
        let spec = &self.specs[table];
        let field = Field { list: spec.kind == TableKind::List, optional: true, ..spec.value.clone() };
        let mut builder = FrameBuilder::new(&Schema::new([field]));
        for row in 0..keys.rows() {
            let (key, subkey) = self.key_of(table, keys, row);
            let value = match (self.cells[table].get(&key), subkey) {
                (Some(Cell::Value(value)), _) => value.clone(),
                (Some(Cell::List(items)), _) => OwnedValue::List(items.clone()),
                (Some(Cell::Map(map)), Some(subkey)) => map.get(&subkey).cloned().unwrap_or(OwnedValue::Null),
                _ => OwnedValue::Null,
            };
            value.push_to(builder.column(0)).expect("what is stored is of the table's type");
        }
        finish(&mut builder)
    }

    /// The key of a row of a keys frame, and the subkey for a map.
    pub(super) fn key_of(&self, table: usize, keys: &FrameView<'_>, row: usize) -> (Key, Option<OwnedValue>) {
        let spec = &self.specs[table];
        let columns = self.key_fields.len();
        let expected = columns + usize::from(spec.kind == TableKind::Map);
        assert_eq!(keys.columns(), expected, "a keys frame for the table `{}` has {expected} columns", spec.name);
        let value = |column| OwnedValue::from(keys.column(column).value(row));
        let subkey = (spec.kind == TableKind::Map).then(|| value(columns));
        ((0..columns).map(value).collect(), subkey)
    }

    /// Rows of `scan`: a page of keys, subkeys and values.
    pub(super) fn scan(&self, table: usize, from: u64, max: u32) -> (u64, FrameBuf) {
        let spec = &self.specs[table];
        let mut fields: Vec<Field> = self.key_fields.iter().chain(&spec.subkey).cloned().collect();
        fields.push(Field { list: spec.kind == TableKind::List, ..spec.value.clone() });
        let mut builder = FrameBuilder::new(&Schema::new(fields.into_iter().map(Field::optional).collect::<Vec<_>>()));
        let rows = self.cells[table].iter().flat_map(|(key, cell)| match cell {
            Cell::Value(value) => vec![(key, None, value.clone())],
            Cell::List(items) => vec![(key, None, OwnedValue::List(items.clone()))],
            Cell::Map(map) => map.iter().map(|(subkey, value)| (key, Some(subkey.clone()), value.clone())).collect(),
        });
        let mut next = from;
        for (key, subkey, value) in rows.skip(from as usize).take(max as usize) {
            next += 1;
            let row = key.iter().cloned().chain(subkey).chain([value]);
            for (column, value) in row.enumerate() {
                value.push_to(builder.column(column)).expect("what is stored is of the table's type");
            }
        }
        (next, finish(&mut builder))
    }

    /// The subkeys and values of a key of a map.
    pub(super) fn entries(&self, table: usize, key: &FrameView<'_>) -> FrameBuf {
        let spec = &self.specs[table];
        let Some(subkey) = spec.subkey.clone() else { panic!("the table `{}` is no map", spec.name) };
        let mut builder = FrameBuilder::new(&Schema::new([subkey.optional(), spec.value.clone().optional()]));
        let key: Key = (0..key.columns()).map(|column| key.column(column).value(0).into()).collect();
        if let Some(Cell::Map(map)) = self.cells[table].get(&key) {
            for (subkey, value) in map {
                subkey.push_to(builder.column(0)).expect("what is stored is of the table's type");
                value.push_to(builder.column(1)).expect("what is stored is of the table's type");
            }
        }
        finish(&mut builder)
    }
}

pub(super) fn finish(builder: &mut FrameBuilder) -> FrameBuf {
    FrameBuf::from_slice(builder.finish().expect("a test's frames are small"))
}
