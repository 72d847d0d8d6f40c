//! Running topologies as tables.

use super::view::{ComponentView, TopologyView};
use crate::live_view::rate;
use crate::output::{lines, size, table};
use crate::run_report::{above_zero, align_right, percent, printable, time};

/// A column that is only there where a component has something to tell in it.
type Telling = (&'static str, fn(&ComponentView) -> Option<String>);

const ALWAYS: [&str; 11] =
    ["component", "tasks", "in", "out", "queue", "busy", "back-pr.", "p50", "p99", "memory", "guest cpu"];

const TELLING: [Telling; 9] = [
    ("acked", |it| it.acking.as_ref().map(|acking| acking.acked.to_string())),
    ("failed", |it| it.acking.as_ref().and_then(|acking| above_zero(acking.failed))),
    ("pending", |it| it.acking.as_ref().map(|acking| acking.pending.to_string())),
    ("lost", |it| it.acking.as_ref().and_then(|acking| above_zero(acking.lost))),
    ("faults", |it| above_zero(it.faults)),
    ("restarts", |it| above_zero(it.restarts)),
    ("dead letters", |it| above_zero(it.dead_letters)),
    ("limits hit", |it| {
        let hit = it.limits_hit.iter().map(|(limit, calls)| format!("{limit} {calls}"));
        (!it.limits_hit.is_empty()).then(|| hit.collect::<Vec<_>>().join(", "))
    }),
    ("paused", |it| above_zero(it.paused.into())),
];

/// All of them, one below the other.
pub(crate) fn text(topologies: &[TopologyView]) -> String {
    let texts: Vec<String> = topologies.iter().map(one).collect();
    texts.join("\n")
}

fn one(topology: &TopologyView) -> String {
    let TopologyView { topology: name, status, elapsed_s, pid, .. } = topology;
    let mut text = format!("{name}: {status}, {elapsed_s:.0} s, process {pid}\n");
    let telling: Vec<&Telling> =
        TELLING.iter().filter(|(_, of)| topology.components.values().any(|it| of(it).is_some())).collect();
    let header: Vec<&str> = ALWAYS.into_iter().chain(telling.iter().map(|(title, _)| *title)).collect();
    let mut table = table(&header);
    for (name, component) in &topology.components {
        let mut row = vec![
            name.clone(),
            component.tasks.to_string(),
            rate(component.executed_per_s),
            rate(component.emitted_per_s),
            size(component.queued_bytes),
            percent(component.busy),
            percent(component.back_pressured),
            time(component.latency_us.p50),
            time(component.latency_us.p99),
            size(component.memory_bytes),
            percent(component.guest_cpus),
        ];
        row.extend(telling.iter().map(|(_, of)| of(component).unwrap_or_else(|| "-".to_owned())));
        table.add_row(row);
    }
    align_right(&mut table, 1..header.len());
    text.push_str(&lines(&table, ""));
    for pause in &topology.paused {
        let task = pause.task.map_or_else(String::new, |task| format!("[{task}]"));
        let reason = printable(pause.message.lines().next().unwrap_or_default());
        text.push_str(&format!(
            "{}{task} is paused: {}: {reason}; `petrel resume {name} {}` goes on\n",
            pause.component, pause.kind, pause.component
        ));
    }
    let letters = &topology.dead_letters;
    if letters.lost > 0 {
        text.push_str(&format!("{} dead letters could not be stored\n", letters.lost));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::figures::Pause;
    use super::super::view::tests::sample;
    use super::*;

    #[test]
    fn what_there_is_nothing_to_tell_of_has_no_column() {
        let mut view = TopologyView::between(None, &sample(7, 10.0, 10_000, 0.5));
        assert_eq!(
            text(std::slice::from_ref(&view)),
            "t: running, 10 s, process 7\n\
             COMPONENT  TASKS       IN      OUT  QUEUE  BUSY  BACK-PR.     P50     P99  MEMORY  GUEST CPU\n\
             split          2  1.0 k/s  2.0 k/s   12 B  50 %      10 %  100 µs  2.0 ms  20 MiB       50 %\n"
        );
        let component = view.components.get_mut("split").unwrap();
        (component.faults, component.paused) = (3, 1);
        component.limits_hit.insert("time-limit".into(), 2);
        let message = "it\u{1b}[2J fails\nand more".into();
        view.paused.push(Pause { component: "split".into(), task: Some(1), call: None, kind: "trap".into(), message });
        view.dead_letters.lost = 4;
        let text = text(&[view]);
        for part in [
            "FAULTS    LIMITS HIT  PAUSED\n",
            "3  time-limit 2       1\n",
            "split[1] is paused: trap: it\u{fffd}[2J fails; `petrel resume t split` goes on\n",
            "4 dead letters could not be stored\n",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }
}
