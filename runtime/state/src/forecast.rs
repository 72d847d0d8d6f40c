//! How large the state would be after a commit, found out without committing.

use crate::cell;
use crate::interner::KeyId;
use crate::size::{ENTRY_WEIGHT, KEY_WEIGHT, TIMER_WEIGHT};
use crate::staging::Write;
use crate::table::Rows;
use crate::task::TaskState;
use crate::timers::{Clock, Timer};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The state after a commit.
pub(crate) struct Forecast {
    /// As `TaskState::size` would count it, in bytes.
    pub(crate) size: u64,
    /// Timers that would wait.
    pub(crate) timers: u64,
}

/// What the staged writes leave behind, last one first.
#[derive(Default)]
struct Overlay {
    /// By table and key, or entry of a map: the bytes of the value outside its slot, if there is one.
    values: BTreeMap<(u32, KeyId), Option<usize>>,
    timers: BTreeMap<(Clock, Timer), bool>,
}

impl TaskState {
    /// Goes through the staged writes as a commit would. New keys and entries get ids, which the end of the call takes
    /// away again where nothing is kept for them.
    pub(crate) fn forecast(&mut self) -> Forecast {
        let writes = self.staging.take();
        let mut overlay = Overlay::default();
        for write in &writes {
            self.lay_over(write, &mut overlay);
        }
        self.staging.put_back(writes);
        self.weigh(&overlay)
    }

    fn lay_over(&mut self, write: &Write, overlay: &mut Overlay) {
        match write {
            Write::Put { table, values } => {
                let store = self.tables[*table as usize].store().expect("checked by put");
                let view = values.view();
                let changed = if view.columns() > 1 { view.column(1).bools() } else { None };
                for (row, &id) in self.batch.ids().iter().enumerate() {
                    if changed.is_none_or(|changed| changed.get(row)) {
                        overlay.values.insert((*table, id), store.content_in(&view.column(0), row));
                    }
                }
            }
            Write::Set { table, keys, values } => {
                let (view, values) = (keys.view(), values.view().column(0));
                self.keys.intern_rows(&view, &self.key_columns, &mut self.found);
                let rows = &mut self.tables[*table as usize].rows;
                if let Rows::Map(map) = rows {
                    let (subkeys, mut encoded) = (view.column(self.key_columns.len()), Vec::new());
                    for (row, id) in self.found.iter_mut().enumerate() {
                        *id = map.intern(*id, &subkeys, row, &mut encoded);
                    }
                }
                let store = self.tables[*table as usize].store().expect("checked by set");
                for (row, &id) in self.found.iter().enumerate() {
                    overlay.values.insert((*table, id), store.content_in(&values, row));
                }
            }
            Write::Append { table, keys, values } => {
                self.keys.intern_rows(&keys.view(), &self.key_columns, &mut self.found);
                let store = self.tables[*table as usize].store().expect("checked by append");
                let values = values.view().column(0);
                for (row, &id) in self.found.iter().enumerate() {
                    let list = overlay.values.entry((*table, id)).or_insert_with(|| store.content_of(id));
                    *list = Some(list.unwrap_or(0) + cell::item_bytes(values.value(row)));
                }
            }
            Write::SetTimers { table, clock, keys, times } => {
                self.keys.intern_rows(&keys.view(), &self.key_columns, &mut self.found);
                let timer = |(&key, &time): (&KeyId, &i64)| ((*clock, Timer { time, table: *table, key }), true);
                overlay.timers.extend(self.found.iter().zip(times).map(timer));
            }
            Write::SetTimersPassed { table, clock, keys: numbers, times } => {
                let ids = self.batch.ids();
                let timer = |(&number, &time): (&u32, &i64)| {
                    ((*clock, Timer { time, table: *table, key: ids[number as usize] }), true)
                };
                overlay.timers.extend(numbers.iter().zip(times).map(timer));
            }
            Write::CancelTimers { table, clock, keys, times } => {
                // A timer that an earlier write sets belongs to a key which that write gave an id.
                self.keys.find_rows(&keys.view(), &self.key_columns, &mut self.found);
                let timer = |(&key, &time): (&KeyId, &i64)| ((*clock, Timer { time, table: *table, key }), false);
                overlay.timers.extend(self.found.iter().zip(times).map(timer));
            }
        }
    }

    /// What the overlay makes of the size.
    fn weigh(&self, overlay: &Overlay) -> Forecast {
        let interner = &self.keys.interner;
        let mut growth = 0;
        // How many values and timers more, or fewer, are kept for a key.
        let mut references: BTreeMap<KeyId, i64> = BTreeMap::new();
        for (&(table, id), &after) in &overlay.values {
            let table = &self.tables[table as usize];
            let store = table.store().expect("writes go to tables that work");
            let before = store.content_of(id);
            growth += after.unwrap_or(0) as i64 - before.unwrap_or(0) as i64;
            let more = i64::from(after.is_some()) - i64::from(before.is_some());
            growth += more * store.weight() as i64;
            let key = match &table.rows {
                Rows::Map(map) => {
                    growth += more * (ENTRY_WEIGHT + map.long_bytes(id)) as i64;
                    map.key_of(id)
                }
                _ => id,
            };
            *references.entry(key).or_default() += more;
        }
        let mut timers = self.timers.waiting() as i64;
        for ((clock, timer), &after) in &overlay.timers {
            let more = i64::from(after) - i64::from(self.timers.is_waiting(*clock, timer));
            timers += more;
            growth += more * TIMER_WEIGHT as i64;
            if more != 0 {
                *references.entry(timer.key).or_default() += more;
            }
        }
        for key in self.timers.taken() {
            growth -= TIMER_WEIGHT as i64;
            *references.entry(key).or_default() -= 1;
        }
        for (&key, &more) in &references {
            let before = i64::from(interner.references(key));
            let kept = i64::from(before + more > 0) - i64::from(before > 0);
            growth += kept * (KEY_WEIGHT + interner.long_bytes(key)) as i64;
        }
        Forecast { size: self.size().saturating_add_signed(growth), timers: timers as u64 }
    }
}
