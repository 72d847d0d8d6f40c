//! Plugins that exist only as their descriptions. Those named `broken-…` each break the contract in one way.

use petrel_frame::Scalar;
use petrel_model::*;
use serde_json::{Value, json};

/// All of them.
pub(crate) struct Shelf;

/// The plugin of that number.
pub(crate) fn at(number: u8) -> (Digest, World) {
    (Digest([number; 32]), plugins()[usize::from(number)].world)
}

type Describe = fn(&Value, &[InputStream]) -> Result<Description, DescribeProblem>;

struct Plugin {
    name: &'static str,
    world: World,
    keys: Vec<ConfigKey>,
    describe: Describe,
}

impl Plugins for Shelf {
    fn load(&mut self, reference: &str, _: &CompileLimits) -> Result<(Digest, World), String> {
        let plugins = plugins();
        match plugins.iter().position(|plugin| plugin.name == reference) {
            Some(number) => Ok(at(number as u8)),
            None => Err(format!("there is no standard plugin `{reference}`")),
        }
    }

    fn config_keys(&mut self, plugin: Digest) -> Result<Vec<ConfigKey>, DescribeProblem> {
        let plugin = plugins().swap_remove(plugin.0[0].into());
        if plugin.name == "mute" { Err(failed("config-keys")) } else { Ok(plugin.keys) }
    }

    fn describe(
        &mut self,
        plugin: Digest,
        configuration: &str,
        inputs: &[InputStream],
    ) -> Result<Description, DescribeProblem> {
        let configuration = serde_json::from_str(configuration).expect("a configuration is JSON");
        (plugins()[usize::from(plugin.0[0])].describe)(&configuration, inputs)
    }
}

fn plugins() -> Vec<Plugin> {
    let mut plugins = sound();
    plugins.extend(broken());
    plugins
}

