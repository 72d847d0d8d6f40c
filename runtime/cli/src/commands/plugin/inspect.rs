//! `petrel plugin inspect`.

use crate::documents::{
    ConfigKeyDocument, FieldDocument, OutputDocument, StateDocument, config_kind, fields, output_line, table_line,
};
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::output::{Format, OutputFlag, lines, print, print_json, size, table};
use crate::plugin_set::PluginSet;
use crate::topology_source::sandbox;
use crate::trial::parse_schema;
use anyhow::anyhow;
use petrel_model::{ConfigKey, DescribeProblem, Description, Digest, InputStream, Plugins, Schema, World};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::path::Path;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel plugin inspect lines
  petrel plugin inspect count --schema word:bytes --key word
  petrel plugin inspect ./shout.wasm --config '{\"suffix\": \"!\"}' --schema line:string -o json
  petrel plugin inspect ./join.wasm --key customer --input orders=customer:string,total:f64 \\
      --input customers=customer:string,country:string

What a bolt emits may depend on its inputs: tell their fields, once for each input, with --schema, or with --input where the
bolt tells its inputs apart by their names.

Exit codes: 0 told, 1 it is no plugin, or fails when it is asked, 2 it is not there, the command line is wrong, or what it says
of the configuration and the inputs does not suit the plugin.")]
/// What to ask a plugin.
pub(super) struct Inspect {
    /// A component file or the name of a standard plugin.
    plugin: String,
    /// The configuration, as one JSON object.
    #[arg(long, value_name = "JSON", value_parser = parse_object, default_value = "{}")]
    config: Map<String, Json>,
    /// The fields of an input, for each input of a bolt in order.
    #[arg(long, value_name = "NAME:TYPE,…", value_parser = parse_schema)]
    schema: Vec<Schema>,
    /// The same with the name of the component that the input comes from, or COMPONENT.STREAM. These come after those of --schema.
    #[arg(long = "input", value_name = "NAME=NAME:TYPE,…", value_parser = parse_input)]
    inputs: Vec<(String, Schema)>,
    /// The fields by which the inputs are grouped.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    key: Vec<String>,
    #[command(flatten)]
    output: OutputFlag,
}

