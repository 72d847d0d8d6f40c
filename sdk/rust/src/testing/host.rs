//! The host of tests.

use super::store::{Change, Key, Store};
use crate::describe::{OutputStream, TableKind};
use crate::host::{Clock, Host, Level};
use crate::time::Timestamp;
use crate::tuple::OwnedValue;
use petrel_frame::{FrameBuf, FrameView};
use std::collections::{BTreeMap, BTreeSet};

/// A line that the plugin logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How severe.
    pub level: Level,
    /// What it says.
    pub message: String,
}

/// A frame that was emitted.
#[derive(Clone, Debug)]
pub(super) struct Emitted {
    pub(super) output: usize,
    pub(super) task: Option<u32>,
    pub(super) frame: FrameBuf,
    pub(super) anchors: Vec<u32>,
    pub(super) ids: Vec<u64>,
    pub(super) position: Vec<u8>,
}

/// What a call did, until it is known how it ended.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) emitted: Vec<Emitted>,
    pub(super) rejected: Vec<(usize, String)>,
    pub(super) retried: Vec<(usize, u64, String)>,
    pub(super) changes: Vec<Change>,
    pub(super) writes: Vec<(Option<u32>, Vec<u8>)>,
}

/// The host of tests: what the plugin may ask for, what it did in the call, and the state that lasts.
#[derive(Debug, Default)]
pub(super) struct TestHost {
    pub(super) now: i64,
    pub(super) configuration: String,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
    pub(super) files: BTreeMap<String, Vec<(String, Vec<u8>)>>,
    /// The keys whose files are pipes that somebody still writes to.
    pub(super) pipes: BTreeSet<String>,
    /// The files of `path-write` keys, by key and name.
    pub(super) written: BTreeMap<(String, String), Vec<u8>>,
    /// Those that were opened, by handle.
    pub(super) opened: Vec<(String, String)>,
    /// Whether this instance goes on where an earlier one stopped.
    pub(super) again: bool,
    pub(super) printed: Vec<u8>,
    pub(super) logs: Vec<LogLine>,
    pub(super) metrics: BTreeMap<String, f64>,
    pub(super) outputs: Vec<OutputStream>,
    pub(super) store: Store,
    /// The keys that were passed with the call.
    pub(super) passed: Vec<Key>,
    pub(super) staged: Staged,
    next_hold: u64,
}

impl TestHost {
    /// Makes the effects of the call last, apart from what it emitted, which is returned.
    pub(super) fn commit(&mut self) -> Vec<Emitted> {
        let staged = std::mem::take(&mut self.staged);
        staged.changes.into_iter().for_each(|change| self.store.apply(change));
        for (file, data) in staged.writes {
            match file {
                Some(file) => {
                    self.written.entry(self.opened[file as usize].clone()).or_default().extend_from_slice(&data);
                }
                None => self.printed.extend_from_slice(&data),
            }
        }
        staged.emitted
    }

    /// Undoes the call.
    pub(super) fn discard(&mut self) -> Staged {
        std::mem::take(&mut self.staged)
    }

    fn emit(&mut self, emitted: Emitted) {
        let Some(output) = self.outputs.get(emitted.output) else {
            panic!("a frame was emitted to output {}, but there are {}", emitted.output, self.outputs.len())
        };
        assert_eq!(
            output.direct,
            emitted.task.is_some(),
            "the stream `{}` is {}direct: emit to it {} a task",
            output.name,
            if output.direct { "" } else { "not " },
            if output.direct { "with" } else { "without" }
        );
        if let Err(error) = FrameView::parse_expecting(&emitted.frame, &output.schema) {
            panic!("the frame emitted to `{}` is none of `{}`: {error}", output.name, output.schema)
        }
        self.staged.emitted.push(emitted);
    }

    fn change_timers(&mut self, table: u32, clock: Clock, keys: Vec<Key>, times: &[i64], set: bool) {
        assert_eq!(keys.len(), times.len(), "each timer has a key and a time");
        for (key, at) in keys.into_iter().zip(times) {
            self.staged.changes.push(Change::Timer { clock, at: *at, table: table as usize, key, set });
        }
    }

