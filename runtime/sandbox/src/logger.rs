//! The log of one instance: its structured lines and what it prints, cut to lines, limited in size and rate.

use crate::log::{LogLevel, LogLine, LogSink, LogSource, now_us};
use petrel_model::{ComponentName, TaskIndex, TopologyName};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A longer line is cut.
const MAX_LINE_BYTES: usize = 4 << 10;
/// Lines a task may log in each second; more are counted and dropped.
const LINES_A_SECOND: u32 = 1000;
/// Lines of standard error kept for the message of a trap: a panic's are two to four.
const TAIL_LINES: usize = 20;

/// Which task logs.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) topology: TopologyName,
    pub(crate) component: ComponentName,
    pub(crate) task: TaskIndex,
}

/// The log of one instance.
pub(crate) struct Logger {
    speaker: Speaker,
    sink: LogSink,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    tail: VecDeque<String>,
    second: Instant,
    sent_in_second: u32,
    dropped: u64,
}

impl Logger {
    pub(crate) fn new(speaker: Speaker, sink: LogSink) -> Logger {
        Logger {
            speaker,
            sink,
            stdout: Vec::new(),
            stderr: Vec::new(),
            tail: VecDeque::new(),
            second: Instant::now(),
            sent_in_second: 0,
            dropped: 0,
        }
    }

    /// A structured line.
    pub(crate) fn log(&mut self, level: LogLevel, message: &str) {
        self.send(level, LogSource::Log, printable(message.as_bytes()));
    }

    /// Bytes printed to standard output or standard error, cut at any point.
    pub(crate) fn print(&mut self, source: LogSource, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.collect(source, &bytes[..end]);
            self.end_line(source);
            bytes = &bytes[end + 1..];
        }
        self.collect(source, bytes);
    }

    /// Ends lines that were begun: nothing more will follow.
    pub(crate) fn flush(&mut self) {
        for source in [LogSource::Stdout, LogSource::Stderr] {
            if !self.partial(source).is_empty() {
                self.end_line(source);
            }
        }
    }

    /// Forgets what was printed to standard error so far: a new call begins.
    pub(crate) fn begin_call(&mut self) {
        self.tail.clear();
    }

    /// The last lines that this call printed to standard error.
    pub(crate) fn tail(&self) -> impl Iterator<Item = &str> {
        self.tail.iter().map(String::as_str)
    }

    fn partial(&mut self, source: LogSource) -> &mut Vec<u8> {
        if source == LogSource::Stderr { &mut self.stderr } else { &mut self.stdout }
    }

    fn collect(&mut self, source: LogSource, bytes: &[u8]) {
        let partial = self.partial(source);
        let room = MAX_LINE_BYTES.saturating_sub(partial.len());
        partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self, source: LogSource) {
        let line = std::mem::take(self.partial(source));
        let message = printable(&line);
        // The buffer goes back, so that a chatty guest does not allocate for each line.
        *self.partial(source) = line;
        self.partial(source).clear();
        if source == LogSource::Stderr {
            if self.tail.len() == TAIL_LINES {
                self.tail.pop_front();
            }
            self.tail.push_back(message.clone());
        }
        if !message.is_empty() {
            let level = if source == LogSource::Stderr { LogLevel::Warn } else { LogLevel::Info };
            self.send(level, source, message);
        }
    }

    fn send(&mut self, level: LogLevel, source: LogSource, message: String) {
        if self.second.elapsed() >= Duration::from_secs(1) {
            self.second = Instant::now();
            self.sent_in_second = 0;
        }
        if self.sent_in_second >= LINES_A_SECOND {
            self.dropped += 1;
            return;
        }
        self.sent_in_second += 1;
        let Speaker { topology, component, task } = self.speaker.clone();
        let dropped_before = std::mem::take(&mut self.dropped);
        self.sink.send(LogLine {
            time_us: now_us(),
            level,
            topology,
            component,
            task,
            source,
            message,
            dropped_before,
        });
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Text that is safe to show on a terminal: UTF-8, no control characters, at most a line's length.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(MAX_LINE_BYTES)];
    String::from_utf8_lossy(cut).chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogLines;

    fn logger() -> (Logger, LogLines) {
        let (sink, lines) = LogSink::bounded(10_000);
        let speaker = Speaker { topology: "t".into(), component: "c".into(), task: TaskIndex(1) };
        (Logger::new(speaker, sink), lines)
    }

    fn messages(lines: &LogLines) -> Vec<String> {
        std::iter::from_fn(|| lines.try_next()).map(|line| line.message).collect()
    }

    #[test]
    fn cuts_at_newlines_wherever_the_writes_fall() {
        let (mut logger, lines) = logger();
        for part in ["on", "e\ntwo\n\nth", "ree"] {
            logger.print(LogSource::Stdout, part.as_bytes());
        }
        logger.print(LogSource::Stderr, b"beside\n");
        assert_eq!(messages(&lines), ["one", "two", "beside"]);
        drop(logger);
        assert_eq!(messages(&lines), ["three"], "the last line has no newline");
    }

    #[test]
    fn a_long_line_is_cut_and_escapes_are_removed() {
        let (mut logger, lines) = logger();
        logger.print(LogSource::Stdout, &vec![b'x'; 3 * MAX_LINE_BYTES]);
        logger.print(LogSource::Stdout, b"\n\x1b[31mred\x07\tcell\xff\n");
        logger.log(LogLevel::Info, &"y".repeat(2 * MAX_LINE_BYTES));
        let messages = messages(&lines);
        assert_eq!(messages[0].len(), MAX_LINE_BYTES);
        assert_eq!(messages[1], "[31mred\tcell\u{fffd}");
        assert_eq!(messages[2].len(), MAX_LINE_BYTES);
    }

    #[test]
    fn a_flood_is_counted() {
        let (mut logger, lines) = logger();
        for i in 0..3 * LINES_A_SECOND {
            logger.log(LogLevel::Info, &i.to_string());
        }
        assert_eq!(messages(&lines).len(), LINES_A_SECOND as usize);
        logger.second -= Duration::from_secs(2); // a second later
        logger.log(LogLevel::Info, "after");
        assert_eq!(lines.try_next().unwrap().dropped_before, u64::from(2 * LINES_A_SECOND));
    }

    #[test]
    fn keeps_the_last_lines_of_standard_error_for_the_trap() {
        let (mut logger, _lines) = logger();
        logger.print(LogSource::Stderr, b"before the call\n");
        logger.begin_call();
        logger.print(LogSource::Stdout, b"not this\n");
        logger.print(LogSource::Stderr, b"panicked at x\nbecause");
        logger.flush();
        assert_eq!(logger.tail().collect::<Vec<_>>(), ["panicked at x", "because"]);
    }
}
