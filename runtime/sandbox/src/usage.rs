//! What an instance has used.

use crate::plugin_metrics::PluginMetrics;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an instance has used since it was last asked, but for what it has now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// What its memories and tables take together now, in bytes.
    pub memory_bytes: u64,
    /// Running: in the guest, and in functions of the host that return at once.
    pub cpu: Duration,
    /// Waiting: for files and sockets, pipes and standard input, and asleep.
    pub io: Duration,
    /// Lines that it logged or printed and nobody will see, because there were too many.
    pub dropped_log_lines: u64,
    /// How many calls reached a limit, by its name in reports. A limit is reached also where the guest lived on: when it
    /// did without the memory, or when lines were dropped.
    pub limits_hit: BTreeMap<&'static str, u64>,
    /// What the plugin has counted and measured.
    pub metrics: PluginMetrics,
}

impl Usage {
    pub(crate) fn hit(&mut self, limit: &'static str) {
        *self.limits_hit.entry(limit).or_default() += 1;
    }
}

/// The name of the limit that log lines have, which no call fails by.
pub(crate) const LOG_LIMIT: &str = "log-limit";
