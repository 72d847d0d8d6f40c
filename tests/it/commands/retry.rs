//! `petrel dead-letters retry`: in a topology that runs, and in one that does not.

use super::schema::assert_fits;
use crate::faults::trouble;
use crate::guests::guest;
use crate::living::{Living, endless, wait_until};
use petrel_tests::{Finished, Sandbox};
use serde_json::{Value, json};

const LACK: &str = "how = \"lack\", with = \"needed\", at = 5";
const FOLDER: &str = "grants = { dirs = [\".\"] }";

fn retry(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    sandbox.run(&[&["dead-letters", "retry", "t"], arguments].concat())
}

/// The same as one document.
fn document(sandbox: &Sandbox, code: i32, arguments: &[&str]) -> Value {
    let finished = retry(sandbox, &[arguments, &["-o", "json"]].concat()).fails(code, &[]);
    let document = finished.json();
    assert_fits(&document, "dead-letters-retry");
    document
}

/// The numbers of the letters there are, each with its tries.
fn letters(sandbox: &Sandbox) -> Vec<(u64, u64)> {
    let list = sandbox.run(&["dead-letters", "list", "t", "-o", "json"]).ok().json();
    let letters = list["letters"].as_array().unwrap().iter();
    letters.map(|it| (it["number"].as_u64().unwrap(), it["attempts"].as_u64().unwrap())).collect()
}

fn numbers(sandbox: &Sandbox, file: &str) -> Vec<i64> {
    let text = sandbox.read(file);
    text.lines().map(|line| line.split('\t').next().unwrap().parse().expect("a number")).collect()
}

#[test]
fn a_letter_is_tried_again_while_the_topology_runs() {
    while_it_runs("best-effort");
}

#[test]
fn a_letter_is_tried_again_where_tuples_are_tracked() {
    while_it_runs("at-least-once");
}

fn while_it_runs(guarantee: &str) {
    let sandbox = Sandbox::new();
    endless(&sandbox, "t", LACK, &format!("{FOLDER}\nparallelism = 2"));
    sandbox.write("t.toml", sandbox.read("t.toml").replace("best-effort", guarantee));
    let run = Living::start(&sandbox, &["run", "t.toml", "-o", "json"]);
    wait_until("there is a letter", || {
        sandbox.path().join(".home/runs/t/dead-letters").exists() && !letters(&sandbox).is_empty()
    });
    retry(&sandbox, &["1"]).fails(
        1,
        &[
            "letter 1: failed again and is letter 2 now, 2 tries: error: there is no needed",
            "0 processed, 1 failed again, 0 not processed",
        ],
    );
    let again = document(&sandbox, 1, &["2", "7"]);
    assert_eq!((&again["running"], &again["failed"], &again["unprocessed"]), (&json!(true), &json!(1), &json!(1)));
    let by = |number: u64| {
        again["letters"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["number"] == number)
            .unwrap_or_else(|| panic!("{again:#}"))
    };
    assert_eq!((&by(7)["outcome"], &by(2)["outcome"]), (&json!("missing"), &json!("failed")));
    assert_eq!((&by(2)["replaced_by"], &by(2)["attempts"], &by(2)["kind"]), (&json!(3), &json!(3), &json!("error")));
    assert_eq!(letters(&sandbox), [(3, 3)]);
    for (flag, value) in [("--set", "trouble.at=1"), ("--plugin", "trouble=x.wasm"), ("--secret", "a=@t.toml")] {
        retry(&sandbox, &["3", flag, value]).fails(1, &["t is running", &format!("without {flag}")]);
    }
    sandbox.write("needed", "");
    for (flag, value) in [("--component", "sink"), ("--kind", "trap")] {
        let nothing = document(&sandbox, 0, &["--all", flag, value]);
        assert_eq!(nothing["letters"], json!([]));
    }
    let done = document(&sandbox, 0, &["--all", "--component", "trouble", "--kind", "error"]);
    assert_eq!((&done["processed"], &done["letters"][0]["component"]), (&json!(1), &json!("trouble")));
    assert_eq!(letters(&sandbox), []);
    run.signal("INT");
    let report = run.end().ok().json();
    assert_eq!(report["components"]["trouble"]["dead_letters"], 3);
    let mut found = numbers(&sandbox, "t.tsv");
    found.sort_unstable();
    let emitted = report["components"]["numbers"]["emitted"].as_i64().unwrap();
    assert!(found.into_iter().eq(0..emitted), "each number came once, that of the letter too");
}

#[test]
fn what_is_paused_takes_no_letters() {
    let sandbox = Sandbox::new();
    let lack = "how = \"lack\", with = \"needed\", from = 0";
    sandbox.write("t.toml", trouble("t", "count = 1_500", lack, FOLDER));
    let run = Living::start(&sandbox, &["run", "t.toml", "--log-level", "off"]);
    let is_paused = || {
        let shown = sandbox.run(&["top", "-o", "json", "--interval", "50ms"]).ok().json();
        shown["topologies"][0]["components"]["trouble"]["paused"] == 1
    };
    wait_until("it is paused", is_paused);
    retry(&sandbox, &["1"]).fails(1, &["letter 1: not tried: trouble[0] is paused: `petrel resume t trouble` first"]);
    run.signal("INT");
    run.end().fails(1, &["was paused"]);
    assert_eq!(letters(&sandbox).len(), 1_000);

    // Not mended, it is paused again, and nothing is lost.
    let finished = retry(&sandbox, &["--all", "--log-level", "off"]).fails(1, &["trouble[0] was paused"]);
    assert!(finished.stderr().contains("0 processed, "), "{}", finished.stderr());
    assert_eq!(letters(&sandbox).len(), 1_000);
    sandbox.write("needed", "");
    let finished = retry(&sandbox, &["--all"]).ok();
    assert!(finished.stderr().contains("1000 processed, 0 failed again, 0 not processed"), "{}", finished.stderr());
    assert_eq!(letters(&sandbox), []);
    let mut found = numbers(&sandbox, "out.tsv");
    found.sort_unstable();
    assert_eq!(found, (0..1_000).collect::<Vec<i64>>(), "what waited when the run ended was never given to it");
}

