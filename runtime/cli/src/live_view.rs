//! What a terminal shows while topologies run. Nothing where standard error is not a terminal.

use crate::output::size;
use crate::run_report::{percent, time};
use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use petrel_worker::{ComponentReport, Report};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The view that stands on the terminal, if one does.
static STANDING: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// A panic elsewhere leaves it as good as it was.
fn standing() -> MutexGuard<'static, Option<MultiProgress>> {
    STANDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to the terminal with the view taken off meanwhile: else it would be drawn over what was written.
pub(crate) fn beside_view<T>(write: impl FnOnce() -> T) -> T {
    let lines = standing().clone();
    match lines {
        Some(lines) => lines.suspend(write),
        None => write(),
    }
}

/// Prints to standard output beside the view.
///
/// The view is taken off only where standard output is a terminal too: a pipe whose reader is slow would keep it off,
/// and with it everybody who wants to draw, the one who listens to signals among them.
pub(crate) fn print_beside_view(bytes: &[u8]) -> std::io::Result<()> {
    let print = || {
        let mut stdout = stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    };
    if stdout().is_terminal() { beside_view(print) } else { print() }
}

/// What stands above the figures, each with the width of its column.
const COLUMNS: [(&str, usize); 7] =
    [("IN", 9), ("OUT", 9), ("QUEUE", 8), ("BUSY", 5), ("BACK-PR.", 8), ("P50", 8), ("P99", 8)];
/// A name is not cut to less.
const NAME_LEAST: usize = 12;

/// One line for each component: its rates, its queue, how it spends its time, its latency. One more for what went wrong in it.
pub(crate) struct LiveView {
    lines: Option<MultiProgress>,
    header: Option<ProgressBar>,
    bars: BTreeMap<(String, String), ProgressBar>,
    troubles: BTreeMap<(String, String), ProgressBar>,
    last: BTreeMap<(String, String), ComponentReport>,
    last_at: Instant,
}

impl LiveView {
    /// How often it is redrawn.
    pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

    /// An empty view.
    pub(crate) fn new() -> LiveView {
        let lines = std::io::stderr().is_terminal().then(MultiProgress::new);
        *standing() = lines.clone();
        LiveView {
            lines,
            header: None,
            bars: BTreeMap::new(),
            troubles: BTreeMap::new(),
            last: BTreeMap::new(),
            last_at: Instant::now(),
        }
    }

    /// Draws the figures.
    pub(crate) fn show(&mut self, reports: &[Report]) {
        let Some(lines) = &self.lines else { return };
        let seconds = self.last_at.elapsed().as_secs_f64().max(1e-3);
        self.last_at = Instant::now();
        let bar = || {
            let style = ProgressStyle::with_template("{wide_msg}").expect("the template is a constant");
            ProgressBar::new_spinner().with_style(style)
        };
        let new_bar = || lines.add(bar());
        // One topology needs no name.
        let shown = |report: &Report, name: &str| match reports.len() {
            1 => name.to_owned(),
            _ => format!("{}/{name}", report.topology),
        };
        let names = reports.iter().flat_map(|report| report.components.keys().map(move |name| shown(report, name)));
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let width = name_width(longest, Term::stderr().size().1.into());
        let titles = COLUMNS.map(|(title, _)| title.to_owned());
        self.header.get_or_insert_with(new_bar).set_message(line("COMPONENT", width, &titles));
        for report in reports {
            for (name, component) in &report.components {
                let key = (report.topology.clone(), name.clone());
                let last = self.last.insert(key.clone(), component.clone()).unwrap_or_default();
                let line_of = self.bars.entry(key.clone()).or_insert_with(new_bar);
                let rate = |now: u64, before: u64| rate(now.saturating_sub(before) as f64 / seconds);
                let figures = [
                    rate(component.executed, last.executed),
                    rate(component.emitted, last.emitted),
                    size(component.queued_bytes),
                    percent(component.busy),
                    percent(component.back_pressured),
                    time(component.latency_us.p50),
                    time(component.latency_us.p99),
                ];
                line_of.set_message(line(&shown(report, name), width, &figures));
                if let Some(trouble) = trouble(component) {
                    let below = self.troubles.entry(key).or_insert_with(|| lines.insert_after(line_of, bar()));
                    below.set_message(format!("  {trouble}"));
                } else if let Some(below) = self.troubles.remove(&key) {
                    lines.remove(&below);
                }
            }
        }
    }