fn sound() -> Vec<Plugin> {
    use ConfigKind::*;
    use World::*;
    vec![
        // Emits `line`.
        plugin("lines", Spout, vec![key("path", PathRead).required(), key("stdin", Stdin)], |_, _| {
            Ok(emits(vec![output("default", vec![Field::new("line", Scalar::Bytes)])]))
        }),
        // Emits one field of every type.
        plugin("rows", Spout, vec![], |_, _| {
            Ok(emits(vec![output(
                "default",
                vec![
                    Field::new("word", Scalar::String),
                    Field::new("number", Scalar::I64),
                    Field::new("share", Scalar::F64),
                    Field::new("tags", Scalar::String).list(),
                    Field::new("at", Scalar::Timestamp).optional(),
                ],
            )]))
        }),
        plugin("pair", Spout, vec![], |_, _| {
            let fields = || vec![Field::new("word", Scalar::String)];
            Ok(emits(vec![output("words", fields()), output("rejects", fields())]))
        }),
        plugin("silent", Spout, vec![], |_, _| Ok(Description::default())),
        plugin("addressed", Spout, vec![], |_, _| {
            let stream = output("default", vec![Field::new("word", Scalar::String)]);
            Ok(emits(vec![OutputStream { direct: true, ..stream }]))
        }),
        // Takes `line` and emits `word`, in the type of the line.
        plugin("split", Bolt, vec![], |_, inputs| {
            let Some(line) = inputs[0].schema.field("line") else {
                return Err(DescribeProblem::Refused {
                    key: None,
                    message: "it splits a field `line`, and there is none".into(),
                });
            };
            let words = vec![Field::new("word", line.scalar)];
            Ok(Description { inputs: vec![Schema::new([line.clone()])], ..emits(vec![output("default", words)]) })
        }),
        // Counts by the fields that its inputs are grouped by.
        plugin("count", Bolt, vec![key("emit", Text).default(json!("final"))], |configuration, inputs| {
            if !["final", "changes"].contains(&configuration["emit"].as_str().unwrap_or_default()) {
                let message = "it is `final` or `changes`".into();
                return Err(DescribeProblem::Refused { key: Some("emit".into()), message });
            }
            let key = &inputs[0].key;
            let fields: Vec<Field> = key.iter().filter_map(|name| inputs[0].schema.field(name).cloned()).collect();
            let mut counted = fields.clone();
            counted.push(Field::new("count", Scalar::I64));
            Ok(Description {
                inputs: inputs.iter().map(|_| Schema::new(fields.clone())).collect(),
                tables: vec![table("counts", TableKind::Value)],
                state_key: key.clone(),
                ..emits(vec![output("default", counted)])
            })
        }),
        // Reads `word: string` of every input.
        plugin("needs-word", Bolt, vec![], |_, inputs| {
            Ok(Description { inputs: words(inputs.len()), ..Description::default() })
        }),
        plugin("needs-time", Bolt, vec![], |_, _| {
            let inputs = vec![Schema::new([Field::new("at", Scalar::Timestamp)])];
            Ok(Description { inputs, ..Description::default() })
        }),
        // Keeps state by `word`, however its inputs are grouped.
        plugin("by-word", Bolt, vec![], |_, inputs| {
            Ok(Description {
                inputs: words(inputs.len()),
                tables: vec![table("seen", TableKind::Value)],
                state_key: vec!["word".into()],
                ..Description::default()
            })
        }),
        // Keeps state by two fields of one type, however its inputs are grouped.
        plugin("by-two", Bolt, vec![], |_, inputs| {
            let fields = ["word", "other"].map(|name| Field::new(name, Scalar::String));
            Ok(Description {
                inputs: inputs.iter().map(|_| Schema::new(fields.clone())).collect(),
                tables: vec![table("seen", TableKind::Value)],
                state_key: ["word", "other"].map(String::from).into(),
                ..Description::default()
            })
        }),
        // Emits `word` and `other`.
        plugin("twins", Spout, vec![], |_, _| {
            Ok(emits(vec![output("default", ["word", "other"].map(|name| Field::new(name, Scalar::String)).into())]))
        }),
        // Keeps state, the task being one key.
        plugin("by-task", Bolt, vec![], |_, inputs| {
            let schemas = inputs.iter().map(|input| input.schema.clone()).collect();
            Ok(Description { inputs: schemas, tables: vec![table("seen", TableKind::Value)], ..Description::default() })
        }),
        plugin("sink", Bolt, vec![key("path", PathWrite).required().help("The file or folder.")], |_, inputs| {
            Ok(Description {
                inputs: inputs.iter().map(|input| input.schema.clone()).collect(),
                ..Description::default()
            })
        }),
        plugin(
            "settings",
            Spout,
            vec![
                key("boolean", Boolean),
                key("integer", Integer),
                key("float", Float),
                key("text", Text),
                key("texts", Texts),
                key("read", PathRead),
                key("stdin", Stdin),
                key("json", Json),
            ],
            |configuration, _| {
                // Shows what it got, for tests of what settings become.
                Ok(Description {
                    capabilities: vec![],
                    ..emits(vec![output("default", vec![Field::new(configuration.to_string(), Scalar::Bool)])])
                })
            },
        ),
        plugin("fetch", Spout, vec![], |_, _| {
            let capabilities = ["net", "dirs", "env:HOME", "secret:token"].map(String::from).into();
            Ok(Description { capabilities, ..Description::default() })
        }),
        plugin("by-length", Grouping, vec![key("modulo", Integer)], |_, inputs| {
            assert_eq!(inputs.len(), 1);
            Ok(Description { inputs: words(1), ..Description::default() })
        }),
        plugin("mute", Bolt, vec![], |_, _| Ok(Description::default())),
        plugin("stumbling", Bolt, vec![], |_, _| Err(failed("describe"))),
        // Reads `word` and emits it in two streams.
        plugin("sift", Bolt, vec![], |_, inputs| {
            let fields = || vec![Field::new("word", Scalar::String)];
            let outputs = vec![output("words", fields()), output("rejects", fields())];
            Ok(Description { inputs: words(inputs.len()), ..emits(outputs) })
        }),
    ]
}

