//! The state of a task against maps that are too simple to be wrong.

mod naive;
mod script;
mod value;

use naive::Model;
use petrel_frame::{Field, FrameBuf, FrameView, Scalar};
use petrel_model::{TableKind, TableSpec, key_bytes, key_group};
use petrel_state::{Clock, KeySpec, Passed, StateError, StateLimits, TaskState};
use proptest::prelude::*;
use script::{Begin, Call, Op, call};
use std::collections::BTreeSet;
use value::{Key, Val, frame, key, key_specs, rows, specs, specs_with_list};

fn clock(event: bool) -> Clock {
    if event { Clock::Event } else { Clock::Processing }
}

/// What a real guest hands over may start anywhere in its memory.
fn misaligned<T>(bytes: &[u8], then: impl FnOnce(&[u8]) -> T) -> T {
    let mut moved = FrameBuf::from_slice(&[0; 3]);
    moved.extend_from_slice(bytes);
    then(&moved[3..])
}

struct Run {
    fields: Vec<Field>,
    specs: Vec<TableSpec>,
    state: TaskState,
    committed: Model,
    staged: Model,
    dirty: BTreeSet<(u32, Key)>,
    staged_dirty: BTreeSet<(u32, Key)>,
    /// The model when the epoch began; none before the first.
    epoch: Option<Model>,
    /// The keys that went with the call.
    passed: Option<Vec<Key>>,
}

impl Run {
    fn value_field(&self, table: u32) -> Field {
        let spec = &self.specs[table as usize];
        Field { list: spec.value.list || spec.kind == TableKind::List, ..spec.value.clone() }.optional()
    }

    /// The fields of a keys frame and its rows for keys chosen by numbers.
    fn keys_frame(&self, table: u32, numbers: &[u32]) -> (Vec<Field>, Vec<Vec<Val>>) {
        let mut fields = self.fields.clone();
        fields.extend(self.specs[table as usize].subkey.clone());
        let rows = numbers
            .iter()
            .map(|&n| {
                let mut row = key(&self.fields, n);
                row.extend(self.specs[table as usize].subkey.iter().map(|subkey| Val::pick(subkey, n * 5 % 13)));
                row
            })
            .collect();
        (fields, rows)
    }

    fn split(&self, row: &[Val]) -> (Key, Option<Val>) {
        (row[..self.fields.len()].to_vec(), row.get(self.fields.len()).cloned())
    }

