//! Before a call: the keys of a batch and their values, for the guest.

use crate::block;
use crate::error::StateError;
use crate::key::Key;
use crate::store::Store;
use crate::task::TaskState;
use alloc::vec::Vec;
use petrel_frame::{FrameBuf, FrameView, MAX_FRAME_BYTES};

/// What goes to the guest beside a frame.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// The state block of docs/formats.md; no bytes when there is no `value` table.
    pub block: FrameBuf,
    /// How many keys go with the call.
    pub keys: u32,
}

impl TaskState {
    /// Begins a call with a batch: each row has a key, which is in these columns of the frame. Nothing is passed
    /// where tables are keyed and none is of kind `value`.
    ///
    /// # Errors
    ///
    /// [`StateError::TooLarge`] if the values do not go into one frame: pass fewer rows at a time. Nothing is begun
    /// then.
    ///
    /// # Panics
    ///
    /// If the columns are not of the types of the key.
    pub fn pass_frame(
        &mut self,
        frame: &FrameView<'_>,
        key_columns: &[usize],
        out: &mut Passed,
    ) -> Result<(), StateError> {
        if self.key_columns.is_empty() {
            return self.pass_one_key(frame.rows(), out);
        }
        if !self.passes_values {
            self.pass_nothing(out);
            return Ok(());
        }
        let rows = frame.rows();
        self.begin();
        block::start(&mut out.block, rows);
        let numbers = &mut out.block[block::numbers(rows)];
        let numbered = self.keys.number(frame, key_columns, numbers, &mut self.batch);
        self.finish_pass(out, numbered.map_err(|error| (rows, error.bytes)))
    }

    /// Begins a call with timers: each row of the keys frame is its own key.
    ///
    /// # Errors
    ///
    /// As [`pass_frame`](Self::pass_frame).
    pub fn pass_keys(&mut self, keys: &FrameView<'_>, out: &mut Passed) -> Result<(), StateError> {
        let rows = keys.rows();
        self.begin();
        block::start(&mut out.block, rows);
        let numbers = &mut out.block[block::numbers(rows)];
        let batch = &mut self.batch;
        batch.start(rows, &mut self.keys.interner);
        self.keys.for_each(keys, &self.key_columns, |interner, row, key| {
            batch.add_alone(row, interner.intern(key));
            numbers[4 * row..4 * row + 4].copy_from_slice(&(row as u32).to_le_bytes());
        });
        self.finish_pass(out, Ok(()))
    }

    /// Begins a call without rows (`on-tick`, `on-end`): the one key of a task whose tables are not keyed, else none.
    ///
    /// # Errors
    ///
    /// As [`pass_frame`](Self::pass_frame).
    pub fn pass_task(&mut self, out: &mut Passed) -> Result<(), StateError> {
        if self.key_columns.is_empty() {
            return self.pass_one_key(0, out);
        }
        self.pass_nothing(out);
        Ok(())
    }

    fn pass_nothing(&mut self, out: &mut Passed) {
        self.begin();
        out.block.clear();
        out.keys = 0;
    }

    /// All rows have the task's one key.
    fn pass_one_key(&mut self, rows: usize, out: &mut Passed) -> Result<(), StateError> {
        if self.tables.is_empty() {
            self.pass_nothing(out);
            return Ok(());
        }
        self.begin();
        block::start(&mut out.block, if self.passes_values { rows } else { 0 });
        self.batch.start(1, &mut self.keys.interner);
        let id = self.keys.interner.intern(&Key::load(&[0; 16], 0));
        self.batch.add_alone(0, id);
        self.finish_pass(out, Ok(()))
    }

    fn begin(&mut self) {
        assert!(self.staging.is_empty(), "the call before was neither committed nor discarded");
        self.batch.clear();
        self.passed = false;
    }

    /// Writes the rest of the block. An error comes with the number of rows or keys and the size they would have.
    fn finish_pass(&mut self, out: &mut Passed, numbered: Result<(), (usize, usize)>) -> Result<(), StateError> {
        let written = numbered.and_then(|()| {
            if !self.passes_values {
                out.block.clear();
                return Ok(());
            }
            let bound = self.keys.interner.bound();
            self.tables.iter_mut().for_each(|table| table.cover(bound));
            let stores: Vec<&Store> = self.tables.iter().filter_map(|table| table.passed()).collect();
            block::finish(&mut out.block, self.batch.first(), &stores, self.batch.ids())
                .map_err(|bytes| (self.batch.ids().len(), bytes))
        });
        if let Err((keys, bytes)) = written {
            self.batch.clear();
            self.keys.sweep();
            out.block.clear();
            out.keys = 0;
            return Err(StateError::TooLarge { operation: "pass", keys, bytes, limit: MAX_FRAME_BYTES });
        }
        self.passed = true;
        out.keys = self.batch.ids().len() as u32;
        Ok(())
    }
}