    /// The keys of a keys frame for timers: key columns only, for a map too.
    fn timer_keys(&self, keys: &[u8]) -> Vec<Key> {
        let keys = frame(keys);
        let keys = view(&keys);
        assert_eq!(keys.columns(), self.store.key_fields.len(), "a timer's key has the columns of the key");
        let key = |row| (0..keys.columns()).map(|column| keys.column(column).value(row).into()).collect();
        (0..keys.rows()).map(key).collect()
    }
}

fn frame(bytes: &[u8]) -> FrameBuf {
    FrameBuf::from_slice(bytes)
}

fn view(frame: &FrameBuf) -> FrameView<'_> {
    FrameView::parse(frame).unwrap_or_else(|error| panic!("the plugin handed over a malformed frame: {error}"))
}

impl Host for TestHost {
    fn now(&mut self) -> Timestamp {
        Timestamp(self.now)
    }

    fn log(&mut self, level: Level, message: &str) {
        self.logs.push(LogLine { level, message: message.into() });
    }

    fn metric_add(&mut self, name: &str, delta: i64) {
        *self.metrics.entry(name.into()).or_default() += delta as f64;
    }

    fn metric_set(&mut self, name: &str, value: f64) {
        self.metrics.insert(name.into(), value);
    }

    fn configuration(&mut self) -> String {
        self.configuration.clone()
    }

    fn secret(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.secrets.get(name).cloned().ok_or_else(|| "it is not granted".into())
    }

    fn list_files(&mut self, key: &str) -> Result<Vec<String>, String> {
        let files = self.files.get(key).ok_or("it is not set")?;
        Ok(files.iter().map(|(name, _)| name.clone()).collect())
    }

    fn read_file(&mut self, key: &str, file: u32, offset: u64, max: u32) -> Result<Vec<u8>, String> {
        let ready = self.read_ready_file(key, file, offset, max)?;
        Ok(ready
            .unwrap_or_else(|| panic!("`read` of config.{key} waits for a pipe that stays silent: use `read_ready`")))
    }

    fn read_ready_file(&mut self, key: &str, file: u32, offset: u64, max: u32) -> Result<Option<Vec<u8>>, String> {
        let files = self.files.get(key).ok_or("it is not set")?;
        let (_, data) = files.get(file as usize).ok_or("there is no such file")?;
        let rest = data.get(offset as usize..).unwrap_or_default();
        if rest.is_empty() && self.pipes.contains(key) {
            return Ok(None);
        }
        Ok(Some(rest[..rest.len().min(max as usize)].to_vec()))
    }

    fn create_file(&mut self, key: &str, name: &str) -> Result<u32, String> {
        Ok(self.open_file(key, name, false)?.0)
    }

    fn open_file(&mut self, key: &str, name: &str, keep: bool) -> Result<(u32, u64), String> {
        let path = (key.to_owned(), name.to_owned());
        let content = self.written.entry(path.clone()).or_default();
        if !keep && !self.again {
            content.clear();
        }
        let kept = content.len() as u64;
        let handle = self.opened.iter().position(|opened| *opened == path).unwrap_or_else(|| {
            self.opened.push(path);
            self.opened.len() - 1
        });
        Ok((handle as u32, kept))
    }

    fn list_written(&mut self, key: &str) -> Result<Vec<String>, String> {
        let names = self.written.keys().filter(|(of, name)| of == key && !name.is_empty());
        Ok(names.map(|(_, name)| name.clone()).collect())
    }

    fn remove_file(&mut self, key: &str, name: &str) -> Result<(), String> {
        self.written.remove(&(key.into(), name.into()));
        Ok(())
    }

    fn append_file(&mut self, file: u32, data: &[u8]) -> Result<(), String> {
        if file as usize >= self.opened.len() {
            return Err("there is no such file".into());
        }
        self.staged.writes.push((Some(file), data.to_vec()));
        Ok(())
    }

    fn print(&mut self, data: &[u8]) -> Result<(), String> {
        self.staged.writes.push((None, data.to_vec()));
        Ok(())
    }