/// A run that has ended, with number 5 in its letters.
fn ended(config: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", trouble("t", "count = 1000", config, more));
    sandbox.run(&["run", "t.toml"]).ok();
    assert_eq!((letters(&sandbox), sandbox.read("out.tsv").lines().count()), (vec![(1, 1)], 999));
    sandbox
}

#[test]
fn a_topology_that_does_not_run_is_started_for_its_letters() {
    let sandbox = ended(LACK, FOLDER);
    let record = sandbox.read(".home/runs/t/topology.toml");
    retry(&sandbox, &["1"]).fails(1, &["letter 1: failed again and is letter 2 now, 2 tries"]);
    assert_eq!(letters(&sandbox), [(2, 2)]);
    assert_eq!(sandbox.read("out.tsv").lines().count(), 999, "what sinks wrote stays");
    sandbox.write("needed", "");
    // Paths start where the topology was started.
    let elsewhere = sandbox.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let mut command = sandbox.command(&["dead-letters", "retry", "t", "--all", "-o", "json"]);
    let finished = Finished(command.current_dir(&elsewhere).output().expect("petrel starts")).ok();
    assert_fits(&finished.json(), "dead-letters-retry");
    assert_eq!((&finished.json()["running"], &finished.json()["processed"]), (&json!(false), &json!(1)));
    assert_eq!(letters(&sandbox), []);
    let found = numbers(&sandbox, "out.tsv");
    assert_eq!((found.len(), found.last()), (1_000, Some(&5)));
    assert_eq!(std::fs::read_dir(elsewhere).unwrap().count(), 0);
    assert_eq!(sandbox.read(".home/runs/t/topology.toml"), record, "the record of the run is as it was");
    let nothing = retry(&sandbox, &["--all"]).ok();
    assert!(nothing.stderr().contains("there is no such letter of t"), "{}", nothing.stderr());
}

#[test]
fn it_is_mended_by_its_configuration_or_by_another_plugin() {
    let sandbox = ended("how = \"panic\", at = 5", "");
    retry(&sandbox, &["1", "--set", "truoble.at=-1"]).fails(2, &["`--set truoble.at=-1`", "trouble"]);
    retry(&sandbox, &["1", "--plugin", "trouble=./missing.wasm"]).fails(2, &["there is no file", "missing.wasm"]);
    retry(&sandbox, &["1", "--set", "trouble.at=-1"]).ok();
    assert_eq!(numbers(&sandbox, "out.tsv").last(), Some(&5));

    let sandbox = ended("how = \"panic\", at = 5", "");
    std::fs::copy(guest("mended"), sandbox.path().join("mended.wasm")).unwrap();
    retry(&sandbox, &["1", "--plugin", "trouble=mended.wasm"]).ok();
    assert!(sandbox.read("out.tsv").ends_with("\n5\tmended\n"), "the plugin that was given");
    assert_eq!(letters(&sandbox), []);
}

#[test]
fn what_cannot_be_written_leaves_the_letters_where_they_are() {
    let sandbox = ended(LACK, FOLDER);
    sandbox.write("needed", "");
    let finished = retry(&sandbox, &["1", "--set", "sink.path=/dev/full"]).fails(
        1,
        &[
            "sink[0] cannot write to",
            "/dev/full",
            "letter 1: it was processed, and is still a dead letter: the topology failed",
        ],
    );
    assert!(finished.stderr().contains("0 processed, 0 failed again, 1 not processed"), "{}", finished.stderr());
    assert_eq!(letters(&sandbox), [(1, 1)]);
}

#[test]
fn what_does_not_fit_any_more_is_not_tried() {
    let sandbox = ended("how = \"panic\", at = 5", "");
    // The same name, another topology.
    let other = trouble("t", "count = 10", "", "")
        .replace("[component.trouble]", "[component.troubles]")
        .replace("from = \"trouble\"", "from = \"troubles\"");
    sandbox.write("t.toml", other);
    sandbox.run(&["run", "t.toml"]).ok();
    retry(&sandbox, &["1"])
        .fails(1, &["letter 1: not tried: the topology has no component trouble any more: is it troubles now?"]);
    assert_eq!(letters(&sandbox), [(1, 1)]);
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let sandbox = Sandbox::new();
    retry(&sandbox, &["1"]).fails(2, &["no topology named t has run here"]);
    let sandbox = ended("how = \"panic\", at = 5", "");
    retry(&sandbox, &["1", "--all"]).fails(2, &["--all"]);
    retry(&sandbox, &["1", "--plugin", "trouble"]).fails(2, &["NAME=FILE"]);
    retry(&sandbox, &["1", "--set", "trouble"]).fails(2, &["NAME.KEY=VALUE"]);
    retry(&sandbox, &["1", "--secret", "a=@t.toml"]).fails(2, &["no component is granted the secret a"]);
    retry(&sandbox, &["4"]).fails(1, &["letter 4: there is no such letter"]);
    std::fs::remove_file(sandbox.path().join(".home/runs/t/started-in")).unwrap();
    retry(&sandbox, &["1"]).fails(1, &["does not tell what ran: run the topology again"]);
    assert_eq!(letters(&sandbox), [(1, 1)]);
}
