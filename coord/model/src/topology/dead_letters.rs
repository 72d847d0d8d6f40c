//! Where dead letters go: `dead_letters = { … }` of the topology, and who reads an `on_reject` stream.

use super::component::ComponentSpec;
use super::table::Table;
use crate::assignment::DeadLetterLimits;
use crate::problem::Problem;
use alloc::format;
use alloc::vec::Vec;

const MB: u64 = 1 << 20;
const HOUR_MS: u64 = 60 * 60 * 1_000;
/// A year: what nobody has looked at for so long nobody will.
const MAX_AGE_H: u64 = 24 * 366;
/// 4 GiB: more bad tuples than that are better made a stream.
const MAX_MB: u64 = 4_096;

/// Reads what the store of dead letters may take.
pub(crate) fn read(table: &mut Table<'_>) -> DeadLetterLimits {
    let mut limits = DeadLetterLimits::default();
    let Some(entries) = table.table("dead_letters") else { return limits };
    let mut table = Table::new("`dead_letters`", entries.place, entries.value, table.problems());
    if let Some(size) = table.integer("max_mb", 1, MAX_MB, "it is in MiB, for all letters of a run together") {
        limits.max_bytes = size.value * MB;
    }
    if let Some(age) = table.integer("max_age_h", 1, MAX_AGE_H, "it is in hours: a week are 168") {
        limits.max_age_ms = age.value * HOUR_MS;
    }
    table.finish();
    limits
}

/// Reports streams of dead letters that nobody reads: what goes there would be lost, and nobody would notice.
pub(crate) fn check_readers(components: &[ComponentSpec], problems: &mut Vec<Problem>) {
    for component in components {
        let Some(stream) = &component.on_reject else { continue };
        let reads = |reader: &ComponentSpec| {
            reader.inputs.iter().any(|input| {
                input.from.component == component.name.value && input.from.stream.as_ref() == Some(&stream.value)
            })
        };
        if !components.iter().any(reads) {
            let name = format!("{}.{}", component.name.value, stream.value);
            problems.push(
                Problem::at(&stream.place, format!("nobody reads `{name}`, so its dead letters would be lost")).help(
                    format!(
                        "have a component read it (`from = \"{name}\"`), or remove `on_reject`: the run's store keeps \
                         them then"
                    ),
                ),
            );
        }
    }
}
