//! One `[component.NAME]`.

use super::PARALLELISM_MAX;
use super::grants;
use super::input::{self, InputSpec};
use super::limits::{self, DAY_MS};
use super::name;
use super::place::{Located, Place};
use super::table::Table;
use super::tree::{Entry, Node, Value};
use crate::assignment::Grants;
use crate::id::{ComponentName, StreamName};
use crate::limits::Limits;
use crate::problem::Problem;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A component as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentSpec {
    /// Unique within the topology.
    pub name: Located<ComponentName>,
    /// The plugin: a standard one (`lines`), one of the registry (`name@1.2`), or a file (`./x.wasm`).
    pub plugin: Located<String>,
    /// The number of tasks, at least 1.
    pub parallelism: Located<u32>,
    /// The configuration that was set, in the order in which it was written.
    pub config: Vec<Setting>,
    /// What it reads, by number. Empty for a spout.
    pub inputs: Vec<InputSpec>,
    /// The stream that takes its dead letters instead of the run's store.
    pub on_reject: Option<Located<StreamName>>,
    /// What it may touch; without the paths that its configuration grants.
    pub grants: Located<Grants>,
    /// What its instances may use.
    pub limits: Limits,
    /// Ticks every so many milliseconds; none when 0.
    pub tick_ms: u64,
}

/// A configuration key and the value that it was set to.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key.
    pub key: Located<String>,
    pub(crate) value: Node,
    /// The text as it was typed, if it was set by a flag: what it means depends on the type of the key.
    pub(crate) typed: Option<String>,
}

impl Setting {
    /// Where the value was written.
    pub fn place(&self) -> &Place {
        &self.value.place
    }
}

/// Reads a component. Everything that is missing or wrong is reported and replaced by something, so that what can be
/// said about the rest is said too.
pub(crate) fn read(entry: Entry, topology: &mut Table<'_>) -> ComponentSpec {
    let Entry { key, node } = entry;
    if let Some(problem) = name::check(&key, "component") {
        topology.problem(problem);
    }
    let entries = topology.as_table(format_args!("`component.{}`", key.value), node).map(|table| table.value);
    let is_table = entries.is_some();
    let owner = format!("component `{}`", key.value);
    let mut table = Table::new(owner, key.place.clone(), entries.unwrap_or_default(), topology.problems());
    let plugin = match is_table {
        true => table.required("plugin", "say what it runs: `plugin = \"lines\"`, or a file: `plugin = \"./x.wasm\"`"),
        false => None,
    };
    let plugin = plugin.and_then(|node| table.as_text("`plugin`", node)).unwrap_or_default();
    if plugin.is_empty() && plugin.place != Place::Nowhere {
        table.problem(
            Problem::at(&plugin.place, "`plugin` is empty")
                .help("name a standard plugin, one of the registry, or a file"),
        );
    }
    let parallelism = table
        .integer("parallelism", 1, PARALLELISM_MAX.into(), "it is the number of tasks; leave it out for one")
        .map_or(Located::new(1, Place::Nowhere), |parallelism| parallelism.map(|tasks| tasks as u32));
    let config = read_config(&mut table);
    let inputs = read_inputs(&mut table, &key.value);
    let on_reject = read_on_reject(&mut table);
    let grants = grants::read(&mut table, &key.value);
    let limits = limits::read(&mut table, &key.value);
    let tick_ms = table.integer("tick_ms", 0, DAY_MS, "it is in milliseconds; leave it out for no ticks");
    table.finish();
    ComponentSpec {
        name: key.map(ComponentName::from),
        plugin,
        parallelism,
        config,
        inputs,
        on_reject,
        grants,
        limits,
        tick_ms: tick_ms.map_or(0, |tick_ms| tick_ms.value),
    }
}

/// The settings of a `config` table, of a component or of a grouping.
pub(crate) fn read_config(table: &mut Table<'_>) -> Vec<Setting> {
    let entries = table.table("config").map(|entries| entries.value).unwrap_or_default();
    entries.into_iter().map(|entry| Setting { key: entry.key, value: entry.node, typed: None }).collect()
}

fn read_inputs(table: &mut Table<'_>, component: &str) -> Vec<InputSpec> {
    let items = table.list("inputs").map(|items| items.value).unwrap_or_default();
    let mut inputs = Vec::with_capacity(items.len());
    for item in items {
        let place = item.place.clone();
        match item.value {
            Value::Table(entries) => inputs.extend(input::read(component, entries, place, table.problems())),
            other => table.problem(
                Problem::at(
                    &place,
                    format!("an input of component `{component}` must be a table, and is {}", other.type_name()),
                )
                .help(match other {
                    Value::Text(from) => format!("write {{ from = \"{from}\", grouping = \"shuffle\" }}"),
                    _ => "write { from = \"COMPONENT\", grouping = \"shuffle\" }".to_string(),
                }),
            ),
        }
    }
    inputs
}

fn read_on_reject(table: &mut Table<'_>) -> Option<Located<StreamName>> {
    let node = table.node("on_reject")?;
    let stream = table.as_text("`on_reject`", node)?;
    if let Some(problem) = name::check(&stream, "stream") {
        table.problem(problem);
        return None;
    }
    if stream.value == "default" {
        // Whoever reads from a component without naming a stream means what it emits itself.
        let message =
            "the stream `default` is taken by what a component emits itself, so its dead letters cannot go there";
        table.problem(
            Problem::at(&stream.place, message).help("give their stream another name: `on_reject = \"rejected\"`"),
        );
        return None;
    }
    Some(stream.map(StreamName::from))
}
