//! The final report of `petrel run`.

use crate::output::{lines, table};
use petrel_worker::Report;
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

fn component_table(report: &Report) -> comfy_table::Table {
    let mut table = table(&["component", "tasks", "executed", "emitted", "rejected", "busy", "back-pr.", "p50", "p99"]);
    for (name, component) in &report.components {
        table.add_row([
            name.clone(),
            component.tasks.to_string(),
            component.executed.to_string(),
            component.emitted.to_string(),
            component.rejected.to_string(),
            percent(component.busy),
            percent(component.back_pressured),
            time(component.latency_us.p50),
            time(component.latency_us.p99),
        ]);
    }
    for column in 1..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    table
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
