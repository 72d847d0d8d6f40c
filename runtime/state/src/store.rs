//! Values by id, with what changed in the epoch.

use crate::cell;
use crate::interner::KeyId;
use crate::size::{FIXED_WEIGHT, VARIABLE_WEIGHT};
use alloc::vec::Vec;
use petrel_frame::{Bitmap, Column, ColumnBuilder, Field, Scalar};

/// A value, or none, for each id; and the ids whose value changed since the epoch began.
#[derive(Debug)]
pub(crate) struct Store {
    field: Field,
    pub(crate) slots: Slots,
    /// Counts from 1; 0 while changes are not tracked.
    epoch: u32,
    dirty: Vec<KeyId>,
    /// Bytes of values outside their slots.
    heap: usize,
    /// Values that are present, and their bytes where these lie outside their slots.
    present: usize,
    content: usize,
    scratch: Vec<u8>,
}

/// Everything about a value that a write needs is in its slot: its epoch too, so that a write touches one place.
#[derive(Debug)]
pub(crate) enum Slots {
    /// Scalars but strings and bytes.
    Fixed(Vec<Fixed>),
    /// Strings, bytes and lists, as `cell` keeps them.
    Variable(Vec<Variable>),
}

/// A slot of a value of 8 bytes or less.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fixed {
    /// 0 where absent.
    pub(crate) bits: u64,
    epoch: u32,
    pub(crate) present: bool,
}

/// A slot of a value of any length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    /// Empty where absent.
    pub(crate) bytes: Vec<u8>,
    epoch: u32,
    pub(crate) present: bool,
}

/// Told when an id gets a value (`true`) or loses it (`false`).
pub(crate) type Appearance<'a> = &'a mut dyn FnMut(KeyId, bool);

impl Store {
    pub(crate) fn new(field: Field) -> Store {
        let slots = if field.list || field.scalar.is_variable() {
            Slots::Variable(Vec::new())
        } else {
            Slots::Fixed(Vec::new())
        };
        Store { field, slots, epoch: 0, dirty: Vec::new(), heap: 0, present: 0, content: 0, scratch: Vec::new() }
    }

    /// The column of a value.
    pub(crate) fn field(&self) -> &Field {
        &self.field
    }

    /// Makes a slot for every id below the bound.
    pub(crate) fn cover(&mut self, bound: usize) {
        match &mut self.slots {
            Slots::Fixed(slots) if slots.len() < bound => slots.resize(bound, Fixed::default()),
            Slots::Variable(slots) if slots.len() < bound => slots.resize(bound, Variable::default()),
            _ => {}
        }
    }

    /// Ids from here on have no slot.
    pub(crate) fn bound(&self) -> usize {
        match &self.slots {
            Slots::Fixed(slots) => slots.len(),
            Slots::Variable(slots) => slots.len(),
        }
    }

    pub(crate) fn is_present(&self, id: KeyId) -> bool {
        match &self.slots {
            Slots::Fixed(slots) => slots.get(id.0 as usize).is_some_and(|slot| slot.present),
            Slots::Variable(slots) => slots.get(id.0 as usize).is_some_and(|slot| slot.present),
        }
    }

    /// How many bytes the value of an id takes in a frame, at most.
    pub(crate) fn frame_bytes(&self, id: KeyId) -> usize {
        match &self.slots {
            Slots::Fixed(_) => 9,
            Slots::Variable(slots) => 9 + slots.get(id.0 as usize).map_or(0, |slot| slot.bytes.len()),
        }
    }

    /// Pushes the value of an id, or its absence.
    pub(crate) fn push(&self, id: KeyId, to: &mut ColumnBuilder) {
        match &self.slots {
            Slots::Fixed(slots) => match slots.get(id.0 as usize) {
                Some(slot) if slot.present => cell::push_bits(self.field.scalar, slot.bits, to),
                _ => to.push_null(),
            },
            Slots::Variable(slots) => match slots.get(id.0 as usize) {
                Some(slot) if slot.present => cell::push(&self.field, &slot.bytes, to),
                _ => to.push_null(),
            },
        }
    }

    /// Gives each id the value of its row, or takes it away where that is absent. With `changed`, rows without its
    /// bit are left out. The column is of the store's field, and there is a slot for each id.
    pub(crate) fn write(
        &mut self,
        ids: &[KeyId],
        column: &Column<'_>,
        changed: Option<Bitmap<'_>>,
        appearance: Appearance<'_>,
    ) {
        if let Slots::Variable(_) = self.slots {
            return self.write_variable(ids, column, changed, appearance);
        }
        match self.field.scalar {
            Scalar::F64 => {
                let values = column.f64s().expect("the column was checked");
                self.write_fixed(ids, |row| values[row].to_bits(), column.validity(), changed, appearance);
            }
            Scalar::Bool => {
                let values = column.bools().expect("the column was checked");
                self.write_fixed(ids, |row| values.get(row).into(), column.validity(), changed, appearance);
            }
            _ => {
                let values = column.i64s().expect("the column was checked");
                self.write_fixed(ids, |row| values[row] as u64, column.validity(), changed, appearance);
            }
        }
    }

