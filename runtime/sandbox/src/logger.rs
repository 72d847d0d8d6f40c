//! The log of one instance: its structured lines and what it prints, cut to lines, limited in size and rate.

use crate::cut::note;
use crate::log::{LogLevel, LogLine, LogSink, LogSource, now_us};
use petrel_model::{ComponentName, TaskIndex, TopologyName};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A longer line is cut.
const MAX_LINE_BYTES: usize = 4 << 10;
/// Lines of standard error kept for the message of a trap: a panic's are two to four.
const TAIL_LINES: usize = 20;
/// How a panic begins.
const PANIC: &str = "panicked at";

/// Which task logs.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) topology: TopologyName,
    pub(crate) component: ComponentName,
    pub(crate) task: TaskIndex,
}

/// How many lines were logged in the second that runs. Instances that take over from each other share one, so that a guest
/// does not get its lines anew by crashing. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct LogBudget(Arc<Mutex<Spent>>);

#[derive(Debug)]
struct Spent {
    second: Instant,
    lines: u64,
}

impl Default for Spent {
    fn default() -> Self {
        Spent { second: Instant::now(), lines: 0 }
    }
}

impl LogBudget {
    /// Takes one of so many lines a second. Says whether there was one left.
    fn take(&self, lines_a_second: u64) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.second.elapsed() >= Duration::from_secs(1) {
            *spent = Spent::default();
        }
        let left = spent.lines < lines_a_second;
        spent.lines += u64::from(left);
        left
    }
}

/// The log of one instance.
pub(crate) struct Logger {
    speaker: Speaker,
    sink: LogSink,
    stdout: Partial,
    stderr: Partial,
    tail: Tail,
    /// Lines that may be logged in each second; more are counted and dropped.
    lines_a_second: u64,
    budget: LogBudget,
    /// Lines of a call that are worth telling only if it returns ok; none where all are.
    held: Option<Vec<LogLine>>,
    /// Dropped since the last line that was sent.
    dropped: u64,
    /// Dropped since this was last asked.
    dropped_untold: u64,
}

/// A line that has begun.
#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    /// Bytes of it that were more than a line may have.
    cut: u64,
}

/// The last lines of standard error in a call; of a panic the first.
#[derive(Default)]
struct Tail {
    lines: VecDeque<String>,
    panicked: bool,
    /// Bytes of lines of a panic that were too many.
    cut: u64,
}

impl Logger {
    pub(crate) fn new(speaker: Speaker, sink: LogSink, budget: LogBudget, lines_a_second: u64) -> Logger {
        Logger {
            speaker,
            sink,
            stdout: Partial::default(),
            stderr: Partial::default(),
            tail: Tail::default(),
            lines_a_second,
            budget,
            held: None,
            dropped: 0,
            dropped_untold: 0,
        }
    }

    /// A structured line.
    pub(crate) fn log(&mut self, level: LogLevel, message: &str) {
        if self.may_send() {
            self.send(level, LogSource::Log, printable(message.as_bytes()));
        }
    }

