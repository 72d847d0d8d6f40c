//! Log lines on their way from guests to whoever keeps them: bounded, counted, never blocking.

use crate::logger::printable;
use crate::system_lines::{LogLosses, SystemLines};
use petrel_model::{ComponentName, TaskIndex, TopologyName};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// For who follows every step.
    Trace,
    /// For who looks for a mistake.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    const ALL: [LogLevel; 5] = [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];

    /// `trace`, `debug`, `info`, `warn` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<LogLevel> {
        LogLevel::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogSource {
    /// The plugin's structured log.
    Log,
    /// The plugin's standard output.
    Stdout,
    /// The plugin's standard error.
    Stderr,
    /// Petrel itself, about this task.
    System,
}

impl LogSource {
    /// `log`, `stdout`, `stderr` or `system`.
    pub fn name(self) -> &'static str {
        match self {
            LogSource::Log => "log",
            LogSource::Stdout => "stdout",
            LogSource::Stderr => "stderr",
            LogSource::System => "system",
        }
    }
}

/// One line about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was taken, in microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// How much it matters. What a plugin prints is `info` on its standard output and `warn` on its standard error.
    pub level: LogLevel,
    /// The topology.
    pub topology: TopologyName,
    /// The component within it.
    pub component: ComponentName,
    /// The task of the component.
    pub task: TaskIndex,
    /// Where it comes from.
    pub source: LogSource,
    /// At most 4 KiB of text without control characters, and how much was cut from it.
    pub message: String,
    /// How many lines were lost before this one, because there were too many.
    pub dropped_before: u64,
}

/// Where log lines go. Cheap to clone; sending never blocks.
#[derive(Clone, Debug)]
pub struct LogSink {
    lines: SyncSender<LogLine>,
    shared: Arc<Shared>,
}

/// Where log lines come out.
#[derive(Debug)]
pub struct LogLines {
    lines: Receiver<LogLine>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: AtomicUsize,
    dropped: AtomicU64,
    told: SystemLines,
}

impl LogSink {
    /// A capacity that holds a burst of every task of a machine: 4,096 lines.
    pub const CAPACITY: usize = 4096;

    /// A sink that keeps up to `capacity` lines until they are taken.
    pub fn bounded(capacity: usize) -> (LogSink, LogLines) {
        let (sender, receiver) = sync_channel(capacity);
        let shared = Arc::new(Shared::default());
        (LogSink { lines: sender, shared: shared.clone() }, LogLines { lines: receiver, shared })
    }

    /// A sink that nobody listens to.
    pub fn nowhere() -> LogSink {
        LogSink::bounded(0).0
    }

    /// Counts the system's own lines that are dropped.
    pub fn losses(&self) -> LogLosses {
        self.shared.told.losses()
    }

    /// Counts lines that were dropped before they came here, and that no later line of their own tells.
    pub(crate) fn add_dropped(&self, lines: u64) {
        self.shared.dropped.fetch_add(lines, Relaxed);
    }

    /// Sends one of the system's own lines about a task, at level `warn`. A thousand a second for each task; more are
    /// dropped and counted.
    pub fn tell(
        &self,
        topology: &TopologyName,
        component: &ComponentName,
        task: TaskIndex,
        source: LogSource,
        message: String,
    ) {
        self.shared.told.tell(component, task, |dropped_before| {
            self.send(LogLine {
                time_us: now_us(),
                level: LogLevel::Warn,
                topology: topology.clone(),
                component: component.clone(),
                task,
                source,
                // A guest's own words may be part of it.
                message: printable(message.as_bytes()),
                dropped_before,
            })
        });
    }

    /// Sends a line; where there is no room, it is counted instead. False where it is lost to somebody who
    /// listens.
    pub fn send(&self, mut line: LogLine) -> bool {
        line.dropped_before += self.shared.dropped.swap(0, Relaxed);
        // Counted first: a reader may take the line before this thread goes on.
        self.shared.waiting.fetch_add(1, Relaxed);
        if let Err(refused) = self.lines.try_send(line) {
            use std::sync::mpsc::TrySendError::{Disconnected, Full};
            let nobody_listens = matches!(refused, Disconnected(_));
            let (Full(line) | Disconnected(line)) = refused;
            self.shared.waiting.fetch_sub(1, Relaxed);
            self.shared.dropped.fetch_add(line.dropped_before + 1, Relaxed);
            return nobody_listens;
        }
        true
    }
}

impl LogLines {
    /// The next line; waits for one. None when every sink is gone and every line taken.
    #[allow(clippy::should_implement_trait)] // taking a line does not need the receiver exclusively
    pub fn next(&self) -> Option<LogLine> {
        let line = self.lines.recv().ok()?;
        self.shared.waiting.fetch_sub(1, Relaxed);
        Some(line)
    }

    /// The next line if there is one now.
    pub fn try_next(&self) -> Option<LogLine> {
        match self.lines.try_recv() {
            Ok(line) => {
                self.shared.waiting.fetch_sub(1, Relaxed);
                Some(line)
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }

    /// Whether no line waits at the moment.
    pub fn is_empty(&self) -> bool {
        self.shared.waiting.load(Relaxed) == 0
    }

    /// How many lines were lost that no line that came through tells of.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Relaxed) + self.shared.told.untold()
    }
}

pub(crate) fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(sink: &LogSink, message: &str) {
        sink.tell(&"t".into(), &"c".into(), TaskIndex(0), LogSource::System, message.into());
    }

    #[test]
    fn what_does_not_fit_is_counted_and_told_with_the_next_line() {
        let (sink, lines) = LogSink::bounded(2);
        for message in ["a", "b", "c", "d"] {
            tell(&sink, message);
        }
        assert_eq!(lines.dropped(), 2);
        assert_eq!(lines.next().unwrap().message, "a");
        assert!(!lines.is_empty());
        tell(&sink, "e");
        assert_eq!(lines.next().unwrap().dropped_before, 0);
        let last = lines.next().unwrap();
        assert_eq!((last.message.as_str(), last.dropped_before), ("e", 2));
        assert!(lines.is_empty());
        drop(sink);
        assert!(lines.next().is_none());
    }

    #[test]
    fn levels_have_an_order_and_names() {
        assert!(LogLevel::Debug < LogLevel::Error);
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::from_name(level.name()), Some(level));
        }
        assert_eq!(LogLevel::from_name("loud"), None);
    }
}
