//! `petrel check`: everything that `run` checks before it starts.

use crate::documents::{output_line, table_line};
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::output::{Format, OutputFlag, print, print_json};
use crate::overlaps::{Overlap, overlaps};
use crate::problems::{Problems, Weight};
use crate::topology_document::TopologyDocument;
use crate::topology_source::{OverrideFlags, Resolved, TopologySource, sandbox};
use petrel_model::{Assignment, Component, Grants, PathAccess, Problem};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Check topologies as `run` does before it starts them, and show what they amount to.
///
/// Plugins are loaded and asked for their streams, state and needs; nothing is started. Problems and warnings go to standard
/// error; what a component is to read and cannot be read now is a warning. Secrets are not asked for.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel check word_count.toml
  petrel check word_count.toml --set lines.path=book.txt --parallelism count=4
  petrel check a.toml b.toml -o json

Exit codes: 0 all are valid, 2 one is not, or cannot be read.")]
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
    Valid { source: Box<TopologySource>, assignment: Assignment, warnings: Problems },
    Invalid(Problems),
}

impl Check {
    /// Checks all of them.
    pub(crate) fn execute(self) -> CommandResult {
        let checked = self.check()?;
        let told = checked.iter().map(Checked::told).filter(|told| !told.problems.is_empty());
        told.for_each(|told| tell!("{}", told.to_string().trim_end()));
        let any_invalid = checked.iter().any(|checked| matches!(checked, Checked::Invalid(_)));
        match self.output.format {
            Format::Json => {
                let documents: Vec<TopologyDocument<'_>> = checked.iter().map(Checked::document).collect();
                match (&documents[..], self.topologies.len()) {
                    ([document], 1) => print_json(document)?,
                    (topologies, _) => print_json(&serde_json::json!({ "topologies": topologies }))?,
                }
            }
            Format::Table => print(&checked.iter().map(Checked::text).collect::<String>())?,
        }
        if any_invalid { Err(Failure::Invalid) } else { Ok(()) }
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
        match self.overrides.apply(&mut sources) {
            Ok(()) => {}
            Err(Failure::Topology(problems)) => return Ok(vec![Checked::Invalid(problems)]),
            Err(other) => return Err(other),
        }
        let sandbox = sandbox(&Home::open()?)?;
        let check = |source: TopologySource| match source.resolve(&sandbox) {
            Ok(resolved) => Ok(Checked::valid(source, resolved)),
            Err(Failure::Topology(problems)) => Ok(Checked::Invalid(problems)),
            Err(other) => Err(other),
        };
        let mut checked = sources.into_iter().map(check).collect::<CommandResult<Vec<_>>>()?;
        check_overlaps(&mut checked);
        Ok(checked)
    }
}

/// Components of one topology that get in each other's way make it invalid. Those of two only do so if they run side by
/// side, which is not asked for here: a warning.
fn check_overlaps(checked: &mut [Checked]) {
    let mut side_by_side = Vec::new();
    let mut positions = Vec::new();
    for (position, checked) in checked.iter().enumerate() {
        if let Checked::Valid { source, assignment, .. } = checked {
            side_by_side.push((&**source, assignment));
            positions.push(position);
        }
    }
    let mut errors = BTreeMap::<usize, Vec<Problem>>::new();
    let mut warnings = BTreeMap::<usize, Vec<Problem>>::new();
    for Overlap { topology, is_between, problem } in overlaps(&side_by_side) {
        let kind = if is_between { &mut warnings } else { &mut errors };
        kind.entry(positions[topology]).or_default().push(problem);
    }
    for (position, problems) in warnings {
        if let Checked::Valid { warnings, .. } = &mut checked[position] {
            let beside =
                |problem: Problem| Problem { message: format!("run side by side, {}", problem.message), ..problem };
            warnings.problems.extend(problems.into_iter().map(beside));
        }
    }
    for (position, problems) in errors {
        if let Checked::Valid { source, .. } = &checked[position] {
            checked[position] = Checked::Invalid(source.problems(Weight::Error, problems));
        }
    }
}

impl Checked {
    fn valid(source: TopologySource, resolved: Resolved) -> Checked {
        // What is not there yet may be when it is run.
        let unreadable = source.unreadable(&resolved.assignment);
        let warnings = source.problems(Weight::Warning, [resolved.warnings, unreadable].concat());
        Checked::Valid { source: Box::new(source), assignment: resolved.assignment, warnings }
    }

    /// What is to be said about it.
    fn told(&self) -> &Problems {
        match self {
            Checked::Valid { warnings, .. } => warnings,
            Checked::Invalid(problems) => problems,
        }
    }

    fn document(&self) -> TopologyDocument<'_> {
        match self {
            Checked::Valid { source, assignment, warnings } => TopologyDocument::valid(source, assignment, warnings),
            Checked::Invalid(problems) => TopologyDocument::invalid(problems),
        }
    }

    /// The summary for people.
    fn text(&self) -> String {
        let Checked::Valid { source, assignment, .. } = self else { return String::new() };
        let mut text = format!(
            "{}: {} is valid: {}, {}, guarantee {}\n",
            source.file(),
            assignment.topology,
            count(assignment.components.len(), "component"),
            count(assignment.tasks.len(), "task"),
            assignment.guarantee.name()
        );
        for component in &assignment.components {
            let (world, plugin) = (component.world.name(), source.plugin_of(component));
            let tasks = count(component.parallelism as usize, "task");
            text += &format!("\n{}: {world} {plugin}, {tasks}\n", component.name);
            text.extend(lines(assignment, component).iter().map(|(label, line)| format!("  {label:8} {line}\n")));
        }
        text
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
        let key = match &component.state_key[..] {
            [] => "for the task".to_owned(),
            key => format!("for each {}", key.join(", ")),
        };
        lines.push(("keeps", format!("{}, {key}", table_line(table))));
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
