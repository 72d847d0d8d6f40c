//! What a sound topology becomes.

use crate::shelf::Shelf;
use crate::{parsed, resolved};
use petrel_frame::Scalar;
use petrel_model::*;

const WORD_COUNT: &str = r#"
name = "word-count"
guarantee = "best-effort"

# Consumers first: the order of the text does not matter.
[component.sink]
plugin = "sink"
config = { path = "counts.tsv" }
inputs = [{ from = "count", grouping = "global" }]

[component.count]
plugin = "count"
parallelism = 3
tick_ms = 100
limits = { memory_bytes = 67_108_864, batch_ms = 50, io_ms = 70, state_bytes = 0, log_lines = 5, compile_ms = 9 }
inputs = [{ from = "split.default", grouping = "fields", fields = ["term"], rename = { word = "term" } }]

[component.lines]
plugin = "lines"
config = { path = "text/*.txt", stdin = true }
grants = { net = ["*:80"], dirs = ["/tmp:rw"], env = ["HOME"], secrets = ["token"] }

[component.split]
plugin = "split"
parallelism = 2
[[component.split.inputs]]
from = "lines"
grouping = "shuffle"
"#;

fn assignment(text: &str) -> Assignment {
    resolved(&parsed(text))
}

#[test]
fn word_count() {
    let assignment = assignment(WORD_COUNT);
    assert_eq!(assignment.topology.as_str(), "word-count");
    assert_eq!(assignment.guarantee, Guarantee::BestEffort);
    assert_eq!(resolve(&parsed(WORD_COUNT), &mut Shelf, Generation(7)).unwrap().generation, Generation(7));
    let names: Vec<&str> = assignment.components.iter().map(|component| component.name.as_str()).collect();
    assert_eq!(names, ["lines", "split", "count", "sink"]);
    let tasks: Vec<String> = assignment.tasks.iter().map(TaskId::to_string).collect();
    assert_eq!(tasks, ["c0t0", "c1t0", "c1t1", "c2t0", "c2t1", "c2t2", "c3t0"]);

    let [lines, split, count, sink] = assignment.components.as_slice() else { panic!("four components") };
    assert_eq!(lines.world, World::Spout);
    assert_eq!(lines.configuration, r#"{"path":"text/*.txt","stdin":true}"#);
    assert_eq!(
        lines.grants,
        Grants {
            net: Some(vec!["*:80".into()]),
            dirs: vec!["/tmp:rw".into()],
            env: vec!["HOME".into()],
            secrets: vec!["token".into()],
            paths: vec![
                PathGrant { key: "path".into(), access: PathAccess::Read, path: "text/*.txt".into() },
                PathGrant { key: "stdin".into(), access: PathAccess::Stdin, path: "-".into() },
            ],
        }
    );
    assert_eq!(split.grants, Grants::default());
    assert_eq!(split.limits, Limits::default());
    assert_eq!(split.inputs[0].grouping, Grouping::Shuffle);

    // The type of a line is passed through; the name is the consumer's.
    let term = Field::new("term", Scalar::Bytes);
    assert_eq!(
        count.inputs,
        [Input {
            from: ComponentIndex(1),
            output: OutputIndex(0),
            stream: "default".into(),
            grouping: Grouping::Fields(vec![0]),
            key: vec!["term".into()],
            columns: vec![0],
            schema: Schema::new([term.clone()]),
        }]
    );
    assert_eq!(count.configuration, r#"{"emit":"final"}"#);
    let compile = CompileLimits { compile_ms: 9, ..CompileLimits::default() };
    assert_eq!(
        count.limits,
        Limits {
            memory_bytes: 64 << 20,
            batch_ms: 50,
            io_ms: Some(70),
            state_bytes: 0,
            log_lines: 5,
            compile,
            ..Limits::default()
        }
    );
    assert_eq!((count.tick_ms, count.parallelism), (100, 3));
    assert_eq!(count.state_key, ["term"]);
    assert_eq!(count.outputs[0].schema, Schema::new([term, Field::new("count", Scalar::I64)]));
    assert_eq!(sink.grants.paths[0].access, PathAccess::Write);
    assert_eq!(sink.inputs[0].columns, [0, 1]);
    let edge = Edge { to: ComponentIndex(3), input: InputIndex(0) };
    assert_eq!(assignment.edges(ComponentIndex(2), OutputIndex(0)), [edge]);
}

#[test]
fn columns_are_the_producers_in_the_order_that_the_plugin_asks_for() {
    let assignment = assignment(
        r#"
        name = "t"
        guarantee = "exactly-once"
        component.rows.plugin = "rows"
        [component.words]
        plugin = "needs-word"
        inputs = [
            { from = "rows", grouping = "partial-key", fields = ["number", "word"], rename = { tags = "labels" } },
        ]
        "#,
    );
    let input = &assignment.components[1].inputs[0];
    assert_eq!(input.grouping, Grouping::PartialKey(vec![1, 0]));
    assert_eq!(input.key, ["number", "word"]);
    assert_eq!(input.columns, [0]);
    assert_eq!(assignment.guarantee, Guarantee::ExactlyOnce);
}

#[test]
fn a_grouping_plugin_gets_the_columns_that_it_reads() {
    let assignment = assignment(
        r#"
        name = "t"
        guarantee = "best-effort"
        component.rows.plugin = "rows"
        [component.out]
        plugin = "by-task"
        inputs = [{ from = "rows", grouping = { plugin = "by-length", config = { modulo = 3 } } }]
        "#,
    );
    let Grouping::Custom { configuration, columns, schema, .. } = &assignment.components[1].inputs[0].grouping else {
        panic!("a custom grouping")
    };
    assert_eq!(configuration, r#"{"modulo":3}"#);
    assert_eq!(columns, &[0]);
    assert_eq!(schema.to_string(), "word: string");
}

#[test]
fn groupings_without_a_key() {
    for (name, expected) in [
        ("shuffle", Grouping::Shuffle),
        ("all", Grouping::All),
        ("global", Grouping::Global),
        ("local-or-shuffle", Grouping::LocalOrShuffle),
        ("none", Grouping::None),
        ("direct", Grouping::Direct),
    ] {
        let spout = if name == "direct" { "addressed" } else { "rows" };
        let assignment = assignment(&format!(
            "name = \"t\"\nguarantee = \"best-effort\"\ncomponent.a.plugin = \"{spout}\"\n[component.b]\n\
             plugin = \"needs-word\"\ninputs = [{{ from = \"a\", grouping = \"{name}\" }}]\n"
        ));
        assert_eq!(assignment.components[1].inputs[0].grouping, expected);
        assert_eq!(expected.name(), name);
    }
}

/// What `--set` makes of a text depends on the kind of the key.
#[test]
fn settings() {
    let set = |key: &str, value: &str| {
        let mut topology = parsed("name = \"t\"\nguarantee = \"best-effort\"\n[component.a]\nplugin = \"settings\"\n");
        let set = vec![("a".into(), key.into(), value.into())];
        topology.apply(&Overrides { set, ..Overrides::default() }).unwrap();
        resolved(&topology).components[0].configuration.clone()
    };
    for (key, value, expected) in [
        ("boolean", "true", r#"{"boolean":true}"#),
        ("integer", "0x10", r#"{"integer":16}"#),
        ("float", "2", r#"{"float":2.0}"#),
        ("float", "-1e3", r#"{"float":-1000.0}"#),
        ("text", "plain words", r#"{"text":"plain words"}"#),
        ("text", "\"in quotes\"", r#"{"text":"in quotes"}"#),
        ("text", "5", r#"{"text":"5"}"#),
        ("text", "0x10", r#"{"text":"0x10"}"#),
        ("text", "true", r#"{"text":"true"}"#),
        ("text", "[1]", r#"{"text":"[1]"}"#),
        ("text", "2024-01-01", r#"{"text":"2024-01-01"}"#),
        ("text", "a=b", r#"{"text":"a=b"}"#),
        ("text", "", r#"{"text":""}"#),
        ("texts", "[\"a\", \"b\"]", r#"{"texts":["a","b"]}"#),
        ("read", "7", r#"{"read":"7"}"#),
        ("stdin", "false", r#"{"stdin":false}"#),
        ("json", "{ a = [1, 2.5, true] }", r#"{"json":{"a":[1,2.5,true]}}"#),
        ("json", "word", r#"{"json":"word"}"#),
    ] {
        assert_eq!(set(key, value), expected, "{key} {value}");
    }
}

#[test]
fn of_two_flags_for_one_thing_the_later_holds() {
    let mut topology = parsed(WORD_COUNT);
    let set = ["changes", "final", "changes"].map(|emit| ("count".into(), "emit".into(), emit.into()));
    let parallelism = vec![("split".into(), 1), ("split".into(), 5)];
    let guarantee = Some(Guarantee::AtLeastOnce);
    topology.apply(&Overrides { set: set.into(), parallelism, guarantee, ..Overrides::default() }).unwrap();
    assert_eq!(topology.guarantee(), (Guarantee::AtLeastOnce, None));
    let assignment = resolved(&topology);
    assert_eq!(assignment.guarantee, Guarantee::AtLeastOnce);
    assert_eq!(assignment.components[1].parallelism, 5);
    assert_eq!(assignment.components[2].configuration, r#"{"emit":"changes"}"#);
}

#[test]
fn another_plugin_takes_the_place_of_one() {
    let mut topology = parse(WORD_COUNT).unwrap();
    let plugin = |name: &str| vec![(name.into(), "./mended.wasm".into())];
    topology.apply(&Overrides { plugin: plugin("split"), ..Overrides::default() }).unwrap();
    assert_eq!(topology.component("split").unwrap().plugin.value, "./mended.wasm");
    let problems = topology.apply(&Overrides { plugin: plugin("spilt"), ..Overrides::default() }).unwrap_err();
    assert!(problems[0].message.contains("`--plugin spilt=./mended.wasm`"), "{problems:?}");
}

/// A rejected override leaves the topology as it was.
#[test]
fn overrides_apply_together_or_not_at_all() {
    let mut topology = parsed(WORD_COUNT);
    let before = topology.clone();
    let set = vec![("count".into(), "emit".into(), "changes".into()), ("cuont".into(), "emit".into(), "x".into())];
    assert!(topology.apply(&Overrides { set, ..Overrides::default() }).is_err());
    assert_eq!(topology, before);
}

#[test]
fn the_topology_as_a_graph() {
    let topology = parsed(WORD_COUNT);
    let graph = topology.graph();
    let nodes: Vec<_> = graph.nodes.iter().map(|node| (node.name.as_str(), node.depth, node.is_source)).collect();
    assert_eq!(nodes, [("lines", 0, true), ("split", 1, false), ("count", 2, false), ("sink", 3, false)]);
    let edges: Vec<_> = graph
        .edges
        .iter()
        .map(|edge| (edge.from, edge.to, edge.input.from.to_string(), edge.input.grouping.name()))
        .collect();
    assert_eq!(
        edges,
        [(0, 1, "lines".into(), "shuffle"), (1, 2, "split.default".into(), "fields"), (2, 3, "count".into(), "global")]
    );
    let span = topology.component("count").and_then(|count| count.parallelism.span()).unwrap();
    assert_eq!(&WORD_COUNT[span], "3");
}

#[test]
fn a_topology_may_have_a_thousand_components() {
    let text = |components: usize| {
        let mut text = String::from("name = \"t\"\nguarantee = \"best-effort\"\n");
        for i in 0..components {
            text += &format!("component.c{i}.plugin = \"rows\"\n");
        }
        text
    };
    assert_eq!(parse(&text(COMPONENTS_MAX)).unwrap().components().len(), COMPONENTS_MAX);
    let problems = parse(&text(COMPONENTS_MAX + 1)).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "the topology has 1001 components, and may have at most 1000");
}
