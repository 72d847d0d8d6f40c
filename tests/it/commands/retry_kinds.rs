//! `petrel dead-letters retry` of what is no tuple of an input: timers, and tuples for which the plugin of a grouping chose no task.

use crate::groupings;
use crate::guests::guest;
use crate::living::{Living, wait_until};
use petrel_tests::{Finished, Sandbox};
use serde_json::Value;

fn retry(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Finished {
    sandbox.run(&[&["dead-letters", "retry", name], arguments].concat())
}

fn letters(sandbox: &Sandbox, name: &str) -> Vec<Value> {
    if !sandbox.path().join(format!(".home/runs/{name}/dead-letters")).exists() {
        return Vec::new();
    }
    let list = sandbox.run(&["dead-letters", "list", name, "-o", "json"]).ok().json();
    list["letters"].as_array().unwrap().clone()
}

/// `numbers → alarm (2 tasks) → file-sink`, where the alarm of number 7 needs a file.
fn alarm(sandbox: &Sandbox) -> Living {
    let text = format!(
        r#"
        name = "t"
        guarantee = "at-least-once"
        [component.numbers]
        plugin = "numbers"
        config = {{ rate = 1000 }}
        [component.alarm]
        plugin = "{}"
        parallelism = 2
        config = {{ needs = "needed", at = 7 }}
        grants = {{ dirs = ["."] }}
        inputs = [{{ from = "numbers", grouping = "fields", fields = ["number"] }}]
        [component.sink]
        plugin = "file-sink"
        config = {{ path = "out.tsv" }}
        inputs = [{{ from = "alarm", grouping = "global" }}]
        "#,
        guest("alarm")
    );
    sandbox.write("t.toml", text);
    let run = Living::start(sandbox, &["run", "t.toml"]);
    wait_until("the alarm fails", || !letters(sandbox, "t").is_empty());
    run
}

fn sevens(sandbox: &Sandbox) -> usize {
    sandbox.read("out.tsv").lines().filter(|line| *line == "7").count()
}

#[test]
fn a_timer_is_fired_again_while_the_topology_runs() {
    let sandbox = Sandbox::new();
    let run = alarm(&sandbox);
    let text = sandbox.run(&["dead-letters", "show", "t", "1"]).ok().stdout();
    assert!(text.contains("`on-timer`") && text.contains("number: optional<i64> = 7"), "{text}");
    let again = "letter 1: failed again and is letter 2 now, 2 tries: error: there is no needed";
    retry(&sandbox, "t", &["1"]).fails(1, &[again]);
    let shown = sandbox.run(&["dead-letters", "show", "t", "2", "-o", "json"]).ok().json();
    assert_eq!(
        (&shown["call"], &shown["timer"]["table"], &shown["timer"]["time_us"]),
        (&"on-timer".into(), &0.into(), &1.into())
    );
    sandbox.write("needed", "");
    retry(&sandbox, "t", &["--all"]).fails(0, &["letter 2: processed"]);
    assert_eq!(letters(&sandbox, "t").len(), 0);
    run.signal("INT");
    run.end().ok();
    assert_eq!(sevens(&sandbox), 1);
}

#[test]
fn a_timer_is_fired_again_after_the_end() {
    let sandbox = Sandbox::new();
    let run = alarm(&sandbox);
    run.signal("INT");
    run.end().ok();
    retry(&sandbox, "t", &["1"]).fails(1, &["letter 1: failed again and is letter 2 now, 2 tries"]);
    assert_eq!(sevens(&sandbox), 0);
    sandbox.write("needed", "");
    retry(&sandbox, "t", &["2"]).fails(0, &["letter 2: processed", "the state of alarm is not that of the run"]);
    assert_eq!((sevens(&sandbox), letters(&sandbox, "t").len()), (1, 0));
}

/// Numbers to a bolt with four tasks, by their remainder: with five, 4 and 9 have no task.
fn spread(sandbox: &Sandbox, numbers: &str, of: u32) {
    let input =
        format!("from = \"numbers\", grouping = {{ plugin = \"{}\", config = {{ of = {of} }} }}", guest("remainder"));
    sandbox.write("spread.toml", groupings::topology(numbers, "", &input));
}

/// A run after which 4 and 9 are letters.
fn unchosen() -> Sandbox {
    let sandbox = Sandbox::new();
    spread(&sandbox, "count = 10", 5);
    sandbox.run(&["run", "spread.toml"]).ok();
    let numbers: Vec<String> =
        letters(&sandbox, "spread").iter().map(|it| it["fields"]["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers, ["4", "9"]);
    sandbox
}

fn has(sandbox: &Sandbox, task: u32, number: u32) -> bool {
    sandbox.read("out.tsv").lines().any(|line| line == format!("{task}\t{number}"))
}

#[test]
fn a_tuple_without_a_task_goes_through_the_grouping_again_while_the_topology_runs() {
    let sandbox = unchosen();
    // What goes wrong is another thing, and still goes wrong.
    spread(&sandbox, "rate = 20", 9);
    let run = Living::start(&sandbox, &["run", "spread.toml", "--log-level", "off"]);
    wait_until("it runs", || sandbox.path().join(".home/runs/spread/control.sock").exists());
    retry(&sandbox, "spread", &["1"]).fails(
        1,
        &[
            "letter 1: failed again and is letter",
            "2 tries: error: task 4 was chosen for row 0 of 4 tasks",
            "1 failed again",
        ],
    );
    assert!(letters(&sandbox, "spread").iter().any(|it| it["attempts"] == 2 && it["fields"]["number"] == "4"));
    retry(&sandbox, "spread", &["2"]).fails(0, &["letter 2: processed"]);
    run.signal("INT");
    run.end().ok();
    assert!(has(&sandbox, 0, 9), "9 by 9 leaves 0");
}

#[test]
fn a_tuple_without_a_task_goes_through_the_grouping_again_after_the_end() {
    let sandbox = unchosen();
    retry(&sandbox, "spread", &["--all"]).fails(1, &["0 processed, 2 failed again, 0 not processed"]);
    // Mended in the topology, which runs once.
    spread(&sandbox, "count = 1", 4);
    sandbox.run(&["run", "spread.toml"]).ok();
    retry(&sandbox, "spread", &["--all"]).fails(0, &["2 processed, 0 failed again, 0 not processed"]);
    assert!(has(&sandbox, 0, 4) && has(&sandbox, 1, 9), "{}", sandbox.read("out.tsv"));
    assert_eq!(letters(&sandbox, "spread").len(), 0);
}

#[test]
fn a_grouping_that_is_there_no_more_is_told() {
    let sandbox = unchosen();
    sandbox.write("spread.toml", groupings::topology("count = 1", "", "from = \"numbers\", grouping = \"shuffle\""));
    sandbox.run(&["run", "spread.toml"]).ok();
    retry(&sandbox, "spread", &["1"])
        .fails(1, &["letter 1: not tried: no plugin chooses the tasks of where for numbers.default any more"]);
}