    /// One line for the user, above the view.
    pub(crate) fn note(&self, message: &str) {
        match &self.lines {
            Some(lines) => drop(lines.println(message)),
            None => tell!("{message}"),
        }
    }

    /// Takes the view off the screen: the final report follows.
    pub(crate) fn close(self) {
        *standing() = None;
        if let Some(lines) = self.lines {
            let _ = lines.clear();
        }
    }
}

/// The width of the column of names: as the longest wants it, as far as the terminal has room beside the figures.
fn name_width(longest: usize, terminal: usize) -> usize {
    let figures: usize = COLUMNS.iter().map(|(_, width)| width + 1).sum();
    // The last column of a terminal stays free: some of them begin a new line after it.
    longest.max("COMPONENT".len()).min(terminal.saturating_sub(figures + 1).max(NAME_LEAST))
}

/// A line of the view. A name that is too long loses its middle: what it begins and ends with tells most.
fn line(name: &str, width: usize, figures: &[String; COLUMNS.len()]) -> String {
    let characters: Vec<char> = name.chars().collect();
    let name: String = match characters.len() {
        length if length <= width => characters.into_iter().collect(),
        length => {
            let end = (width - 1) / 2;
            let start = width - 1 - end;
            characters[..start].iter().chain(&['…']).chain(&characters[length - end..]).collect()
        }
    };
    let figures = figures.iter().zip(COLUMNS).map(|(figure, (_, width))| format!(" {figure:>width$}"));
    format!("{name:width$}{}", figures.collect::<String>())
}

/// What went wrong in a component, in one line; none if nothing did.
fn trouble(component: &ComponentReport) -> Option<String> {
    let limits = component.limits_hit.values().sum::<u64>();
    let counts = [
        ("paused: ", u64::from(component.paused), if component.paused == 1 { " task" } else { " tasks" }),
        ("faults: ", component.faults, ""),
        ("restarts: ", component.restarts, ""),
        ("dead letters: ", component.dead_letters, ""),
        ("limits hit: ", limits, ""),
        ("failed: ", component.acking.map_or(0, |acking| acking.failed), ""),
    ];
    let told = counts.iter().filter(|(_, count, _)| *count > 0);
    let told: Vec<String> = told.map(|(title, count, unit)| format!("{title}{count}{unit}")).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Tuples per second in the unit that reads best.
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1e6 => format!("{:.1} M/s", rate / 1e6),
        rate if rate >= 1e3 => format!("{:.1} k/s", rate / 1e3),
        rate => format!("{rate:.0} /s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, terminal: usize) -> String {
        let figures = ["999.9 M/s", "999.9 k/s", "9765 KiB", "100 %", "100 %", "999.9 ms", "999 µs"];
        line(name, name_width(name.chars().count(), terminal), &figures.map(str::to_owned))
    }

    #[test]
    fn every_figure_fits_a_terminal_of_80_columns() {
        for name in ["a", "word-count/split-into-words", "ein-sehr-langer-näme/ünd-noch-einer-dahinter"] {
            let line = shown(name, 80);
            assert!(line.chars().count() < 80, "{line}");
            assert!(line.ends_with(" 999.9 M/s 999.9 k/s 9765 KiB 100 %    100 % 999.9 ms   999 µs"), "{line}");
        }
        assert!(shown("word-count/split-into-words", 80).starts_with("word-cou…to-words "));
    }

    #[test]
    fn trouble_is_told_where_there_is_some() {
        assert_eq!(trouble(&ComponentReport::default()), None);
        let component = ComponentReport {
            paused: 1,
            faults: 3,
            limits_hit: [("time-limit", 2)].into(),
            ..ComponentReport::default()
        };
        assert_eq!(trouble(&component).as_deref(), Some("paused: 1 task, faults: 3, limits hit: 2"));
    }

    #[test]
    fn a_wide_terminal_has_room_for_a_long_name() {
        assert!(shown("word-count/split-into-words", 200).starts_with("word-count/split-into-words 999.9"));
        assert!(shown("word-count/split-into-words", 20).starts_with("word-c…words 999.9"), "less says nothing");
    }
}
