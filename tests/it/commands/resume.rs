//! `petrel resume`.

use super::schema::assert_fits;
use crate::faults::trouble;
use crate::living::{Living, endless, wait_until};
use petrel_tests::Sandbox;
use serde_json::{Value, json};

/// A bolt that cannot do without a file, which is not there.
fn lacking(sandbox: &Sandbox) {
    let config = "how = \"lack\", with = \"needed\", from = 0";
    sandbox.write("t.toml", trouble("t", "count = 3_000", config, "grants = { dirs = [\".\"] }"));
}

/// How many tuples the bolt has given up when it was paused; none while it is not, or nothing runs yet.
fn given_up(sandbox: &Sandbox) -> Option<u64> {
    let document = sandbox.run(&["top", "-o", "json", "--interval", "50ms"]).ok().json();
    let trouble = &document["topologies"][0]["components"]["trouble"];
    (trouble["paused"] == 1).then(|| trouble["dead_letters"].as_u64()).flatten()
}

fn top(sandbox: &Sandbox) -> Value {
    let document = sandbox.run(&["top", "t", "-o", "json", "--interval", "50ms"]).ok().json();
    assert_fits(&document, "top");
    document["topologies"][0].clone()
}

#[test]
fn a_paused_component_goes_on_when_its_trouble_is_mended() {
    let sandbox = Sandbox::new();
    lacking(&sandbox);
    let run = Living::start(&sandbox, &["run", "t.toml", "-o", "json", "--log-level", "off"]);
    wait_until("it is paused", || given_up(&sandbox) == Some(1_000));
    let shown = top(&sandbox);
    assert_eq!(shown["components"]["trouble"]["paused"], 1);
    assert_eq!(shown["paused"][0]["component"], "trouble");
    assert!(shown["paused"][0]["message"].as_str().unwrap().contains("there is no needed"), "{shown}");
    let text = sandbox.run(&["top", "t", "--once", "--interval", "50ms"]).ok().stdout();
    assert!(
        text.contains("trouble[0] is paused: error: ") && text.contains("`petrel resume t trouble` goes on"),
        "{text}"
    );

    sandbox.run(&["resume", "t", "touble"]).fails(2, &["t has no component touble", "did you mean trouble?"]);
    sandbox.run(&["resume", "t", "sink"]).fails(1, &["nothing of sink of t is paused"]);
    sandbox.write("needed", "");
    let document = sandbox.run(&["resume", "t", "-o", "json"]).ok().json();
    assert_fits(&document, "resume");
    assert_eq!(document, json!({ "topology": "t", "component": null, "resumed": 1 }));
    let report = run.end().ok().json();
    assert_eq!((&report["status"], &report["paused"]), (&json!("done"), &json!([])));
    assert_eq!(report["components"]["trouble"]["dead_letters"], 1_000);
    assert_eq!(sandbox.read("out.tsv").lines().count(), 2_000, "what waited was processed");
}

#[test]
fn what_is_not_mended_is_paused_again() {
    let sandbox = Sandbox::new();
    lacking(&sandbox);
    let run = Living::start(&sandbox, &["run", "t.toml", "--log-level", "off"]);
    wait_until("it is paused", || given_up(&sandbox) == Some(1_000));
    let finished = sandbox.run(&["resume", "t", "trouble"]).ok();
    assert_eq!(finished.stderr(), "1 task of t goes on\n");
    wait_until("it is paused again", || given_up(&sandbox) == Some(2_000));
    run.signal("INT");
    let finished = run.end().fails(1, &["trouble[0] was paused", "there is no needed"]);
    assert!(finished.stderr().contains("PAUSED") && finished.stderr().contains("RESTARTS"), "{}", finished.stderr());
}

#[test]
fn where_there_is_nothing_to_resume_that_is_told() {
    let sandbox = Sandbox::new();
    sandbox.run(&["resume", "t"]).fails(1, &["no topology named t is running", "`petrel run` starts a topology"]);
    endless(&sandbox, "t", "", "");
    let run = Living::start(&sandbox, &["run", "t.toml", "-o", "json"]);
    wait_until("it runs", || sandbox.path().join("t.tsv").exists());
    sandbox.run(&["resume", "t"]).fails(1, &["nothing of t is paused", "petrel top t --once"]);
    sandbox.run(&["resume", "u"]).fails(1, &["no topology named u is running", "there run t"]);
    run.signal("INT");
    run.end().ok();
}
