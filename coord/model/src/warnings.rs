//! What a topology may do, and its author may not want.

use crate::assignment::{Assignment, Component, Grouping, Guarantee, Input};
use crate::problem::{Problem, list};
use crate::topology::{InputSpec, Place, Topology};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Everything in a topology that can run and is likely to be a mistake. `assignment` is what the topology was resolved to.
///
/// A bolt that keeps state by key has it in the task that a tuple reaches. Where tuples of one key reach several tasks, each
/// of them has a state of its own for that key, and a count is spread over them. And who says how tuples are tracked wants them
/// tracked, unless a flag has turned that off.
pub fn warnings(topology: &Topology, assignment: &Assignment) -> Vec<Problem> {
    let mut warnings: Vec<Problem> = idle_acking(topology, assignment).into_iter().collect();
    for component in &assignment.components {
        let Some(spec) = topology.component(component.name.as_str()) else { continue };
        if component.parallelism == 1 || component.state_key.is_empty() || component.tables.is_empty() {
            continue;
        }
        for (written, input) in spec.inputs.iter().zip(&component.inputs) {
            warnings.extend(spread(component, input).map(|how| split_state(component, written, &how)));
        }
    }
    warnings
}

/// `acking` of a topology that tracks nothing.
fn idle_acking(topology: &Topology, assignment: &Assignment) -> Option<Problem> {
    let place = &topology.acking().place;
    let is_written = *place != Place::Nowhere;
    // A flag is tried out, and the file says what is meant.
    let is_meant = topology.guarantee().1.is_some();
    (is_written && is_meant && assignment.guarantee == Guarantee::BestEffort).then(|| {
        let message = "`acking` has no effect, because guarantee = \"best-effort\" tracks no tuples";
        Problem::at(place, message).help("write `guarantee = \"at-least-once\"`, or take `acking` out")
    })
}

/// How an input brings tuples of one key to several tasks; none if it does not, or if that is for a plugin to decide.
fn spread(component: &Component, input: &Input) -> Option<String> {
    match &input.grouping {
        Grouping::Shuffle | Grouping::LocalOrShuffle | Grouping::None => {
            Some(format!("`{}` brings tuples of one key to any of them", input.grouping.name()))
        }
        Grouping::All => Some(String::from("`all` brings every tuple to each of them")),
        // Two tasks for a key is what partial-key is for; whoever sums up behind it knows.
        Grouping::PartialKey(_) if input.key.iter().all(|field| component.state_key.contains(field)) => None,
        Grouping::PartialKey(_) => {
            Some(format!("`partial-key` by {} brings tuples of one key to any of them", list(&input.key)))
        }
        // All of a key is in task 0, unless another input brings it elsewhere.
        Grouping::Global if component.inputs.iter().all(|input| input.grouping == Grouping::Global) => None,
        Grouping::Global => Some(String::from("`global` brings all tuples to task 0, whoever has their key")),
        // Keys other than the state's are an error.
        Grouping::Fields(_) | Grouping::Direct | Grouping::Custom { .. } => None,
    }
}

fn split_state(component: &Component, written: &InputSpec, how: &str) -> Problem {
    let key = component.state_key.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let message = format!(
        "component `{}` keeps its state by {} in {} tasks, and {how}: each task has its own state for a key, and a count \
         is split among them",
        component.name,
        list(&component.state_key),
        component.parallelism
    );
    Problem::at(&written.grouping.place, message)
        .help(format!("write `grouping = \"fields\", fields = [{key}]`, or set `parallelism = 1`"))
}
