//! Keyed state against the groupings that feed it.
//!
//! A tuple of a fields grouping goes to the task that owns its key group; what a bolt keeps under that key lives there
//! and moves with the group. So the inputs of a bolt that keeps state must mean the same by a key.

use super::Configured;
use super::edge::Edge;
use crate::keys::KEY_GROUPS;
use crate::plugin::Description;
use crate::problem::{Problem, list};
use crate::topology::{ComponentSpec, GroupingSpec};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Reports groupings that do not go with the state of a component.
pub(crate) fn check(
    spec: &ComponentSpec,
    configured: &Configured<'_>,
    description: &Description,
    edges: &[Edge<'_>],
    problems: &mut Vec<Problem>,
) {
    if description.tables.is_empty() {
        return;
    }
    let keyed: Vec<&Edge<'_>> =
        edges.iter().filter(|edge| matches!(edge.spec.grouping.value, GroupingSpec::Fields(_))).collect();
    let Some(first) = keyed.first() else { return };
    for edge in &keyed[1..] {
        if key_types(first) != key_types(edge) {
            let message = format!(
                "the inputs of {} share state, and their keys differ in type: ({}) of `{}` and ({}) of `{}`",
                configured.owner,
                key_types(first).join(", "),
                first.stream_name(),
                key_types(edge).join(", "),
                edge.stream_name()
            );
            problems.push(
                Problem::at(&edge.spec.grouping.place, message)
                    .note(&first.spec.grouping.place, "the other key is here")
                    .help("group all of them by fields of the same types in the same order"),
            );
        }
    }
    if description.state_key.is_empty() {
        return;
    }
    for edge in &keyed {
        for field in edge.spec.grouping.key().iter().filter(|field| !description.state_key.contains(&field.value)) {
            let message = format!(
                "{} keeps its state by {}, and tuples are spread by `{}`: one key would have state in several tasks",
                configured.owner,
                list(&description.state_key),
                **field
            );
            let key = description.state_key.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            problems
                .push(Problem::at(&field.place, message).help(format!("group by the state's key: `fields = [{key}]`")));
        }
    }
    // Where types differ, that was said; the names decide which values are hashed, and in which order.
    for edge in keyed[1..].iter().filter(|edge| key_types(first) == key_types(edge)) {
        if key_names(first) != key_names(edge) {
            let message = format!(
                "the inputs of {} share state by key, and `{}` is spread by {} but `{}` by {}: one key would have state \
                 in several tasks",
                configured.owner,
                first.stream_name(),
                list(&key_names(first)),
                edge.stream_name(),
                list(&key_names(edge))
            );
            problems.push(
                Problem::at(&edge.spec.grouping.place, message)
                    .note(&first.spec.grouping.place, "the other key is here")
                    .help("group all of them by the same fields in the same order"),
            );
        }
    }
    if spec.parallelism.value > KEY_GROUPS {
        let message = format!(
            "{} keeps state by key and has {} tasks, and the {KEY_GROUPS} key groups are spread over at most as many",
            configured.owner, spec.parallelism.value
        );
        problems.push(
            Problem::at(&spec.parallelism.place, message).help(format!("set `parallelism` to at most {KEY_GROUPS}")),
        );
    }
}

fn key_types(edge: &Edge<'_>) -> Vec<String> {
    edge.key.iter().map(|column| edge.schema.fields[*column].scalar.name().into()).collect()
}

fn key_names<'a>(edge: &'a Edge<'_>) -> Vec<&'a str> {
    edge.spec.grouping.key().iter().map(|field| field.value.as_str()).collect()
}