    fn emit_from_bolt(&mut self, output: u32, task: Option<u32>, bytes: &[u8], anchors: &[u32]) {
        let (anchors, frame) = (anchors.to_vec(), frame(bytes));
        self.emit(Emitted { output: output as usize, task, frame, anchors, ids: Vec::new(), position: Vec::new() });
    }

    fn emit_from_spout(&mut self, output: u32, task: Option<u32>, bytes: &[u8], ids: &[u64], position: &[u8]) {
        let (ids, position, frame) = (ids.to_vec(), position.to_vec(), frame(bytes));
        self.emit(Emitted { output: output as usize, task, frame, anchors: Vec::new(), ids, position });
    }

    fn reject(&mut self, row: u32, reason: &str) {
        self.staged.rejected.push((row as usize, reason.into()));
    }

    fn retry(&mut self, row: u32, after_ms: u64, reason: &str) {
        self.staged.retried.push((row as usize, after_ms, reason.into()));
    }

    fn hold(&mut self, _: &[u32]) -> u64 {
        self.next_hold += 1;
        self.next_hold
    }

    fn ack(&mut self, _: &[u64]) {}

    fn fail(&mut self, _: &[u64]) {}

    fn reset_timeout(&mut self, _: &[u64]) {}

    fn put(&mut self, table: u32, values: &[u8]) {
        let table = table as usize;
        assert_eq!(
            self.store.specs[table].kind,
            TableKind::Value,
            "only tables of kind value are handed back by `put`"
        );
        let values = frame(values);
        let values = view(&values);
        assert_eq!(values.rows(), self.passed.len(), "`put` has a row for each key of the call");
        for (row, key) in self.passed.iter().enumerate() {
            let changed = values.columns() < 2 || values.column(1).value(row) == petrel_frame::Value::Bool(true);
            if changed {
                let value = OwnedValue::from(values.column(0).value(row));
                self.staged.changes.push(Change::Set { table, key: key.clone(), subkey: None, value });
            }
        }
    }

    fn get(&mut self, table: u32, keys: &[u8]) -> Vec<u8> {
        self.store.get(table as usize, &view(&frame(keys))).to_vec()
    }

    fn set(&mut self, table: u32, keys: &[u8], values: &[u8]) {
        let (table, keys, values) = (table as usize, frame(keys), frame(values));
        let (keys, values) = (view(&keys), view(&values));
        assert_eq!(keys.rows(), values.rows(), "`set` has a value for each key");
        for row in 0..keys.rows() {
            let (key, subkey) = self.store.key_of(table, &keys, row);
            let value = OwnedValue::from(values.column(0).value(row));
            self.staged.changes.push(Change::Set { table, key, subkey, value });
        }
    }

    fn append(&mut self, table: u32, keys: &[u8], values: &[u8]) {
        let (table, keys, values) = (table as usize, frame(keys), frame(values));
        let (keys, values) = (view(&keys), view(&values));
        assert_eq!(self.store.specs[table].kind, TableKind::List, "only lists are appended to");
        assert_eq!(keys.rows(), values.rows(), "`append` has a value for each key");
        for row in 0..keys.rows() {
            let (key, _) = self.store.key_of(table, &keys, row);
            let value = OwnedValue::from(values.column(0).value(row));
            assert_ne!(value, OwnedValue::Null, "an absent value cannot be appended");
            self.staged.changes.push(Change::Append { table, key, value });
        }
    }

    fn scan(&mut self, table: u32, from: u64, max: u32) -> (u64, Vec<u8>) {
        let (next, frame) = self.store.scan(table as usize, from, max);
        (next, frame.to_vec())
    }

    fn entries(&mut self, table: u32, key: &[u8]) -> Vec<u8> {
        self.store.entries(table as usize, &view(&frame(key))).to_vec()
    }

    fn set_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]) {
        let keys = self.timer_keys(keys);
        self.change_timers(table, clock, keys, times, true);
    }

    fn set_timers_passed(&mut self, table: u32, clock: Clock, keys: &[u32], times: &[i64]) {
        let keys = keys.iter().map(|key| self.passed[*key as usize].clone()).collect();
        self.change_timers(table, clock, keys, times, true);
    }

    fn cancel_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]) {
        let keys = self.timer_keys(keys);
        self.change_timers(table, clock, keys, times, false);
    }
}
