//! What a run looks like from outside: the figures behind the live view and the final report.

use crate::dead_letters::DeadLetterCounts;
use crate::end::TaskEnd;
use crate::failure_report::FailureReport;
use crate::meters::{Percentiles, TaskMeters, percentiles, read};
use crate::metrics_report::MetricsReport;
use petrel_model::{Assignment, Guarantee, World};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A topology's figures at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The topology's name.
    pub topology: String,
    /// `running`, `done`, `drained`, `stopped` or `failed`.
    pub status: Status,
    /// Seconds since the first task started, up to the end of the last.
    pub elapsed_s: f64,
    /// Why it failed; none if it did not. Others of its tasks may have failed after that.
    pub failure: Option<FailureReport>,
    /// Why tasks are paused; empty if none is.
    pub paused: Vec<FailureReport>,
    /// What became of the run's dead letters.
    pub dead_letters: DeadLetterCounts,
    /// By component name.
    pub components: BTreeMap<String, ComponentReport>,
}

impl Report {
    /// Of a topology that was not started: because of this failure, or because of that of another one beside it.
    pub fn unstarted(assignment: &Assignment, failure: Option<&TaskEnd>) -> Report {
        let meters: Vec<Arc<TaskMeters>> = assignment.tasks.iter().map(|_| Arc::default()).collect();
        Report {
            topology: assignment.topology.to_string(),
            status: if failure.is_some() { Status::Failed } else { Status::Stopped },
            elapsed_s: 0.0,
            failure: failure.and_then(FailureReport::of),
            paused: Vec::new(),
            dead_letters: DeadLetterCounts::default(),
            components: components(assignment, &meters, &[], 0.0),
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Tasks are at work.
    Running,
    /// Every spout came to its end, and everything in flight was processed.
    Done,
    /// Spouts were told to end before they did so by themselves, and everything in flight was processed.
    Drained,
    /// Stopped before everything in flight was processed.
    Stopped,
    /// A task failed.
    Failed,
}

/// A component's figures, over all its tasks.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ComponentReport {
    /// Its number of tasks.
    pub tasks: u32,
    /// Tuples emitted, over all streams.
    pub emitted: u64,
    /// Tuples processed; for a spout, tuples emitted.
    pub executed: u64,
    /// Tuples that the plugin rejected.
    pub rejected: u64,
    /// Tuples that went to the dead letters: rejected, or such as the plugin fails at.
    pub dead_letters: u64,
    /// Calls of the guest that failed.
    pub faults: u64,
    /// Instances that took over from one that failed.
    pub restarts: u64,
    /// Tasks that are paused, because their guest failed too often.
    pub paused: u32,
    /// What became of the tuples that a spout waits for; none for bolts, and where nothing is tracked.
    pub acking: Option<AckingReport>,
    /// Calls of the guest.
    pub calls: u64,
    /// From a tuple's sending by the task before to the end of its processing, in microseconds.
    pub latency_us: Percentiles,
    /// Share of the tasks' time spent working, 0 to 1.
    pub busy: f64,
    /// Share of the tasks' time spent waiting for a consumer, 0 to 1.
    pub back_pressured: f64,
    /// The rest.
    pub idle: f64,
    /// Bytes received and not yet processed.
    pub queued_bytes: u64,
    /// Linear memory of the instances, in bytes.
    pub memory_bytes: u64,
    /// Seconds that calls of the guest ran, without waiting for files, sockets or to wake up.
    pub guest_cpu_s: f64,
    /// How many calls reached a limit, by its name.
    pub limits_hit: BTreeMap<&'static str, u64>,
    /// Log lines of its guests, and of the system about it, that were dropped because there were too many.
    pub dropped_log_lines: u64,
    /// What its plugin has counted and measured.
    pub metrics: MetricsReport,
}

/// What became of the tuples that a spout emitted and waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AckingReport {
    /// Through, with everything that came of them.
    pub acked: u64,
    /// Failed, or timed out, each time counted: they were emitted again.
    pub failed: u64,
    /// Those of them that timed out.
    pub timed_out: u64,
    /// Failed and not emitted again.
    pub lost: u64,
    /// Not through yet.
    pub pending: u64,
}

/// Sums the tasks' meters by component.
pub(crate) fn components(
    assignment: &Assignment,
    meters: &[Arc<TaskMeters>],
    paused: &[FailureReport],
    elapsed_s: f64,
) -> BTreeMap<String, ComponentReport> {
    let mut reports = BTreeMap::new();
    for (index, component) in assignment.components.iter().enumerate() {
        let tasks: Vec<&TaskMeters> = assignment
            .tasks
            .iter()
            .zip(meters)
            .filter(|(id, _)| id.component.0 as usize == index)
            .map(|(_, meters)| &**meters)
            .collect();
        let sum = |counter: fn(&TaskMeters) -> u64| tasks.iter().map(|task| counter(task)).sum::<u64>();
        let time_ns = (elapsed_s * 1e9 * tasks.len() as f64).max(1.0);
        let busy = (sum(|task| read(&task.busy_ns)) as f64 / time_ns).min(1.0);
        let back_pressured = (sum(|task| read(&task.blocked_ns)) as f64 / time_ns).min(1.0 - busy);
        let mut limits_hit = BTreeMap::new();
        tasks.iter().for_each(|task| task.add_limits_hit_to(&mut limits_hit));
        let report = ComponentReport {
            tasks: tasks.len() as u32,
            emitted: sum(|task| read(&task.emitted)),
            executed: sum(|task| read(&task.executed)),
            rejected: sum(|task| read(&task.rejected)),
            dead_letters: sum(|task| read(&task.dead_letters)),
            faults: sum(|task| read(&task.faults)),
            restarts: sum(|task| read(&task.restarts)),
            paused: paused.iter().filter(|failure| failure.component == component.name.as_str()).count() as u32,
            acking: (assignment.guarantee == Guarantee::AtLeastOnce && component.world == World::Spout).then(|| {
                AckingReport {
                    acked: sum(|task| read(&task.acked)),
                    failed: sum(|task| read(&task.failed)),
                    timed_out: sum(|task| read(&task.timed_out)),
                    lost: sum(|task| read(&task.lost)),
                    pending: sum(|task| read(&task.pending)),
                }
            }),
            calls: sum(|task| read(&task.calls)),
            latency_us: percentiles(tasks.iter().copied()),
            busy,
            back_pressured,
            idle: 1.0 - busy - back_pressured,
            queued_bytes: sum(|task| read(&task.queued_bytes)),
            memory_bytes: sum(|task| read(&task.memory_bytes)),
            guest_cpu_s: sum(|task| read(&task.guest_cpu_ns)) as f64 / 1e9,
            limits_hit,
            dropped_log_lines: sum(|task| read(&task.dropped_log_lines)),
            metrics: MetricsReport::of(tasks.iter().map(|task| task.plugin_metrics())),
        };
        reports.insert(component.name.to_string(), report);
    }
    reports
}
