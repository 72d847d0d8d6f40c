//! One of the `inputs` of a component.

use super::component::{Setting, read_config};
use super::place::{Located, Place};
use super::table::Table;
use super::tree::{Entry, Node, Value};
use crate::id::{ComponentName, StreamName};
use crate::problem::{Problem, did_you_mean, report_repeated};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// An input as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// Where the whole input was written.
    pub place: Place,
    /// The stream it reads.
    pub from: Located<Source>,
    /// How tuples are spread over the tasks.
    pub grouping: Located<GroupingSpec>,
    /// Fields that get another name on their way in.
    pub rename: Vec<Rename>,
}

/// A stream of a component: `split`, or `split.words`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The producer.
    pub component: ComponentName,
    /// Which of its streams; without a name its only one, or the one named `default`.
    pub stream: Option<StreamName>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stream {
            Some(stream) => write!(f, "{}.{stream}", self.component),
            None => write!(f, "{}", self.component),
        }
    }
}

/// How tuples are spread over the tasks, with fields by name, as they are called after renaming.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupingSpec {
    /// Evenly, by load.
    Shuffle,
    /// By key: equal keys to the same task.
    Fields(Vec<Located<String>>),
    /// By key to the less loaded of two tasks.
    PartialKey(Vec<Located<String>>),
    /// Every tuple to every task.
    All,
    /// Every tuple to task 0.
    Global,
    /// The producer names the task.
    Direct,
    /// Shuffle among the tasks on the same worker, where there are any.
    LocalOrShuffle,
    /// The system chooses: as shuffle.
    None,
    /// A plugin of the world `grouping` chooses.
    Custom {
        /// The plugin, as a component names its own.
        plugin: Located<String>,
        /// The configuration that was set.
        config: Vec<Setting>,
    },
}

impl GroupingSpec {
    const NAMES: [&'static str; 8] =
        ["shuffle", "fields", "partial-key", "all", "global", "direct", "local-or-shuffle", "none"];

    /// The name in the topology file; `custom` for a plugin's.
    pub fn name(&self) -> &'static str {
        match self {
            GroupingSpec::Shuffle => "shuffle",
            GroupingSpec::Fields(_) => "fields",
            GroupingSpec::PartialKey(_) => "partial-key",
            GroupingSpec::All => "all",
            GroupingSpec::Global => "global",
            GroupingSpec::Direct => "direct",
            GroupingSpec::LocalOrShuffle => "local-or-shuffle",
            GroupingSpec::None => "none",
            GroupingSpec::Custom { .. } => "custom",
        }
    }

    /// The key fields of a fields or partial-key grouping; none for any other.
    pub fn key(&self) -> &[Located<String>] {
        match self {
            GroupingSpec::Fields(key) | GroupingSpec::PartialKey(key) => key,
            _ => &[],
        }
    }
}

/// A field that gets another name on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// What the producer calls it.
    pub theirs: Located<String>,
    /// What the consumer calls it.
    pub ours: Located<String>,
}

/// What is written as `fields`.
enum Fields {
    Absent,
    /// Something that was reported.
    Wrong,
    Given(Located<Vec<Located<String>>>),
}

/// Reads an input; none if what it reads from is not clear.
pub(crate) fn read(
    component: &str,
    entries: Vec<Entry>,
    place: Place,
    problems: &mut Vec<Problem>,
) -> Option<InputSpec> {
    let mut table = Table::new(format!("an input of component `{component}`"), place.clone(), entries, problems);
    let from = table
        .required("from", "say which stream it reads: `from = \"COMPONENT\"` or `from = \"COMPONENT.STREAM\"`")
        .and_then(|node| table.as_text("`from`", node));
    let grouping = table.required("grouping", "say how tuples are spread over its tasks: `grouping = \"shuffle\"`");
    let fields = match table.has("fields") {
        true => table.texts("fields").map_or(Fields::Wrong, Fields::Given),
        false => Fields::Absent,
    };
    let grouping = grouping.and_then(|node| read_grouping(&mut table, node, fields));
    let rename = read_rename(&mut table);
    table.finish();
    Some(InputSpec {
        place,
        from: from?.map(|from| match from.split_once('.') {
            Some((component, stream)) => Source { component: component.into(), stream: Some(stream.into()) },
            None => Source { component: from.into(), stream: None },
        }),
        grouping: grouping.unwrap_or(Located::new(GroupingSpec::Shuffle, Place::Nowhere)),
        rename,
    })
}

