//! Counters and gauges of a plugin, reported per task beside the host's own.

use super::imports;

/// Adds to a counter.
pub fn add(name: &str, delta: i64) {
    imports::metric_add(name, delta);
}

/// Sets a gauge.
pub fn set(name: &str, value: f64) {
    imports::metric_set(name, value);
}
