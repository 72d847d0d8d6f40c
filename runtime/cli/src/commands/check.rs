//! `petrel check`: everything that `run` checks before it starts.

use crate::documents::{FieldDocument, OutputDocument, StateDocument, fields, output_line, table_line};
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::output::{Format, OutputFlag, print_json};
use crate::problems::{ProblemDocument, Problems};
use crate::topology_source::{OverrideFlags, TopologySource, sandbox};
use petrel_model::{Assignment, Component, Grants, Input, Limits, PathAccess};
use serde::Serialize;
use std::path::PathBuf;

/// Check topologies as `run` does before it starts them, and show what they amount to.
///
/// Plugins are loaded and asked for their streams, state and needs; nothing is started. Problems go to standard error.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel check word_count.toml
  petrel check word_count.toml --set lines.path=book.txt --parallelism count=4
  petrel check a.toml b.toml -o json

Exit codes: 0 all are valid, 2 one is not.")]
pub(crate) struct Check {
    /// Topology files; `-` is standard input.
    #[arg(required = true, value_name = "TOPOLOGY")]
    topologies: Vec<PathBuf>,
    #[command(flatten)]
    overrides: OverrideFlags,
    #[command(flatten)]
    output: OutputFlag,
}

/// A topology that was checked.
enum Checked {
    Valid { source: TopologySource, assignment: Assignment },
    Invalid(Problems),
}

impl Check {
    /// Checks all of them.
    pub(crate) fn execute(self) -> CommandResult {
        let checked = self.check()?;
        let invalid: Vec<&Problems> = checked.iter().filter_map(Checked::problems).collect();
        invalid.iter().for_each(|problems| eprint!("{problems}"));
        let any = !invalid.is_empty();
        match self.output.format {
            Format::Json => {
                let documents: Vec<TopologyDocument<'_>> = checked.iter().map(TopologyDocument::of).collect();
                match &documents[..] {
                    [document] => print_json(document),
                    topologies => print_json(&serde_json::json!({ "topologies": topologies })),
                }
            }
            Format::Table => checked.iter().for_each(Checked::print),
        }
        if any { Err(Failure::Invalid) } else { Ok(()) }
    }

    fn check(&self) -> CommandResult<Vec<Checked>> {
        let mut sources = Vec::new();
        let mut unreadable = Vec::new();
        for path in &self.topologies {
            match TopologySource::read(path) {
                Ok(source) => sources.push(source),
                Err(Failure::Topology(problems)) => unreadable.push(Checked::Invalid(problems)),
                Err(other) => return Err(other),
            }
        }
        // Which topology a flag is meant for is only known once all of them are.
        if !unreadable.is_empty() {
            return Ok(unreadable);
        }
        self.overrides.apply(&mut sources)?;
        let sandbox = sandbox(&Home::open()?)?;
        let check = |source: TopologySource| match source.resolve(&sandbox) {
            Ok(resolved) => Ok(Checked::Valid { source, assignment: resolved.assignment }),
            Err(Failure::Topology(problems)) => Ok(Checked::Invalid(problems)),
            Err(other) => Err(other),
        };
        sources.into_iter().map(check).collect()
    }
}

impl Checked {
    fn problems(&self) -> Option<&Problems> {
        match self {
            Checked::Valid { .. } => None,
            Checked::Invalid(problems) => Some(problems),
        }
    }

    /// The summary for people.
    fn print(&self) {
        let Checked::Valid { source, assignment } = self else { return };
        println!(
            "{}: {} is valid: {}, {}, guarantee {}",
            source.file(),
            assignment.topology,
            count(assignment.components.len(), "component"),
            count(assignment.tasks.len(), "task"),
            assignment.guarantee.name()
        );
        for component in &assignment.components {
            println!();
            println!(
                "{}: {} {}, {}",
                component.name,
                component.world.name(),
                source.plugin_of(component),
                count(component.parallelism as usize, "task")
            );
            lines(assignment, component).iter().for_each(|(label, line)| println!("  {label:8} {line}"));
        }
    }
}

/// `1 task`, `2 tasks`.
fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What a component reads, emits, keeps and may touch, each with its label.
fn lines(assignment: &Assignment, component: &Component) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for input in &component.inputs {
        let from = &assignment.component(input.from).name;
        let grouping = match &input.key[..] {
            [] => input.grouping.name().to_owned(),
            key => format!("{} {}", input.grouping.name(), key.join(", ")),
        };
        lines.push(("reads", format!("{from}.{} by {grouping} ({})", input.stream, input.schema)));
    }
    lines.extend(component.outputs.iter().map(|output| ("emits", output_line(output))));
    for table in &component.tables {
        let key = if component.state_key.is_empty() { "the task".to_owned() } else { component.state_key.join(", ") };
        lines.push(("keeps", format!("{}, for each {key}", table_line(table)).replace("for each the task", "for the task")));
    }
    lines.extend(grant_lines(&component.grants).into_iter().map(|line| ("may", line)));
    if component.tick_ms > 0 {
        lines.push(("ticks", format!("every {} ms", component.tick_ms)));
    }
    lines
}