fn broken() -> Vec<Plugin> {
    use ConfigKind::*;
    use World::*;
    vec![
        plugin("broken-keys", Spout, vec![key("a", Text), key("a", Text), key("", Text)], |_, _| {
            Ok(Description::default())
        }),
        plugin("broken-default", Spout, vec![key("a", Integer).default(json!("one"))], |_, _| {
            Ok(Description::default())
        }),
        plugin("broken-path", Spout, vec![key("a", PathRead).default(json!("/etc/passwd"))], |_, _| {
            Ok(Description::default())
        }),
        plugin("broken-stdin", Spout, vec![key("a", Stdin).default(json!(true))], |_, _| Ok(Description::default())),
        plugin("broken-outputs", Spout, vec![], |_, _| {
            Ok(emits(vec![output("a", vec![]), output("a", vec![]), output("B.c", vec![])]))
        }),
        plugin("broken-fields", Spout, vec![], |_, _| {
            let bool = |name| Field::new(name, Scalar::Bool);
            let many = (0..1025).map(|i| Field::new(i.to_string(), Scalar::Bool)).collect();
            Ok(emits(vec![output("a", vec![bool("x"), bool("x"), bool("")]), output("b", many)]))
        }),
        plugin("broken-event-time", Spout, vec![], |_, _| {
            let fields = vec![Field::new("at", Scalar::I64), Field::new("times", Scalar::Timestamp).list()];
            let event_time = |name: &str, field: &str| OutputStream {
                event_time: Some(field.into()),
                ..output(name, fields.clone())
            };
            Ok(emits(vec![event_time("a", "at"), event_time("b", "times"), event_time("c", "when")]))
        }),
        plugin("broken-spout", Spout, vec![], |_, _| {
            Ok(Description { inputs: words(1), tables: vec![table("t", TableKind::Value)], ..Description::default() })
        }),
        plugin("broken-inputs", Bolt, vec![], |_, _| Ok(Description { inputs: words(3), ..Description::default() })),
        plugin("broken-needs", Bolt, vec![], |_, _| {
            let word = Field::new("word", Scalar::String);
            Ok(Description { inputs: vec![Schema::new([word.clone(), word])], ..Description::default() })
        }),
        plugin("broken-tables", Bolt, vec![], |_, _| {
            let list = TableSpec { value: Field::new("v", Scalar::I64).list(), ..table("lists", TableKind::List) };
            let bare = TableSpec { value: Field::new("", Scalar::I64), ..table("bare", TableKind::Value) };
            let float = TableSpec { subkey: Some(Field::new("k", Scalar::F64)), ..table("float", TableKind::Map) };
            let extra = TableSpec { subkey: Some(Field::new("k", Scalar::I64)), ..table("extra", TableKind::Value) };
            let same = table("t", TableKind::Value);
            let map = table("map", TableKind::Map);
            let unnamed = table("", TableKind::Value);
            let tables = vec![same.clone(), same, list, bare, map, float, extra, unnamed];
            Ok(Description { inputs: words(1), tables, ..Description::default() })
        }),
        plugin("broken-state-key", Bolt, vec![], |_, _| {
            Ok(Description {
                inputs: vec![Schema::new([Field::new("share", Scalar::F64), Field::new("word", Scalar::String)])],
                tables: vec![table("t", TableKind::Value)],
                state_key: ["gone", "share", "word", "word"].map(String::from).into(),
                ..Description::default()
            })
        }),
        plugin("broken-state-types", Bolt, vec![], |_, inputs| {
            let of = |scalar| Schema::new([Field::new("word", scalar)]);
            let inputs = [of(Scalar::String), of(Scalar::Bytes)][..inputs.len()].to_vec();
            let tables = vec![table("t", TableKind::Value)];
            Ok(Description { inputs, tables, state_key: vec!["word".into()], ..Description::default() })
        }),
        plugin("broken-capability", Spout, vec![], |_, _| {
            let capabilities = ["gpu", "env:", "net"].map(String::from).into();
            Ok(Description { capabilities, ..Description::default() })
        }),
        plugin("broken-grouping", Grouping, vec![key("path", PathRead)], |configuration, _| {
            if configuration.get("path").is_some() {
                panic!("a grouping with a file is not asked");
            }
            Ok(Description {
                inputs: words(1),
                tables: vec![table("t", TableKind::Value)],
                capabilities: vec!["net".into()],
                ..emits(vec![output("default", vec![])])
            })
        }),
    ]
}

fn failed(call: &'static str) -> DescribeProblem {
    let backtrace = ["plugin::look", "plugin::answer"].map(String::from).into();
    DescribeProblem::Failed { call, message: "the plugin stopped itself (`unreachable`)".into(), backtrace }
}

fn plugin(name: &'static str, world: World, keys: Vec<Key>, describe: Describe) -> Plugin {
    Plugin { name, world, keys: keys.into_iter().map(|key| key.0).collect(), describe }
}

struct Key(ConfigKey);

fn key(name: &str, kind: ConfigKind) -> Key {
    Key(ConfigKey { name: name.into(), kind, required: false, default: None, help: String::new() })
}

impl Key {
    fn required(self) -> Key {
        Key(ConfigKey { required: true, ..self.0 })
    }

    fn default(self, default: Value) -> Key {
        Key(ConfigKey { default: Some(default), ..self.0 })
    }

    fn help(self, help: &str) -> Key {
        Key(ConfigKey { help: help.into(), ..self.0 })
    }
}

fn emits(outputs: Vec<OutputStream>) -> Description {
    Description { outputs, ..Description::default() }
}

fn output(name: &str, fields: Vec<Field>) -> OutputStream {
    OutputStream { name: name.into(), schema: Schema::new(fields), direct: false, event_time: None }
}

fn table(name: &str, kind: TableKind) -> TableSpec {
    TableSpec { name: name.into(), kind, subkey: None, value: Field::new("value", Scalar::I64), version: 1 }
}

/// `word: string`, so many times.
fn words(inputs: usize) -> Vec<Schema> {
    vec![Schema::new([Field::new("word", Scalar::String)]); inputs]
}
