//! During a call: what a guest asks for and what it writes. All bytes are a guest's, so everything is checked.

use crate::block;
use crate::error::StateError;
use crate::input::{Accepted, Purpose, aligned, expanded};
use crate::interner::KeyId;
use crate::key_space::MAX_ENCODED_BYTES;
use crate::staging::Write;
use crate::table::{Rows, table};
use crate::task::TaskState;
use crate::timers::Clock;
use alloc::vec::Vec;
use petrel_frame::{Field, FrameBuf, FrameBuilder, MAX_FRAME_BYTES, Scalar, Schema};
use petrel_model::TableKind;

/// The committed state, read.
impl TaskState {
    /// The committed values of the keys in a keys frame: writes a values frame with a row for each.
    ///
    /// # Errors
    ///
    /// What is wrong with the table or the frame; [`StateError::TooLarge`] if the values do not go into a frame.
    pub fn get(&mut self, table: u32, keys: &[u8], out: &mut FrameBuf) -> Result<(), StateError> {
        let table = self::table(&self.tables, "get", table)?;
        let purpose = Purpose { operation: "get", table: &table.name, what: "keys" };
        let fields = key_fields(self.keys.fields(), &table.rows);
        let view = purpose.read(aligned(keys, &mut self.copy), &fields)?;
        // Nothing stops the guest while its keys are looked up, and few bytes can stand for keys without end.
        let bytes = (0..view.columns()).map(|column| expanded(&view.column(column))).sum();
        if bytes > MAX_ENCODED_BYTES {
            return Err(StateError::KeysTooLong {
                operation: "get",
                keys: view.rows(),
                bytes,
                limit: MAX_ENCODED_BYTES,
            });
        }
        self.keys.find_rows(&view, &self.key_columns, &mut self.found);
        let store = match &table.rows {
            Rows::Map(map) => {
                let subkeys = view.column(self.key_columns.len());
                let mut encoded = Vec::new();
                for (row, id) in self.found.iter_mut().enumerate().filter(|(_, id)| **id != KeyId::NONE) {
                    *id = map.find(*id, &subkeys, row, &mut encoded).unwrap_or(KeyId::NONE);
                }
                &map.store
            }
            Rows::Single(store) => store,
            Rows::Refused(_) => unreachable!("checked by `table`"),
        };
        block::build(&[store], &self.found, out).map_err(|bytes| too_large("get", self.found.len(), bytes))
    }

    /// Walks the committed rows of a table, in an order that only adding and removing keys changes. Writes a frame of
    /// key columns, subkey and value with up to `max` rows, fewer if it would be too large, none at the end; returns
    /// where to go on. Starts at 0.
    ///
    /// # Errors
    ///
    /// What is wrong with the table; [`StateError::TooLarge`] if a single row does not go into a frame.
    pub fn scan(&mut self, table: u32, from: u64, max: u32, out: &mut FrameBuf) -> Result<u64, StateError> {
        let table = self::table(&self.tables, "scan", table)?;
        let store = table.store().expect("checked by `table`");
        let mut fields: Vec<Field> = key_fields(self.keys.fields(), &table.rows).into_iter().cloned().collect();
        fields.push(store.field().clone());
        let value_column = fields.len() - 1;
        // Room for what a frame needs beside rows: header, column table, padding.
        let room = MAX_FRAME_BYTES - 256 * (fields.len() + 1);
        let mut builder = FrameBuilder::new(&Schema::new(optional(fields)));
        let (mut rows, mut bytes) = (0, 0);
        let mut at = from.min(store.bound() as u64) as usize;
        while at < store.bound() && rows < max {
            let id = KeyId(at as u32);
            if store.is_present(id) {
                let (key, size) = match &table.rows {
                    Rows::Map(map) => (map.key(id), map.frame_bytes(id)),
                    _ => (id, store.frame_bytes(id)),
                };
                bytes += self.keys.frame_bytes(key) + size;
                if rows > 0 && bytes > room {
                    break;
                }
                self.keys.push(key, &mut builder);
                if let Rows::Map(map) = &table.rows {
                    map.push_subkey(id, &mut builder, value_column - 1);
                }
                store.push(id, builder.column(value_column));
                rows += 1;
            }
            at += 1;
        }
        if builder.bytes() > MAX_FRAME_BYTES {
            return Err(too_large("scan", 1, builder.bytes()));
        }
        block::finish_built(&mut builder, out);
        Ok(at as u64)
    }

