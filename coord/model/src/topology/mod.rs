//! A topology as it was written: checked in itself, not yet against its plugins.
//!
//! [`parse`] reads the text into a small tree of values that remembers where each was written ([`Located`]), then the
//! tree into a [`Topology`]. What a `Topology` holds is well-formed: its names are names, its numbers are within
//! bounds, every input names a component that exists, and the graph has no circles. Whether plugins, streams, fields
//! and configuration exist is for [`resolve`](crate::resolve()) to say.

mod acking;
mod component;
mod dead_letters;
mod grants;
mod graph;
mod input;
mod limits;
mod name;
mod order;
mod overrides;
mod place;
mod record;
mod table;
mod toml;
mod tree;

pub use self::component::{ComponentSpec, Setting};
pub(crate) use self::grants::written as written_grants;
pub use self::graph::{Graph, GraphEdge, GraphNode};
pub use self::input::{GroupingSpec, InputSpec, Rename, Source};
pub use self::name::{NAME_BYTES_MAX, is_name};
pub use self::overrides::Overrides;
pub use self::place::{Located, Place};
pub(crate) use self::tree::Value;

use self::table::Table;
use self::tree::Entry;
use crate::assignment::{Acking, DeadLetterLimits, Guarantee};
use crate::id::{ComponentName, TopologyName};
use crate::problem::{Problem, did_you_mean, in_text_order, list};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The most components of a topology.
pub const COMPONENTS_MAX: usize = 1_000;

/// The most tasks of a component.
pub const PARALLELISM_MAX: u32 = 10_000;

/// A topology as it was written, well-formed in itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Topology {
    name: Located<TopologyName>,
    guarantee: Located<Guarantee>,
    acking: Located<Acking>,
    dead_letters: DeadLetterLimits,
    components: Vec<ComponentSpec>,
    order: Vec<usize>,
}

/// Reads a topology from TOML.
///
/// # Errors
///
/// Everything that is wrong with it, in the order of the text. If the text is not TOML, only that.
pub fn parse(text: &str) -> Result<Topology, Vec<Problem>> {
    toml::document(text).and_then(read).map_err(in_text_order)
}

impl Topology {
    /// Its name, which is also that of its runs.
    pub fn name(&self) -> &Located<TopologyName> {
        &self.name
    }

    /// What is promised about each tuple, and where the text says so; a flag may have said it instead.
    pub fn guarantee(&self) -> (Guarantee, Option<Range<usize>>) {
        (self.guarantee.value, self.guarantee.span())
    }

    /// How tuples are tracked, where the guarantee asks for it.
    pub fn acking(&self) -> &Located<Acking> {
        &self.acking
    }

    /// What the run's store of dead letters may take.
    pub fn dead_letters(&self) -> DeadLetterLimits {
        self.dead_letters
    }

    /// The components in the order in which they were written.
    pub fn components(&self) -> &[ComponentSpec] {
        &self.components
    }

    /// The component of that name.
    pub fn component(&self, name: &str) -> Option<&ComponentSpec> {
        self.components.iter().find(|component| component.name.as_str() == name)
    }

    /// Whether it has a component of that name.
    pub fn has_component(&self, name: &str) -> bool {
        self.component(name).is_some()
    }

    /// The components with producers before their consumers.
    pub fn producers_first(&self) -> impl Iterator<Item = &ComponentSpec> {
        self.order.iter().map(|at| &self.components[*at])
    }
}

