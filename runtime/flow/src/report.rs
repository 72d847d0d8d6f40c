//! What a task tells about itself.

use alloc::vec::Vec;

/// Counters and gauges of one task. Counters only grow, from the start of the task: a rate is a difference of two reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskReport {
    /// Calls of the guest that were asked for, of every kind.
    pub calls: u64,
    /// Rows that calls of `process` took and that are done with, rejected ones excluded.
    pub executed_rows: u64,
    /// Rows emitted to each output stream, by its number, whether anybody reads them or not.
    pub emitted_rows: Vec<u64>,
    /// Rows that were rejected.
    pub rejected_rows: u64,
    /// Rows and timers at which the guest fails.
    pub condemned_rows: u64,
    /// Rows that were put back for a later try, each time counted.
    pub retried_rows: u64,
    /// A spout's rows that are through, with everything that came of them.
    pub acked_rows: u64,
    /// A spout's rows that failed, or timed out, each time counted.
    pub failed_rows: u64,
    /// Those of them that timed out.
    pub timed_out_rows: u64,
    /// Failed rows that were not emitted again.
    pub lost_rows: u64,
    /// Gauge: a spout's rows that are not through.
    pub pending_rows: u64,
    /// Calls that trapped or returned an error.
    pub failed_calls: u64,
    /// Fresh instances that took over.
    pub restarts: u64,
    /// Messages of another generation, or on a channel that is not this task's, that were dropped.
    pub stale_messages: u64,
    /// Messages that were dropped because they had come before.
    pub repeated_messages: u64,
    /// Messages that never came: gaps in the sequence of a channel.
    pub missing_messages: u64,
    /// Gauge: bytes of frames that wait to be processed, those waiting for another try included.
    pub queue_bytes: u64,
    /// Gauge: bytes of frames that were sent and are not credited yet.
    pub outstanding_bytes: u64,
    /// Gauge: bytes of frames that wait for credit, for company or for a choice, and are not sent yet.
    pub unsent_bytes: u64,
    /// Gauge: a call of the guest is under way.
    pub calling: bool,
    /// Gauge: the guest is not called because consumers have to catch up first.
    pub credit_blocked: bool,
    /// Gauge: the guest is not called because it failed too often.
    pub paused: bool,
    /// Gauge: the minimum over the input channels (spout: what it last said), in µs; `i64::MIN` when there is none.
    pub watermark: i64,
    /// The task has finished.
    pub finished: bool,
}
