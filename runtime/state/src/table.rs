//! One state table of a plugin.

use crate::error::StateError;
use crate::map::Map;
use crate::store::Store;
use alloc::boxed::Box;
use alloc::string::String;
use petrel_model::{TableKind, TableSpec};

/// A table as the plugin declared it, with what is in it.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) kind: TableKind,
    pub(crate) rows: Rows,
}

/// What is in a table.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Kinds value, lazy value and list: one slot per key.
    Single(Store),
    /// Kind map.
    Map(Box<Map>),
    /// The declaration cannot work, and why.
    Refused(&'static str),
}

impl Table {
    pub(crate) fn new(spec: &TableSpec, seed: u64) -> Table {
        let rows = match (spec.kind, &spec.subkey) {
            (TableKind::Value | TableKind::LazyValue, _) => Rows::Single(Store::new(spec.value.clone())),
            (TableKind::List, _) if spec.value.list => Rows::Refused("a list table cannot hold lists"),
            (TableKind::List, _) => Rows::Single(Store::new(spec.value.clone().list())),
            (TableKind::Map, None) => Rows::Refused("a map table needs a subkey"),
            (TableKind::Map, Some(subkey)) if !subkey.scalar.is_key() || subkey.list => {
                Rows::Refused("a subkey cannot be an f64 or a list")
            }
            (TableKind::Map, Some(subkey)) => Rows::Map(Box::new(Map::new(subkey.clone(), spec.value.clone(), seed))),
        };
        Table { name: spec.name.clone(), kind: spec.kind, rows }
    }

    /// The store, if the table's values go with every batch.
    pub(crate) fn passed(&self) -> Option<&Store> {
        match &self.rows {
            Rows::Single(store) if self.kind == TableKind::Value => Some(store),
            _ => None,
        }
    }

    /// The values, by key id or, in a map, by entry id.
    pub(crate) fn store(&self) -> Option<&Store> {
        match &self.rows {
            Rows::Single(store) => Some(store),
            Rows::Map(map) => Some(&map.store),
            Rows::Refused(_) => None,
        }
    }

    /// Makes a slot for every key id below the bound.
    pub(crate) fn cover(&mut self, bound: usize) {
        if let Rows::Single(store) = &mut self.rows {
            store.cover(bound);
        }
    }

    pub(crate) fn next_epoch(&mut self) {
        match &mut self.rows {
            Rows::Single(store) => store.next_epoch(),
            Rows::Map(map) => map.next_epoch(),
            Rows::Refused(_) => {}
        }
    }

    pub(crate) fn memory(&self) -> usize {
        match &self.rows {
            Rows::Single(store) => store.memory(),
            Rows::Map(map) => map.memory(),
            Rows::Refused(_) => 0,
        }
    }

    /// How much what is in it counts towards the size of the state.
    pub(crate) fn size(&self) -> usize {
        match &self.rows {
            Rows::Single(store) => store.size(),
            Rows::Map(map) => map.size(),
            Rows::Refused(_) => 0,
        }
    }

    pub(crate) fn wrong_kind(&self, operation: &'static str, help: &'static str) -> StateError {
        let kind = match self.kind {
            TableKind::Value => "value",
            TableKind::LazyValue => "lazy-value",
            TableKind::List => "list",
            TableKind::Map => "map",
        };
        StateError::WrongKind { operation, table: self.name.clone(), kind, help }
    }
}

/// The table of a number that a guest gave.
pub(crate) fn table<'a>(tables: &'a [Table], operation: &'static str, number: u32) -> Result<&'a Table, StateError> {
    let table = tables.get(number as usize).ok_or(StateError::NoSuchTable {
        operation,
        table: number,
        tables: tables.len(),
    })?;
    match table.rows {
        Rows::Refused(reason) => Err(StateError::BadTable { table: table.name.clone(), reason }),
        _ => Ok(table),
    }
}
