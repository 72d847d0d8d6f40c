//! What a task keeps, for people to read.

use crate::values::{object, to_json};
use anyhow::{Context, anyhow};
use petrel_frame::{FrameBuf, FrameView};
use petrel_model::{Component, TableKind};
use petrel_state::{Clock, TaskState};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// A table and everything in it.
#[derive(Debug, Serialize)]
pub(crate) struct TableContent {
    pub(super) table: String,
    pub(super) kind: &'static str,
    pub(super) entries: Vec<Entry>,
}

/// A key and what is kept for it; for a map, of one subkey.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    pub(super) key: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subkey: Option<Json>,
    pub(super) value: Json,
}

/// A timer that is not due yet.
#[derive(Debug, Serialize)]
pub(crate) struct PendingTimer {
    pub(super) table: String,
    pub(super) clock: &'static str,
    pub(super) time_us: i64,
    pub(super) key: Map<String, Json>,
}

/// Rows asked for at a time.
const ROWS: u32 = 4096;

/// All tables.
pub(super) fn tables(state: &mut TaskState, component: &Component) -> anyhow::Result<Vec<TableContent>> {
    let keys = component.state_key.len();
    let mut contents = Vec::new();
    let mut frame = FrameBuf::new();
    for (number, table) in (0..).zip(&component.tables) {
        let has_subkey = table.kind == TableKind::Map;
        let mut entries = Vec::new();
        let mut from = 0;
        loop {
            from = state.scan(number, from, ROWS, &mut frame).map_err(|error| anyhow!("{error}"))?;
            let view = FrameView::parse(&frame).context("the state makes valid frames")?;
            if view.rows() == 0 {
                break;
            }
            entries.extend((0..view.rows()).map(|row| Entry {
                key: object(&view, row, component.state_key.iter().map(String::as_str).zip(0..)),
                subkey: has_subkey.then(|| to_json(view.column(keys).value(row))),
                value: to_json(view.column(keys + usize::from(has_subkey)).value(row)),
            }));
        }
        let kind = crate::documents::table_kind(table.kind);
        contents.push(TableContent { table: table.name.clone(), kind, entries });
    }
    Ok(contents)
}

/// All timers, those of the host's clock first, each in the order of their times.
pub(super) fn timers(state: &mut TaskState, component: &Component) -> anyhow::Result<Vec<PendingTimer>> {
    let mut timers = Vec::new();
    for (clock, name) in [(Clock::Processing, "processing"), (Clock::Event, "event")] {
        while let Some(due) = state.take_due(clock, i64::MAX, ROWS as usize) {
            let view = FrameView::parse(&due.keys).context("the state makes valid frames")?;
            timers.extend(due.times.iter().enumerate().map(|(row, time_us)| PendingTimer {
                table: component.tables[due.table as usize].name.clone(),
                clock: name,
                time_us: *time_us,
                key: object(&view, row, component.state_key.iter().map(String::as_str).zip(0..)),
            }));
        }
    }
    // They were only looked at.
    state.discard();
    Ok(timers)
}
