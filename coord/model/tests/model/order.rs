//! Producers before consumers, whatever the graph and the order of the text.

use crate::shelf::Shelf;
use petrel_model::{Generation, parse, resolve};
use proptest::prelude::*;

/// Random graphs without circles: for each component those before it that it reads from, and the order in which the
/// components are written.
fn graphs() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<usize>)> {
    (1..24_usize).prop_flat_map(|components| {
        let reads: Vec<_> = (0..components).map(|at| prop::collection::vec(0..at.max(1), 0..4.min(at + 1))).collect();
        (reads, Just((0..components).collect::<Vec<_>>()).prop_shuffle())
    })
}

fn written(reads: &[Vec<usize>], order: &[usize]) -> String {
    let mut text = String::from("name = \"t\"\nguarantee = \"best-effort\"\n");
    for at in order {
        let from: Vec<&usize> = reads[*at].iter().filter(|from| *from < at).collect();
        let plugin = if from.is_empty() { "rows" } else { "count" };
        text += &format!("[component.c{at}]\nplugin = \"{plugin}\"\ninputs = [\n");
        for from in from {
            text += &format!("  {{ from = \"c{from}\", grouping = \"fields\", fields = [\"word\"] }},\n");
        }
        text += "]\n";
    }
    text
}

proptest! {
    #[test]
    fn producers_come_first((reads, order) in graphs()) {
        let text = written(&reads, &order);
        let topology = parse(&text).unwrap();
        let assignment = resolve(&topology, &mut Shelf, Generation(1)).unwrap();
        prop_assert_eq!(assignment.components.len(), reads.len());
        for (at, component) in assignment.components.iter().enumerate() {
            let number: usize = component.name.as_str()[1..].parse().unwrap();
            let expected = reads[number].iter().filter(|from| **from < number).count();
            prop_assert_eq!(component.inputs.len(), expected);
            for input in &component.inputs {
                prop_assert!((input.from.0 as usize) < at, "{} reads from what comes later", component.name);
            }
        }
        let again = resolve(&topology, &mut Shelf, Generation(1)).unwrap();
        prop_assert_eq!(assignment, again);
    }

    /// Whatever the text, the answer is a topology or problems that point into it.
    #[test]
    fn any_text_is_answered(lines in prop::collection::vec(prop::sample::select(LINES), 0..12)) {
        let text = lines.join("\n");
        if let Err(problems) = parse(&text) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                if let Some(span) = problem.span {
                    prop_assert!(text.get(span.clone()).is_some(), "{span:?} of {text:?}");
                }
            }
        }
    }

    #[test]
    fn any_characters_are_answered(text in any::<String>()) {
        for problem in parse(&text).expect_err("a random text is no topology") {
            if let Some(span) = problem.span {
                prop_assert!(text.get(span.clone()).is_some(), "{span:?} of {text:?}");
            }
        }
    }
}

const LINES: &[&str] = &[
    "name = \"t\"",
    "name = 'ä'",
    "guarantee = \"best-effort\"",
    "guarantee = ",
    "[component.a]",
    "[component.b]",
    "[[component.b.inputs]]",
    "[component]",
    "plugin = \"x\"",
    "plugin = [ü]",
    "from = \"a\"",
    "from = \"b.c\"",
    "grouping = \"fields\"",
    "grouping = { plugin = \"g\" }",
    "fields = [\"w\", 1]",
    "rename = { a = \"b\", c = \"b\" }",
    "inputs = [{ from = \"a\", grouping = \"all\" }, 5]",
    "parallelism = 0",
    "parallelism = 99999999999999999999",
    "grants = { net = [\"x\"], dirs = [\"\"] }",
    "limits = { batch_ms = -1 }",
    "# ✓",
];
