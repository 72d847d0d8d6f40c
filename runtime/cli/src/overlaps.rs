//! Components that write what another one reads or writes: what one makes, the other would destroy.
//!
//! Paths of configuration keys are looked at, not folders of `grants.dirs`: what a plugin does in those is its own.

use crate::failure::CommandResult;
use crate::topology_source::TopologySource;
use petrel_model::{Assignment, Component, PathAccess, PathGrant, Place, Problem};
use petrel_sandbox::{Meeting, Reach};

/// A component that writes what another one, of the same topology or of one beside it, reads or writes.
#[derive(Debug)]
pub(crate) struct Overlap {
    /// Whose text the problem is about, by its position among those given.
    pub(crate) topology: usize,
    /// Whether the other component belongs to another topology.
    pub(crate) is_between: bool,
    /// What is wrong.
    pub(crate) problem: Problem,
}

/// A path that a component is granted, and what it stands for on this machine.
struct Claim<'a> {
    topology: usize,
    source: &'a TopologySource,
    component: &'a Component,
    grant: &'a PathGrant,
    reach: Reach,
}

/// Refuses topologies that are to run side by side if there is an overlap.
///
/// # Errors
/// Those of the first topology that has any, shown in its source.
pub(crate) fn refuse(topologies: &[(&TopologySource, &Assignment)]) -> CommandResult {
    let overlaps = overlaps(topologies);
    let Some(first) = overlaps.iter().map(|overlap| overlap.topology).min() else { return Ok(()) };
    let problems = overlaps.into_iter().filter(|overlap| overlap.topology == first).map(|overlap| overlap.problem);
    Err(topologies[first].0.failure(problems.collect()))
}

/// All overlaps of topologies that run side by side, in the order of the topologies. Looks at the file system.
pub(crate) fn overlaps(topologies: &[(&TopologySource, &Assignment)]) -> Vec<Overlap> {
    let granted = || topologies.iter().flat_map(|(_, assignment)| &assignment.components);
    if !granted().any(|component| component.grants.paths.iter().any(|grant| grant.access == PathAccess::Write)) {
        return Vec::new();
    }
    let mut claims = Vec::new();
    for (topology, (source, assignment)) in topologies.iter().enumerate() {
        for component in &assignment.components {
            claims.extend(component.grants.paths.iter().map(|grant| {
                let reach = Reach::of(grant);
                Claim { topology, source, component, grant, reach }
            }));
        }
    }
    let mut overlaps = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        for (other_at, other) in claims.iter().enumerate() {
            // Of two that write, the later one is told off.
            let is_told = at == other_at || (other.grant.access == PathAccess::Write && at < other_at);
            if let Some(meeting) = claim.reach.meets(&other.reach).filter(|_| !is_told) {
                overlaps.push(Overlap {
                    topology: claim.topology,
                    is_between: claim.topology != other.topology,
                    problem: problem(claim, other, &meeting),
                });
            }
        }
    }
    overlaps
}

impl Claim<'_> {
    /// `component x`, with its topology where that is another one.
    fn name_beside(&self, other: &Claim<'_>) -> String {
        match self.topology == other.topology {
            true => format!("component `{}`", self.component.name),
            false => {
                format!("component `{}` of topology `{}`", self.component.name, self.source.topology().name().value)
            }
        }
    }

    /// Where the path was set.
    fn place(&self) -> &Place {
        let spec = self.source.topology().component(self.component.name.as_str());
        let setting = spec.and_then(|spec| spec.config.iter().find(|setting| *setting.key == self.grant.key));
        setting.map_or(&Place::Nowhere, |setting| setting.place())
    }
}

fn problem(claim: &Claim<'_>, other: &Claim<'_>, meeting: &Meeting) -> Problem {
    let (name, path, others) = (&claim.component.name, &claim.grant.path, &other.grant.path);
    let reads = other.grant.access != PathAccess::Write;
    let who = match claim.topology == other.topology && claim.component.name == other.component.name {
        true => "it also".to_owned(),
        false => other.name_beside(claim),
    };
    let does = if reads { "reads" } else { "writes" };
    let what = match meeting {
        Meeting::File(theirs) if theirs == path => format!("the file {path:?}, which {who} {does}"),
        Meeting::File(theirs) => format!("{path:?}, which is the file {theirs:?} that {who} {does}"),
        Meeting::Folder if reads && others == path => format!("into the folder {path:?}, which {who} reads"),
        Meeting::Folder if reads => format!("into the folder {path:?}, where {who} reads {others:?}"),
        Meeting::Folder if others == path => format!("into the folder {path:?}, as {who} does"),
        Meeting::Folder => format!("into {path:?}, which is the folder {others:?} that {who} writes into"),
        Meeting::FileOfTheirs if reads => format!("{path:?}, one of the files that {who} reads ({others:?})"),
        Meeting::FileOfTheirs => format!("{path:?}, which lies in the folder {others:?} that {who} writes into"),
        Meeting::TheirFile(file) => format!("into the folder {path:?}, where {file:?} lies, which {who} {does}"),
    };
    let why = match reads {
        true => "what is to be read would be overwritten, or what is written would be read",
        false => "what one writes, the other would overwrite",
    };
    let message = format!("component `{name}` writes {what}: {why}");
    let help = match meeting {
        Meeting::File(_) | Meeting::FileOfTheirs => format!("let `{name}` write another file"),
        Meeting::Folder | Meeting::TheirFile(_) => format!("let `{name}` write into a folder of its own"),
    };
    let problem = Problem::at(claim.place(), message).help(help);
    match claim.topology == other.topology {
        true if other.place().span().is_some() => problem.note(other.place(), "the other path is here"),
        true => problem,
        false => problem.note(&Place::Nowhere, format!("the other path is in {}", other.source.file())),
    }
}
