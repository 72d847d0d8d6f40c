//! The JSON document of `petrel check`.

use crate::documents::{FieldDocument, OutputDocument, StateDocument, fields};
use crate::problems::{ProblemDocument, Problems};
use crate::topology_source::TopologySource;
use petrel_model::{Assignment, Component, Grants, Input, Limits, PathAccess};
use serde::Serialize;

/// The JSON document of one topology. What follows `problems` is only there if it is valid.
#[derive(Serialize)]
pub(crate) struct TopologyDocument<'a> {
    file: &'a str,
    valid: bool,
    problems: Vec<ProblemDocument<'a>>,
    #[serde(flatten)]
    resolved: Option<ResolvedDocument<'a>>,
}

#[derive(Serialize)]
struct ResolvedDocument<'a> {
    warnings: Vec<ProblemDocument<'a>>,
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
    state_bytes: u64,
    batch_ms: u64,
    io_ms: Option<u64>,
    emit_bytes: u64,
    emit_rows: u64,
    host_call_bytes: u64,
    handles: u64,
    timers: u64,
    held_tuples: u64,
    log_lines: u64,
    component_bytes: u64,
    compile_ms: u64,
    compile_memory_bytes: u64,
}

impl<'a> TopologyDocument<'a> {
    /// Of a topology that is valid.
    pub(crate) fn valid(
        source: &'a TopologySource,
        assignment: &'a Assignment,
        warnings: &'a Problems,
    ) -> TopologyDocument<'a> {
        let component = |component: &'a Component| ComponentDocument::of(source, assignment, component);
        TopologyDocument {
            file: source.file(),
            valid: true,
            problems: Vec::new(),
            resolved: Some(ResolvedDocument {
                warnings: warnings.documents(),
                name: assignment.topology.as_str(),
                guarantee: assignment.guarantee.name(),
                tasks: assignment.tasks.len(),
                components: assignment.components.iter().map(component).collect(),
            }),
        }
    }

    /// Of one that is not.
    pub(crate) fn invalid(problems: &'a Problems) -> TopologyDocument<'a> {
        TopologyDocument { file: &problems.file, valid: false, problems: problems.documents(), resolved: None }
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
            state_bytes: limits.state_bytes,
            batch_ms: limits.batch_ms,
            io_ms: limits.io_ms,
            emit_bytes: limits.emit_bytes,
            emit_rows: limits.emit_rows,
            host_call_bytes: limits.host_call_bytes,
            handles: limits.handles,
            timers: limits.timers,
            held_tuples: limits.held_tuples,
            log_lines: limits.log_lines,
            component_bytes: limits.compile.component_bytes,
            compile_ms: limits.compile.compile_ms,
            compile_memory_bytes: limits.compile.compile_memory_bytes,
        }
    }
}
