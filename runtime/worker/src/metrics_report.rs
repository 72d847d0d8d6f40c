//! What the plugins of a component have counted and measured, over its tasks.

use petrel_sandbox::PluginMetrics;
use serde::Serialize;
use std::collections::BTreeMap;

/// Names that a component's report has, counters and gauges each: as many as one task may have.
const MAX_NAMES: usize = 1000;

/// Metrics of a component's plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MetricsReport {
    /// Counters by name, summed over the tasks.
    pub counters: BTreeMap<String, i64>,
    /// Gauges by name: what each task set last, by its number; none for a task that set nothing.
    pub gauges: BTreeMap<String, Vec<Option<f64>>>,
}

impl MetricsReport {
    /// Of these tasks, in order.
    pub(crate) fn of(tasks: impl ExactSizeIterator<Item = PluginMetrics>) -> MetricsReport {
        let mut report = MetricsReport::default();
        let count = tasks.len();
        for (task, metrics) in tasks.enumerate() {
            for (name, counted) in metrics.counters {
                if report.counters.len() < MAX_NAMES || report.counters.contains_key(&name) {
                    let sum = report.counters.entry(name).or_default();
                    *sum = sum.saturating_add(counted);
                }
            }
            for (name, value) in metrics.gauges {
                if report.gauges.len() < MAX_NAMES || report.gauges.contains_key(&name) {
                    report.gauges.entry(name).or_insert_with(|| vec![None; count])[task] = Some(value);
                }
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_add_up_and_gauges_are_told_for_each_task() {
        let task = |words: i64, level: Option<f64>| {
            let mut metrics = PluginMetrics::default();
            metrics.add("words".into(), words);
            level.into_iter().for_each(|level| metrics.set("level".into(), level));
            metrics
        };
        let report = MetricsReport::of([task(1, Some(0.5)), task(i64::MAX, None), task(1, Some(2.0))].into_iter());
        assert_eq!(report.counters, [("words".to_owned(), i64::MAX)].into());
        assert_eq!(report.gauges, [("level".to_owned(), vec![Some(0.5), None, Some(2.0)])].into());
    }

    #[test]
    fn names_are_bounded() {
        let task = |start: usize| {
            let mut metrics = PluginMetrics::default();
            (start..start + MAX_NAMES).for_each(|name| metrics.add(name.to_string(), 1));
            metrics
        };
        let report = MetricsReport::of([task(0), task(MAX_NAMES / 2)].into_iter());
        assert_eq!(report.counters.len(), MAX_NAMES);
        assert_eq!(report.counters.values().sum::<i64>(), (MAX_NAMES + MAX_NAMES / 2) as i64);
    }
}
