//! The state that travels with a batch, at the whole-frame level.

use crate::describe::{TableKind, TableSpec};
use crate::error::Error;
use crate::host::{self, Clock};
use petrel_frame::{Column, FrameBuf, FrameBuilder, FrameView, Schema};

/// The keys of a batch and the values of the tables of kind [`Value`](TableKind::Value) for them.
///
/// Each row of the frame has a key, by its number in the batch; each key has a value in every passed table. Change
/// values in a copy of one's own and hand them back with one [`put`](BatchState::put) for each table that changed.
/// Other tables are read with [`get`](BatchState::get). Reads see what was committed before the call.
pub struct BatchState<'a> {
    keys: usize,
    key_of_row: &'a [u32],
    first_row: &'a [u32],
    values: Option<FrameView<'a>>,
    tables: &'a Tables,
}

/// The tables of a plugin, and where those that are passed stand in the state block.
#[derive(Debug)]
pub(crate) struct Tables {
    value_columns: Vec<Option<usize>>,
    put_schemas: Vec<Schema>,
}

impl Tables {
    pub(crate) fn new(specs: &[TableSpec]) -> Tables {
        let mut passed = 0..;
        let value_columns =
            specs.iter().map(|spec| if spec.kind == TableKind::Value { passed.next() } else { None }).collect();
        let put_schemas = specs.iter().map(|spec| Schema::new([spec.value.clone().optional()])).collect();
        Tables { value_columns, put_schemas }
    }
}

