//! `petrel run -o json`: exactly the members that docs/formats.md names, and nothing else on standard output.

use crate::faults::trouble;
use crate::guests::guest;
use petrel_tests::Sandbox;
use serde_json::Value;
use std::process::Stdio;

const TOPOLOGY: [&str; 7] = ["components", "dead_letters", "elapsed_s", "failure", "paused", "status", "topology"];
const COMPONENT: [&str; 20] = [
    "acking",
    "back_pressured",
    "busy",
    "calls",
    "dead_letters",
    "dropped_log_lines",
    "emitted",
    "executed",
    "faults",
    "guest_cpu_s",
    "idle",
    "latency_us",
    "limits_hit",
    "memory_bytes",
    "metrics",
    "paused",
    "queued_bytes",
    "rejected",
    "restarts",
    "tasks",
];

/// Fails unless it is an object with these members, in any order.
#[track_caller]
fn assert_members(value: &Value, expected: &[&str]) {
    let mut members: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, expected);
}

#[track_caller]
fn assert_report(report: &Value, name: &str, status: &str, components: &[&str]) {
    assert_members(report, &TOPOLOGY);
    assert_eq!((&report["topology"], &report["status"]), (&name.into(), &status.into()));
    assert!(report["elapsed_s"].as_f64().expect("a number") > 0.0);
    assert_members(&report["components"], components);
    for component in components {
        let component = &report["components"][component];
        assert_members(component, &COMPONENT);
        assert_members(&component["latency_us"], &["p50", "p99", "p999"]);
        assert_members(&component["metrics"], &["counters", "gauges"]);
        let share = |name: &str| component[name].as_f64().expect("a number");
        for name in ["busy", "back_pressured", "idle"] {
            assert!((0.0..=1.0).contains(&share(name)), "{name}: {component}");
        }
        let sum = share("busy") + share("back_pressured") + share("idle");
        assert!((sum - 1.0).abs() < 1e-9, "the shares are all of the time: {component}");
        for name in [
            "tasks",
            "emitted",
            "executed",
            "rejected",
            "dead_letters",
            "faults",
            "restarts",
            "paused",
            "calls",
            "queued_bytes",
            "memory_bytes",
            "dropped_log_lines",
        ] {
            assert!(component[name].is_u64(), "{name}: {component}");
        }
        // A run that fails may end before every task was called.
        let guest_cpu_s = component["guest_cpu_s"].as_f64().expect("a number");
        assert!(guest_cpu_s > 0.0 || (status == "failed" && guest_cpu_s == 0.0), "{component}");
        assert_eq!(component["limits_hit"], serde_json::json!({}), "{component}");
        let latency = |name: &str| component["latency_us"][name].as_u64().expect("a number");
        assert!(latency("p50") <= latency("p99") && latency("p99") <= latency("p999"), "{component}");
    }
}

/// Numbers that are printed, of which one is also said aloud by the guest.
fn printing(name: &str, count: u64) -> String {
    format!(
        r#"
        name = "{name}"
        guarantee = "best-effort"
        [component.numbers]
        plugin = "numbers"
        config = {{ count = {count} }}
        [component.trouble]
        plugin = "{}"
        config = {{ how = "say", with = "a word on the way", at = 3 }}
        inputs = [{{ from = "numbers", grouping = "shuffle" }}]
        [component.out]
        plugin = "print"
        config = {{ fields = ["number"] }}
        inputs = [{{ from = "trouble", grouping = "global" }}]
        "#,
        guest("trouble")
    )
}

#[test]
fn one_topology_is_one_report() {
    let sandbox = Sandbox::new();
    sandbox.write("one.toml", trouble("one", "count = 1000", "", "parallelism = 2"));
    let report = sandbox.run(&["run", "one.toml", "-o", "json"]).ok().json();
    assert_report(&report, "one", "done", &["numbers", "sink", "trouble"]);
    assert_eq!(report["components"]["trouble"]["tasks"], 2);
    for (component, name) in
        [("numbers", "emitted"), ("trouble", "executed"), ("trouble", "emitted"), ("sink", "executed")]
    {
        assert_eq!(report["components"][component][name], 1000, "{component} {name}");
    }
    assert_eq!(report["components"]["sink"]["emitted"], 0);
}

#[test]
fn several_topologies_are_one_document() {
    let sandbox = Sandbox::new();
    sandbox.write("one.toml", trouble("one", "count = 1000", "", "").replace("out.tsv", "one.tsv"));
    sandbox.write("two.toml", trouble("two", "count = 1000", "", "").replace("out.tsv", "two.tsv"));
    let document = sandbox.run(&["run", "two.toml", "one.toml", "--output", "json"]).ok().json();
    assert_members(&document, &["elapsed_s", "topologies"]);
    let reports = document["topologies"].as_array().expect("a list");
    assert_eq!(reports.len(), 2);
    assert_report(&reports[0], "two", "done", &["numbers", "sink", "trouble"]);
    assert_report(&reports[1], "one", "done", &["numbers", "sink", "trouble"]);
    let longest = reports.iter().map(|report| report["elapsed_s"].as_f64().expect("a number")).fold(0.0, f64::max);
    assert_eq!(document["elapsed_s"].as_f64(), Some(longest));
}

#[test]
fn what_is_printed_goes_to_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.write("one.toml", printing("one", 5));
    sandbox.write("two.toml", printing("two", 5));
    let finished = sandbox.run(&["run", "one.toml", "-o", "json", "--log-level", "trace"]).ok();
    assert_report(&finished.json(), "one", "done", &["numbers", "out", "trouble"]);
    assert!(finished.stderr().contains("0\n1\n2\n3\n4\n"), "{}", finished.stderr());
    assert!(finished.stderr().contains("a word on the way"), "{}", finished.stderr());
    let finished = sandbox.run(&["run", "one.toml", "two.toml", "-o", "json"]).ok();
    assert_members(&finished.json(), &["elapsed_s", "topologies"]);
    // For people it is the other way round.
    let finished = sandbox.run(&["run", "one.toml"]).ok();
    assert_eq!(finished.stdout(), "0\n1\n2\n3\n4\n");
    assert!(finished.stderr().contains("one: Done") && finished.stderr().contains("a word on the way"));
}

#[test]
fn a_failed_run_has_its_report_too() {
    let sandbox = Sandbox::new();
    sandbox.write("one.toml", trouble("one", "count = 1000", "how = \"open\"", ""));
    let finished = sandbox.run(&["run", "one.toml", "-o", "json"]).fails(1, &["trouble[0] failed"]);
    assert_report(&finished.json(), "one", "failed", &["numbers", "sink", "trouble"]);
}

#[test]
fn what_never_started_has_no_document() {
    let sandbox = Sandbox::new();
    sandbox.write("one.toml", trouble("one", "count = 1000", "colour = \"red\"", ""));
    let finished = sandbox.run(&["run", "one.toml", "-o", "json"]).fails(2, &["colour"]);
    assert_eq!(finished.stdout(), "");
}

#[test]
fn a_document_that_nobody_reads_is_no_panic() {
    let sandbox = Sandbox::new();
    sandbox.write("one.toml", trouble("one", "count = 10", "", ""));
    let mut command = sandbox.command(&["run", "one.toml", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("petrel starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("petrel ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
}