fn read_grouping(table: &mut Table<'_>, node: Node, fields: Fields) -> Option<Located<GroupingSpec>> {
    let place = node.place;
    let grouping = match node.value {
        Value::Text(name) => named(table, &name, &place, &fields)?,
        Value::Table(entries) => custom(entries, &place, table.problems())?,
        other => {
            let message = format!("`grouping` must be a name or a table, and is {}", other.type_name());
            table.problem(Problem::at(&place, message).help("write `grouping = \"shuffle\"`"));
            return None;
        }
    };
    if let Fields::Given(fields) = &fields
        && !matches!(grouping, GroupingSpec::Fields(_) | GroupingSpec::PartialKey(_))
    {
        let message = format!("`fields` has no meaning with the grouping `{}`", grouping.name());
        table.problem(Problem::at(&fields.place, message).help("remove it, or use `grouping = \"fields\"`"));
    }
    Some(Located::new(grouping, place))
}

fn named(table: &mut Table<'_>, name: &str, place: &Place, fields: &Fields) -> Option<GroupingSpec> {
    Some(match name {
        "shuffle" => GroupingSpec::Shuffle,
        "fields" => GroupingSpec::Fields(key(table, name, place, fields)),
        "partial-key" => GroupingSpec::PartialKey(key(table, name, place, fields)),
        "all" => GroupingSpec::All,
        "global" => GroupingSpec::Global,
        "direct" => GroupingSpec::Direct,
        "local-or-shuffle" => GroupingSpec::LocalOrShuffle,
        "none" => GroupingSpec::None,
        "custom" => {
            table.problem(
                Problem::at(place, "a custom grouping needs its plugin")
                    .help("write `grouping = { plugin = \"./g.wasm\", config = {} }`"),
            );
            return None;
        }
        _ => {
            table.problem(Problem::at(place, format!("there is no grouping `{name}`")).help(did_you_mean(
                name,
                GroupingSpec::NAMES,
                "",
            )));
            return None;
        }
    })
}

fn key(table: &mut Table<'_>, name: &str, place: &Place, fields: &Fields) -> Vec<Located<String>> {
    let (key, place) = match fields {
        Fields::Absent => (Vec::new(), place),
        Fields::Wrong => return Vec::new(),
        Fields::Given(fields) => (fields.value.clone(), &fields.place),
    };
    if key.is_empty() {
        table.problem(
            Problem::at(place, format!("the grouping `{name}` needs the fields that are the key"))
                .help("add them: `fields = [\"word\"]`"),
        );
    }
    report_repeated(&key, "field", "a key", table.problems());
    key
}

fn custom(entries: Vec<Entry>, place: &Place, problems: &mut Vec<Problem>) -> Option<GroupingSpec> {
    let mut table = Table::new("a custom grouping", place.clone(), entries, problems);
    let plugin = table
        .required("plugin", "say which plugin chooses the tasks: `plugin = \"./g.wasm\"`")
        .and_then(|node| table.as_text("`plugin`", node));
    let config = read_config(&mut table);
    table.finish();
    Some(GroupingSpec::Custom { plugin: plugin?, config })
}

fn read_rename(table: &mut Table<'_>) -> Vec<Rename> {
    let entries = table.table("rename").map(|entries| entries.value).unwrap_or_default();
    let mut rename = Vec::with_capacity(entries.len());
    for Entry { key, node } in entries {
        if let Some(ours) = table.as_text(format_args!("`rename.{}`", key.value), node) {
            if ours.is_empty() {
                table.problem(Problem::at(&ours.place, format!("`{}` is renamed to nothing", key.value)));
            }
            rename.push(Rename { theirs: key, ours });
        }
    }
    let ours: Vec<Located<String>> = rename.iter().map(|rename| rename.ours.clone()).collect();
    report_repeated(&ours, "field", "the new names of `rename`", table.problems());
    rename
}
