//! What came of a trial.

use super::trial_state::{Entry, PendingTimer, TableContent};
use crate::documents::{FieldDocument, fields};
use crate::output::{lines, table_of_fields};
use crate::values::{object, rows};
use petrel_flow::{Cause, DeadLetter};
use petrel_frame::FrameView;
use petrel_model::{Component, Schema};
use petrel_worker::FaultyTuple;
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// Everything that a plugin did with its tuples.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// By number.
    streams: Vec<Stream>,
    rejected: Vec<RejectedTuple>,
    /// After the last tuple, before the inputs end.
    pub(super) state: Vec<TableContent>,
    /// As for the state.
    pub(super) timers: Vec<PendingTimer>,
    /// What it printed to standard output.
    pub(super) printed: Vec<u8>,
    /// Calls of the guest.
    pub(super) calls: u64,
    /// Its streams have ended.
    pub(super) ended: bool,
    /// The first failure.
    failure: Option<String>,
    /// Failures after the first.
    more_failures: usize,
}

#[derive(Debug)]
struct Stream {
    name: String,
    schema: Schema,
    rows: Vec<Map<String, Json>>,
}

#[derive(Debug, Serialize)]
struct RejectedTuple {
    stream: String,
    tuple: Map<String, Json>,
    reason: String,
    attempts: u32,
}

impl Outcome {
    /// Nothing yet.
    pub(super) fn new(component: &Component) -> Outcome {
        let stream = |output: &petrel_model::OutputStream| Stream {
            name: output.name.clone(),
            schema: output.schema.clone(),
            rows: Vec::new(),
        };
        Outcome {
            streams: component.outputs.iter().map(stream).collect(),
            rejected: Vec::new(),
            state: Vec::new(),
            timers: Vec::new(),
            printed: Vec::new(),
            calls: 0,
            ended: false,
            failure: None,
            more_failures: 0,
        }
    }

    /// How many tuples it has emitted, over all streams.
    pub(super) fn rows(&self) -> usize {
        self.streams.iter().map(|stream| stream.rows.len()).sum()
    }

    pub(super) fn emitted(&mut self, output: usize, frame: &FrameView<'_>) {
        let Stream { schema, rows: so_far, .. } = &mut self.streams[output];
        so_far.extend(rows(frame, schema));
    }

    /// A tuple was rejected, or the plugin fails at it.
    pub(super) fn buried(&mut self, component: &Component, letter: &DeadLetter) {
        match (&letter.cause, &letter.input) {
            (Cause::Rejected(reason), Some(input)) => {
                let fields = &component.inputs[input.number.0 as usize].schema.fields;
                let names = fields.iter().map(|field| field.name.as_str());
                self.rejected.push(RejectedTuple {
                    stream: input.stream.to_string(),
                    tuple: object(&letter.tuple.view(), 0, names.zip(0..)),
                    reason: reason.clone(),
                    attempts: letter.attempts,
                });
            }
            _ => self.failed(FaultyTuple(letter).to_string()),
        }
    }

    /// A call failed: the first one is told.
    pub(super) fn failed(&mut self, failure: String) {
        match self.failure {
            Some(_) => self.more_failures += 1,
            None => self.failure = Some(failure),
        }
    }

    /// Leaves out what the last frame has beyond what was asked for.
    pub(super) fn cut(&mut self, rows: usize) {
        let mut left = rows;
        for stream in &mut self.streams {
            stream.rows.truncate(left);
            left -= stream.rows.len();
        }
    }

    /// How the plugin failed, if it did: the first time in full.
    pub(crate) fn failure(&self) -> Option<String> {
        let failure = self.failure.as_ref()?;
        Some(match self.more_failures {
            0 => failure.clone(),
            more => format!("{failure}\n  and {}", count(more, "more failure", "more failures")),
        })
    }

    /// As a JSON document.
    pub(crate) fn document<'a>(&'a self, plugin: &'a str, world: &'static str) -> impl Serialize + 'a {
        OutcomeDocument {
            plugin,
            world,
            calls: self.calls,
            ended: self.ended,
            streams: self
                .streams
                .iter()
                .map(|stream| StreamDocument { name: &stream.name, fields: fields(&stream.schema), rows: &stream.rows })
                .collect(),
            rejected: &self.rejected,
            state: &self.state,
            timers: &self.timers,
            printed: String::from_utf8_lossy(&self.printed).into_owned(),
            failure: self.failure(),
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for stream in &self.streams {
            text += &format!("{} ({}): {}\n", stream.name, stream.schema, count(stream.rows.len(), "tuple", "tuples"));
            let names: Vec<&str> = stream.schema.fields.iter().map(|field| field.name.as_str()).collect();
            let row = |row: &Map<String, Json>| names.iter().map(|name| cell(row.get(*name))).collect();
            text += &rows_text(&names, stream.rows.iter().map(row));
        }
        if !self.rejected.is_empty() {
            text += &format!("rejected: {}\n", count(self.rejected.len(), "tuple", "tuples"));
            let row = |it: &RejectedTuple| vec![it.stream.clone(), json_text(&it.tuple), it.reason.clone()];
            text += &rows_text(&["stream", "tuple", "reason"], self.rejected.iter().map(row));
        }
        for content in &self.state {
            let entries = count(content.entries.len(), "entry", "entries");
            text += &format!("state {} ({}): {entries}\n", content.table, content.kind);
            text += &entries_text(&content.entries);
        }
        if !self.timers.is_empty() {
            text += &format!("timers: {}\n", self.timers.len());
            let row = |it: &PendingTimer| {
                vec![it.table.clone(), it.clock.to_owned(), json_text(&it.key), it.time_us.to_string()]
            };
            text += &rows_text(&["table", "clock", "key", "time in µs"], self.timers.iter().map(row));
        }
        if !self.printed.is_empty() {
            text += "printed:\n";
            text.extend(String::from_utf8_lossy(&self.printed).lines().map(|line| format!("  {line}\n")));
        }
        text
    }
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn json_text(object: &Map<String, Json>) -> String {
    Json::Object(object.clone()).to_string()
}

fn entries_text(entries: &[Entry]) -> String {
    let Some(first) = entries.first() else { return String::new() };
    let mut header: Vec<&str> = first.key.keys().map(String::as_str).collect();
    header.extend(first.subkey.as_ref().map(|_| "subkey"));
    header.push("value");
    let row = |entry: &Entry| {
        let cells = entry.key.values().chain(&entry.subkey).chain([&entry.value]);
        cells.map(|value| cell(Some(value))).collect()
    };
    rows_text(&header, entries.iter().map(row))
}

fn rows_text(header: &[&str], rows: impl ExactSizeIterator<Item = Vec<String>>) -> String {
    if rows.len() == 0 || header.is_empty() {
        return String::new();
    }
    let mut shown = table_of_fields(header);
    shown.add_rows(rows);
    lines(&shown, "  ")
}

/// A value in a table: text as it is, if it is one line of it, everything else as JSON.
fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "-".to_owned(),
        Some(Json::String(text)) if !text.is_empty() && !text.contains(char::is_control) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[derive(Serialize)]
struct OutcomeDocument<'a> {
    plugin: &'a str,
    world: &'static str,
    calls: u64,
    ended: bool,
    streams: Vec<StreamDocument<'a>>,
    rejected: &'a [RejectedTuple],
    state: &'a [TableContent],
    timers: &'a [PendingTimer],
    printed: String,
    failure: Option<String>,
}

#[derive(Serialize)]
struct StreamDocument<'a> {
    name: &'a str,
    fields: Vec<FieldDocument>,
    rows: &'a [Map<String, Json>],
}
