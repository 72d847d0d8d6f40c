//! A list for each key.

use super::keys::no_key;
use super::{CallKeys, StateValue, Stored, Table};
use crate::batch::{BatchState, checked};
use crate::describe::{TableKind, TableSpec};
use crate::error::Error;
use crate::host;
use petrel_frame::{Field, FrameBuf, FrameBuilder, Schema};

/// A list for the current key. Appending reads nothing; the first reading in a batch fetches the lists of all its keys
/// with one call of the host.
#[derive(Debug)]
pub struct List<T> {
    number: usize,
    keys: CallKeys,
    current: usize,
    slots: Vec<Slot<T>>,
    /// Whether `stored` of the slots was fetched.
    fetched: bool,
    failure: Option<Error>,
}

#[derive(Debug)]
struct Slot<T> {
    /// What the host has, if that was fetched and not cleared since.
    stored: Vec<T>,
    cleared: bool,
    appended: Vec<T>,
}

impl<T: StateValue> List<T> {
    /// Appends a value.
    pub fn push(&mut self, value: T) {
        self.slot().appended.push(value);
    }

    /// The values in order.
    pub fn iter(&mut self) -> impl Iterator<Item = &T> {
        self.fetch();
        let slot = self.slot();
        slot.stored.iter().chain(&slot.appended)
    }

    /// How many there are.
    pub fn len(&mut self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// Takes them all away.
    pub fn clear(&mut self) {
        let slot = self.slot();
        slot.stored.clear();
        slot.appended.clear();
        slot.cleared = true;
    }

    /// Takes them all away and returns them.
    pub fn take(&mut self) -> Vec<T> {
        self.fetch();
        let slot = self.slot();
        slot.cleared = true;
        let mut values = std::mem::take(&mut slot.stored);
        values.append(&mut slot.appended);
        values
    }

    fn slot(&mut self) -> &mut Slot<T> {
        match self.slots.get_mut(self.current) {
            Some(slot) => slot,
            None => no_key(),
        }
    }

    fn fetch(&mut self) {
        if self.fetched {
            return;
        }
        self.fetched = true;
        if let Err(error) = self.fetch_all() {
            self.failure.get_or_insert(error.context("reading lists"));
        }
    }

    fn fetch_all(&mut self) -> Result<(), Error> {
        let frame = checked(host::state::get(self.number, self.keys.frame()?))?;
        let lists = crate::batch::instance::view(&frame)?.column(0);
        for (key, slot) in self.slots.iter_mut().enumerate() {
            let list = if slot.cleared { None } else { lists.list(key) };
            if let Some(list) = list {
                slot.stored = list.iter().map(T::from_value).collect::<Result<_, _>>()?;
            }
        }
        Ok(())
    }
}

impl<T: StateValue> Stored for List<T> {
    type Table = List<T>;
}

impl<T: StateValue> Table for List<T> {
    type Handle = List<T>;

    fn spec(name: &str) -> TableSpec {
        TableSpec { kind: TableKind::List, ..TableSpec::value(name, T::SCALAR) }
    }

    fn open(number: usize) -> Self {
        List { number, keys: CallKeys::none(), current: 0, slots: Vec::new(), fetched: false, failure: None }
    }

    fn begin(&mut self, _: &BatchState<'_>, keys: &CallKeys) -> Result<(), Error> {
        self.keys = keys.clone();
        self.current = 0;
        self.fetched = false;
        self.failure = None;
        self.slots.clear();
        self.slots.resize_with(keys.count(), || Slot { stored: Vec::new(), cleared: false, appended: Vec::new() });
        Ok(())
    }

    #[inline]
    fn at(&mut self, key: usize) -> &mut List<T> {
        self.current = key;
        self
    }

    fn end(&mut self, _: &mut BatchState<'_>) -> Result<(), Error> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let slots = || self.slots.iter().zip(0..);
        let cleared: Vec<u32> = slots().filter(|(slot, _)| slot.cleared).map(|(_, key)| key).collect();
        if !cleared.is_empty() {
            let field = Field::new("value", T::SCALAR).list().optional();
            let mut empty = FrameBuilder::new(&Schema::new([field]));
            cleared.iter().for_each(|_| empty.column(0).push_null());
            host::state::set(self.number, &self.keys.take(&cleared)?, empty.finish()?);
        }
        let appended: Vec<u32> = slots().flat_map(|(slot, key)| slot.appended.iter().map(move |_| key)).collect();
        if !appended.is_empty() {
            let mut values = FrameBuilder::new(&Schema::new([Field::new("value", T::SCALAR).optional()]));
            self.slots.iter().flat_map(|slot| &slot.appended).try_for_each(|value| value.write(values.column(0)))?;
            let values = FrameBuf::from_slice(values.finish()?);
            host::state::append(self.number, &self.keys.take(&appended)?, &values);
        }
        self.slots.clear();
        Ok(())
    }
}
