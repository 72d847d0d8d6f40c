//! The final report of `petrel run`.

use crate::output::{lines, table};
use petrel_worker::{ComponentReport, Report};
use serde::Serialize;
use std::io::Write;

/// The JSON document of `petrel run -o json`: one topology's report, or those of several under their names.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum RunReport<'a> {
    /// One topology was run.
    One(&'a Report),
    /// Several were.
    Several {
        /// The longest run.
        elapsed_s: f64,
        /// In the order of the command line.
        topologies: &'a [Report],
    },
}

impl RunReport<'_> {
    /// The document for these topologies.
    pub(crate) fn of(reports: &[Report]) -> RunReport<'_> {
        match reports {
            [report] => RunReport::One(report),
            topologies => {
                let elapsed_s = topologies.iter().map(|report| report.elapsed_s).fold(0.0, f64::max);
                RunReport::Several { elapsed_s, topologies }
            }
        }
    }
}

/// The report for people, on standard error: standard output belongs to the topology's data.
pub(crate) fn print_table(reports: &[Report]) {
    for report in reports {
        tell!("{}: {:?} in {:.2} s", report.topology, report.status, report.elapsed_s);
        let _ = write!(std::io::stderr(), "{}", lines(&component_table(report), ""));
        if let Some((table, more)) = metrics_table(report) {
            let _ = write!(std::io::stderr(), "\n{}", lines(&table, ""));
            if more > 0 {
                tell!("and {more} more metrics: -o json has all of them");
            }
        }
        tell_dead_letters(report);
    }
}

/// What a person should look at.
fn tell_dead_letters(report: &Report) {
    let letters = report.dead_letters;
    if letters.stored > 0 {
        let tuples =
            if letters.stored == 1 { "1 tuple is".to_owned() } else { format!("{} tuples are", letters.stored) };
        tell!("{tuples} in the dead letters: petrel dead-letters list {}", report.topology);
    }
    if letters.lost > 0 {
        tell!("{} could not be kept in the dead letters", letters.lost);
    }
}

/// A column that is only there where a component has something to tell in it.
type Telling = (&'static str, fn(&ComponentReport) -> Option<String>);

const TELLING: [Telling; 11] = [
    ("guest cpu", |component| (component.guest_cpu_s >= 0.01).then(|| format!("{:.2} s", component.guest_cpu_s))),
    ("acked", |component| component.acking.map(|acking| acking.acked.to_string())),
    ("failed", |component| component.acking.and_then(|acking| above_zero(acking.failed))),
    ("lost", |component| component.acking.and_then(|acking| above_zero(acking.lost))),
    ("pending", |component| component.acking.and_then(|acking| above_zero(acking.pending))),
    ("faults", |component| above_zero(component.faults)),
    ("restarts", |component| above_zero(component.restarts)),
    ("dead letters", |component| above_zero(component.dead_letters)),
    ("paused", |component| above_zero(component.paused.into())),
    ("limits hit", |component| {
        let hit = component.limits_hit.iter().map(|(limit, calls)| format!("{limit} {calls}"));
        (!component.limits_hit.is_empty()).then(|| hit.collect::<Vec<_>>().join(", "))
    }),
    ("log lines lost", |component| above_zero(component.dropped_log_lines)),
];

/// A count that is worth telling.
pub(crate) fn above_zero(count: u64) -> Option<String> {
    (count > 0).then(|| count.to_string())
}

fn component_table(report: &Report) -> comfy_table::Table {
    let mut header = vec!["component", "tasks", "executed", "emitted", "rejected", "busy", "back-pr.", "p50", "p99"];
    let tells = |(_, of): &&Telling| report.components.values().any(|component| of(component).is_some());
    let telling: Vec<&Telling> = TELLING.iter().filter(tells).collect();
    header.extend(telling.iter().map(|(title, _)| title));
    let mut table = table(&header);
    for (name, component) in &report.components {
        let mut row = vec![
            name.clone(),
            component.tasks.to_string(),
            component.executed.to_string(),
            component.emitted.to_string(),
            component.rejected.to_string(),
            percent(component.busy),
            percent(component.back_pressured),
            time(component.latency_us.p50),
            time(component.latency_us.p99),
        ];
        row.extend(telling.iter().map(|(_, of)| of(component).unwrap_or_else(|| "-".to_owned())));
        table.add_row(row);
    }
    align_right(&mut table, 1..header.len());
    table
}

/// The lines that a table of metrics has, at most: the document has all of them.
const METRICS_SHOWN: usize = 20;

/// What plugins have counted and measured; none if they have not.
fn metrics_table(report: &Report) -> Option<(comfy_table::Table, usize)> {
    let mut rows = Vec::new();
    for (name, component) in &report.components {
        let counters = component.metrics.counters.iter().map(|(metric, sum)| (metric, sum.to_string()));
        let gauges = component.metrics.gauges.iter().map(|(metric, tasks)| {
            let tasks = tasks.iter().map(|value| value.map_or_else(|| "-".to_owned(), |value| value.to_string()));
            (metric, tasks.collect::<Vec<_>>().join(" "))
        });
        rows.extend(counters.chain(gauges).map(|(metric, value)| [name.clone(), printable(metric), value]));
    }
    let more = rows.len().saturating_sub(METRICS_SHOWN);
    rows.truncate(METRICS_SHOWN);
    let mut table = table(&["component", "metric", "value"]);
    table.add_rows(&rows);
    (!rows.is_empty()).then_some((table, more))
}

/// A plugin's own word, safe to show on a terminal.
pub(crate) fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Figures read best from their ends.
pub(crate) fn align_right(table: &mut comfy_table::Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
}

/// A share as a whole percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Microseconds in the unit that reads best.
pub(crate) fn time(microseconds: u64) -> String {
    match microseconds {
        0..=999 => format!("{microseconds} µs"),
        1_000..=999_999 => format!("{:.1} ms", microseconds as f64 / 1e3),
        _ => format!("{:.1} s", microseconds as f64 / 1e6),
    }
}
