//! From a topology as it was written to an assignment: everything checked against the plugins, every name a number.
//!
//! Components are taken with producers before their consumers, because what a plugin emits may depend on what reaches
//! it. Where one cannot be resolved, those that read from it are still checked as far as that goes, and nothing is
//! said that only follows from the first problem.

mod capabilities;
mod configuration;
mod description;
mod edge;
mod grouping;
mod needs;
mod on_reject;
mod state;

use self::configuration::Configuration;
use self::edge::Edge;
use crate::assignment::{Assignment, Component, Grants, Input};
use crate::id::{ComponentIndex, Digest, Generation, TaskId, TaskIndex};
use crate::limits::CompileLimits;
use crate::plugin::{DescribeProblem, Description, InputStream, Plugins, World};
use crate::problem::{Problem, in_text_order};
use crate::topology::{ComponentSpec, Located, Place, Setting, Topology};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Checks a topology against its plugins and resolves it. The assignment has all tasks.
///
/// Any guarantee is taken; whether it can be kept is for the caller to say.
///
/// # Errors
///
/// Everything that is wrong, in the order of the topology's text.
pub fn resolve(
    topology: &Topology,
    plugins: &mut impl Plugins,
    generation: Generation,
) -> Result<Assignment, Vec<Problem>> {
    let mut resolver = Resolver { plugins, problems: Vec::new(), producers: Vec::new() };
    for spec in topology.producers_first() {
        let component = resolver.component(spec);
        resolver.producers.push(Producer { spec, component });
    }
    if !resolver.problems.is_empty() {
        return Err(in_text_order(resolver.problems));
    }
    let components: Vec<Component> = resolver.producers.into_iter().filter_map(|producer| producer.component).collect();
    let tasks = components.iter().enumerate().flat_map(|(index, component)| {
        let component_index = ComponentIndex(index as u32);
        (0..component.parallelism).map(move |task| TaskId { component: component_index, task: TaskIndex(task) })
    });
    let tasks = tasks.collect();
    Ok(Assignment {
        topology: topology.name().value.clone(),
        generation,
        guarantee: topology.guarantee().0,
        acking: topology.acking().value,
        dead_letters: topology.dead_letters(),
        components,
        tasks,
    })
}

/// A component that was gone through; without what it was resolved to if something was wrong.
pub(crate) struct Producer<'a> {
    pub(crate) spec: &'a ComponentSpec,
    pub(crate) component: Option<Component>,
}

struct Resolver<'a, P> {
    plugins: &'a mut P,
    problems: Vec<Problem>,
    producers: Vec<Producer<'a>>,
}

/// A plugin that was loaded and configured, and for whom.
pub(crate) struct Configured<'a> {
    /// "component `count`".
    owner: String,
    reference: &'a Located<String>,
    settings: &'a [Setting],
    plugin: Digest,
    world: World,
    configuration: Configuration,
}

