//! Every problem that a topology can have, with the words in which it is told.
//!
//! The files in `problems/` are lists of cases: a name, a topology, flags in lines that start with `$`, and after `---`
//! what is said about it, each problem after the text that it points at. A line `...` stands for the two lines that
//! every topology begins with. `UPDATE_PROBLEMS=1 cargo test -p petrel-model` writes down what is said now.

use crate::shelf::Shelf;
use petrel_model::{Generation, Guarantee, Overrides, Problem, parse, resolve};
use std::fmt::Write;

const HEAD: &str = "name = \"t\"\nguarantee = \"best-effort\"\n";

#[test]
fn topology() {
    check("topology.txt", include_str!("problems/topology.txt"));
}

#[test]
fn overrides() {
    check("overrides.txt", include_str!("problems/overrides.txt"));
}

#[test]
fn configuration() {
    check("configuration.txt", include_str!("problems/configuration.txt"));
}

#[test]
fn streams() {
    check("streams.txt", include_str!("problems/streams.txt"));
}

#[test]
fn state() {
    check("state.txt", include_str!("problems/state.txt"));
}

#[test]
fn grants() {
    check("grants.txt", include_str!("problems/grants.txt"));
}

#[test]
fn plugins() {
    check("plugins.txt", include_str!("problems/plugins.txt"));
}

fn check(file: &str, cases: &str) {
    let mut actual = String::new();
    for case in cases.split_inclusive('\n').collect::<String>().split("=== ").skip(1) {
        let (name, rest) = case.split_once('\n').expect("a case has lines");
        let (input, _) = rest.split_once("---\n").unwrap_or_else(|| panic!("case {name:?} has no ---"));
        write!(actual, "=== {name}\n{input}---\n{}\n", said(input)).unwrap();
    }
    let actual = format!("{}\n", actual.trim_end());
    if std::env::var_os("UPDATE_PROBLEMS").is_some() {
        let path = format!("{}/tests/model/problems/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, actual).unwrap();
        return;
    }
    for (actual, expected) in actual.split("=== ").zip(cases.split("=== ")) {
        assert_eq!(actual, expected, "in {file}");
    }
    assert_eq!(actual, cases, "in {file}");
}

/// What is said about a case: its problems, or `ok`.
fn said(input: &str) -> String {
    let mut text = String::new();
    let mut overrides = Overrides::default();
    for line in input.split_inclusive('\n') {
        match line.strip_prefix("$ ") {
            Some(flag) => add_flag(&mut overrides, flag.trim_end()),
            None if line == "...\n" => text.push_str(HEAD),
            None => text.push_str(line),
        }
    }
    let text = text.trim_end();
    let outcome = parse(text).and_then(|mut topology| {
        topology.apply(&overrides)?;
        resolve(&topology, &mut Shelf, Generation(1))
    });
    match outcome {
        Ok(_) => "ok\n".to_owned(),
        Err(problems) => problems.iter().map(|problem| shown(text, problem)).collect(),
    }
}

fn add_flag(overrides: &mut Overrides, flag: &str) {
    let (name, argument) = flag.split_once(' ').expect("a flag and its argument");
    let (place, value) = argument.split_once('=').unwrap_or(("", argument));
    match name {
        "--set" => {
            let (component, key) = place.split_once('.').expect("COMPONENT.KEY=VALUE");
            overrides.set.push((component.into(), key.into(), value.into()));
        }
        "--parallelism" => overrides.parallelism.push((place.into(), value.parse().unwrap())),
        "--guarantee" => overrides.guarantee = Some(Guarantee::from_name(value).unwrap()),
        other => panic!("there is no flag {other}"),
    }
}

fn shown(text: &str, problem: &Problem) -> String {
    let place = match &problem.span {
        Some(span) => format!("at {}", at(text, span.clone())),
        None => "nowhere".to_owned(),
    };
    let mut shown = format!("{place}: {}\n", problem.message);
    for note in &problem.notes {
        let place = note.span.clone().map_or(String::new(), |span| format!("at {}: ", at(text, span)));
        writeln!(shown, "  note: {place}{}", note.text).unwrap();
    }
    if let Some(help) = &problem.help {
        writeln!(shown, "  help: {help}").unwrap();
    }
    shown
}

/// Line, column and text of a place.
fn at(text: &str, span: std::ops::Range<usize>) -> String {
    let before = &text[..span.start];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    format!("{line}:{column} {:?}", &text[span])
}