fn read(entries: Vec<Entry>) -> Result<Topology, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut table = Table::new("the topology", Place::Nowhere, entries, &mut problems);
    let name = table
        .required("name", "put `name = \"my-topology\"` at the top of the file")
        .and_then(|node| table.as_text("`name`", node));
    if let Some(problem) = name.as_ref().and_then(|name| name::check(name, "topology")) {
        table.problem(problem);
    }
    let guarantee = read_guarantee(&mut table);
    let acking = acking::read(&mut table);
    let dead_letters = dead_letters::read(&mut table);
    let components = read_components(&mut table);
    table.finish();
    check_sources(&components, &mut problems);
    dead_letters::check_readers(&components, &mut problems);
    let order = match order::producers_first(&producers(&components)) {
        Ok(order) => order,
        Err(circle) => {
            problems.push(circle_problem(&components, &circle));
            Vec::new()
        }
    };
    match (name, guarantee) {
        (Some(name), Some(guarantee)) if problems.is_empty() => {
            Ok(Topology { name: name.map(TopologyName::from), guarantee, acking, dead_letters, components, order })
        }
        _ => Err(problems),
    }
}

fn read_guarantee(table: &mut Table<'_>) -> Option<Located<Guarantee>> {
    let help =
        "put `guarantee = \"best-effort\"` below the name: what is promised about each tuple is never left unsaid";
    let node = table.required("guarantee", help)?;
    let text = table.as_text("`guarantee`", node)?;
    let guarantee = Guarantee::from_name(&text);
    if guarantee.is_none() {
        table.problem(Problem::at(&text.place, format!("`{}` is not a guarantee", text.value)).help(did_you_mean(
            &text,
            Guarantee::OFFERED.map(Guarantee::name),
            "",
        )));
    }
    guarantee.map(|guarantee| Located::new(guarantee, text.place))
}

fn read_components(table: &mut Table<'_>) -> Vec<ComponentSpec> {
    let given = table.has("component");
    let written = table.table("component");
    let is_wrong = given && written.is_none();
    let Located { value: entries, place } = written.unwrap_or_default();
    if entries.is_empty() && !is_wrong {
        table.problem(
            Problem::at(&place, "the topology has no components, so there is nothing to run")
                .help("add a spout: `[component.lines]` with `plugin = \"lines\"` below it"),
        );
    }
    if entries.len() > COMPONENTS_MAX {
        let message = format!("the topology has {} components, and may have at most {COMPONENTS_MAX}", entries.len());
        table.problem(Problem::at(&place, message).help("split it into several topologies"));
    }
    entries.into_iter().map(|entry| component::read(entry, table)).collect()
}

/// Whether every input reads from a component that exists.
fn check_sources(components: &[ComponentSpec], problems: &mut Vec<Problem>) {
    for component in components {
        for input in &component.inputs {
            let from = input.from.component.as_str();
            if components.iter().any(|component| component.name.as_str() == from) {
                continue;
            }
            let others =
                components.iter().map(|other| other.name.as_str()).filter(|other| *other != component.name.as_str());
            problems.push(
                Problem::at(
                    &input.from.place,
                    format!(
                        "component `{}` reads from `{from}`, which is not a component of this topology",
                        *component.name
                    ),
                )
                .help(did_you_mean(from, others, "add the component that it is to read from")),
            );
        }
    }
}

/// For each component the positions of those it reads from.
fn producers(components: &[ComponentSpec]) -> Vec<Vec<usize>> {
    let position = |name: &ComponentName| components.iter().position(|component| component.name.value == *name);
    components
        .iter()
        .map(|component| component.inputs.iter().filter_map(|input| position(&input.from.component)).collect())
        .collect()
}

fn circle_problem(components: &[ComponentSpec], circle: &[usize]) -> Problem {
    let reader = &components[circle[0]];
    let producer = &components[circle[1 % circle.len()]].name;
    let place = reader
        .inputs
        .iter()
        .find(|input| input.from.component == producer.value)
        .map_or(Place::Nowhere, |input| input.from.place.clone());
    let names: Vec<String> = circle.iter().map(|at| String::from(components[*at].name.as_str())).collect();
    let message = match names.as_slice() {
        [only] => format!("component `{only}` reads from itself, and a topology may have no circles"),
        _ => format!("the components {} read from each other in a circle, and a topology may have none", list(&names)),
    };
    Problem::at(&place, message).help("remove one of the inputs that close the circle")
}
