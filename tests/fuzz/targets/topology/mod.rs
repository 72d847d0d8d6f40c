//! Topology files: whatever the text is, it is read and resolved or refused, and what is said of it points into it.

mod corpus;
#[path = "../../../../coord/model/tests/model/shelf.rs"]
mod shelf;

use petrel_model::{
    Assignment, ComponentIndex, Generation, Graph, Guarantee, OutputIndex, Overrides, Problem, Topology, World, parse,
    resolve,
};
use shelf::Shelf;
use std::collections::BTreeSet;
use std::ops::Range;

const WORDS: &[&[u8]] = &[
    b"name = \"t\"\n",
    b"guarantee = \"best-effort\"\n",
    b"[component.a]\n",
    b"[[component.a.inputs]]\n",
    b"plugin = \"rows\"\n",
    b"plugin = \"count\"\n",
    b"plugin = \"sink\"\n",
    b"config = { path = \"x\" }\n",
    b"parallelism = 3\n",
    b"inputs = [{ from = \"a\", grouping = \"shuffle\" }]\n",
    b"inputs = [{ from = \"a.default\", grouping = \"fields\", fields = [\"word\"] }]\n",
    b"grouping = { plugin = \"by-length\", config = { modulo = 2 } }",
    b"rename = { word = \"line\" }",
    b"limits = { memory_bytes = 1 }\n",
    b"grants = { net = [\"*:80\"], dirs = [\"/tmp:rw\"], env = [\"HOME\"], secrets = [\"token\"] }\n",
    b"tick_ms = 100\n",
    b"\n$ --set a.path=1\n",
    b"\n$ --parallelism a=7\n",
    b"\"\"\"",
    b"'''",
    b"1979-05-27T07:32:00Z",
    b"0xffffffffffffffff",
    b"nan",
    b"-inf",
    b"[[",
    b"{ a.b.c = {",
    b"\\u0000",
    b"\\U0010ffff",
    b"\r\n",
    "é😀".as_bytes(),
];

#[test]
fn topology() {
    petrel_fuzz::check!("topology", 15_000, WORDS, check);
}

/// Lines that start with `$` are flags, as in the catalogue of problems; all others are the file.
fn check(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let (mut text, mut overrides) = (String::new(), Overrides::default());
    for line in input.split_inclusive('\n') {
        match line.strip_prefix("$ ") {
            Some(flag) => flagged(&mut overrides, flag.trim_end()),
            None => text.push_str(line),
        }
    }
    let topology = parse(&text);
    assert_eq!(topology, parse(&text), "the same text says the same");
    let mut topology = match topology {
        Ok(topology) => topology,
        Err(problems) => return told(&text, &problems),
    };
    drawn(&topology);
    if let Err(problems) = topology.apply(&overrides) {
        told(&text, &problems);
    }
    drawn(&topology);
    match resolve(&topology, &mut Shelf, Generation(1)) {
        Ok(assignment) => sound(&topology, &assignment),
        Err(problems) => told(&text, &problems),
    }
}

fn flagged(overrides: &mut Overrides, flag: &str) {
    let Some((name, argument)) = flag.split_once(' ') else { return };
    let (place, value) = argument.split_once('=').unwrap_or(("", argument));
    match name {
        "--set" => {
            let (component, key) = place.split_once('.').unwrap_or((place, ""));
            overrides.set.push((component.into(), key.into(), value.into()));
        }
        "--parallelism" => overrides.parallelism.push((place.into(), value.parse().unwrap_or(0))),
        _ => overrides.guarantee = Guarantee::from_name(value),
    }
}

/// Problems can be shown: each says something, and points at whole characters of the text.
fn told(text: &str, problems: &[Problem]) {
    assert!(!problems.is_empty(), "refused without a reason");
    let within = |span: &Option<Range<usize>>| span.as_ref().is_none_or(|span| text.get(span.clone()).is_some());
    for problem in problems {
        assert!(!problem.message.trim().is_empty() && !problem.to_string().is_empty());
        assert!(within(&problem.span), "{problem:?}");
        assert!(problem.notes.iter().all(|note| within(&note.span) && !note.text.is_empty()), "{problem:?}");
    }
    let starts = problems.iter().map(|problem| problem.span.as_ref().map(|span| span.start));
    assert!(starts.is_sorted(), "in the order of the text: {problems:?}");
}

/// The graph has every component once, and edges between them.
fn drawn(topology: &Topology) {
    let Graph { nodes, edges } = topology.graph();
    let names: BTreeSet<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!((names.len(), nodes.len()), (topology.components().len(), topology.components().len()));
    assert!(edges.iter().all(|edge| nodes[edge.from].depth < nodes[edge.to].depth));
}

/// An assignment holds what a worker relies on without looking.
fn sound(topology: &Topology, assignment: &Assignment) {
    assert_eq!(assignment.components.len(), topology.components().len());
    let tasks: u64 = assignment.components.iter().map(|component| u64::from(component.parallelism)).sum();
    assert_eq!(assignment.tasks.len() as u64, tasks);
    for (index, component) in assignment.components.iter().enumerate() {
        assert!(component.parallelism > 0);
        assert!(serde_json::from_str::<serde_json::Value>(&component.configuration).is_ok_and(|json| json.is_object()));
        assert_eq!(component.inputs.is_empty(), component.world == World::Spout);
        for input in &component.inputs {
            assert!((input.from.0 as usize) < index, "producers come first");
            let producer = assignment.component(input.from);
            let output = &producer.outputs[input.output.0 as usize];
            assert_eq!(input.columns.len(), input.schema.fields.len());
            for (&column, field) in input.columns.iter().zip(&input.schema.fields) {
                assert_eq!(output.schema.fields[column].scalar, field.scalar);
            }
        }
    }
    for index in 0..assignment.components.len() as u32 {
        for output in 0..assignment.component(ComponentIndex(index)).outputs.len() as u32 {
            let edges = assignment.edges(ComponentIndex(index), OutputIndex(output));
            assert!(edges.iter().all(|edge| edge.to.0 > index));
        }
    }
}
