//! A map for each key.

use super::keys::no_key;
use super::{CallKeys, StateValue, Stored, Table};
use crate::batch::{BatchState, checked};
use crate::describe::{TableKind, TableSpec};
use crate::error::Error;
use crate::host;
use crate::time::Timestamp;
use petrel_frame::{Field, FrameBuf, FrameBuilder, Schema};
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// What can be the subkey of a [`Map`]: `bool`, `i64`, `String`, `Vec<u8>`, [`Timestamp`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a `Map`",
    note = "`bool`, `i64`, `String`, `Vec<u8>` and `Timestamp` can"
)]
pub trait MapKey: StateValue + Ord + Clone {}

impl MapKey for bool {}
impl MapKey for i64 {}
impl MapKey for String {}
impl MapKey for Vec<u8> {}
impl MapKey for Timestamp {}

/// A map for the current key: subkeys and their values.
///
/// The first use of a subkey in a batch fetches its value from the host; all changes go back together.
#[derive(Debug)]
pub struct Map<K, V> {
    number: usize,
    keys: CallKeys,
    current: usize,
    slots: Vec<BTreeMap<K, Slot<V>>>,
    failure: Option<Error>,
}

#[derive(Debug)]
struct Slot<V> {
    value: Option<V>,
    changed: bool,
}

impl<K: MapKey, V: StateValue> Map<K, V> {
    /// The value of a subkey.
    pub fn get<Q>(&mut self, subkey: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.slot(subkey).value.as_ref()
    }

    /// The value of a subkey to be changed in place.
    pub fn get_mut<Q>(&mut self, subkey: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let slot = self.slot(subkey);
        slot.changed |= slot.value.is_some();
        slot.value.as_mut()
    }

    /// The value of a subkey to be changed in place; `V::default()` where it has none yet.
    pub fn get_or_default<Q>(&mut self, subkey: &Q) -> &mut V
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
        V: Default,
    {
        let slot = self.slot(subkey);
        slot.changed = true;
        slot.value.get_or_insert_with(V::default)
    }

    /// Whether a subkey has a value.
    pub fn contains<Q>(&mut self, subkey: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.get(subkey).is_some()
    }

    /// Gives a subkey a value, without reading what it had.
    pub fn insert(&mut self, subkey: K, value: V) {
        self.current().insert(subkey, Slot { value: Some(value), changed: true });
    }

    /// Takes a subkey's value away, without reading it.
    pub fn remove<Q>(&mut self, subkey: &Q)
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.current().insert(subkey.to_owned(), Slot { value: None, changed: true });
    }

    /// All subkeys with their values, in order. Fetches them from the host each time.
    pub fn entries(&mut self) -> Vec<(K, V)>
    where
        V: Clone,
    {
        let mut entries = match self.fetch_entries() {
            Ok(entries) => entries,
            Err(error) => {
                self.failure.get_or_insert(error.context("reading the entries of a map"));
                BTreeMap::new()
            }
        };
        for (subkey, slot) in self.current() {
            match &slot.value {
                Some(value) => drop(entries.insert(subkey.clone(), value.clone())),
                None => drop(entries.remove(subkey)),
            }
        }
        entries.into_iter().collect()
    }

    fn current(&mut self) -> &mut BTreeMap<K, Slot<V>> {
        match self.slots.get_mut(self.current) {
            Some(slots) => slots,
            None => no_key(),
        }
    }

    fn slot<Q>(&mut self, subkey: &Q) -> &mut Slot<V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if !self.current().contains_key(subkey) {
            let owned = subkey.to_owned();
            let value = self.fetch(&owned).unwrap_or_else(|error| {
                self.failure.get_or_insert(error.context("reading a map"));
                None
            });
            self.current().insert(owned, Slot { value, changed: false });
        }
        self.current().get_mut(subkey).expect("it was there, or was put there")
    }

    fn fetch(&self, subkey: &K) -> Result<Option<V>, Error> {
        let keys = self.keys_frame(&[(self.current, subkey)])?;
        let values = checked(host::state::get(self.number, &keys))?;
        let values = crate::batch::instance::view(&values)?.column(0);
        if values.is_present(0) { V::from_value(values.value(0)).map(Some) } else { Ok(None) }
    }

    fn fetch_entries(&self) -> Result<BTreeMap<K, V>, Error> {
        let key = self.keys.take(&[self.current as u32])?;
        let entries = checked(host::state::entries(self.number, &key))?;
        let entries = crate::batch::instance::view(&entries)?;
        let (subkeys, values) = (entries.column(0), entries.column(1));
        let entry = |row| Ok((K::from_value(subkeys.value(row))?, V::from_value(values.value(row))?));
        (0..entries.rows()).map(entry).collect()
    }

    fn keys_frame(&self, entries: &[(usize, &K)]) -> Result<FrameBuf, Error> {
        self.keys.with_subkeys(Field::new("subkey", K::SCALAR), entries, |subkey, column| {
            subkey.write(column).expect("subkeys are scalars, which can always be written down");
        })
    }
}

impl<K: MapKey, V: StateValue> Stored for Map<K, V> {
    type Table = Map<K, V>;
}

impl<K: MapKey, V: StateValue> Table for Map<K, V> {
    type Handle = Map<K, V>;

    fn spec(name: &str) -> TableSpec {
        let subkey = Some(Field::new("subkey", K::SCALAR));
        TableSpec { kind: TableKind::Map, subkey, ..TableSpec::value(name, V::SCALAR) }
    }

    fn open(number: usize) -> Self {
        Map { number, keys: CallKeys::none(), current: 0, slots: Vec::new(), failure: None }
    }

    fn begin(&mut self, _: &BatchState<'_>, keys: &CallKeys) -> Result<(), Error> {
        self.keys = keys.clone();
        self.current = 0;
        self.failure = None;
        self.slots.clear();
        self.slots.resize_with(keys.count(), BTreeMap::new);
        Ok(())
    }

    #[inline]
    fn at(&mut self, key: usize) -> &mut Map<K, V> {
        self.current = key;
        self
    }

    fn end(&mut self, _: &mut BatchState<'_>) -> Result<(), Error> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let mut entries = Vec::new();
        let mut values = FrameBuilder::new(&Schema::new([Field::new("value", V::SCALAR).optional()]));
        for (key, slots) in self.slots.iter().enumerate() {
            for (subkey, slot) in slots.iter().filter(|(_, slot)| slot.changed) {
                entries.push((key, subkey));
                match &slot.value {
                    Some(value) => value.write(values.column(0))?,
                    None => values.column(0).push_null(),
                }
            }
        }
        if !entries.is_empty() {
            host::state::set(self.number, &self.keys_frame(&entries)?, values.finish()?);
        }
        self.slots.clear();
        Ok(())
    }
}
