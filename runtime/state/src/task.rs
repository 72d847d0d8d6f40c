//! The state of one task: making it, ending a call, and what it holds.

use crate::batch::Batch;
use crate::interner::KeyId;
use crate::key_space::{KeySpace, KeySpec};
use crate::size::StateLimits;
use crate::staging::{Staging, Write};
use crate::table::{Rows, Table};
use crate::timers::{Clock, Due, Timers};
use alloc::vec::Vec;
use petrel_frame::{FrameBuf, FrameBuilder, MAX_FRAME_BYTES, Schema};
use petrel_model::{KeyGroup, TableSpec};

/// The state of one task: all its tables and timers.
///
/// A call goes `pass_…`, then whatever the guest does, then [`commit`](Self::commit) or [`discard`](Self::discard).
#[derive(Debug)]
pub struct TaskState {
    pub(crate) keys: KeySpace,
    pub(crate) tables: Vec<Table>,
    pub(crate) timers: Timers,
    /// The keys that went with the call, if it passed any.
    pub(crate) batch: Batch,
    pub(crate) passed: bool,
    pub(crate) staging: Staging,
    pub(crate) limits: StateLimits,
    /// The columns of the key in a frame that a guest makes: the first ones.
    pub(crate) key_columns: Vec<usize>,
    /// Whether values go with the frames.
    pub(crate) passes_values: bool,
    /// Ids of the rows of a keys frame; used again.
    pub(crate) found: Vec<KeyId>,
    /// For frames that cannot be read in place.
    pub(crate) copy: FrameBuf,
}

/// A key whose value in a table changed since the epoch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The table.
    pub table: u32,
    /// The key's group.
    pub group: KeyGroup,
    /// The key; [`TaskState::key_bytes`] tells which.
    pub key: KeyId,
}

/// Keys of due timers taken at a time have so many bytes together, or are one.
const DUE_BYTES: usize = MAX_FRAME_BYTES / 4;

impl TaskState {
    /// Empty tables. The seed guards the index against keys that are chosen to collide; nothing else depends on it.
    ///
    /// # Panics
    ///
    /// If a key field is an `f64` or a list, which resolving a topology refuses.
    pub fn new(key: KeySpec, tables: &[TableSpec], seed: u64) -> TaskState {
        let tables: Vec<Table> = tables.iter().map(|spec| Table::new(spec, seed)).collect();
        let mut state = TaskState {
            key_columns: (0..key.fields.len()).collect(),
            keys: KeySpace::new(key, seed),
            passes_values: tables.iter().any(|table| table.passed().is_some()),
            tables,
            timers: Timers::default(),
            batch: Batch::default(),
            passed: false,
            staging: Staging::default(),
            limits: StateLimits::default(),
            found: Vec::new(),
            copy: FrameBuf::new(),
        };
        state.set_limits(StateLimits::default());
        state
    }

    /// The call counts: applies everything that it staged, in order, and lets go of the timers taken for it.
    pub fn commit(&mut self) {
        self.timers.commit(&mut self.keys.interner);
        let writes = self.staging.take();
        for write in &writes {
            self.apply(write);
        }
        self.end_call(writes);
    }

    /// The call does not count: forgets what it staged and what it brought. Timers taken for it wait again.
    pub fn discard(&mut self) {
        self.timers.discard();
        self.end_call(Vec::new());
    }

    fn end_call(&mut self, applied: Vec<Write>) {
        self.staging.clear(applied);
        self.batch.clear();
        self.passed = false;
        self.keys.sweep();
        for table in &mut self.tables {
            if let Rows::Map(map) = &mut table.rows {
                map.sweep();
            }
        }
    }