    /// All committed entries of one key of a map table, a keys frame of one row: writes a frame of subkey and value,
    /// ordered by subkey.
    ///
    /// # Errors
    ///
    /// What is wrong with the table or the frame; [`StateError::TooLarge`] if the entries do not go into a frame.
    pub fn entries(&mut self, table: u32, key: &[u8], out: &mut FrameBuf) -> Result<(), StateError> {
        let table = self::table(&self.tables, "entries", table)?;
        let purpose = Purpose { operation: "entries", table: &table.name, what: "keys" };
        let Rows::Map(map) = &table.rows else {
            return Err(table.wrong_kind("entries", "use `get`"));
        };
        let fields: Vec<&Field> = self.keys.fields().iter().collect();
        let view = purpose.read(aligned(key, &mut self.copy), &fields)?;
        purpose.rows("key", 1, view.rows())?;
        self.keys.find_rows(&view, &self.key_columns, &mut self.found);
        let fields = alloc::vec![map.subkey().clone(), map.store.field().clone()];
        let mut builder = FrameBuilder::new(&Schema::new(optional(fields)));
        for entry in map.of_key(self.found[0]) {
            map.push_subkey(entry, &mut builder, 0);
            map.store.push(entry, builder.column(1));
            if builder.bytes() > MAX_FRAME_BYTES {
                return Err(too_large("entries", 1, builder.bytes()));
            }
        }
        block::finish_built(&mut builder, out);
        Ok(())
    }
}

/// Writes, staged until the call ends.
impl TaskState {
    /// Hands back the values of the passed keys of a `value` table, with or without a second column that says which
    /// have changed (docs/formats.md).
    ///
    /// # Errors
    ///
    /// What is wrong with the table or the frame.
    pub fn put(&mut self, table: u32, values: &[u8]) -> Result<(), StateError> {
        let number = table;
        let table = self::table(&self.tables, "put", number)?;
        let purpose = Purpose { operation: "put", table: &table.name, what: "values" };
        let Some(store) = table.passed() else {
            return Err(
                table.wrong_kind("put", "only values of `value` tables are passed; use `set` with a keys frame")
            );
        };
        if !self.passed {
            return Err(StateError::NothingPassed { operation: "put", table: table.name.clone(), instead: "set" });
        }
        let values = self.staging.accept(values, purpose)?;
        let view = values.view();
        match view.columns() {
            2 => purpose.expect(&view, &[store.field(), &Field::new("changed", Scalar::Bool)])?,
            _ => purpose.expect(&view, &[store.field()])?,
        }
        purpose.rows("rows, one for each passed key", self.batch.ids().len(), view.rows())?;
        self.staging.charge(expanded(&view.column(0)))?;
        self.staging.push(Write::Put { table: number, values })
    }

    /// Sets the values of the keys in a keys frame, row by row; an absent value deletes. A list is replaced.
    ///
    /// # Errors
    ///
    /// What is wrong with the table or the frames.
    pub fn set(&mut self, table: u32, keys: &[u8], values: &[u8]) -> Result<(), StateError> {
        let number = table;
        let table = self::table(&self.tables, "set", number)?;
        let purpose = Purpose { operation: "set", table: &table.name, what: "values" };
        let keys = self.staging.accept(keys, Purpose { what: "keys", ..purpose })?;
        let values = self.staging.accept(values, purpose)?;
        let fields = key_fields(self.keys.fields(), &table.rows);
        Purpose { what: "keys", ..purpose }.expect(&keys.view(), &fields)?;
        purpose.expect(&values.view(), &[table.store().expect("checked by `table`").field()])?;
        purpose.rows("values, one for each key", keys.view().rows(), values.view().rows())?;
        self.staging.charge(expanded_all(&keys) + expanded_all(&values))?;
        self.staging.push(Write::Set { table: number, keys, values })
    }

