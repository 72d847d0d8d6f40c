//! How tuples are tracked: `acking = { … }` of the topology.

use super::place::Located;
use super::table::Table;
use crate::assignment::Acking;

/// More ackers than that only cost messages.
const MAX_ACKERS: u64 = 1_000;
/// A day: longer than any retry may wait.
const MAX_TIMEOUT_MS: u64 = 24 * 60 * 60 * 1_000;
const MAX_PENDING: u64 = 100_000_000;

/// Reads how tuples are tracked.
pub(crate) fn read(table: &mut Table<'_>) -> Located<Acking> {
    let mut acking = Acking::default();
    let Some(entries) = table.table("acking") else { return Located::default() };
    let place = entries.place.clone();
    let mut table = Table::new("`acking`", entries.place, entries.value, table.problems());
    if let Some(ackers) = table.integer("ackers", 1, MAX_ACKERS, "it is a number of tasks: one is enough for most") {
        acking.ackers = ackers.value as u32;
    }
    let help = "it is in milliseconds: after so long a tuple that is not through is emitted again";
    if let Some(timeout) = table.integer("message_timeout_ms", 100, MAX_TIMEOUT_MS, help) {
        acking.message_timeout_ms = timeout.value;
    }
    let help = "it is the number of tuples that a task of a spout may have under way";
    if let Some(pending) = table.integer("max_pending", 1, MAX_PENDING, help) {
        acking.max_pending = pending.value as u32;
    }
    table.finish();
    Located::new(acking, place)
}
