//! What a running task counts, cheap enough for every call, read by reports while it runs.

use hdrhistogram::Histogram;
use petrel_sandbox::{PluginMetrics, Usage};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The meters of one task: written by its shell, read by anybody.
#[derive(Debug)]
pub(crate) struct TaskMeters {
    /// Tuples emitted, over all streams.
    pub(crate) emitted: AtomicU64,
    /// Tuples processed; for a spout, tuples emitted.
    pub(crate) executed: AtomicU64,
    /// Tuples the plugin rejected.
    pub(crate) rejected: AtomicU64,
    /// Tuples that went to the dead letters.
    pub(crate) dead_letters: AtomicU64,
    /// Calls of the guest that failed.
    pub(crate) faults: AtomicU64,
    /// Instances that took over from one that failed.
    pub(crate) restarts: AtomicU64,
    /// A spout's tuples that are through.
    pub(crate) acked: AtomicU64,
    /// A spout's tuples that failed, each time counted.
    pub(crate) failed: AtomicU64,
    /// Those of them that timed out.
    pub(crate) timed_out: AtomicU64,
    /// Failed tuples that were not emitted again.
    pub(crate) lost: AtomicU64,
    /// A spout's tuples that are not through.
    pub(crate) pending: AtomicU64,
    /// Calls of the guest.
    pub(crate) calls: AtomicU64,
    /// Nanoseconds spent in the guest and in routing what it emitted.
    pub(crate) busy_ns: AtomicU64,
    /// Nanoseconds spent waiting for credit.
    pub(crate) blocked_ns: AtomicU64,
    /// Bytes received and not yet processed.
    pub(crate) queued_bytes: AtomicU64,
    /// Linear memory of the instance, in bytes.
    pub(crate) memory_bytes: AtomicU64,
    /// Nanoseconds that calls of the guest ran.
    pub(crate) guest_cpu_ns: AtomicU64,
    /// Log lines that were dropped because there were too many.
    pub(crate) dropped_log_lines: AtomicU64,
    limits_hit: Mutex<BTreeMap<&'static str, u64>>,
    plugin: Mutex<PluginMetrics>,
    latency_us: Mutex<Histogram<u64>>,
}

impl Default for TaskMeters {
    fn default() -> Self {
        TaskMeters {
            emitted: AtomicU64::new(0),
            executed: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            dead_letters: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            timed_out: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            busy_ns: AtomicU64::new(0),
            blocked_ns: AtomicU64::new(0),
            queued_bytes: AtomicU64::new(0),
            memory_bytes: AtomicU64::new(0),
            guest_cpu_ns: AtomicU64::new(0),
            dropped_log_lines: AtomicU64::new(0),
            limits_hit: Mutex::default(),
            plugin: Mutex::default(),
            latency_us: Mutex::new(new_histogram()),
        }
    }
}

/// Three digits from one microsecond to an hour; larger values count as an hour.
fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are constants that hold")
}

impl TaskMeters {
    /// Records the age of `rows` tuples that were sent at the same time.
    pub(crate) fn record_latency(&self, age_us: u64, rows: u64) {
        let mut histogram = self.latency_us.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        histogram.saturating_record_n(age_us.max(1), rows);
    }

    /// Adds what an instance has used since it was last asked.
    pub(crate) fn add_usage(&self, usage: Usage) {
        self.memory_bytes.store(usage.memory_bytes, Ordering::Relaxed);
        self.guest_cpu_ns.fetch_add(usage.cpu.as_nanos() as u64, Ordering::Relaxed);
        self.dropped_log_lines.fetch_add(usage.dropped_log_lines, Ordering::Relaxed);
        // Hardly any call reaches a limit, so hardly any takes the lock.
        if !usage.limits_hit.is_empty() {
            let mut hit = self.limits_hit.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            usage.limits_hit.into_iter().for_each(|(limit, calls)| *hit.entry(limit).or_default() += calls);
        }
        if !usage.metrics.is_empty() {
            self.plugin.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(usage.metrics);
        }
    }

    /// What the plugin has counted and measured in this task.
    pub(crate) fn plugin_metrics(&self) -> PluginMetrics {
        self.plugin.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Adds how many calls reached each limit to those of other tasks.
    pub(crate) fn add_limits_hit_to(&self, sum: &mut BTreeMap<&'static str, u64>) {
        let hit = self.limits_hit.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        hit.iter().for_each(|(limit, calls)| *sum.entry(limit).or_default() += calls);
    }

    /// Adds this task's latencies to a histogram over several tasks.
    fn add_latency_to(&self, sum: &mut Histogram<u64>) {
        let histogram = self.latency_us.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The two have the same bounds, so adding cannot fail.
        let _ = sum.add(&*histogram);
    }
}

/// Reads such a counter.
pub(crate) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Latency percentiles in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Percentiles {
    /// Half of the tuples were at most this old.
    pub p50: u64,
    /// 99 in 100.
    pub p99: u64,
    /// 999 in 1,000.
    pub p999: u64,
}

/// Percentiles over the tasks of a component.
pub(crate) fn percentiles<'a>(tasks: impl Iterator<Item = &'a TaskMeters>) -> Percentiles {
    let mut sum = new_histogram();
    tasks.for_each(|task| task.add_latency_to(&mut sum));
    if sum.is_empty() {
        return Percentiles::default();
    }
    Percentiles {
        p50: sum.value_at_quantile(0.5),
        p99: sum.value_at_quantile(0.99),
        p999: sum.value_at_quantile(0.999),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn percentiles_count_tuples_not_frames() {
        let (fast, slow) = (TaskMeters::default(), TaskMeters::default());
        fast.record_latency(100, 990);
        slow.record_latency(50_000, 10);
        let all = percentiles([&fast, &slow].into_iter());
        assert_eq!((all.p50, all.p99), (100, 100));
        assert!(all.p999 >= 50_000);
    }

    #[test]
    fn what_instances_used_adds_up() {
        let meters = TaskMeters::default();
        for memory_bytes in [100, 70] {
            meters.add_usage(Usage {
                memory_bytes,
                cpu: Duration::from_nanos(5),
                dropped_log_lines: 2,
                limits_hit: [("time-limit", 1)].into(),
                ..Usage::default()
            });
        }
        let counters = [&meters.memory_bytes, &meters.guest_cpu_ns, &meters.dropped_log_lines];
        assert_eq!(counters.map(read), [70, 10, 4], "memory is what the last one has");
        let mut sum = [("time-limit", 3)].into();
        meters.add_limits_hit_to(&mut sum);
        assert_eq!(sum, [("time-limit", 5)].into());
    }

    #[test]
    fn no_tuples_have_no_latency() {
        assert_eq!(percentiles([&TaskMeters::default()].into_iter()), Percentiles::default());
    }
}
