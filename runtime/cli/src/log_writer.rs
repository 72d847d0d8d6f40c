//! Where log lines of guests and of the system go: the run's folder, and standard error.

use petrel_sandbox::{LogLevel, LogLine, LogSink};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    /// Starts the thread. `file` gets JSON lines.
    pub(crate) fn start(flags: &LogFlags, file: File) -> LogWriter {
        let shown = flags.log_level;
        let (sink, lines) = LogSink::bounded(LogSink::CAPACITY);
        let thread = std::thread::spawn(move || {
            let mut file = BufWriter::new(file);
            while let Some(line) = lines.next() {
                // A log that cannot be written must not stop the topology.
                let _ = serde_json::to_writer(&mut file, &document(&line)).map(|()| file.write_all(b"\n"));
                if matches!(shown, Shown::From(least) if line.level >= least) {
                    tell!("{}", text(&line));
                }
                if lines.is_empty() {
                    let _ = file.flush();
                }
            }
        });
        LogWriter { sink, thread }
    }

    /// Where lines are to be sent.
    pub(crate) fn sink(&self) -> LogSink {
        self.sink.clone()
    }

    /// Writes what is left. Every other clone of the sink must be gone. A reader of standard error that has stalled
    /// keeps nobody waiting for ever.
    pub(crate) fn finish(self) {
        drop(self.sink);
        let begun = Instant::now();
        while !self.thread.is_finished() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
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