    /// A line of the host about this task.
    pub(crate) fn tell(&mut self, level: LogLevel, message: &str) {
        if self.may_send() {
            self.send(level, LogSource::System, printable(message.as_bytes()));
        }
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
            if !self.partial(source).bytes.is_empty() {
                self.end_line(source);
            }
        }
    }

    /// Forgets what was printed to standard error so far: a new call begins.
    pub(crate) fn begin_call(&mut self) {
        self.tail.lines.clear();
        (self.tail.panicked, self.tail.cut) = (false, 0);
    }

    /// From here on lines wait for [`release`](Self::release): the call is made again, and if it fails again, it says what
    /// it said before.
    pub(crate) fn hold(&mut self) {
        self.held = Some(Vec::new());
    }

    /// The call is over: what was held is sent, or forgotten.
    pub(crate) fn release(&mut self, wanted: bool) {
        for line in self.held.take().into_iter().flatten().filter(|_| wanted) {
            if !self.sink.send(line) {
                self.dropped_untold += 1;
            }
        }
    }

    /// The last lines that this call printed to standard error; where it panicked, the first from there on.
    pub(crate) fn tail(&self) -> impl Iterator<Item = &str> {
        self.tail.lines.iter().map(String::as_str)
    }

    /// How many bytes of a panic's words are not in the tail.
    pub(crate) fn cut_from_tail(&self) -> u64 {
        self.tail.cut
    }

    /// How many lines were dropped since this was last asked.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped_untold)
    }

    fn partial(&mut self, source: LogSource) -> &mut Partial {
        if source == LogSource::Stderr { &mut self.stderr } else { &mut self.stdout }
    }

    fn collect(&mut self, source: LogSource, bytes: &[u8]) {
        let partial = self.partial(source);
        let room = MAX_LINE_BYTES.saturating_sub(partial.bytes.len()).min(bytes.len());
        partial.bytes.extend_from_slice(&bytes[..room]);
        partial.cut += (bytes.len() - room) as u64;
    }

    fn end_line(&mut self, source: LogSource) {
        let is_stderr = source == LogSource::Stderr;
        if !is_stderr && !self.partial(source).bytes.is_empty() && !self.may_send() {
            *self.partial(source) = Partial::default();
            return;
        }
        // The buffer goes back, so that a chatty guest does not allocate for each line.
        let mut bytes = std::mem::take(&mut self.partial(source).bytes);
        let cut = std::mem::take(&mut self.partial(source).cut);
        let mut message = printable(&bytes);
        if cut > 0 {
            message.push_str(&note(cut));
        }
        bytes.clear();
        self.partial(source).bytes = bytes;
        if is_stderr {
            self.tail.keep(&message, cut);
        }
        if !message.is_empty() && (!is_stderr || self.may_send()) {
            let level = if is_stderr { LogLevel::Warn } else { LogLevel::Info };
            self.send(level, source, message);
        }
    }

    /// Whether a line may be sent now; counts it as dropped if not.
    fn may_send(&mut self) -> bool {
        let may = self.budget.take(self.lines_a_second);
        if !may {
            self.dropped += 1;
            self.dropped_untold += 1;
        }
        may
    }

    fn send(&mut self, level: LogLevel, source: LogSource, message: String) {
        let Speaker { topology, component, task } = self.speaker.clone();
        let dropped_before = std::mem::take(&mut self.dropped);
        let time_us = now_us();
        let line = LogLine { time_us, level, topology, component, task, source, message, dropped_before };
        if let Some(held) = &mut self.held {
            held.push(line);
        } else if !self.sink.send(line) {
            self.dropped_untold += 1;
        }
    }
}