impl<'a> BatchState<'a> {
    /// Reads a state block.
    pub(crate) fn parse(block: &'a [u8], tables: &'a Tables) -> Result<BatchState<'a>, Error> {
        let mut state = BatchState { keys: 0, key_of_row: &[], first_row: &[], values: None, tables };
        if block.is_empty() {
            return Ok(state);
        }
        let word =
            |at: usize| block.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let short = || Error::new("the state block ends before its keys do");
        let rows = word(0).ok_or_else(short)? as usize;
        state.keys = word(4).ok_or_else(short)? as usize;
        let first_at = 8 + (rows * 4).next_multiple_of(8);
        let values_at = first_at + (state.keys * 4).next_multiple_of(8);
        state.key_of_row = words(block.get(8..8 + rows * 4).ok_or_else(short)?)?;
        state.first_row = words(block.get(first_at..first_at + state.keys * 4).ok_or_else(short)?)?;
        let values = block.get(values_at..).ok_or_else(short)?;
        let values = super::instance::view(values).map_err(|error| error.context("the values in the state block"))?;
        state.values = Some(values);
        Ok(state)
    }

    /// How many different keys the batch has.
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// For each row of the frame the number of its key. Empty where nothing was passed.
    pub fn key_of_row(&self) -> &'a [u32] {
        self.key_of_row
    }

    /// For each key the row where it was first seen.
    pub fn first_row(&self) -> &'a [u32] {
        self.first_row
    }

    /// The values of a passed table, a row for each key; absent where the key has none. Nothing where the table is not
    /// of kind [`Value`](TableKind::Value), or where the call brings no keys, as ticks of keyed bolts do.
    pub fn values(&self, table: usize) -> Option<Column<'a>> {
        let column = (*self.tables.value_columns.get(table)?)?;
        self.values.map(|values| values.column(column))
    }

    /// The values of a passed table of `i64` or timestamps as an array to change in place, with this for keys that
    /// have none.
    pub fn read_i64s(&self, table: usize, absent: i64, values: &mut Vec<i64>) {
        values.clear();
        let Some(column) = self.values(table) else { return };
        let Some(all) = column.i64s() else { return };
        values.extend_from_slice(all);
        if let Some(validity) = column.validity() {
            for (row, value) in values.iter_mut().enumerate() {
                if !validity.get(row) {
                    *value = absent;
                }
            }
        }
    }

    /// Hands back the array of [`read_i64s`](BatchState::read_i64s). The host compares and takes what was changed.
    ///
    /// # Errors
    /// The array is not as long as there are keys.
    pub fn put_i64s(&mut self, table: usize, values: &[i64]) -> Result<(), Error> {
        let mut builder = FrameBuilder::new(&self.tables.put_schemas[table]);
        builder.column(0).extend_i64s(values);
        self.put(table, builder.finish()?)
    }

    /// Hands back the values of a passed table: a frame of a row for each key, column 0 the values (an absent one
    /// deletes), column 1, if there is one, a bool that says whether the row was changed.
    ///
    /// # Errors
    /// The frame has not a row for each key.
    pub fn put(&mut self, table: usize, values: &[u8]) -> Result<(), Error> {
        let rows = super::instance::view(values)?.rows();
        if rows != self.keys {
            return Err(Error::new(format_args!(
                "state table {table}: {rows} values are handed back for the {} keys of the batch",
                self.keys
            )));
        }
        host::state::put(table, values);
        Ok(())
    }

    /// Committed values for a keys frame (key columns, then the subkey for a map): a frame with one optional column
    /// and a row for each key.
    ///
    /// # Errors
    /// The host's answer is not a frame.
    pub fn get(&self, table: usize, keys: &[u8]) -> Result<FrameBuf, Error> {
        checked(host::state::get(table, keys))
    }

    /// Sets values for explicit keys, row by row; an absent one deletes. For a list table it replaces the list.
    pub fn set(&mut self, table: usize, keys: &[u8], values: &[u8]) {
        host::state::set(table, keys, values);
    }

    /// Appends to list tables without reading them: a value for each row of the keys frame.
    pub fn append(&mut self, table: usize, keys: &[u8], values: &[u8]) {
        host::state::append(table, keys, values);
    }

    /// Walks a table from 0 on, up to `max` rows at a time. Returns where to go on, and a frame of key columns, subkey
    /// and value, which has no rows at the end.
    ///
    /// # Errors
    /// The host's answer is not a frame.
    pub fn scan(&self, table: usize, from: u64, max: u32) -> Result<(u64, FrameBuf), Error> {
        let (next, frame) = host::state::scan(table, from, max);
        Ok((next, checked(frame)?))
    }

    /// The subkeys and values of one key (a keys frame of one row) of a map table.
    ///
    /// # Errors
    /// The host's answer is not a frame.
    pub fn entries(&self, table: usize, key: &[u8]) -> Result<FrameBuf, Error> {
        checked(host::state::entries(table, key))
    }

    /// Sets a timer for each row of a keys frame. Times are µs since 1970.
    pub fn set_timers(&mut self, table: usize, clock: Clock, keys: &[u8], times: &[i64]) {
        host::timers::set(table, clock, keys, times);
    }

    /// Sets timers for keys of the batch, by their number. Only where a table of kind value is passed.
    pub fn set_timers_of_keys(&mut self, table: usize, clock: Clock, keys: &[u32], times: &[i64]) {
        host::timers::set_passed(table, clock, keys, times);
    }

    /// Removes timers; those that are not there are ignored.
    pub fn cancel_timers(&mut self, table: usize, clock: Clock, keys: &[u8], times: &[i64]) {
        host::timers::cancel(table, clock, keys, times);
    }

    /// A frame of keys from rows of the batch, for [`get`](BatchState::get) and the like: `columns` are the key's.
    ///
    /// # Errors
    /// A row or column is not there, or the keys are too large for a frame.
    pub fn keys_frame(frame: &FrameView<'_>, columns: &[usize], rows: &[u32]) -> Result<FrameBuf, Error> {
        let keys = petrel_frame::project(frame, columns)?;
        let keys = super::instance::view(&keys)?;
        Ok(petrel_frame::take(&keys, rows)?)
    }
}

/// What came from the host, aligned and checked.
pub(crate) fn checked(bytes: Vec<u8>) -> Result<FrameBuf, Error> {
    let frame = FrameBuf::from_slice(&bytes);
    super::instance::view(&frame).map_err(|error| error.context("the host's answer"))?;
    Ok(frame)
}

fn words(bytes: &[u8]) -> Result<&[u32], Error> {
    // SAFETY: every bit pattern is a `u32`, and `align_to` gives correctly aligned parts.
    let (before, words, after) = unsafe { bytes.align_to::<u32>() };
    if !before.is_empty() || !after.is_empty() {
        return Err(Error::new("the state block is not aligned to 8 bytes"));
    }
    Ok(words)
}
