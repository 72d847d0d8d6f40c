//! What plugins count and measure, bounded: a name that depends on the input must not fill the host's memory.

use std::collections::BTreeMap;

/// Names of metrics there may be, each at most so long.
const MAX_METRICS: usize = 1000;
const MAX_METRIC_NAME_BYTES: usize = 256;

/// What a plugin has counted and measured. At most a thousand names, each of at most 256 bytes; others are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginMetrics {
    /// Counters by name.
    pub counters: BTreeMap<String, i64>,
    /// Gauges by name: what was set last.
    pub gauges: BTreeMap<String, f64>,
}

impl PluginMetrics {
    /// Adds to a counter.
    pub fn add(&mut self, name: String, delta: i64) {
        if let Some(counter) = self.counters.get_mut(&name) {
            *counter = counter.saturating_add(delta);
        } else if self.has_room(&name) {
            self.counters.insert(name, delta);
        }
    }

    /// Sets a gauge.
    pub fn set(&mut self, name: String, value: f64) {
        if let Some(gauge) = self.gauges.get_mut(&name) {
            *gauge = value;
        } else if self.has_room(&name) {
            self.gauges.insert(name, value);
        }
    }

    /// Adds what was counted and measured after this.
    pub fn extend(&mut self, later: PluginMetrics) {
        later.counters.into_iter().for_each(|(name, delta)| self.add(name, delta));
        later.gauges.into_iter().for_each(|(name, value)| self.set(name, value));
    }

    /// Whether nothing was counted or measured.
    pub fn is_empty(&self) -> bool {
        self.counters.is_empty() && self.gauges.is_empty()
    }

    fn has_room(&self, name: &str) -> bool {
        self.counters.len() + self.gauges.len() < MAX_METRICS && name.len() <= MAX_METRIC_NAME_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_bounded() {
        let mut metrics = PluginMetrics::default();
        metrics.add("rows".into(), 2);
        metrics.add("rows".into(), i64::MAX);
        metrics.set("x".repeat(MAX_METRIC_NAME_BYTES + 1), 1.0);
        assert_eq!(metrics.counters["rows"], i64::MAX);
        assert!(metrics.gauges.is_empty());
        for i in 0..2 * MAX_METRICS {
            metrics.set(i.to_string(), i as f64);
        }
        assert_eq!(metrics.counters.len() + metrics.gauges.len(), MAX_METRICS);
        metrics.set("7".into(), 0.5);
        assert_eq!(metrics.gauges["7"], 0.5, "a known name still works");
    }

    #[test]
    fn what_comes_later_is_added_within_the_same_bounds() {
        let mut metrics = PluginMetrics::default();
        assert!(metrics.is_empty());
        for round in 0..3 {
            let mut later = PluginMetrics::default();
            later.add("rows".into(), 2);
            later.set("level".into(), f64::from(round));
            for i in 0..MAX_METRICS {
                later.add(format!("{round} {i}"), 1);
            }
            metrics.extend(later);
        }
        assert_eq!((metrics.counters["rows"], metrics.gauges["level"]), (6, 2.0));
        assert_eq!(metrics.counters.len() + metrics.gauges.len(), MAX_METRICS);
    }
}
