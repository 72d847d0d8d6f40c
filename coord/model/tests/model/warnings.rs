//! What can run and is likely to be a mistake.

use crate::{parsed, resolved};
use petrel_model::*;

/// Warnings about a component that keeps state by `word` and has these inputs.
fn warned(parallelism: u32, inputs: &str) -> Vec<Problem> {
    let text = format!(
        "name = \"t\"\nguarantee = \"best-effort\"\ncomponent.rows.plugin = \"rows\"\ncomponent.pair.plugin = \"pair\"\n\
         component.to.plugin = \"addressed\"\n[component.seen]\nplugin = \"by-word\"\nparallelism = {parallelism}\n\
         inputs = [{inputs}]\n"
    );
    let topology = parsed(&text);
    let warnings = warnings(&topology, &resolved(&topology));
    for warning in &warnings {
        let at = warning.span.clone().expect("it has a place");
        assert!(inputs.contains(&text[at.clone()]) && text[at].starts_with('"'), "the place is the grouping");
    }
    warnings
}

#[test]
fn keyed_state_behind_a_grouping_that_splits_it() {
    let by_key = "{ from = \"pair.words\", grouping = \"fields\", fields = [\"word\"] }";
    for (grouping, how) in [
        ("\"shuffle\"", "`shuffle` brings tuples of one key to any of them"),
        ("\"local-or-shuffle\"", "`local-or-shuffle` brings tuples of one key to any of them"),
        ("\"none\"", "`none` brings tuples of one key to any of them"),
        ("\"all\"", "`all` brings every tuple to each of them"),
        (
            "\"partial-key\", fields = [\"number\", \"word\"]",
            "`partial-key` by `number` and `word` brings tuples of one key to any of them",
        ),
        ("\"global\"", "`global` brings all tuples to task 0, whoever has their key"),
    ] {
        let inputs = format!("{{ from = \"rows\", grouping = {grouping} }}, {by_key}");
        let warnings = warned(3, &inputs);
        assert_eq!(
            warnings.iter().map(|warning| warning.message.as_str()).collect::<Vec<_>>(),
            [format!(
                "component `seen` keeps its state by `word` in 3 tasks, and {how}: each task has its own state for a \
                 key, and a count is split among them"
            )]
        );
        assert_eq!(
            warnings[0].help.as_deref(),
            Some("write `grouping = \"fields\", fields = [\"word\"]`, or set `parallelism = 1`")
        );
        assert_eq!(warned(1, &inputs), [], "one task has all state");
    }
}

#[test]
fn groupings_that_keep_a_key_together_or_know_what_they_do() {
    for input in [
        "from = \"rows\", grouping = \"fields\", fields = [\"word\"]",
        "from = \"rows\", grouping = \"partial-key\", fields = [\"word\"]",
        "from = \"rows\", grouping = \"global\"",
        "from = \"to\", grouping = \"direct\"",
        "from = \"rows\", grouping = { plugin = \"by-length\" }",
    ] {
        assert_eq!(warned(3, &format!("{{ {input} }}")), [], "{input}");
    }
}

#[test]
fn acking_without_tracking_is_told_unless_a_flag_turned_it_off() {
    let text = |guarantee: &str, acking: &str| {
        format!("name = \"t\"\nguarantee = \"{guarantee}\"\n{acking}\ncomponent.rows.plugin = \"rows\"\n")
    };
    let told = |text: &str, overrides: &Overrides| {
        let mut topology = parsed(text);
        topology.apply(overrides).unwrap();
        warnings(&topology, &resolved(&topology))
    };
    let (none, written) = (Overrides::default(), text("best-effort", "acking = { ackers = 2 }"));
    let warned = told(&written, &none);
    assert_eq!(warned.len(), 1);
    assert!(warned[0].message.starts_with("`acking` has no effect"), "{}", warned[0].message);
    assert!(warned[0].help.as_ref().unwrap().contains("at-least-once"));
    let place = warned[0].span.clone().unwrap();
    assert!(written[place.clone()].contains("ackers"), "{}", &written[place]);
    assert_eq!(told(&text("best-effort", ""), &none), []);
    let tracked = text("at-least-once", "acking = { ackers = 2 }");
    assert_eq!(told(&tracked, &none), []);
    let off = Overrides { guarantee: Some(Guarantee::BestEffort), ..Overrides::default() };
    assert_eq!(told(&tracked, &off), [], "the file means it");
    let on = Overrides { guarantee: Some(Guarantee::AtLeastOnce), ..Overrides::default() };
    assert_eq!(told(&written, &on), []);
}

/// What ran is run again without being told what nobody wrote.
#[test]
fn a_record_of_a_topology_that_tracks_nothing_warns_of_nothing() {
    let topology = parsed("name = \"t\"\nguarantee = \"best-effort\"\ncomponent.rows.plugin = \"rows\"\n");
    let recorded = topology.record(&resolved(&topology), |_| "rows".into());
    let again = parsed(&recorded);
    assert_eq!(warnings(&again, &resolved(&again)), [], "{recorded}");
}
