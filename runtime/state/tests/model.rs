//! The state of a task against maps that are too simple to be wrong.

use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, ListView, Scalar, Schema, Value};
use petrel_model::{TableKind, TableSpec, key_bytes, key_group};
use petrel_state::{Clock, KeySpec, Passed, TaskState};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// An owned value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    Text(String),
    Raw(Vec<u8>),
    Time(i64),
    List(Vec<Val>),
}

type Key = Vec<Val>;

impl Val {
    fn of(value: Value<'_>) -> Val {
        match value {
            Value::Null => Val::Null,
            Value::Bool(value) => Val::Bool(value),
            Value::I64(value) => Val::Int(value),
            Value::F64(value) => Val::Float(value.to_bits()),
            Value::String(value) => Val::Text(value.into()),
            Value::Bytes(value) => Val::Raw(value.into()),
            Value::Timestamp(value) => Val::Time(value),
            Value::List(list) => Val::List(list.iter().map(Val::of).collect()),
        }
    }

    fn push(&self, to: &mut FrameBuilder, column: usize) {
        let items: Vec<Value<'_>>;
        let value = match self {
            Val::List(list) => {
                items = list.iter().map(Val::scalar).collect();
                Value::List(ListView::from_values(&items))
            }
            other => other.scalar(),
        };
        to.column(column).push_value(value).unwrap();
    }

    fn scalar(&self) -> Value<'_> {
        match self {
            Val::Null => Value::Null,
            Val::Bool(value) => Value::Bool(*value),
            Val::Int(value) => Value::I64(*value),
            Val::Float(bits) => Value::F64(f64::from_bits(*bits)),
            Val::Text(value) => Value::String(value),
            Val::Raw(value) => Value::Bytes(value),
            Val::Time(value) => Value::Timestamp(*value),
            Val::List(_) => panic!("not a scalar"),
        }
    }

    /// A value of that type, chosen by a number; now and then absent where it may be.
    fn pick(field: &Field, n: u32) -> Val {
        if field.optional && n % 5 == 0 {
            return Val::Null;
        }
        if field.list {
            let item = Field { list: false, optional: false, ..field.clone() };
            return Val::List((0..n % 4).map(|i| Val::pick(&item, n + 7 * i)).collect());
        }
        // Texts of 0 to 40 bytes that share their beginnings, some with zeros inside.
        let text = || {
            let len = (n * 7 % 41) as usize;
            let mut bytes = vec![if n % 3 == 0 { 0 } else { b'a' }; len];
            if let Some(last) = bytes.last_mut() {
                *last = b'a' + (n % 23) as u8;
            }
            bytes
        };
        match field.scalar {
            Scalar::Bool => Val::Bool(n % 2 == 1),
            Scalar::I64 => Val::Int(i64::from(n % 50) - 25),
            Scalar::F64 => Val::Float((f64::from(n) / 4.0).to_bits()),
            Scalar::String => Val::Text(String::from_utf8(text()).unwrap()),
            Scalar::Bytes => Val::Raw([text(), vec![0xff; (n % 2) as usize]].concat()),
            Scalar::Timestamp => Val::Time(i64::from(n) << 40),
        }
    }
}

fn specs() -> Vec<TableSpec> {
    let table = |name: &str, kind, value: Field, subkey: Option<Field>| TableSpec {
        name: name.into(),
        kind,
        subkey,
        value,
        version: 1,
    };
    let field = |scalar| Field::new("value", scalar);
    let subkey = |scalar| Some(Field::new("subkey", scalar).optional());
    vec![
        table("count", TableKind::Value, field(Scalar::I64), None),
        table("last", TableKind::Value, field(Scalar::Bytes), None),
        table("flag", TableKind::Value, field(Scalar::Bool), None),
        table("mean", TableKind::LazyValue, field(Scalar::F64), None),
        table("names", TableKind::List, field(Scalar::String), None),
        table("by text", TableKind::Map, field(Scalar::I64), subkey(Scalar::String)),
        table("by time", TableKind::Map, field(Scalar::String).list(), subkey(Scalar::Timestamp)),
        table("numbers", TableKind::List, field(Scalar::I64), None),
    ]
}

/// With a list that is passed, the state block is written another way.
fn specs_with_list() -> Vec<TableSpec> {
    let mut specs = specs();
    specs[1].value = Field::new("value", Scalar::Bool).list();
    specs
}

fn key_specs() -> Vec<Vec<Field>> {
    let field = Field::new;
    vec![
        vec![field("word", Scalar::String)],
        vec![field("word", Scalar::Bytes).optional()],
        vec![field("number", Scalar::I64)],
        vec![field("flag", Scalar::Bool).optional()],
        vec![field("word", Scalar::String).optional(), field("at", Scalar::Timestamp), field("flag", Scalar::Bool)],
        vec![],
    ]
}

fn key(fields: &[Field], n: u32) -> Key {
    fields.iter().enumerate().map(|(i, field)| Val::pick(field, n >> (2 * i))).collect()
}

