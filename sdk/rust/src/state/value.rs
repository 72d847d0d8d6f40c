//! One value for each key.

use super::keys::no_key;
use super::{CallKeys, StateValue, Stored, Table};
use crate::batch::BatchState;
use crate::describe::TableSpec;
use crate::error::Error;
use crate::host;
use crate::tuple::Tuple;
use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema};
use std::ops::{AddAssign, Deref, DerefMut, SubAssign};

/// One value for the current key. It is read and written in place, through `Deref` or with the methods; where the key
/// has none yet it is `T::default()`.
///
/// It travels with the batch, so that using it costs next to nothing.
#[derive(Clone, Debug, Default)]
pub struct Value<T> {
    value: T,
    present: bool,
    changed: bool,
}

impl<T: Default> Value<T> {
    /// The value.
    #[inline]
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        self.value
    }

    /// Whether the key has a value.
    #[inline]
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Gives the key a value.
    #[inline]
    pub fn set(&mut self, value: T) {
        **self = value;
    }

    /// Takes the key's value away, so that the host forgets it.
    pub fn remove(&mut self) -> Option<T> {
        let was = std::mem::take(&mut self.value);
        self.changed |= self.present;
        std::mem::replace(&mut self.present, false).then_some(was)
    }

    fn loaded(value: Option<T>) -> Value<T> {
        let present = value.is_some();
        Value { value: value.unwrap_or_default(), present, changed: false }
    }
}

impl<T> Deref for Value<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Value<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.present = true;
        self.changed = true;
        &mut self.value
    }
}

impl<T: AddAssign<U>, U> AddAssign<U> for Value<T> {
    #[inline]
    fn add_assign(&mut self, more: U) {
        **self += more;
    }
}

impl<T: SubAssign<U>, U> SubAssign<U> for Value<T> {
    #[inline]
    fn sub_assign(&mut self, less: U) {
        **self -= less;
    }
}

impl<T: StateValue + Default> Stored for Value<T> {
    type Table = ValueTable<T>;
}

/// The values of all keys.
#[derive(Debug)]
pub struct ValueTable<T> {
    number: usize,
    slots: Vec<Value<T>>,
    all: FrameBuilder,
    some: FrameBuilder,
}

/// How many keys are fetched at a time when going over all.
const PAGE_ROWS: u32 = 4096;

impl<T: StateValue + Default> ValueTable<T> {
    /// The value of a task whose state is not keyed.
    ///
    /// # Panics
    /// The state is keyed.
    pub fn task(&mut self) -> &mut Value<T> {
        match self.slots.as_mut_slice() {
            [slot] => slot,
            _ => no_key(),
        }
    }

    /// Goes over all keys that have a value: hands each key, as a tuple of the key's fields in order, and its value,
    /// which may be changed or removed. Values are as they were before the call, and changes last when it returns ok.
    ///
    /// # Errors
    /// `K` is not the key's type, what is stored is not of this type, or what `visit` says.
    pub fn for_each<K: Tuple>(
        &mut self,
        mut visit: impl FnMut(K::At<'_>, &mut Value<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut from = 0;
        loop {
            let (next, page) = host::state::scan(self.number, from, PAGE_ROWS);
            let page = crate::batch::checked(page)?;
            let page = crate::batch::instance::view(&page)?;
            if page.rows() == 0 {
                return Ok(());
            }
            let key_columns: Vec<usize> = (0..page.columns() - 1).collect();
            let keys = petrel_frame::project(&page, &key_columns)?;
            let keys = crate::batch::instance::view(&keys)?;
            let wanted = K::schema();
            if wanted.fields.len() != keys.columns() {
                return Err(Error::new(format_args!(
                    "the number of fields of the key is {}, and the struct that is read has `{wanted}`: read a struct of the key's \
                     fields alone, in their order",
                    keys.columns()
                )));
            }
            let columns = K::columns(&keys)?;
            let mut slots = Vec::with_capacity(page.rows());
            T::read_all(&page.column(page.columns() - 1), |value| slots.push(Value::loaded(value)))?;
            let mut changed = Vec::new();
            for (row, slot) in slots.iter_mut().enumerate() {
                visit(K::read(&columns, row), slot)?;
                if slot.changed {
                    changed.push(row as u32);
                }
            }
            if !changed.is_empty() {
                self.all.clear();
                for row in &changed {
                    push(&slots[*row as usize], &mut self.all)?;
                }
                let values = FrameBuf::from_slice(self.all.finish()?);
                host::state::set(self.number, &petrel_frame::take(&keys, &changed)?, &values);
            }
            from = next;
        }
    }
}

fn push<T: StateValue>(slot: &Value<T>, builder: &mut FrameBuilder) -> Result<(), Error> {
    let column = builder.column(0);
    if slot.present {
        slot.value.write(column)
    } else {
        column.push_null();
        Ok(())
    }
}

impl<T: StateValue + Default> Table for ValueTable<T> {
    type Handle = Value<T>;
    const PASSED: bool = true;
    const NEEDS_KEYS: bool = false;

    fn spec(name: &str) -> TableSpec {
        TableSpec::value(name, T::SCALAR)
    }

    fn open(number: usize) -> Self {
        let value = Field::new("value", T::SCALAR).optional();
        let all = FrameBuilder::new(&Schema::new([value.clone()]));
        let some = FrameBuilder::new(&Schema::new([value, Field::new("changed", Scalar::Bool)]));
        ValueTable { number, slots: Vec::new(), all, some }
    }

    fn begin(&mut self, state: &BatchState<'_>, _: &CallKeys) -> Result<(), Error> {
        self.slots.clear();
        let Some(values) = state.values(self.number) else { return Ok(()) };
        self.slots.reserve(state.keys());
        T::read_all(&values, |value| self.slots.push(Value::loaded(value)))
    }

    #[inline(always)]
    fn at(&mut self, key: usize) -> &mut Value<T> {
        &mut self.slots[key]
    }

    fn end(&mut self, state: &mut BatchState<'_>) -> Result<(), Error> {
        let changed = self.slots.iter().filter(|slot| slot.changed).count();
        if changed == 0 {
            return Ok(());
        }
        // A frame without a flag for each row makes the host compare, which costs more than the flags if many rows are
        // as they were.
        if changed == self.slots.len() {
            self.all.clear();
            self.slots.iter().try_for_each(|slot| push(slot, &mut self.all))?;
            return state.put(self.number, self.all.finish()?);
        }
        self.some.clear();
        for slot in &self.slots {
            if slot.changed {
                push(slot, &mut self.some)?;
            } else {
                self.some.column(0).push_null();
            }
            self.some.column(1).push_bool(slot.changed);
        }
        state.put(self.number, self.some.finish()?)
    }
}