impl Tail {
    fn keep(&mut self, line: &str, cut: u64) {
        if !self.panicked && line.contains(PANIC) {
            self.panicked = true;
            self.lines.clear();
        }
        if self.lines.len() == TAIL_LINES {
            if self.panicked {
                self.cut += line.len() as u64 + cut;
                return;
            }
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        self.flush();
        // No later line of this instance can tell of them.
        self.sink.add_dropped(self.dropped);
    }
}

/// Text that is safe to show on a terminal: UTF-8, no control characters, of at most a line's length, with how much
/// was cut.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut end = bytes.len().min(MAX_LINE_BYTES);
    // Not within a character, where it is text: its later bytes are 10xxxxxx.
    while end < bytes.len() && end > MAX_LINE_BYTES - 4 && bytes[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let mut text: String =
        String::from_utf8_lossy(&bytes[..end]).chars().filter(|c| !c.is_control() || *c == '\t').collect();
    if end < bytes.len() {
        text.push_str(&note((bytes.len() - end) as u64));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogLines;

    const LINES_A_SECOND: u64 = 1000;

    fn logger() -> (Logger, LogLines) {
        let (sink, lines) = LogSink::bounded(10_000);
        let speaker = Speaker { topology: "t".into(), component: "c".into(), task: TaskIndex(1) };
        (Logger::new(speaker, sink, LogBudget::default(), LINES_A_SECOND), lines)
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
        assert_eq!(messages[0], "x".repeat(MAX_LINE_BYTES) + "… (8192 more bytes cut)");
        assert_eq!(messages[1], "[31mred\tcell\u{fffd}");
        assert_eq!(messages[2], "y".repeat(MAX_LINE_BYTES) + "… (4096 more bytes cut)");
        let umlauts = "x".to_owned() + &"ä".repeat(MAX_LINE_BYTES);
        logger.log(LogLevel::Info, &umlauts);
        let message = lines.try_next().unwrap().message;
        assert!(message.ends_with("ä… (4098 more bytes cut)"), "{}", &message[message.len() - 40..]);
    }

    #[test]
    fn a_flood_is_counted() {
        let (mut logger, lines) = logger();
        for i in 0..3 * LINES_A_SECOND {
            logger.log(LogLevel::Info, &i.to_string());
        }
        assert_eq!(messages(&lines).len(), LINES_A_SECOND as usize);
        logger.budget.0.lock().unwrap().second -= Duration::from_secs(2); // a second later
        logger.log(LogLevel::Info, "after");
        assert_eq!(lines.try_next().unwrap().dropped_before, 2 * LINES_A_SECOND);
        assert_eq!((logger.take_dropped(), logger.take_dropped()), (2 * LINES_A_SECOND, 0));
    }

    #[test]
    fn instances_that_take_over_share_what_may_be_logged() {
        let (mut first, lines) = logger();
        let mut second = Logger::new(first.speaker.clone(), first.sink.clone(), first.budget.clone(), LINES_A_SECOND);
        for _ in 0..LINES_A_SECOND {
            first.log(LogLevel::Info, "one");
            second.log(LogLevel::Info, "two");
        }
        assert_eq!(messages(&lines).len(), LINES_A_SECOND as usize);
    }

    #[test]
    fn lines_of_a_try_are_told_only_if_it_goes_well() {
        let (mut logger, lines) = logger();
        for (wanted, said) in [(false, "failed"), (true, "passed")] {
            logger.hold();
            logger.log(LogLevel::Info, said);
            assert_eq!(messages(&lines), [""; 0]);
            logger.release(wanted);
        }
        assert_eq!(messages(&lines), ["passed"]);
        logger.log(LogLevel::Info, "as ever");
        assert_eq!(messages(&lines), ["as ever"]);
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

    #[test]
    fn of_a_panic_the_first_words_are_kept() {
        let (mut logger, _lines) = logger();
        logger.print(LogSource::Stderr, b"before\npanicked at src/lib.rs:1:2:\n");
        for line in 0..1000 {
            logger.print(LogSource::Stderr, format!("line {line:04}\n").as_bytes());
        }
        let tail: Vec<&str> = logger.tail().collect();
        assert_eq!((tail.len(), tail[0], tail[19]), (TAIL_LINES, "panicked at src/lib.rs:1:2:", "line 0018"));
        assert_eq!(logger.cut_from_tail(), 981 * 9);
        logger.begin_call();
        assert_eq!((logger.tail().count(), logger.cut_from_tail()), (0, 0));
    }

    #[test]
    fn what_nobody_takes_counts_as_dropped() {
        let (sink, _lines) = LogSink::bounded(3);
        let speaker = Speaker { topology: "t".into(), component: "c".into(), task: TaskIndex(1) };
        let mut logger = Logger::new(speaker, sink, LogBudget::default(), LINES_A_SECOND);
        for i in 0..10 {
            logger.print(LogSource::Stdout, format!("{i}\n").as_bytes());
        }
        assert_eq!(logger.take_dropped(), 7);
    }
}