/// Rows as a frame of these columns. A single string column may get a dictionary.
fn frame(fields: &[Field], rows: &[Vec<Val>], dictionary: bool) -> FrameBuf {
    let mut builder = FrameBuilder::new(&Schema::new(fields));
    let dictionary = dictionary && fields.len() == 1 && fields[0].scalar.is_variable() && !fields[0].list;
    let mut entries: Vec<Val> = vec![];
    for row in rows {
        for (column, value) in row.iter().enumerate() {
            if dictionary && *value != Val::Null {
                // Every third row makes an entry of its own: entries need not be distinct.
                let found = entries.iter().position(|entry| entry == value).filter(|_| entries.len() % 3 != 0);
                builder.column(0).push_index(found.unwrap_or(entries.len()) as u32);
                if found.is_none() {
                    entries.push(value.clone());
                }
            } else {
                value.push(&mut builder, column);
            }
        }
        builder.end_row();
    }
    for entry in &entries {
        match entry.scalar() {
            Value::String(text) => builder.column(0).push_entry(text.as_bytes()),
            Value::Bytes(bytes) => builder.column(0).push_entry(bytes),
            _ => unreachable!(),
        }
    }
    let mut out = FrameBuf::new();
    builder.finish_into(&mut out).unwrap();
    out
}

fn rows(frame: &[u8]) -> Vec<Vec<Val>> {
    let view = FrameView::parse(frame).unwrap();
    (0..view.rows())
        .map(|row| (0..view.columns()).map(|column| Val::of(view.column(column).value(row))).collect())
        .collect()
}

/// The naive state: absent values are not in the maps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    /// By table, key and subkey (`None` but in maps).
    values: BTreeMap<(u32, Key, Option<Val>), Val>,
    timers: BTreeSet<(Clock, i64, u32, Key)>,
}

impl Model {
    fn get(&self, table: u32, key: &Key, subkey: Option<&Val>) -> Val {
        self.values.get(&(table, key.clone(), subkey.cloned())).cloned().unwrap_or(Val::Null)
    }

    fn set(&mut self, table: u32, key: &Key, subkey: Option<&Val>, value: Val, dirty: &mut BTreeSet<(u32, Key)>) {
        if self.get(table, key, subkey) != value {
            dirty.insert((table, key.clone()));
        }
        let place = (table, key.clone(), subkey.cloned());
        match value {
            Val::Null => self.values.remove(&place),
            value => self.values.insert(place, value),
        };
    }

    fn keys(&self) -> BTreeSet<&Key> {
        self.values.keys().map(|(_, key, _)| key).chain(self.timers.iter().map(|(_, _, _, key)| key)).collect()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Put { table: u32, seed: u32, flags: Option<u64> },
    Set { table: u32, keys: Vec<u32>, seed: u32, dictionary: bool },
    Append { table: u32, keys: Vec<u32>, seed: u32 },
    Get { table: u32, keys: Vec<u32>, dictionary: bool },
    Scan { table: u32, page: u32 },
    Entries { table: u32, key: u32 },
    Timers { clock: bool, keys: Vec<u32>, time: i64, cancel: bool },
    TimersPassed { keys: Vec<u32>, time: i64 },
}

#[derive(Clone, Debug)]
enum Begin {
    Frame { keys: Vec<u32>, dictionary: bool },
    Due { clock: bool, until: i64, max: usize },
    Task,
}

#[derive(Clone, Debug)]
struct Call {
    begin: Begin,
    ops: Vec<Op>,
    commit: bool,
    epoch: bool,
}

fn op() -> impl Strategy<Value = Op> {
    let keys = || prop::collection::vec(0..60u32, 0..12);
    let table = || 0..8u32;
    prop_oneof![
        4 => (0..3u32, any::<u32>(), any::<Option<u64>>())
            .prop_map(|(table, seed, flags)| Op::Put { table, seed: seed % 1000, flags }),
        4 => (table(), keys(), 0..1000u32, any::<bool>())
            .prop_map(|(table, keys, seed, dictionary)| Op::Set { table, keys, seed, dictionary }),
        2 => (prop::sample::select(vec![4u32, 7]), keys(), 0..1000u32)
            .prop_map(|(table, keys, seed)| Op::Append { table, keys, seed }),
        2 => (table(), keys(), any::<bool>()).prop_map(|(table, keys, dictionary)| Op::Get { table, keys, dictionary }),
        1 => (table(), 1..9u32).prop_map(|(table, page)| Op::Scan { table, page }),
        1 => (5..7u32, 0..60u32).prop_map(|(table, key)| Op::Entries { table, key }),
        2 => (any::<bool>(), keys(), 0..30i64, prop::bool::weighted(0.3))
            .prop_map(|(clock, keys, time, cancel)| Op::Timers { clock, keys, time, cancel }),
        1 => (keys(), 0..30i64).prop_map(|(keys, time)| Op::TimersPassed { keys, time }),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let begin = prop_oneof![
        6 => (prop::collection::vec(0..60u32, 0..50), any::<bool>())
            .prop_map(|(keys, dictionary)| Begin::Frame { keys, dictionary }),
        2 => (any::<bool>(), 0..40i64, 1..20usize).prop_map(|(clock, until, max)| Begin::Due { clock, until, max }),
        1 => Just(Begin::Task),
    ];
    (begin, prop::collection::vec(op(), 0..8), prop::bool::weighted(0.7), prop::bool::weighted(0.1))
        .prop_map(|(begin, ops, commit, epoch)| Call { begin, ops, commit, epoch })
}

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
                row.extend(self.specs[table as usize].subkey.iter().map(|subkey| Val::pick(subkey, n / 3)));
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
                self.state.entries(*table, &frame(&self.fields, &[key.clone()], false), &mut out).unwrap();
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

    fn end(&mut self, call: &Call) {
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
                let frame = frame(&self.fields, &[key.clone()], false);
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