    #[inline(always)]
    fn write_fixed(
        &mut self,
        ids: &[KeyId],
        bits: impl Fn(usize) -> u64,
        validity: Option<Bitmap<'_>>,
        changed: Option<Bitmap<'_>>,
        appearance: Appearance<'_>,
    ) {
        let Slots::Fixed(slots) = &mut self.slots else { unreachable!("the store has fixed slots") };
        for (row, &id) in ids.iter().enumerate() {
            if changed.is_some_and(|changed| !changed.get(row)) {
                continue;
            }
            let present = validity.is_none_or(|validity| validity.get(row));
            let bits = if present { bits(row) } else { 0 };
            let slot = &mut slots[id.0 as usize];
            if (slot.bits == bits) & (slot.present == present) {
                continue;
            }
            slot.bits = bits;
            if slot.epoch != self.epoch {
                slot.epoch = self.epoch;
                self.dirty.push(id);
            }
            if slot.present != present {
                slot.present = present;
                self.present = self.present.wrapping_add_signed(if present { 1 } else { -1 });
                appearance(id, present);
            }
        }
    }

    fn write_variable(
        &mut self,
        ids: &[KeyId],
        column: &Column<'_>,
        changed: Option<Bitmap<'_>>,
        appearance: Appearance<'_>,
    ) {
        let mut encoded = core::mem::take(&mut self.scratch);
        for (row, &id) in ids.iter().enumerate() {
            if changed.is_some_and(|changed| !changed.get(row)) {
                continue;
            }
            if column.is_list() {
                encoded.clear();
                if column.is_present(row) {
                    cell::encode(column, row, &mut encoded);
                }
                self.set(id, column.is_present(row).then_some(&encoded), appearance);
            } else {
                self.set(id, column.is_present(row).then(|| column.bytes_at(row)), appearance);
            }
        }
        self.scratch = encoded;
    }

    fn set(&mut self, id: KeyId, value: Option<&[u8]>, appearance: Appearance<'_>) {
        let Slots::Variable(slots) = &mut self.slots else { unreachable!("the store has variable slots") };
        let slot = &mut slots[id.0 as usize];
        if slot.present == value.is_some() && slot.bytes == value.unwrap_or_default() {
            return;
        }
        self.heap -= slot.bytes.capacity();
        self.content -= slot.bytes.len();
        match value {
            // A value that shrank much gives its memory back.
            Some(value) if value.len() <= slot.bytes.capacity() && value.len() >= slot.bytes.capacity() / 4 => {
                slot.bytes.clear();
                slot.bytes.extend_from_slice(value);
            }
            value => slot.bytes = value.unwrap_or_default().into(),
        }
        self.heap += slot.bytes.capacity();
        self.content += slot.bytes.len();
        self.mark(id, value.is_some(), appearance);
    }

    /// Appends each row to the list of its id.
    pub(crate) fn append(&mut self, ids: &[KeyId], column: &Column<'_>, appearance: Appearance<'_>) {
        for (row, &id) in ids.iter().enumerate() {
            let Slots::Variable(slots) = &mut self.slots else { unreachable!("lists have variable slots") };
            let bytes = &mut slots[id.0 as usize].bytes;
            self.heap -= bytes.capacity();
            self.content -= bytes.len();
            cell::encode_item(column.value(row), bytes);
            self.heap += bytes.capacity();
            self.content += bytes.len();
            self.mark(id, true, appearance);
        }
    }

    /// Notes that a variable value has changed.
    fn mark(&mut self, id: KeyId, present: bool, appearance: Appearance<'_>) {
        let Slots::Variable(slots) = &mut self.slots else { unreachable!("the store has variable slots") };
        let slot = &mut slots[id.0 as usize];
        if slot.epoch != self.epoch {
            slot.epoch = self.epoch;
            self.dirty.push(id);
        }
        if slot.present != present {
            slot.present = present;
            self.present = self.present.wrapping_add_signed(if present { 1 } else { -1 });
            appearance(id, present);
        }
    }

    /// The bytes outside its slot of the value of an id, if it has one.
    pub(crate) fn content_of(&self, id: KeyId) -> Option<usize> {
        match &self.slots {
            Slots::Fixed(slots) => slots.get(id.0 as usize).filter(|slot| slot.present).map(|_| 0),
            Slots::Variable(slots) => slots.get(id.0 as usize).filter(|slot| slot.present).map(|slot| slot.bytes.len()),
        }
    }

    /// The bytes outside its slot that a row of a column would take as a value, if it is present.
    pub(crate) fn content_in(&self, column: &Column<'_>, row: usize) -> Option<usize> {
        column.is_present(row).then(|| match &self.slots {
            Slots::Fixed(_) => 0,
            Slots::Variable(_) => cell::encoded_bytes(column, row),
        })
    }

    /// How much one value counts, beside its content.
    pub(crate) fn weight(&self) -> usize {
        match &self.slots {
            Slots::Fixed(_) => FIXED_WEIGHT,
            Slots::Variable(_) => VARIABLE_WEIGHT,
        }
    }

    /// How much all values count.
    pub(crate) fn size(&self) -> usize {
        self.present * self.weight() + self.content
    }

    /// Ids with values that changed in this epoch, in order of their first change.
    pub(crate) fn dirty(&self) -> &[KeyId] {
        &self.dirty
    }

    /// Forgets what changed. Changes are tracked from the first time on.
    pub(crate) fn next_epoch(&mut self) {
        self.epoch += 1;
        self.dirty.clear();
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn memory(&self) -> usize {
        let slots = match &self.slots {
            Slots::Fixed(slots) => slots.capacity() * size_of::<Fixed>(),
            Slots::Variable(slots) => slots.capacity() * size_of::<Variable>(),
        };
        slots + self.heap + 4 * self.dirty.capacity() + self.scratch.capacity()
    }
}
