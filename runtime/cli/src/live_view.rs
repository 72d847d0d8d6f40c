//! What a terminal shows while topologies run. Nothing where standard error is not a terminal.

use crate::output::size;
use crate::run_report::{percent, time};
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

/// One line for each component: its rates, its queue, how it spends its time, its latency.
pub(crate) struct LiveView {
    lines: Option<MultiProgress>,
    bars: BTreeMap<(String, String), ProgressBar>,
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
        LiveView { lines, bars: BTreeMap::new(), last: BTreeMap::new(), last_at: Instant::now() }
    }

    /// Draws the figures.
    pub(crate) fn show(&mut self, reports: &[Report]) {
        let Some(lines) = &self.lines else { return };
        let seconds = self.last_at.elapsed().as_secs_f64().max(1e-3);
        self.last_at = Instant::now();
        for report in reports {
            for (name, component) in &report.components {
                let key = (report.topology.clone(), name.clone());
                let last = self.last.insert(key.clone(), component.clone()).unwrap_or_default();
                let bar = self.bars.entry(key).or_insert_with(|| {
                    let style = ProgressStyle::with_template("{wide_msg}").expect("the template is a constant");
                    lines.add(ProgressBar::new_spinner().with_style(style))
                });
                let rate = |now: u64, before: u64| rate(now.saturating_sub(before) as f64 / seconds);
                bar.set_message(format!(
                    "{:24} in {:>10}  out {:>10}  queue {:>9}  busy {:>5}  back-pr. {:>5}  p50 {:>8}  p99 {:>8}",
                    format!("{}/{name}", report.topology),
                    rate(component.executed, last.executed),
                    rate(component.emitted, last.emitted),
                    size(component.queued_bytes),
                    percent(component.busy),
                    percent(component.back_pressured),
                    time(component.latency_us.p50),
                    time(component.latency_us.p99),
                ));
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

fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1e6 => format!("{:.1} M/s", rate / 1e6),
        rate if rate >= 1e3 => format!("{:.1} k/s", rate / 1e3),
        rate => format!("{rate:.0} /s"),
    }
}
