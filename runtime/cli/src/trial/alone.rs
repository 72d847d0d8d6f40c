//! A plugin resolved alone: made-up components before it that emit the samples, and after it, one for each stream.

use super::samples::Samples;
use crate::failure::{CommandResult, Failure};
use crate::plugin_set::PluginSet;
use petrel_model::{
    Assignment, CompileLimits, Component, ComponentIndex, ConfigKey, DescribeProblem, Description, Digest, Grants,
    Grouping, Input, InputStream, Limits, OutputIndex, OutputStream, Overrides, Plugins, Problem, Schema, TaskId,
    TaskIndex, World,
};
use petrel_sandbox::{Plugin, Sandbox};
use petrel_worker::FIRST_GENERATION;
use std::path::Path;
use std::sync::Arc;

/// What is to be tried.
pub(crate) struct PluginUnderTest {
    /// A standard plugin's name or a component's file.
    pub(crate) reference: String,
    /// `KEY=VALUE` pairs.
    pub(crate) config: Vec<(String, String)>,
    /// Fields of a fields grouping; none: shuffled.
    pub(crate) key: Vec<String>,
    /// What it may touch, as a topology would say it, or nothing.
    pub(crate) grants: Option<String>,
    /// Ticks every so many milliseconds; none when 0.
    pub(crate) tick_ms: u64,
}

/// A plugin between made-up neighbours.
pub(crate) struct Alone {
    /// All of them. The only task is the plugin's.
    pub(crate) assignment: Assignment,
    /// The plugin's component.
    pub(crate) component: ComponentIndex,
    /// The plugin.
    pub(crate) plugin: Plugin,
}

/// Resolves the plugin as a topology would.
///
/// # Errors
/// When it is no plugin (exit code 1), when there is none of that name, or it does not fit its samples, key or configuration
/// (exit code 2).
pub(crate) fn resolve_alone(
    sandbox: &Arc<Sandbox>,
    tested: &PluginUnderTest,
    samples: &[Samples],
) -> CommandResult<Alone> {
    let mut set = PluginSet::new(sandbox.clone(), Path::new(""));
    let (_, world) = set.open(&tested.reference)?;
    match world {
        World::Spout if !samples.is_empty() => {
            return Err(Failure::usage(
                "a spout reads no tuples: leave the files out, and say with --rows how many to emit",
            ));
        }
        World::Bolt if samples.is_empty() => {
            return Err(Failure::usage(
                "a bolt needs tuples: name a file of JSON lines, one object for each tuple; `-` is \
                                       standard input",
            ));
        }
        World::Grouping => {
            return Err(Failure::usage("a grouping chooses tasks and cannot be tried alone: use it in a topology"));
        }
        World::Spout | World::Bolt => {}
    }
    let sources = Sources::named(samples, &component_name(&tested.reference));
    let text = sources.topology_text(tested);
    let mut topology = petrel_model::parse(&text).map_err(|problems| refusal(problems, &sources.component))?;
    let set_flags = tested.config.iter().map(|(key, value)| (sources.component.clone(), key.clone(), value.clone()));
    let overrides = Overrides { set: set_flags.collect(), ..Overrides::default() };
    topology.apply(&overrides).map_err(|problems| refusal(problems, &sources.component))?;
    let mut plugins = WithSamples { sources: &sources, set };
    let mut assignment = petrel_model::resolve(&topology, &mut plugins, FIRST_GENERATION)
        .map_err(|problems| refusal(problems, &sources.component))?;
    let plugin = plugins.set;
    let found = assignment.components.iter().position(|component| component.name.as_str() == sources.component);
    let component = ComponentIndex(found.expect("resolving keeps every component") as u32);
    let plugin = plugin.plugin(assignment.component(component).plugin).clone();
    add_readers(&mut assignment, component);
    assignment.tasks = vec![TaskId { component, task: TaskIndex(0) }];
    Ok(Alone { assignment, component, plugin })
}

/// What the component is called: as the plugin is, if that may be a name.
fn component_name(reference: &str) -> String {
    let stem = Path::new(reference).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().replace('.', "-");
    if petrel_model::is_name(&stem) { stem } else { "plugin".to_owned() }
}

/// Components that exist only here: each emits one file of samples.
struct Sources {
    component: String,
    names: Vec<String>,
    schemas: Vec<Schema>,
}

impl Sources {
    /// Names that differ from each other and from the component's.
    fn named(samples: &[Samples], component: &str) -> Sources {
        let mut names: Vec<String> = Vec::new();
        for sample in samples {
            let free = |name: &String| name != component && !names.contains(name);
            let numbered = (2..).map(|number| format!("{}-{number}", sample.name.chars().take(50).collect::<String>()));
            let name = std::iter::once(sample.name.clone()).chain(numbered).find(free);
            names.push(name.expect("there is always another number"));
        }
        let schemas = samples.iter().map(|sample| sample.schema.clone()).collect();
        Sources { component: component.to_owned(), names, schemas }
    }