fn parse_object(text: &str) -> Result<Map<String, Json>, String> {
    match serde_json::from_str(text) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err("expected a JSON object, such as {\"emit\": \"final\"}".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

/// Reads `COMPONENT=NAME:TYPE,…` or `COMPONENT.STREAM=NAME:TYPE,…`: the name of a stream, and its fields.
fn parse_input(text: &str) -> Result<(String, Schema), String> {
    let (name, schema) =
        text.split_once('=').ok_or("expected NAME=NAME:TYPE,…, such as orders=customer:string,total:f64")?;
    let (component, stream) = name.split_once('.').unwrap_or((name, "default"));
    for part in [component, stream] {
        if !petrel_model::is_name(part) {
            return Err(format!(
                "{name:?} names no input: write COMPONENT or COMPONENT.STREAM, as a topology has them"
            ));
        }
    }
    Ok((format!("{component}.{stream}"), parse_schema(schema)?))
}

#[derive(Serialize)]
struct Inspected<'a> {
    plugin: &'a str,
    world: &'static str,
    size_bytes: usize,
    digest: String,
    imports: &'a [String],
    config: Vec<ConfigKeyDocument>,
    description: Option<DescriptionDocument>,
    problem: Option<ProblemDocument>,
}

#[derive(Serialize)]
struct DescriptionDocument {
    inputs: Vec<Vec<FieldDocument>>,
    outputs: Vec<OutputDocument>,
    state: StateDocument,
    capabilities: Vec<String>,
}

/// Why there is no description.
#[derive(Serialize)]
struct ProblemDocument {
    key: Option<String>,
    message: String,
    backtrace: Vec<String>,
}

impl From<DescribeProblem> for ProblemDocument {
    fn from(problem: DescribeProblem) -> Self {
        match problem {
            DescribeProblem::Refused { key, message } => ProblemDocument { key, message, backtrace: Vec::new() },
            DescribeProblem::Failed { call, message, backtrace } => {
                ProblemDocument { key: None, message: format!("`{call}` failed: {message}"), backtrace }
            }
        }
    }
}

impl ProblemDocument {
    /// The message and, below it, where the plugin was.
    fn text(&self) -> String {
        let frames = self.backtrace.iter().enumerate().map(|(depth, frame)| format!("\n    {depth}: {frame}"));
        let title = if self.backtrace.is_empty() { "" } else { "\n  guest backtrace, innermost first:" };
        format!("{}{title}{}", self.message, frames.collect::<String>())
    }
}

impl From<&Description> for DescriptionDocument {
    fn from(description: &Description) -> Self {
        DescriptionDocument {
            inputs: description.inputs.iter().map(fields).collect(),
            outputs: description.outputs.iter().map(OutputDocument::from).collect(),
            state: StateDocument::of(&description.state_key, &description.tables),
            capabilities: description.capabilities.clone(),
        }
    }
}

impl Inspect {
    /// Asks it.
    pub(super) fn execute(self) -> CommandResult {
        let sandbox = sandbox(&Home::open()?)?;
        let mut set = PluginSet::new(sandbox, Path::new(""));
        let (digest, world) = set.open(&self.plugin)?;
        let keys = set.config_keys(digest).map_err(|problem| {
            Failure::Failed(anyhow!("{}: {}", self.plugin, ProblemDocument::from(problem).text()))
        })?;
        let configuration = self.configuration(&keys)?;
        let described = set.describe(digest, &configuration, &self.input_streams());
        let failure = described.as_ref().err().and_then(|problem| self.failure(problem));
        let described = described.map_err(ProblemDocument::from);
        self.tell(&set, (digest, world), &keys, described)?;
        failure.map_or(Ok(()), Err)
    }

    /// The inputs that are told, as a topology would lead them to the bolt.
    fn input_streams(&self) -> Vec<InputStream> {
        let numbered =
            (1..).zip(&self.schema).map(|(number, schema)| (format!("input-{number}.default"), schema.clone()));
        let all = numbered.chain(self.inputs.iter().cloned());
        all.map(|(stream, schema)| InputStream { stream, schema, key: self.key.clone() }).collect()
    }

    /// Whether it is a failure that a plugin does not describe itself. Who only asks what can be told without inputs and
    /// configuration has been told.
    fn failure(&self, problem: &DescribeProblem) -> Option<Failure> {
        let is_asked_for = !(self.config.is_empty() && self.schema.is_empty() && self.inputs.is_empty());
        let text = |message: &str| format!("{}: streams and state cannot be told: {message}", self.plugin);
        match problem {
            DescribeProblem::Failed { call, message, .. } => {
                Some(Failure::Failed(anyhow!(text(&format!("`{call}` failed: {message}")))))
            }
            DescribeProblem::Refused { message, .. } => is_asked_for.then(|| Failure::usage(text(message))),
        }
    }

    fn tell(
        &self,
        set: &PluginSet,
        (digest, world): (Digest, World),
        keys: &[ConfigKey],
        described: Result<Description, ProblemDocument>,
    ) -> CommandResult {
        let plugin = set.plugin(digest);
        match self.output.format {
            Format::Json => {
                let (description, problem) = match described {
                    Ok(description) => (Some(DescriptionDocument::from(&description)), None),
                    Err(problem) => (None, Some(problem)),
                };
                print_json(&Inspected {
                    plugin: &self.plugin,
                    world: world.name(),
                    size_bytes: plugin.size_bytes(),
                    digest: digest.to_string(),
                    imports: plugin.imports(),
                    config: keys.iter().map(ConfigKeyDocument::from).collect(),
                    description,
                    problem,
                })
            }
            Format::Table => {
                let mut text = format!("{}: a {} of {}\n", self.plugin, world.name(), size(plugin.size_bytes() as u64));
                text += &format!("sha256 {digest}\n");
                text += &keys_text(keys);
                text += &match described {
                    Ok(description) => description_text(&description),
                    Err(problem) => {
                        let key = problem.key.as_ref().filter(|key| !key.is_empty());
                        let about = key.map_or(String::new(), |key| format!(" (configuration key {key})"));
                        let hint = match world == World::Bolt && self.schema.is_empty() && self.inputs.is_empty() {
                            true => {
                                "they may depend on what the bolt reads: tell it with --schema, or with --input and names\n"
                            }
                            false => "",
                        };
                        format!("\nstreams and state cannot be told{about}: {}\n{hint}", problem.text())
                    }
                };
                text += &section("imports", plugin.imports());
                print(&text)
            }
        }
    }

    /// The configuration with defaults filled in. Unknown keys are refused, as in a topology.
    fn configuration(&self, keys: &[ConfigKey]) -> CommandResult<String> {
        let mut configuration = self.config.clone();
        for name in configuration.keys() {
            if !keys.iter().any(|key| key.name == *name) {
                let near = petrel_model::nearest(name, keys.iter().map(|key| key.name.as_str()));
                let hint = near.map_or(String::new(), |near| format!(": did you mean {near:?}?"));
                return Err(Failure::usage(format!("{} has no configuration key {name:?}{hint}", self.plugin)));
            }
        }
        for key in keys {
            if let Some(default) = &key.default {
                configuration.entry(key.name.clone()).or_insert_with(|| default.clone());
            }
        }
        Ok(Json::Object(configuration).to_string())
    }
}

fn keys_text(keys: &[ConfigKey]) -> String {
    if keys.is_empty() {
        return section("configuration", &[]);
    }
    let mut table = table(&["key", "kind", "default", "what it is"]);
    for key in keys {
        let default = match &key.default {
            _ if key.required => "(required)".to_owned(),
            Some(default) => default.to_string(),
            None => "-".to_owned(),
        };
        table.add_row([&key.name, config_kind(key.kind), &default, &key.help]);
    }
    format!("\nconfiguration\n{}", lines(&table, "  "))
}

fn description_text(description: &Description) -> String {
    let mut text = String::new();
    if !description.inputs.is_empty() {
        text += &section("reads", &description.inputs.iter().map(Schema::to_string).collect::<Vec<_>>());
    }
    text += &section("emits", &description.outputs.iter().map(output_line).collect::<Vec<_>>());
    let keyed = match &description.state_key[..] {
        [] => String::new(),
        key => format!(", for each {}", key.join(", ")),
    };
    let table = |table| format!("{}{keyed}", table_line(table));
    text += &section("keeps", &description.tables.iter().map(table).collect::<Vec<_>>());
    text + &section("needs", &description.capabilities)
}

/// A title and, below it, lines.
fn section(title: &str, lines: &[String]) -> String {
    let none = ["none".to_owned()];
    let lines = if lines.is_empty() { &none } else { lines };
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("\n{title}\n{lines}")
}