    /// Appends a value to the list of each key in a keys frame, without reading the lists.
    ///
    /// # Errors
    ///
    /// What is wrong with the table or the frames.
    pub fn append(&mut self, table: u32, keys: &[u8], values: &[u8]) -> Result<(), StateError> {
        let number = table;
        let table = self::table(&self.tables, "append", number)?;
        let purpose = Purpose { operation: "append", table: &table.name, what: "values" };
        let (TableKind::List, Some(store)) = (table.kind, table.store()) else {
            return Err(table.wrong_kind("append", "only `list` tables can be appended to; use `set`"));
        };
        let keys = self.staging.accept(keys, Purpose { what: "keys", ..purpose })?;
        let values = self.staging.accept(values, purpose)?;
        let fields = key_fields(self.keys.fields(), &table.rows);
        Purpose { what: "keys", ..purpose }.expect(&keys.view(), &fields)?;
        purpose.expect(&values.view(), &[&Field { list: false, ..store.field().clone() }])?;
        purpose.rows("values, one for each key", keys.view().rows(), values.view().rows())?;
        let column = values.view().column(0);
        if let Some(row) = (0..column.rows()).find(|&row| !column.is_present(row)) {
            return Err(StateError::Absent { operation: "append", table: table.name.clone(), row });
        }
        self.staging.charge(expanded_all(&keys) + expanded_all(&values))?;
        self.staging.push(Write::Append { table: number, keys, values })
    }

    /// Sets a timer for each key of a keys frame (key columns only, for a map too) at a time in microseconds.
    /// Setting it again changes nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with the table, the frame or the number of times.
    pub fn set_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]) -> Result<(), StateError> {
        let (keys, times) = self.stage_timers("timers.set", table, keys, times)?;
        self.staging.push(Write::SetTimers { table, clock, keys, times })
    }

    /// Removes timers; those that are not there are ignored.
    ///
    /// # Errors
    ///
    /// As [`set_timers`](Self::set_timers).
    pub fn cancel_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]) -> Result<(), StateError> {
        let (keys, times) = self.stage_timers("timers.cancel", table, keys, times)?;
        self.staging.push(Write::CancelTimers { table, clock, keys, times })
    }

    /// As [`set_timers`](Self::set_timers) for keys that went with the call, by their number in it.
    ///
    /// # Errors
    ///
    /// As there; also if the call passed no keys, or none of such a number.
    pub fn set_timers_passed(
        &mut self,
        table: u32,
        clock: Clock,
        keys: &[u32],
        times: &[i64],
    ) -> Result<(), StateError> {
        const OPERATION: &str = "timers.set-passed";
        let name = &self::table(&self.tables, OPERATION, table)?.name;
        if !self.passed {
            let instead = "timers.set";
            return Err(StateError::NothingPassed { operation: OPERATION, table: name.clone(), instead });
        }
        Purpose { operation: OPERATION, table: name, what: "keys" }.rows(
            "times, one for each key",
            keys.len(),
            times.len(),
        )?;
        let passed = self.batch.ids().len();
        if let Some(&key) = keys.iter().find(|&&key| key as usize >= passed) {
            return Err(StateError::NoSuchKey { operation: OPERATION, table: name.clone(), key, keys: passed });
        }
        self.staging.charge(size_of_val(keys) + size_of_val(times))?;
        self.staging.push(Write::SetTimersPassed { table, clock, keys: keys.into(), times: times.into() })
    }

    fn stage_timers(
        &mut self,
        operation: &'static str,
        table: u32,
        keys: &[u8],
        times: &[i64],
    ) -> Result<(Accepted, Vec<i64>), StateError> {
        let table = self::table(&self.tables, operation, table)?;
        let purpose = Purpose { operation, table: &table.name, what: "keys" };
        let keys = self.staging.accept(keys, purpose)?;
        let fields: Vec<&Field> = self.keys.fields().iter().collect();
        purpose.expect(&keys.view(), &fields)?;
        purpose.rows("times, one for each key", keys.view().rows(), times.len())?;
        self.staging.charge(size_of_val(times) + expanded_all(&keys))?;
        Ok((keys, times.into()))
    }
}

/// The columns of a keys frame for a table.
fn key_fields<'a>(keys: &'a [Field], rows: &'a Rows) -> Vec<&'a Field> {
    let subkey = match rows {
        Rows::Map(map) => Some(map.subkey()),
        _ => None,
    };
    keys.iter().chain(subkey).collect()
}

fn optional(fields: Vec<Field>) -> Vec<Field> {
    fields.into_iter().map(Field::optional).collect()
}

fn expanded_all(frame: &Accepted) -> usize {
    let view = frame.view();
    (0..view.columns()).map(|column| expanded(&view.column(column))).sum()
}

fn too_large(operation: &'static str, keys: usize, bytes: usize) -> StateError {
    StateError::TooLarge { operation, keys, bytes, limit: MAX_FRAME_BYTES }
}