    fn topology_text(&self, tested: &PluginUnderTest) -> String {
        let mut text = String::from("name = \"test\"\nguarantee = \"best-effort\"\n");
        for (number, name) in self.names.iter().enumerate() {
            text.push_str(&format!("[component.{name}]\nplugin = \"{}\"\n", samples_reference(number)));
        }
        let grouping = match &tested.key[..] {
            [] => "grouping = \"shuffle\"".to_owned(),
            key => format!("grouping = \"fields\", fields = [{}]", quoted(key)),
        };
        let inputs: Vec<String> =
            self.names.iter().map(|name| format!("{{ from = \"{name}\", {grouping} }}")).collect();
        let reference = quoted(std::slice::from_ref(&tested.reference));
        text.push_str(&format!("[component.{}]\nplugin = {reference}\n", self.component));
        if !inputs.is_empty() {
            text.push_str(&format!("inputs = [{}]\n", inputs.join(", ")));
        }
        if tested.tick_ms > 0 {
            text.push_str(&format!("tick_ms = {}\n", tested.tick_ms));
        }
        if let Some(grants) = &tested.grants {
            text.push_str(&format!("grants = {{ {grants} }}\n"));
        }
        text
    }
}

/// Texts as TOML writes them, separated by commas.
fn quoted(texts: &[String]) -> String {
    // A JSON string is a TOML string, but for one escape that is never needed.
    texts.iter().map(|text| serde_json::json!(text).to_string()).collect::<Vec<_>>().join(", ")
}

/// No plugin is called so: names have no spaces.
fn samples_reference(number: usize) -> String {
    format!("samples {number}")
}

/// The plugins there are, and one for each file of samples.
struct WithSamples<'a> {
    sources: &'a Sources,
    set: PluginSet,
}

impl WithSamples<'_> {
    fn number(digest: Digest) -> Option<usize> {
        let is_ours = digest.0[1..].iter().all(|&byte| byte == 0xff);
        is_ours.then_some(usize::from(digest.0[0]))
    }
}

impl Plugins for WithSamples<'_> {
    fn load(&mut self, reference: &str, limits: &CompileLimits) -> Result<(Digest, World), String> {
        match (0..self.sources.names.len()).find(|number| samples_reference(*number) == reference) {
            Some(number) => {
                let mut digest = [0xff; 32];
                digest[0] = u8::try_from(number).map_err(|_| "more than 256 files of tuples".to_owned())?;
                Ok((Digest(digest), World::Spout))
            }
            None => Plugins::load(&mut self.set, reference, limits),
        }
    }

    fn config_keys(&mut self, digest: Digest) -> Result<Vec<ConfigKey>, DescribeProblem> {
        if WithSamples::number(digest).is_some() { Ok(Vec::new()) } else { self.set.config_keys(digest) }
    }

    fn describe(
        &mut self,
        digest: Digest,
        configuration: &str,
        inputs: &[InputStream],
    ) -> Result<Description, DescribeProblem> {
        let Some(number) = WithSamples::number(digest) else { return self.set.describe(digest, configuration, inputs) };
        let schema = self.sources.schemas[number].clone();
        let output = OutputStream { name: "default".into(), schema, direct: false, event_time: None };
        Ok(Description { outputs: vec![output], ..Description::default() })
    }
}

/// A component for each stream of the plugin, so that what it emits goes somewhere.
fn add_readers(assignment: &mut Assignment, from: ComponentIndex) {
    let plugin = assignment.component(from).plugin;
    let outputs = assignment.component(from).outputs.clone();
    for (number, output) in outputs.into_iter().enumerate() {
        let input = Input {
            from,
            output: OutputIndex(number as u32),
            stream: output.name.as_str().into(),
            grouping: if output.direct { Grouping::Direct } else { Grouping::Global },
            key: Vec::new(),
            columns: (0..output.schema.fields.len()).collect(),
            schema: output.schema,
        };
        assignment.components.push(Component {
            name: format!("reader-of-{}", output.name).into(),
            plugin,
            world: World::Bolt,
            parallelism: 1,
            configuration: "{}".into(),
            grants: Grants::default(),
            limits: Limits::default(),
            tick_ms: 0,
            inputs: vec![input],
            outputs: Vec::new(),
            on_reject: None,
            tables: Vec::new(),
            state_key: Vec::new(),
        });
    }
}

/// The problems without the text around them, which nobody wrote.
fn refusal(problems: Vec<Problem>, component: &str) -> Failure {
    let set = format!("--set {component}.");
    let texts: Vec<String> = problems.iter().map(|problem| problem.to_string().replace(&set, "--config ")).collect();
    Failure::usage(texts.join("\nerror: "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::parse_schema;

    fn samples(name: &str) -> Samples {
        Samples { name: name.into(), schema: parse_schema("word:string").unwrap(), frames: Vec::new() }
    }

    #[test]
    fn names_never_meet() {
        let sources = Sources::named(&[samples("left"), samples("left"), samples("join")], "join");
        assert_eq!(sources.names, ["left", "left-2", "join-2"]);
    }

    #[test]
    fn the_made_up_topology_is_one() {
        let tested = PluginUnderTest {
            reference: "./my \"own\".wasm".into(),
            config: Vec::new(),
            key: vec!["word".into()],
            grants: Some("net = [\"redis:6379\"]".into()),
            tick_ms: 5,
        };
        let sources = Sources::named(&[samples("words")], &component_name(&tested.reference));
        let topology = petrel_model::parse(&sources.topology_text(&tested)).unwrap();
        let component = topology.component("plugin").unwrap();
        assert_eq!(component.plugin.as_str(), tested.reference);
        assert_eq!(component.tick_ms, 5);
        assert_eq!(component.grants.net.as_deref(), Some(&["redis:6379".to_owned()][..]));
    }
}
