//! Looking at what a bolt did.

use super::bolt::{BoltTest, Rejected, Retried};
use super::emissions;
use super::host::{Emitted, LogLine};
use super::store::{Cell, IntoKey};
use crate::state::{MapKey, StateValue};
use crate::time::Timestamp;
use crate::tuple::{DynamicTuple, OwnedValue, Tuple};
use std::collections::BTreeMap;

/// What the bolt did.
impl<B> BoltTest<B> {
    /// All tuples that were emitted to the first stream, in order.
    ///
    /// # Panics
    /// The stream has other fields.
    pub fn emitted<T: Tuple>(&self) -> Vec<T::At<'_>> {
        emissions::tuples::<T>(&self.emitted, 0)
    }

    /// All tuples that were emitted to a stream, in order.
    ///
    /// # Panics
    /// There is no such stream, or it has other fields.
    pub fn emitted_to<T: Tuple>(&self, stream: &str) -> Vec<T::At<'_>> {
        emissions::tuples::<T>(&self.emitted, self.output_number(stream))
    }

    /// All tuples that were emitted to a stream, with the names of their fields.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn emitted_rows(&self, stream: &str) -> Vec<DynamicTuple> {
        emissions::rows(&self.emitted, &self.description.outputs, stream)
    }

    /// For each tuple that was emitted to a stream the task it was emitted to directly.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn emitted_tasks(&self, stream: &str) -> Vec<Option<u32>> {
        let of_frame =
            |emitted: &Emitted| std::iter::repeat_n(emitted.task, emissions::view(emitted).rows()).collect::<Vec<_>>();
        self.of_stream(self.output_number(stream)).flat_map(of_frame).collect()
    }

    /// The anchors of each frame that was emitted to a stream, as docs/formats.md has them.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn anchors(&self, stream: &str) -> Vec<Vec<u32>> {
        self.of_stream(self.output_number(stream)).map(|emitted| emitted.anchors.clone()).collect()
    }

    /// Forgets what was emitted, so that the next look shows what came since.
    pub fn clear_emitted(&mut self) {
        self.emitted.clear();
    }

    /// The tuples that were rejected.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// The tuples that come again later.
    pub fn retried(&self) -> &[Retried] {
        &self.retried
    }

    /// The value of a key in a table of [`Value`](crate::Value)s.
    ///
    /// # Panics
    /// There is no such table, or it holds something else.
    pub fn value<V: StateValue>(&self, table: &str, key: impl IntoKey) -> Option<V> {
        match self.cell(table, key)? {
            Cell::Value(value) => Some(stored(&value)),
            other => panic!("the table `{table}` holds {other:?}"),
        }
    }

    /// The list of a key in a table of [`List`](crate::List)s.
    ///
    /// # Panics
    /// There is no such table, or it holds something else.
    pub fn list<V: StateValue>(&self, table: &str, key: impl IntoKey) -> Vec<V> {
        match self.cell(table, key) {
            None => Vec::new(),
            Some(Cell::List(items)) => items.iter().map(stored).collect(),
            Some(other) => panic!("the table `{table}` holds {other:?}"),
        }
    }

    /// The map of a key in a table of [`Map`](crate::Map)s.
    ///
    /// # Panics
    /// There is no such table, or it holds something else.
    pub fn map<K: MapKey, V: StateValue>(&self, table: &str, key: impl IntoKey) -> BTreeMap<K, V> {
        match self.cell(table, key) {
            None => BTreeMap::new(),
            Some(Cell::Map(map)) => map.iter().map(|(key, value)| (stored(key), stored(value))).collect(),
            Some(other) => panic!("the table `{table}` holds {other:?}"),
        }
    }

    /// The keys that have something in a table, in order.
    ///
    /// # Panics
    /// There is no such table.
    pub fn keys(&self, table: &str) -> Vec<Vec<OwnedValue>> {
        let store = &self.host.borrow().store;
        store.cells[store.table(table)].keys().cloned().collect()
    }

    /// The timers that are set in a table of [`Timers`](crate::Timers), with their keys, in the order of their time.
    ///
    /// # Panics
    /// There is no such table.
    pub fn timers(&self, table: &str) -> Vec<(Timestamp, Vec<OwnedValue>)> {
        let store = &self.host.borrow().store;
        let table = store.table(table);
        let mut timers: Vec<_> = store.timers.iter().filter(|timer| timer.2 == table).collect();
        timers.sort_by_key(|timer| timer.1);
        timers.into_iter().map(|timer| (Timestamp(timer.1), timer.3.clone())).collect()
    }

    /// What the plugin logged.
    pub fn logs(&self) -> Vec<LogLine> {
        self.host.borrow().logs.clone()
    }

    /// The counter or gauge of that name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.host.borrow().metrics.get(name).copied()
    }

    /// What was written to a file of a configuration key; `name` is empty where the key is a file.
    pub fn written(&self, key: &str, name: &str) -> Option<Vec<u8>> {
        self.host.borrow().written.get(&(key.to_owned(), name.to_owned())).cloned()
    }

    /// What was printed to standard output.
    pub fn printed(&self) -> Vec<u8> {
        self.host.borrow().printed.clone()
    }

    fn cell(&self, table: &str, key: impl IntoKey) -> Option<Cell> {
        let store = &self.host.borrow().store;
        store.cells[store.table(table)].get(&store.key(key.into_key())).cloned()
    }

    fn output_number(&self, stream: &str) -> usize {
        emissions::number(&self.description.outputs, stream)
    }

    fn of_stream(&self, output: usize) -> impl Iterator<Item = &Emitted> {
        emissions::of(&self.emitted, output)
    }
}

fn stored<V: StateValue>(value: &OwnedValue) -> V {
    V::from_value(value.as_scalar()).unwrap_or_else(|error| panic!("{error}"))
}
