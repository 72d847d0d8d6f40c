//! The report of `petrel run`.

use super::schema::assert_fits;
use crate::faults::trouble;
use petrel_tests::Sandbox;
use serde_json::{Value, json};

const NUMBERS: &str =
    "guarantee = \"best-effort\"\n[component.numbers]\nplugin = \"numbers\"\nconfig = { count = 1000 }\n";

#[test]
fn the_report_of_one_topology_and_of_several() {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.write(&format!("{name}.toml"), format!("name = \"{name}\"\n{NUMBERS}"));
    }
    let report = sandbox.run(&["run", "one.toml", "-o", "json"]).ok().json();
    assert_fits(&report, "run");
    assert_eq!(report["status"], "done");
    assert_eq!(report["components"]["numbers"]["emitted"], 1000);
    let reports = sandbox.run(&["run", "one.toml", "two.toml", "-o", "json"]).ok().json();
    assert_fits(&reports, "run");
    assert_eq!(reports["topologies"][1]["topology"], "two");
}

#[test]
fn what_plugins_count_and_measure_is_in_the_report() {
    let sandbox = Sandbox::new();
    let text = trouble("t", "count = 1000", "how = \"measure\", with = \"level\", at = 7", "parallelism = 2");
    sandbox.write("t.toml", text);
    let report = sandbox.run(&["run", "t.toml", "-o", "json"]).ok().json();
    assert_fits(&report, "run");
    let metrics = &report["components"]["trouble"]["metrics"];
    assert_eq!(metrics["counters"], json!({ "met": 1 }));
    // One of the two tasks met the number.
    let mut gauge = metrics["gauges"]["level"].as_array().expect("one for each task").clone();
    gauge.sort_by_key(Value::is_null);
    assert_eq!(gauge, [json!(0.5), Value::Null]);
    assert_eq!(report["components"]["sink"]["metrics"], json!({ "counters": {}, "gauges": {} }));
    let shown = sandbox.run(&["run", "t.toml", "--parallelism", "trouble=1"]).ok().stderr();
    let words: Vec<&str> = shown.split_whitespace().collect();
    for row in [["COMPONENT", "METRIC", "VALUE"], ["trouble", "met", "1"], ["trouble", "level", "0.5"]] {
        assert!(words.windows(3).any(|window| window == row), "{row:?} is missing in\n{shown}");
    }
}

#[test]
fn what_went_wrong_has_columns_where_something_did() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.toml", trouble("bad", "count = 1000", "how = \"reject\", at = 7", ""));
    let shown = sandbox.run(&["run", "bad.toml"]).ok().stderr();
    assert!(shown.contains("  DEAD LETTERS"), "{shown}");
    let row = shown.lines().find(|line| line.starts_with("trouble")).expect("the component has a row");
    assert!(row.ends_with(" 1"), "{shown}");
    sandbox.write("good.toml", trouble("good", "count = 1000", "", ""));
    let shown = sandbox.run(&["run", "good.toml"]).ok().stderr();
    assert!(!shown.contains("DEAD LETTERS") && !shown.contains("LIMITS HIT") && !shown.contains("METRIC"), "{shown}");
}

#[test]
fn log_lines_of_the_system_are_limited_and_every_one_is_accounted_for() {
    const LINES: u64 = 5_000;
    let sandbox = Sandbox::new();
    sandbox.write("bad.jsonl", "no JSON\n".repeat(LINES as usize));
    sandbox.write(
        "t.toml",
        r#"
        name = "t"
        guarantee = "best-effort"
        [component.lines]
        plugin = "lines"
        config = { path = "bad.jsonl" }
        [component.parse]
        plugin = "json"
        config = { mode = "parse", fields = { name = "string" } }
        inputs = [{ from = "lines", grouping = "shuffle" }]
        "#,
    );
    let finished = sandbox.run(&["run", "t.toml", "-o", "json"]).ok();
    let report = finished.json();
    assert_eq!(report["components"]["parse"]["dead_letters"], LINES);
    let dropped = report["components"]["parse"]["dropped_log_lines"].as_u64().expect("a number");
    assert!(dropped > 0, "that took more than four seconds: {report:#}");
    let log = sandbox.read(".home/runs/t/logs/tasks.jsonl");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let about = |line: &&Value| line["component"] == "parse";
    let told: u64 = lines.iter().map(|line| line["dropped_before"].as_u64().expect("a number")).sum();
    assert_eq!((lines.iter().filter(about).count() as u64 + told, told), (LINES, dropped));
    let last = lines.last().expect("there are lines");
    assert_eq!((&last["component"], &last["source"]), (&Value::Null, &"system".into()));
    let text = format!("{} more log lines were dropped", last["dropped_before"]);
    assert!(finished.stderr().contains(&text), "{text}");
    assert!(finished.stderr().lines().count() < LINES as usize, "{}", finished.stderr().lines().count());
}

#[test]
fn the_report_of_a_failed_run_has_the_reason() {
    let failure = |config: &str, sink: &str| {
        let sandbox = Sandbox::new();
        sandbox.write("t.toml", trouble("t", "count = 2000", config, "").replace("out.tsv", sink));
        let finished = sandbox.run(&["run", "t.toml", "--until-done", "-o", "json"]);
        let report = finished.json();
        finished.fails(1, &[]);
        assert_fits(&report, "run");
        assert_eq!(report["status"], "failed");
        report["failure"].clone()
    };
    let trap = failure("how = \"panic\", from = 7", "out.tsv");
    for (name, expected) in [
        ("component", Value::from("trouble")),
        ("task", 0.into()),
        ("call", "process".into()),
        ("kind", "trap".into()),
        ("input", "numbers.default".into()),
    ] {
        assert_eq!(trap[name], expected, "{name}");
    }
    assert!(trap["message"].as_str().expect("text").contains("index out of bounds"), "{trap}");
    assert!(trap["backtrace"][0].as_str().expect("text").contains("trouble::stumble"), "{trap}");
    let refused = failure("how = \"open\"", "out.tsv");
    assert_eq!((&refused["call"], &refused["kind"]), (&"open".into(), &"error".into()));
    let full = failure("", "/dev/full");
    assert_eq!((&full["component"], &full["kind"]), (&"sink".into(), &"write".into()));
    assert!(full["message"].as_str().expect("text").contains("No space left"), "{full}");
}