    fn apply(&mut self, write: &Write) {
        let keys = &mut self.keys;
        match write {
            Write::Put { table, values } => {
                let Rows::Single(store) = &mut self.tables[*table as usize].rows else {
                    unreachable!("checked by put")
                };
                let view = values.view();
                let changed = if view.columns() > 1 { view.column(1).bools() } else { None };
                let interner = &mut keys.interner;
                store.write(self.batch.ids(), &view.column(0), changed, &mut |id, present| {
                    interner.appearance(id, present)
                });
            }
            Write::Set { table, keys: key_frame, values } => {
                let view = key_frame.view();
                keys.intern_rows(&view, &self.key_columns, &mut self.found);
                let (interner, values) = (&mut keys.interner, values.view().column(0));
                match &mut self.tables[*table as usize].rows {
                    Rows::Single(store) => {
                        store.cover(interner.bound());
                        store.write(&self.found, &values, None, &mut |id, present| interner.appearance(id, present));
                    }
                    Rows::Map(map) => {
                        map.write(&self.found, &view.column(self.key_columns.len()), &values, interner);
                    }
                    Rows::Refused(_) => unreachable!("checked by set"),
                }
            }
            Write::Append { table, keys: key_frame, values } => {
                let Rows::Single(store) = &mut self.tables[*table as usize].rows else {
                    unreachable!("checked by append")
                };
                keys.intern_rows(&key_frame.view(), &self.key_columns, &mut self.found);
                let interner = &mut keys.interner;
                store.cover(interner.bound());
                store
                    .append(&self.found, &values.view().column(0), &mut |id, present| interner.appearance(id, present));
            }
            Write::SetTimers { table, clock, keys: key_frame, times } => {
                keys.intern_rows(&key_frame.view(), &self.key_columns, &mut self.found);
                for (&key, &time) in self.found.iter().zip(times) {
                    self.timers.set(*clock, *table, key, time, &mut keys.interner);
                }
            }
            Write::SetTimersPassed { table, clock, keys: numbers, times } => {
                for (&number, &time) in numbers.iter().zip(times) {
                    let key = self.batch.ids()[number as usize];
                    self.timers.set(*clock, *table, key, time, &mut keys.interner);
                }
            }
            Write::CancelTimers { table, clock, keys: key_frame, times } => {
                keys.find_rows(&key_frame.view(), &self.key_columns, &mut self.found);
                for (&key, &time) in self.found.iter().zip(times) {
                    self.timers.cancel(*clock, *table, key, time, &mut keys.interner);
                }
            }
        }
    }

    /// When the next timer is due, in microseconds. Timers that were taken do not count.
    pub fn next_due(&self, clock: Clock) -> Option<i64> {
        self.timers.next(clock)
    }

    /// Takes up to `max` timers that are due until a time in microseconds, inclusive: the earliest, all of one
    /// table, and none of a key twice. They are gone with the next commit and come back with a discard.
    pub fn take_due(&mut self, clock: Clock, until_us: i64, max: usize) -> Option<Due> {
        let keys = &mut self.keys;
        keys.interner.start_batch();
        let mut bytes = 0;
        let (table, ids, times) = self.timers.take(clock, until_us, max, |id| {
            let fits = bytes == 0 || bytes + keys.frame_bytes(id) <= DUE_BYTES;
            bytes += keys.frame_bytes(id) + 1;
            fits && keys.interner.see(id, 0).1
        })?;
        let fields: Vec<_> = keys.fields().iter().map(|field| field.clone().optional()).collect();
        let mut builder = FrameBuilder::new(&Schema::new(fields));
        for &id in &ids {
            keys.push(id, &mut builder);
            builder.end_row();
        }
        let mut frame = FrameBuf::new();
        crate::block::finish_built(&mut builder, &mut frame);
        Some(Due { table, keys: frame, times })
    }

    /// How many keys something is kept for; during a call also those that it brought.
    pub fn keys(&self) -> usize {
        self.keys.interner.len()
    }

    /// About how many bytes of memory all of it takes.
    pub fn bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(Table::memory).sum();
        tables
            + self.keys.interner.memory()
            + self.timers.memory()
            + self.batch.memory()
            + self.staging.memory()
            + self.copy.capacity()
            + 4 * self.found.capacity()
    }

    /// Starts a new epoch: nothing has changed in it. Changes are tracked from the first epoch started; before that
    /// everything counts as unchanged, and what is to be written down is all there is. Not during a call.
    pub fn next_epoch(&mut self) {
        self.tables.iter_mut().for_each(Table::next_epoch);
        self.keys.interner.next_epoch();
    }

    /// What changed since the epoch began, by table and key group; a removed value counts as changed. A key of a map
    /// comes once for each of its entries that changed. Not during a call.
    pub fn dirty(&self) -> impl Iterator<Item = Changed> {
        let mut changed = Vec::new();
        for (number, table) in self.tables.iter().enumerate() {
            for &id in table.store().map_or(&[][..], |store| store.dirty()) {
                let key = match &table.rows {
                    Rows::Map(map) => map.key(id),
                    _ => id,
                };
                if self.keys.interner.is_used(key) {
                    changed.push(Changed { table: number as u32, group: self.keys.interner.group(key), key });
                }
            }
        }
        changed.sort_by_key(|changed| (changed.table, changed.group));
        changed.into_iter()
    }

    /// Appends the key bytes (docs/formats.md) of a key that something is kept for.
    pub fn key_bytes(&self, key: KeyId, into: &mut Vec<u8>) {
        self.keys.key_bytes(key, into);
    }
}