fn grant_lines(grants: &Grants) -> Vec<String> {
    let mut lines: Vec<String> = grants
        .paths
        .iter()
        .map(|grant| match grant.access {
            PathAccess::Read => format!("read {}", grant.path),
            PathAccess::Write => format!("write {}", grant.path),
            PathAccess::Stdin => "read standard input".to_owned(),
        })
        .collect();
    lines.extend(grants.dirs.iter().map(|folder| match folder.strip_suffix(":rw") {
        Some(folder) => format!("read and write in {folder}"),
        None => format!("read in {folder}"),
    }));
    if let Some(net) = &grants.net {
        lines.push(format!("connect to {}", net.join(", ")));
    }
    lines.extend(grants.env.iter().map(|name| format!("read the environment variable {name}")));
    lines.extend(grants.secrets.iter().map(|name| format!("read the secret {name}")));
    lines
}

/// The JSON document of one topology. What follows `problems` is only there if it is valid.
#[derive(Serialize)]
struct TopologyDocument<'a> {
    file: &'a str,
    valid: bool,
    problems: Vec<ProblemDocument<'a>>,
    #[serde(flatten)]
    resolved: Option<ResolvedDocument<'a>>,
}

#[derive(Serialize)]
struct ResolvedDocument<'a> {
    name: &'a str,
    guarantee: &'static str,
    tasks: usize,
    components: Vec<ComponentDocument<'a>>,
}

#[derive(Serialize)]
struct ComponentDocument<'a> {
    name: &'a str,
    plugin: &'a str,
    digest: String,
    world: &'static str,
    tasks: u32,
    tick_ms: u64,
    configuration: serde_json::Value,
    inputs: Vec<InputDocument<'a>>,
    outputs: Vec<OutputDocument>,
    state: StateDocument,
    grants: GrantsDocument<'a>,
    limits: LimitsDocument,
}

#[derive(Serialize)]
struct InputDocument<'a> {
    from: &'a str,
    stream: &'a str,
    grouping: &'static str,
    key: &'a [String],
    fields: Vec<FieldDocument>,
}

#[derive(Serialize)]
struct GrantsDocument<'a> {
    paths: Vec<PathDocument<'a>>,
    dirs: &'a [String],
    net: &'a [String],
    env: &'a [String],
    secrets: &'a [String],
}

#[derive(Serialize)]
struct PathDocument<'a> {
    key: &'a str,
    access: &'static str,
    path: &'a str,
}

#[derive(Serialize)]
struct LimitsDocument {
    memory_bytes: u64,
    batch_ms: u64,
    emit_bytes: u64,
}

impl<'a> TopologyDocument<'a> {
    fn of(checked: &'a Checked) -> TopologyDocument<'a> {
        match checked {
            Checked::Invalid(problems) => {
                TopologyDocument { file: &problems.file, valid: false, problems: problems.documents(), resolved: None }
            }
            Checked::Valid { source, assignment } => TopologyDocument {
                file: source.file(),
                valid: true,
                problems: Vec::new(),
                resolved: Some(ResolvedDocument {
                    name: assignment.topology.as_str(),
                    guarantee: assignment.guarantee.name(),
                    tasks: assignment.tasks.len(),
                    components: assignment
                        .components
                        .iter()
                        .map(|component| ComponentDocument::of(source, assignment, component))
                        .collect(),
                }),
            },
        }
    }
}

impl<'a> ComponentDocument<'a> {
    fn of(source: &'a TopologySource, assignment: &'a Assignment, component: &'a Component) -> ComponentDocument<'a> {
        ComponentDocument {
            name: component.name.as_str(),
            plugin: source.plugin_of(component),
            digest: component.plugin.to_string(),
            world: component.world.name(),
            tasks: component.parallelism,
            tick_ms: component.tick_ms,
            configuration: serde_json::from_str(&component.configuration).unwrap_or_default(),
            inputs: component.inputs.iter().map(|input| InputDocument::of(assignment, input)).collect(),
            outputs: component.outputs.iter().map(OutputDocument::from).collect(),
            state: StateDocument::of(&component.state_key, &component.tables),
            grants: GrantsDocument::of(&component.grants),
            limits: LimitsDocument::from(component.limits),
        }
    }
}

impl<'a> InputDocument<'a> {
    fn of(assignment: &'a Assignment, input: &'a Input) -> InputDocument<'a> {
        InputDocument {
            from: assignment.component(input.from).name.as_str(),
            stream: input.stream.as_str(),
            grouping: input.grouping.name(),
            key: &input.key,
            fields: fields(&input.schema),
        }
    }
}

impl<'a> GrantsDocument<'a> {
    fn of(grants: &'a Grants) -> GrantsDocument<'a> {
        let path = |grant: &'a petrel_model::PathGrant| PathDocument {
            key: &grant.key,
            access: match grant.access {
                PathAccess::Read => "read",
                PathAccess::Write => "write",
                PathAccess::Stdin => "stdin",
            },
            path: &grant.path,
        };
        GrantsDocument {
            paths: grants.paths.iter().map(path).collect(),
            dirs: &grants.dirs,
            net: grants.net.as_deref().unwrap_or_default(),
            env: &grants.env,
            secrets: &grants.secrets,
        }
    }
}

impl From<Limits> for LimitsDocument {
    fn from(limits: Limits) -> Self {
        LimitsDocument {
            memory_bytes: limits.memory_bytes,
            batch_ms: limits.batch_ms,
            emit_bytes: limits.emit_bytes,
        }
    }
}
