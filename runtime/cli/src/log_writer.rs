//! Where log lines of guests and of the system go: the run's folder, and standard error.

use crate::rolling_log::RollingLog;
use petrel_model::TopologyName;
use petrel_sandbox::{LogLevel, LogLine, LogSink, LogSource};
use serde_json::json;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the end of a run waits for the last lines to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Flags on log lines.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LogFlags {
    /// The least level that is shown: trace, debug, info, warn, error or off. The run's folder keeps all.
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = parse_level)]
    log_level: Shown,
}

/// Which lines standard error shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    /// This level and above.
    From(LogLevel),
    /// None.
    Off,
}

fn parse_level(text: &str) -> Result<Shown, String> {
    if text == "off" {
        return Ok(Shown::Off);
    }
    LogLevel::from_name(text)
        .map(Shown::From)
        .ok_or_else(|| "expected trace, debug, info, warn, error or off".to_owned())
}

/// A thread that writes log lines, so that no task ever waits for a disk or a terminal.
pub(crate) struct LogWriter {
    sink: LogSink,
    thread: JoinHandle<()>,
}

impl LogWriter {
    /// Starts the thread for a topology. `file` gets JSON lines.
    pub(crate) fn start(flags: &LogFlags, topology: &TopologyName, file: RollingLog) -> LogWriter {
        let (sink, lines) = LogSink::bounded(LogSink::CAPACITY);
        let mut writing = Writing { shown: flags.log_level, file, refusal: None };
        let topology = topology.clone();
        let thread = std::thread::spawn(move || {
            while let Some(line) = lines.next() {
                writing.write(&document(&line));
                writing.show(line.level, || text(&line));
                if lines.is_empty() {
                    writing.flush();
                }
            }
            writing.end(&topology, lines.dropped());
        });
        LogWriter { sink, thread }
    }

    /// Where lines are to be sent.
    pub(crate) fn sink(&self) -> LogSink {
        self.sink.clone()
    }

    /// Writes what is left, and tells what was lost. Every other clone of the sink must be gone. A reader of standard
    /// error that has stalled keeps nobody waiting for ever.
    pub(crate) fn finish(self) {
        drop(self.sink);
        let begun = Instant::now();
        while !self.thread.is_finished() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Where the thread writes.
struct Writing {
    shown: Shown,
    file: RollingLog,
    /// The first reason for which a line could not be written.
    refusal: Option<std::io::Error>,
}

impl Writing {
    /// A log that cannot be written must not stop the topology: that is told at the end.
    fn write(&mut self, document: &serde_json::Value) {
        if let Err(error) = self.file.write(document.to_string().as_bytes()) {
            self.refusal.get_or_insert(error);
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.file.flush() {
            self.refusal.get_or_insert(error);
        }
    }

    fn show(&self, level: LogLevel, text: impl FnOnce() -> String) {
        if matches!(self.shown, Shown::From(least) if level >= least) {
            tell!("{}", text());
        }
    }

    /// The last words: `dropped` lines are told by no other line.
    fn end(mut self, topology: &TopologyName, dropped: u64) {
        let level = LogLevel::Warn;
        if dropped > 0 {
            let lines = if dropped == 1 { "line was" } else { "lines were" };
            let message = format!("{dropped} more log {lines} dropped, because there were too many");
            self.write(&json!({
                "time_us": now_us(),
                "level": level.name(),
                "topology": topology.as_str(),
                "component": null,
                "task": null,
                "source": LogSource::System.name(),
                "message": message,
                "dropped_before": dropped,
            }));
            self.show(level, || format!("WARN  {topology} system: {message}"));
        }
        self.flush();
        if let Some(error) = &self.refusal {
            let path = self.file.path().display();
            self.show(level, || format!("WARN  {topology} system: not every log line is in {path}: {error}"));
        }
    }
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

fn document(line: &LogLine) -> serde_json::Value {
    json!({
        "time_us": line.time_us,
        "level": line.level.name(),
        "topology": line.topology.as_str(),
        "component": line.component.as_str(),
        "task": line.task.0,
        "source": line.source.name(),
        "message": line.message,
        "dropped_before": line.dropped_before,
    })
}

fn text(line: &LogLine) -> String {
    let mut text = format!(
        "{:5} {}/{}[{}] {}: {}",
        line.level.name().to_uppercase(),
        line.topology,
        line.component,
        line.task.0,
        line.source.name(),
        line.message
    );
    if line.dropped_before > 0 {
        text.push_str(&format!(" ({} lines before it were dropped)", line.dropped_before));
    }
    text
}
