//! The system's own lines about tasks: limited in rate as those of guests are, and every one accounted for.

use petrel_model::{ComponentName, TaskIndex};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines about one task in a second: as many as a guest may log where the topology does not say.
const LINES_A_SECOND: u64 = 1000;

/// What the system has told about the tasks of a topology.
#[derive(Debug, Default)]
pub(crate) struct SystemLines(Arc<Tasks>);

#[derive(Debug, Default)]
struct Tasks(Mutex<BTreeMap<(ComponentName, TaskIndex), Told>>);

/// How many of the system's own lines were dropped, because there were too many. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogLosses(Arc<Tasks>);

/// What the system has told about one task.
#[derive(Debug)]
struct Told {
    second: Instant,
    in_second: u64,
    /// Dropped since the last line that was sent.
    untold: u64,
    /// Dropped in all.
    lost: u64,
}

impl SystemLines {
    /// Sends a line about a task unless there were too many. `send` is given the number of lines that were dropped before
    /// it, and says whether it went through.
    pub(crate) fn tell(&self, component: &ComponentName, task: TaskIndex, send: impl FnOnce(u64) -> bool) {
        let mut tasks = self.0.lock();
        let told = tasks.entry((component.clone(), task)).or_insert_with(Told::nothing);
        if told.may_send() {
            let sent = send(std::mem::take(&mut told.untold));
            told.lost += u64::from(!sent);
        }
    }

    /// How many lines were dropped that no later line about their task tells of.
    pub(crate) fn untold(&self) -> u64 {
        self.0.lock().values().map(|told| told.untold).sum()
    }

    /// Counts them while they are told.
    pub(crate) fn losses(&self) -> LogLosses {
        LogLosses(self.0.clone())
    }
}

impl LogLosses {
    /// How many lines about a component were dropped.
    pub fn of(&self, component: &ComponentName) -> u64 {
        self.0.lock().iter().filter(|((name, _), _)| name == component).map(|(_, told)| told.lost).sum()
    }
}

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(ComponentName, TaskIndex), Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn nothing() -> Told {
        Told { second: Instant::now(), in_second: 0, untold: 0, lost: 0 }
    }

    /// Whether a line may be sent now; counts it as dropped if not.
    fn may_send(&mut self) -> bool {
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.in_second) = (Instant::now(), 0);
        }
        let may = self.in_second < LINES_A_SECOND;
        self.in_second += u64::from(may);
        self.untold += u64::from(!may);
        self.lost += u64::from(!may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{LogSink, LogSource};

    #[test]
    fn what_the_system_tells_is_limited_for_each_task_and_every_line_is_accounted_for() {
        let (sink, lines) = LogSink::bounded(10_000);
        let losses = sink.losses();
        let tell = |component: &str, number: u64| {
            sink.tell(&"t".into(), &component.into(), TaskIndex(0), LogSource::System, number.to_string());
        };
        let begun = Instant::now();
        (0..3 * LINES_A_SECOND).for_each(|number| tell("c", number));
        tell("d", 0);
        drop(sink);
        let (mut came, mut told) = (0, 0);
        while let Some(line) = lines.next() {
            came += 1;
            told += line.dropped_before;
        }
        assert_eq!(came + told + lines.dropped(), 3 * LINES_A_SECOND + 1);
        assert_eq!(losses.of(&"c".into()), told + lines.dropped());
        assert_eq!(losses.of(&"d".into()), 0);
        if begun.elapsed() < Duration::from_secs(1) {
            assert_eq!(came, LINES_A_SECOND + 1);
        }
    }
}