impl<'a, P: Plugins> Resolver<'a, P> {
    /// Resolves a component; none if anything was wrong with it or with what it reads from.
    fn component(&mut self, spec: &'a ComponentSpec) -> Option<Component> {
        let problems_before = self.problems.len();
        let owner = format!("component `{}`", *spec.name);
        let compile = &spec.limits.compile;
        let place = &spec.name.place;
        let configured = self.configure(owner, &spec.plugin, compile, place, &spec.config, |world| match world {
            World::Grouping => Some(
                Problem::at(&spec.plugin.place, format!("`{}` is a grouping, not a spout or a bolt", *spec.plugin))
                    .help(format!("use it in an input: `grouping = {{ plugin = \"{}\" }}`", *spec.plugin)),
            ),
            World::Spout if !spec.inputs.is_empty() => Some(
                Problem::at(
                    &spec.inputs[0].place,
                    format!("component `{}` has inputs, and its plugin `{}` is a spout", *spec.name, *spec.plugin),
                )
                .help("a spout reads no streams: remove `inputs`, or use a bolt"),
            ),
            World::Bolt if spec.inputs.is_empty() => Some(
                Problem::at(
                    &spec.name.place,
                    format!("component `{}` has no inputs, and its plugin `{}` is a bolt", *spec.name, *spec.plugin),
                )
                .help("say what it reads: `inputs = [{ from = \"COMPONENT\", grouping = \"shuffle\" }]`"),
            ),
            World::Spout | World::Bolt => None,
        });
        let mut edges = Vec::with_capacity(spec.inputs.len());
        for input in &spec.inputs {
            edges.extend(edge::find(spec, input, &self.producers, &mut self.problems));
        }
        let groupings: Vec<_> = edges.iter().map(|edge| self.grouping(spec, edge)).collect();
        let configured = configured?;
        if self.problems.len() > problems_before || edges.len() < spec.inputs.len() {
            return None;
        }

        let streams: Vec<InputStream> = edges.iter().map(Edge::as_described).collect();
        let description = self.describe(&configured, &streams)?;
        description::check(&description, &configured, streams.len(), &mut self.problems);
        capabilities::check(spec, &description.capabilities, &mut self.problems);
        if self.problems.len() > problems_before {
            return None;
        }
        let columns: Vec<Vec<usize>> = edges
            .iter()
            .zip(&description.inputs)
            .map(|(edge, needs)| needs::columns(&configured, edge, needs, &mut self.problems))
            .collect();
        state::check(spec, &configured, &description, &edges, &mut self.problems);
        let mut outputs = description.outputs;
        let on_reject = on_reject::add(spec, configured.world, &mut outputs, &mut self.problems);
        if self.problems.len() > problems_before {
            return None;
        }

        let mut inputs = Vec::with_capacity(edges.len());
        for (((edge, grouping), columns), schema) in edges.iter().zip(groupings).zip(columns).zip(description.inputs) {
            let (from, output, stream) = (edge.from, edge.output, edge.stream.name.as_str().into());
            let key = edge.spec.grouping.key().iter().map(|field| field.value.clone()).collect();
            inputs.push(Input { from, output, stream, grouping: grouping?, key, columns, schema });
        }
        Some(Component {
            name: spec.name.value.clone(),
            plugin: configured.plugin,
            world: configured.world,
            parallelism: spec.parallelism.value,
            configuration: configured.configuration.json,
            grants: Grants { paths: configured.configuration.paths, ..spec.grants.value.clone() },
            limits: spec.limits,
            tick_ms: spec.tick_ms,
            inputs,
            outputs,
            on_reject,
            tables: description.tables,
            state_key: description.state_key,
        })
    }

    /// Loads a plugin and checks its configuration. `misplaced` says whether a plugin of that world is wrong here.
    fn configure(
        &mut self,
        owner: String,
        reference: &'a Located<String>,
        compile: &CompileLimits,
        place: &Place,
        settings: &'a [Setting],
        misplaced: impl FnOnce(World) -> Option<Problem>,
    ) -> Option<Configured<'a>> {
        let loaded = self.plugins.load(reference, compile).map_err(|why| {
            let message = format!("the plugin `{}` of {owner} cannot be loaded: {why}", **reference);
            Problem::at(&reference.place, message)
        });
        let (plugin, world) = self.keep(loaded)?;
        if let Some(problem) = misplaced(world) {
            self.problems.push(problem);
            if world == World::Grouping {
                return None;
            }
        }
        let keys = self.plugins.config_keys(plugin).map_err(|problem| match problem {
            DescribeProblem::Refused { message, .. } => {
                let what = "does not tell its configuration keys";
                Problem::at(&reference.place, format!("the plugin `{}` of {owner} {what}: {message}", **reference))
            }
            DescribeProblem::Failed { call, message, backtrace } => {
                description::failure(&owner, reference, call, &message, &backtrace)
            }
        });
        let keys = self.keep(keys)?;
        let configuration = configuration::check(&owner, reference, place, settings, &keys, &mut self.problems)?;
        Some(Configured { owner, reference, settings, plugin, world, configuration })
    }

    fn describe(&mut self, configured: &Configured<'_>, inputs: &[InputStream]) -> Option<Description> {
        let described = self.plugins.describe(configured.plugin, &configured.configuration.json, inputs);
        let (owner, reference) = (&configured.owner, configured.reference);
        self.keep(described.map_err(|problem| {
            let (key, message) = match problem {
                DescribeProblem::Refused { key, message } => (key.filter(|key| !key.is_empty()), message),
                DescribeProblem::Failed { call, message, backtrace } => {
                    return description::failure(owner, reference, call, &message, &backtrace);
                }
            };
            let Some(key) = key else {
                let message = format!("{owner} does not suit its plugin `{}`: {message}", **reference);
                return Problem::at(&reference.place, message);
            };
            let set = configured.settings.iter().find(|setting| setting.key.value == key);
            let place = set.map_or(&reference.place, |setting| &setting.value.place);
            Problem::at(place, format!("the configuration key `{key}` of {owner} is wrong: {message}"))
        }))
    }

    /// Takes the value, or notes the problem.
    fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem)).ok()
    }
}