    fn begin(&mut self, begin: &Begin) {
        let mut passed = Passed::default();
        match begin {
            Begin::Frame { keys, dictionary } => {
                let rows: Vec<Key> = keys.iter().map(|&n| key(&self.fields, n)).collect();
                // The key is not at the front of the frame.
                let (frame, columns) = if *dictionary {
                    (frame(&self.fields, &rows, true), (0..self.fields.len()).collect::<Vec<_>>())
                } else {
                    let fields = [vec![Field::new("before", Scalar::I64)], self.fields.clone()].concat();
                    let wide: Vec<_> = rows.iter().map(|row| [vec![Val::Int(1)], row.clone()].concat()).collect();
                    (frame(&fields, &wide, false), (1..=self.fields.len()).collect())
                };
                let view = FrameView::parse(&frame).unwrap();
                self.state.pass_frame(&view, &columns, &mut passed).unwrap();
                let mut distinct: Vec<Key> = vec![];
                let mut first = vec![];
                let mut numbers = vec![];
                for (row, key) in rows.iter().enumerate() {
                    let number = distinct.iter().position(|other| other == key).unwrap_or_else(|| {
                        distinct.push(key.clone());
                        first.push(row as u32);
                        distinct.len() - 1
                    });
                    numbers.push(number as u32);
                }
                if self.fields.is_empty() && rows.is_empty() {
                    (distinct, first) = (vec![vec![]], vec![0]);
                }
                self.check_block(&passed, &numbers, &first, &distinct);
                self.passed = Some(distinct);
            }
            Begin::Due { clock: event, until, max } => {
                let Some(due) = self.state.take_due(clock(*event), *until, *max) else {
                    let waiting = |(on, time, ..): &&(Clock, i64, u32, Key)| *on == clock(*event) && time <= until;
                    assert_eq!(self.committed.timers.iter().find(waiting), None);
                    return self.begin(&Begin::Task);
                };
                let view = FrameView::parse(&due.keys).unwrap();
                self.state.pass_keys(&view, &mut passed).unwrap();
                let keys = rows(&due.keys);
                assert!(!keys.is_empty() && keys.len() <= *max && keys.len() == due.times.len());
                assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "no key twice");
                assert!(due.times.is_sorted() && due.times.iter().all(|time| time <= until));
                let earlier: Vec<_> = self
                    .committed
                    .timers
                    .iter()
                    .filter(|(on, time, ..)| *on == clock(*event) && *time < *due.times.last().unwrap())
                    .collect();
                for (_, time, table, key) in earlier {
                    let taken = keys.iter().zip(&due.times).any(|(k, t)| k == key && t == time && *table == due.table);
                    assert!(taken, "timers are taken in order of time");
                }
                for (key, time) in keys.iter().zip(&due.times) {
                    let timer = (clock(*event), *time, due.table, key.clone());
                    assert!(self.staged.timers.remove(&timer), "{timer:?} was set");
                }
                let numbers: Vec<u32> = (0..keys.len() as u32).collect();
                self.check_block(&passed, &numbers, &numbers, &keys);
                self.passed = Some(keys);
            }
            Begin::Task => {
                self.state.pass_task(&mut passed).unwrap();
                if self.fields.is_empty() {
                    self.check_block(&passed, &[], &[0], &[vec![]]);
                    self.passed = Some(vec![vec![]]);
                } else {
                    assert!(passed.block.is_empty() && passed.keys == 0);
                    self.passed = None;
                }
            }
        }
    }

    fn check_block(&self, passed: &Passed, numbers: &[u32], first: &[u32], keys: &[Key]) {
        let word = |at: usize| u32::from_le_bytes(passed.block[at..at + 4].try_into().unwrap());
        assert_eq!(word(0) as usize, numbers.len());
        assert_eq!(word(4) as usize, keys.len());
        assert_eq!(passed.keys as usize, keys.len());
        let mut at = 8;
        for list in [numbers, first] {
            let read: Vec<u32> = (0..list.len()).map(|i| word(at + 4 * i)).collect();
            assert_eq!(read, list);
            at = (at + 4 * list.len()).next_multiple_of(8);
        }
        let values = rows(&passed.block[at..]);
        let expected: Vec<Vec<Val>> =
            keys.iter().map(|key| (0..3).map(|table| self.committed.get(table, key, None)).collect()).collect();
        assert_eq!(values, expected);
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Put { table, seed, flags } => {
                let field = self.value_field(*table);
                let count = self.passed.as_ref().map_or(1, Vec::len);
                let mut fields = vec![field.clone()];
                fields.extend(flags.map(|_| Field::new("changed", Scalar::Bool)));
                let flag = |row: usize| flags.is_none_or(|bits| bits >> (row % 64) & 1 != 0);
                let rows: Vec<Vec<Val>> = (0..count)
                    .map(|row| {
                        let mut values = vec![Val::pick(&field, seed + 3 * row as u32)];
                        values.extend(flags.map(|_| Val::Bool(flag(row))));
                        values
                    })
                    .collect();
                let frame = frame(&fields, &rows, seed % 2 == 0);
                let result = misaligned(&frame, |frame| self.state.put(*table, frame));
                let Some(keys) = &self.passed else {
                    return assert!(result.is_err());
                };
                result.unwrap();
                for (row, (key, value)) in keys.iter().zip(rows).enumerate() {
                    if flag(row) {
                        self.staged.set(*table, key, None, value[0].clone(), &mut self.staged_dirty);
                    }
                }
            }
            Op::Set { table, keys, seed, dictionary } => {
                let (fields, keys) = self.keys_frame(*table, keys);
                let field = self.value_field(*table);
                let values: Vec<Vec<Val>> = (0..keys.len()).map(|i| vec![Val::pick(&field, seed + i as u32)]).collect();
                let keys_frame = frame(&fields, &keys, *dictionary);
                self.state.set(*table, &keys_frame, &frame(&[field], &values, *dictionary)).unwrap();
                for (row, value) in keys.iter().zip(values) {
                    let (key, subkey) = self.split(row);
                    self.staged.set(*table, &key, subkey.as_ref(), value[0].clone(), &mut self.staged_dirty);
                }
            }
            Op::Append { table, keys, seed } => {
                let (fields, keys) = self.keys_frame(*table, keys);
                let field = Field { optional: false, list: false, ..self.value_field(*table) };
                let values: Vec<Vec<Val>> = (0..keys.len()).map(|i| vec![Val::pick(&field, seed + i as u32)]).collect();
                let values_frame = frame(&[field], &values, true);
                self.state.append(*table, &frame(&fields, &keys, false), &values_frame).unwrap();
                for (key, value) in keys.iter().zip(values) {
                    let mut list = match self.staged.get(*table, key, None) {
                        Val::List(list) => list,
                        _ => vec![],
                    };
                    list.extend(value);
                    self.staged.set(*table, key, None, Val::List(list), &mut self.staged_dirty);
                }
            }
            Op::Get { table, keys, dictionary } => {
                let (fields, keys) = self.keys_frame(*table, keys);
                let mut out = FrameBuf::new();
                let frame = frame(&fields, &keys, *dictionary);
                misaligned(&frame, |frame| self.state.get(*table, frame, &mut out)).unwrap();
                let expected: Vec<Vec<Val>> = keys
                    .iter()
                    .map(|row| {
                        let (key, subkey) = self.split(row);
                        vec![self.committed.get(*table, &key, subkey.as_ref())]
                    })
                    .collect();
                assert_eq!(rows(&out), expected);
            }
            Op::Scan { table, page } => self.check_scan(*table, *page),
            Op::Entries { table, key: n } => {
                let key = key(&self.fields, *n);
                let mut out = FrameBuf::new();
                self.state.entries(*table, &frame(&self.fields, std::slice::from_ref(&key), false), &mut out).unwrap();
                let expected: Vec<Vec<Val>> = self
                    .committed
                    .values
                    .iter()
                    .filter(|((t, k, _), _)| t == table && *k == key)
                    .map(|((_, _, subkey), value)| vec![subkey.clone().unwrap(), value.clone()])
                    .collect();
                assert_eq!(rows(&out), expected);
            }
            Op::Timers { clock: event, keys, time, cancel } => {
                let keys: Vec<Key> = keys.iter().map(|&n| key(&self.fields, n)).collect();
                let times: Vec<i64> = (0..keys.len() as i64).map(|i| time + i % 3).collect();
                let frame = frame(&self.fields, &keys, true);
                if *cancel {
                    self.state.cancel_timers(5, clock(*event), &frame, &times).unwrap();
                } else {
                    self.state.set_timers(5, clock(*event), &frame, &times).unwrap();
                }
                for (key, time) in keys.into_iter().zip(times) {
                    let timer = (clock(*event), time, 5, key);
                    if *cancel {
                        self.staged.timers.remove(&timer)
                    } else {
                        self.staged.timers.insert(timer)
                    };
                }
            }
            Op::TimersPassed { keys, time } => {
                let times = vec![*time; keys.len()];
                let result = self.state.set_timers_passed(0, Clock::Event, keys, &times);
                match &self.passed {
                    Some(passed) if keys.iter().all(|&key| (key as usize) < passed.len()) => {
                        result.unwrap();
                        for &key in keys {
                            self.staged.timers.insert((Clock::Event, *time, 0, passed[key as usize].clone()));
                        }
                    }
                    _ => assert!(result.is_err()),
                }
            }
        }
    }

    fn check_scan(&mut self, table: u32, page: u32) {
        let mut found = vec![];
        let mut at = 0;
        loop {
            let mut out = FrameBuf::new();
            at = self.state.scan(table, at, page, &mut out).unwrap();
            let rows = rows(&out);
            if rows.is_empty() {
                break;
            }
            assert!(rows.len() <= page as usize);
            found.extend(rows);
        }
        found.sort();
        let expected: Vec<Vec<Val>> = self
            .committed
            .values
            .iter()
            .filter(|((t, ..), _)| *t == table)
            .map(|((_, key, subkey), value)| {
                let mut row = key.clone();
                row.extend(subkey.clone());
                row.push(value.clone());
                row
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        assert_eq!(found, expected);
    }

    /// How large the state would be is known exactly before the commit.
    fn check_limits(&mut self) {
        let variable = |table: u32| {
            let field = self.value_field(table);
            field.list || field.scalar.is_variable()
        };
        let (before, after) = (self.committed.size(variable), self.staged.size(variable));
        assert_eq!(self.state.size(), before);
        let timers = self.staged.timers.len() as u64;
        let exact = StateLimits { state_bytes: after, timers, ..StateLimits::default() };
        self.state.set_limits(exact);
        assert_eq!(self.state.check_limits(), Ok(()));
        if after > before {
            self.state.set_limits(StateLimits { state_bytes: after - 1, ..exact });
            assert_eq!(self.state.check_limits(), Err(StateError::StateTooLarge { bytes: after, limit: after - 1 }));
        }
        // Fewer timers than there were are never too many.
        if timers > self.committed.timers.len() as u64 {
            self.state.set_limits(StateLimits { timers: timers - 1, ..StateLimits::default() });
            assert_eq!(self.state.check_limits(), Err(StateError::TooManyTimers { timers, limit: timers - 1 }));
        }
        self.state.set_limits(StateLimits::default());
        assert_eq!(self.state.size(), before, "asking changes nothing");
    }

    fn end(&mut self, call: &Call) {
        self.check_limits();
        if call.commit {
            self.state.commit();
            self.committed = self.staged.clone();
            self.dirty.append(&mut self.staged_dirty);
        } else {
            self.state.discard();
            self.staged = self.committed.clone();
            self.staged_dirty.clear();
        }
        for table in 0..self.specs.len() as u32 {
            self.check_scan(table, 5);
        }
        for clock in [Clock::Processing, Clock::Event] {
            let next = self.committed.timers.iter().find(|(on, ..)| *on == clock).map(|(_, time, ..)| *time);
            assert_eq!(self.state.next_due(clock), next);
        }
        self.check_dirty();
        if call.epoch {
            self.state.next_epoch();
            self.dirty.clear();
            self.epoch = Some(self.committed.clone());
            assert_eq!(self.state.dirty().count(), 0);
            assert_eq!(self.state.keys(), self.committed.keys().len(), "nothing is kept for any other key");
        }
        if self.epoch.is_none() {
            assert_eq!(self.state.keys(), self.committed.keys().len(), "nothing is kept for any other key");
        }
        assert!(self.state.bytes() >= self.committed.values.len() * 9);
    }

    /// Every change of the epoch is told, with the key it belongs to.
    fn check_dirty(&mut self) {
        let Some(epoch) = &self.epoch else {
            return assert_eq!(self.state.dirty().count(), 0);
        };
        let mut told = BTreeSet::new();
        let mut last = None;
        for changed in self.state.dirty() {
            let mut bytes = vec![];
            self.state.key_bytes(changed.key, &mut bytes);
            assert_eq!(key_group(&bytes), changed.group);
            assert!(last <= Some((changed.table, changed.group)));
            last = Some((changed.table, changed.group));
            told.insert((changed.table, bytes));
        }
        for (table, key) in &self.dirty {
            let known = |model: &Model| model.values.keys().any(|(t, k, _)| t == table && k == key);
            if known(epoch) || known(&self.committed) {
                let frame = frame(&self.fields, std::slice::from_ref(key), false);
                let columns: Vec<usize> = (0..self.fields.len()).collect();
                let mut bytes = vec![];
                key_bytes(&FrameView::parse(&frame).unwrap(), &columns, 0, &mut bytes);
                assert!(told.contains(&(*table, bytes)), "table {table}, key {key:?} changed");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn state_is_what_maps_would_hold(
        spec in 0..6usize,
        list in any::<bool>(),
        seed in any::<u64>(),
        calls in prop::collection::vec(call(), 1..25),
    ) {
        let fields = key_specs().swap_remove(spec);
        let specs = if list { specs_with_list() } else { specs() };
        let mut run = Run {
            state: TaskState::new(KeySpec { fields: fields.clone() }, &specs, seed),
            fields,
            specs,
            committed: Model::default(),
            staged: Model::default(),
            dirty: BTreeSet::new(),
            staged_dirty: BTreeSet::new(),
            epoch: None,
            passed: None,
        };
        for call in &calls {
            run.begin(&call.begin);
            call.ops.iter().for_each(|op| run.run(op));
            run.end(call);
        }
    }
}
