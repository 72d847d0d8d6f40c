//! Two looks at a topology, and what happened between them.

use super::figures::{Acking, ComponentFigures, Latency, LetterCounts, Pause, Sample};
use serde::Serialize;
use std::collections::BTreeMap;

/// The document of `petrel top -o json`.
#[derive(Serialize)]
pub(crate) struct TopDocument<'a> {
    /// By name.
    pub(crate) topologies: &'a [TopologyView],
}

/// A running topology.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TopologyView {
    pub(crate) topology: String,
    pub(crate) pid: u32,
    pub(crate) status: String,
    /// Since it was started.
    pub(crate) elapsed_s: f64,
    /// The time that rates and shares are of.
    pub(crate) interval_s: f64,
    pub(crate) dead_letters: LetterCounts,
    pub(crate) paused: Vec<Pause>,
    pub(crate) components: BTreeMap<String, ComponentView>,
}

/// A component of it. Rates and shares are of the interval, everything else since the start.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ComponentView {
    pub(crate) tasks: u32,
    pub(crate) executed_per_s: f64,
    pub(crate) emitted_per_s: f64,
    pub(crate) executed: u64,
    pub(crate) emitted: u64,
    pub(crate) rejected: u64,
    pub(crate) queued_bytes: u64,
    pub(crate) busy: f64,
    pub(crate) back_pressured: f64,
    /// How many processors its plugin kept busy.
    pub(crate) guest_cpus: f64,
    pub(crate) guest_cpu_s: f64,
    pub(crate) memory_bytes: u64,
    pub(crate) latency_us: Latency,
    pub(crate) faults: u64,
    pub(crate) restarts: u64,
    pub(crate) dead_letters: u64,
    pub(crate) paused: u32,
    pub(crate) limits_hit: BTreeMap<String, u64>,
    pub(crate) acking: Option<Acking>,
}

/// Less time than this has no rates.
const INTERVAL_LEAST_S: f64 = 1e-3;

impl TopologyView {
    /// What happened between two looks. Without an earlier one, or with that of an earlier run: since the start.
    pub(crate) fn between(earlier: Option<&Sample>, now: &Sample) -> TopologyView {
        let (pid, now) = (now.pid, &now.figures);
        let earlier = earlier.filter(|it| it.pid == pid && it.figures.elapsed_s <= now.elapsed_s).map(|it| &it.figures);
        let before_s = earlier.map_or(0.0, |it| it.elapsed_s);
        let interval_s = (now.elapsed_s - before_s).max(INTERVAL_LEAST_S);
        let view = |(name, component): (&String, &ComponentFigures)| {
            let before = earlier.and_then(|it| it.components.get(name));
            let rate = |of: fn(&ComponentFigures) -> u64| {
                of(component).saturating_sub(before.map_or(0, of)) as f64 / interval_s
            };
            // Shares are of the whole time: what they were of is the difference of the times they amount to.
            let share = |of: fn(&ComponentFigures) -> f64| {
                let spent_s = of(component) * now.elapsed_s - before.map_or(0.0, of) * before_s;
                (spent_s / interval_s).clamp(0.0, 1.0)
            };
            let cpu_s = component.guest_cpu_s - before.map_or(0.0, |it| it.guest_cpu_s);
            let busy = share(|it| it.busy);
            let view = ComponentView {
                tasks: component.tasks,
                executed_per_s: rate(|it| it.executed),
                emitted_per_s: rate(|it| it.emitted),
                executed: component.executed,
                emitted: component.emitted,
                rejected: component.rejected,
                queued_bytes: component.queued_bytes,
                busy,
                back_pressured: share(|it| it.back_pressured).min(1.0 - busy),
                guest_cpus: (cpu_s / interval_s).max(0.0),
                guest_cpu_s: component.guest_cpu_s,
                memory_bytes: component.memory_bytes,
                latency_us: component.latency_us.clone(),
                faults: component.faults,
                restarts: component.restarts,
                dead_letters: component.dead_letters,
                paused: component.paused,
                limits_hit: component.limits_hit.clone(),
                acking: component.acking.clone(),
            };
            (name.clone(), view)
        };
        TopologyView {
            topology: now.topology.clone(),
            pid,
            status: now.status.clone(),
            elapsed_s: now.elapsed_s,
            interval_s,
            dead_letters: now.dead_letters.clone(),
            paused: now.paused.clone(),
            components: now.components.iter().map(view).collect(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A topology that has run so long, with one component that has done so much.
    pub(crate) fn sample(pid: u32, elapsed_s: f64, executed: u64, busy: f64) -> Sample {
        let figures = serde_json::json!({
            "topology": "t", "status": "running", "elapsed_s": elapsed_s, "failure": null, "paused": [],
            "dead_letters": { "stored": 0, "lost": 0, "dropped": 0 },
            "components": { "split": {
                "tasks": 2, "emitted": 2 * executed, "executed": executed, "rejected": 0, "dead_letters": 0,
                "faults": 0, "restarts": 0, "paused": 0, "acking": null, "calls": 1,
                "latency_us": { "p50": 100, "p99": 2_000, "p999": 3_000 },
                "busy": busy, "back_pressured": 0.1, "idle": 0.9 - busy, "queued_bytes": 12, "memory_bytes": 20 << 20,
                "guest_cpu_s": busy * elapsed_s, "limits_hit": {}, "from_the_future": 1,
            } },
        });
        Sample { pid, figures: serde_json::from_value(figures).unwrap() }
    }

    #[test]
    fn rates_and_shares_are_of_the_time_between_two_looks() {
        // Ten seconds at 20 %, then two at 80 %.
        let (earlier, now) = (sample(1, 10.0, 100, 0.2), sample(1, 12.0, 500, (2.0 + 1.6) / 12.0));
        let view = &TopologyView::between(Some(&earlier), &now).components["split"];
        assert_eq!((view.executed_per_s, view.emitted_per_s, view.executed), (200.0, 400.0, 500));
        assert!((view.busy - 0.8).abs() < 1e-9 && (view.guest_cpus - 0.8).abs() < 1e-9, "{view:?}");
        assert!((view.back_pressured - 0.1).abs() < 1e-9, "{view:?}");
    }

    #[test]
    fn a_topology_that_is_over_does_nothing_any_more() {
        let over = sample(1, 10.0, 100, 0.2);
        let view = &TopologyView::between(Some(&over), &over).components["split"];
        assert_eq!((view.executed_per_s, view.busy, view.guest_cpus, view.executed), (0.0, 0.0, 0.0, 100));
    }

    #[test]
    fn a_topology_that_was_started_anew_has_no_earlier_look() {
        let now = sample(2, 5.0, 50, 0.5);
        for earlier in [None, Some(sample(1, 1.0, 1_000, 0.1)), Some(sample(2, 9.0, 1_000, 0.1))] {
            let view = TopologyView::between(earlier.as_ref(), &now);
            assert_eq!((view.interval_s, view.components["split"].executed_per_s), (5.0, 10.0));
        }
    }
}
