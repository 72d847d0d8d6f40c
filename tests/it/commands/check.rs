//! `petrel check`, and what every command says of a bad topology or a bad component.

use super::schema::assert_fits;
use petrel_tests::{Finished, Sandbox};

/// Lines to counted words. `{…}` are replaced by a test.
fn topology(replace: &[(&str, &str)]) -> String {
    let mut text = String::from(
        r#"name = "words"
guarantee = "best-effort"

[component.lines]
plugin = "lines"
config = { path = "text.txt" }

[component.split]
plugin = "split"
inputs = [{ from = "lines", grouping = "shuffle" }]

[component.count]
plugin = "count"
inputs = [{ from = "split", grouping = "fields", fields = ["word"] }]
"#,
    );
    for (from, to) in replace {
        assert!(text.contains(from), "{from:?} is not in the topology");
        text = text.replace(from, to);
    }
    text
}

fn check(replace: &[(&str, &str)]) -> Finished {
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", topology(replace));
    let checked = sandbox.run(&["check", "t.toml", "-o", "json"]);
    // Whatever is wrong, standard output is one document.
    let document = checked.json();
    assert_fits(&document, "check");
    assert_eq!(document["valid"], checked.code() == Some(0));
    assert_eq!(document["problems"].as_array().unwrap().is_empty(), checked.code() == Some(0));
    checked
}

#[test]
fn a_good_topology_is_summed_up() {
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", topology(&[]));
    let checked = sandbox.run(&["check", "t.toml", "--parallelism", "count=3", "--set", "lines.path=other.txt"]).ok();
    let expected = "\
t.toml: words is valid: 3 components, 5 tasks, guarantee best-effort

lines: spout lines, 1 task
  emits    default (line: bytes)
  may      read other.txt

split: bolt split, 1 task
  reads    lines.default by shuffle (line: bytes)
  emits    default (word: bytes)

count: bolt count, 3 tasks
  reads    split.default by fields word (word: bytes)
  emits    default (word: bytes, count: i64)
  keeps    count (i64, version 0), for each word
";
    assert_eq!(checked.stdout(), expected);
    assert_eq!(checked.stderr(), "");
    let document = check(&[]).json();
    assert_eq!(document["components"][2]["state"]["key"], serde_json::json!(["word"]));
    assert_eq!(document["components"][0]["grants"]["paths"][0]["path"], "text.txt");
}

#[test]
fn an_unknown_plugin_comes_with_the_one_that_was_meant() {
    check(&[("plugin = \"split\"", "plugin = \"splt\"")])
        .fails(2, &["error: t.toml:9:10", "there is no standard plugin \"splt\"", "did you mean \"split\"?"]);
    check(&[("plugin = \"split\"", "plugin = \"./none.wasm\"")])
        .fails(2, &["there is no file", "none.wasm", "petrel build"]);
}

#[test]
fn a_circle_is_named() {
    check(&[("from = \"lines\", grouping = \"shuffle\"", "from = \"count\", grouping = \"shuffle\"")])
        .fails(2, &["read from each other in a circle", "`split`", "`count`", "remove one of the inputs"]);
}

#[test]
fn a_name_that_is_used_twice_is_shown_at_both_places() {
    check(&[("[component.count]", "[component.split]")]).fails(2, &["t.toml:", "split"]);
}

#[test]
fn a_field_that_is_not_there_comes_with_the_one_that_was_meant() {
    check(&[("fields = [\"word\"]", "fields = [\"wrod\"]")])
        .fails(2, &["error: t.toml:14:", "no field `wrod`", "did you mean `word`?"]);
}

#[test]
fn a_type_that_does_not_fit_is_named_with_what_is_wanted() {
    let numbers = [("plugin = \"lines\"\nconfig = { path = \"text.txt\" }", "plugin = \"numbers\"")];
    check(&numbers).fails(2, &["split", "i64"]);
}

#[test]
fn a_stream_that_nobody_declares_comes_with_those_that_are() {
    check(&[("from = \"split\"", "from = \"split.loud\"")]).fails(2, &["loud", "default"]);
}

#[test]
fn parallelism_is_at_least_one() {
    check(&[("plugin = \"count\"", "plugin = \"count\"\nparallelism = 0")])
        .fails(2, &["error: t.toml:14:15", "`parallelism`", "must be at least 1"]);
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", topology(&[]));
    sandbox.run(&["check", "t.toml", "--parallelism", "count=0"]).fails(2, &["--parallelism count=0"]);
    sandbox
        .run(&["check", "t.toml", "--parallelism", "cuont=2"])
        .fails(2, &["no component `cuont`", "did you mean `count`?"]);
}

#[test]
fn text_that_is_not_toml_is_shown_where_it_breaks() {
    check(&[("[component.split]", "[component.split")]).fails(2, &["error: t.toml:8:", "t.toml: 1 problem"]);
}

#[test]
fn a_guarantee_that_does_not_exist_yet_is_refused_before_anything_starts() {
    check(&[("best-effort", "exactly-once")]).fails(2, &["error: t.toml:2:", "does not exist yet", "at-least-once"]);
    check(&[("best-effort", "best-efort")]).fails(2, &["did you mean `best-effort`?"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let several = [
        ("path = \"text.txt\"", "paht = \"text.txt\""),
        ("plugin = \"count\"", "plugin = \"count\"\nconfig = { emti = 1 }"),
    ];
    let checked = check(&several).fails(2, &["`paht`", "`path`", "`emti`", "`emit`", "t.toml: 2 problems"]);
    assert_eq!(checked.json()["problems"][1]["at"], serde_json::json!({ "line": 14, "column": 12 }));
}

#[test]
fn files_that_are_no_plugins_are_told_apart() {
    let component =
        std::fs::read(petrel_tests::petrel().parent().unwrap().parent().unwrap().join("plugins/split.wasm"));
    let component = component.expect("the build leaves the standard plugins beside the binary");
    let sandbox = Sandbox::new();
    sandbox.write("text.wasm", "just text");
    sandbox.write("core.wasm", b"\0asm\x01\0\0\0");
    sandbox.write("cut.wasm", &component[..component.len() / 2]);
    sandbox.write("other.wasm", b"\0asm\x0d\0\x01\0");
    for (file, why) in [
        ("text.wasm", "not a WebAssembly component"),
        ("core.wasm", "a WebAssembly core module, and a plugin is a component"),
        ("cut.wasm", "the file is cut off"),
        ("other.wasm", "this component is no Petrel plugin"),
    ] {
        let reference = format!("plugin = \"./{file}\"");
        sandbox.write("t.toml", topology(&[("plugin = \"split\"", &reference)]));
        sandbox.run(&["check", "t.toml"]).fails(2, &["error: t.toml:9:10", why]);
        sandbox.run(&["run", "t.toml"]).fails(2, &[why]);
        sandbox.run(&["plugin", "inspect", file]).fails(1, &[file, why]);
    }
}

#[test]
fn several_topologies_are_checked_side_by_side() {
    let sandbox = Sandbox::new();
    sandbox.write("good.toml", topology(&[]));
    sandbox.write("bad.toml", topology(&[("from = \"split\"", "from = \"nobody\"")]));
    sandbox.write("worse.toml", topology(&[("plugin = \"split\"", "plugin = \"nothing\"")]));
    let both = sandbox.run(&["check", "good.toml", "worse.toml", "-o", "json"]);
    let document = both.json();
    assert_fits(&document, "check");
    assert_eq!(document["topologies"][0]["valid"], true);
    assert_eq!(document["topologies"][1]["valid"], false);
    both.fails(2, &["error: worse.toml:9:10"]);
    sandbox.run(&["check", "good.toml", "bad.toml"]).fails(2, &["bad.toml:14:", "`nobody`"]);
    let unread = sandbox.run(&["check", "good.toml", "missing.toml", "-o", "json"]);
    assert_fits(&unread.json(), "check");
    assert_eq!(unread.json()["topologies"].as_array().map(Vec::len), Some(1), "only those that cannot be read");
    unread.fails(2, &["cannot read the topology missing.toml", "correct the path"]);
}

#[test]
fn what_cannot_be_read_or_applied_has_a_document_too() {
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", topology(&[]));
    sandbox.write("latin.toml", b"name = \"\xe4\"");
    for (arguments, texts) in [
        (&["none.toml"][..], &["error: none.toml", "No such file", "correct the path"][..]),
        (&["."], &["cannot read the topology .", "name a file in that folder"]),
        (&["latin.toml"], &["latin.toml", "UTF-8"]),
        (&["t.toml", "--guarantee", "best-efort"], &["no guarantee `best-efort`", "did you mean `best-effort`?"]),
        (&["t.toml", "--set", "cuont.emit=final"], &["no component `cuont`", "did you mean `count`?"]),
    ] {
        let checked = sandbox.run(&[&["check", "-o", "json"], arguments].concat());
        let document = checked.json();
        assert_fits(&document, "check");
        assert_eq!((&document["valid"], &document["file"]), (&false.into(), &arguments[0].into()));
        assert_eq!(document["problems"].as_array().map(Vec::len), Some(1));
        checked.fails(2, texts);
        sandbox.run(&[&["run"], arguments].concat()).fails(2, texts);
    }
}

#[test]
fn acking_that_has_no_effect_is_warned_of() {
    let sandbox = Sandbox::new();
    let text = topology(&[("\n\n[component.lines]", "\nacking = { ackers = 2 }\n\n[component.lines]")]);
    sandbox.write("t.toml", text);
    sandbox.write("text.txt", "a word");
    let words = ["warning: t.toml:3:", "`acking` has no effect", "at-least-once"];
    sandbox.run(&["check", "t.toml"]).fails(0, &words);
    sandbox.run(&["run", "t.toml"]).fails(0, &words);
    let tracked = sandbox.run(&["check", "t.toml", "--guarantee", "at-least-once"]).ok();
    assert!(!tracked.stderr().contains("warning"), "{}", tracked.stderr());
}

#[test]
fn keyed_state_that_is_split_among_tasks_is_warned_of() {
    let split = [
        ("plugin = \"count\"", "plugin = \"count\"\nparallelism = 2\nconfig = { fields = [\"word\"] }"),
        ("grouping = \"fields\", fields = [\"word\"]", "grouping = \"shuffle\""),
    ];
    let texts = [
        "warning: t.toml:16:",
        "component `count` keeps its state by `word` in 2 tasks, and `shuffle` brings tuples of one key to any of them",
        "write `grouping = \"fields\", fields = [\"word\"]`, or set `parallelism = 1`",
        "t.toml: 1 warning",
    ];
    let checked = check(&split).fails(0, &texts);
    assert_eq!(checked.json()["warnings"][0]["at"]["line"], 16);
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", topology(&split));
    sandbox.write("text.txt", "storm petrel");
    sandbox.run(&["run", "t.toml"]).fails(0, &texts);
    let one = sandbox.run(&["run", "t.toml", "--parallelism", "count=1"]).ok();
    assert!(!one.stderr().contains("warning"), "{}", one.stderr());
}

#[test]
fn long_lines_are_cut_to_the_place_of_the_problem() {
    let sandbox = Sandbox::new();
    let refused = |text: &str| {
        sandbox.write("long.toml", text);
        let checked = sandbox.run(&["check", "long.toml", "-o", "json"]);
        let document = checked.json();
        assert_fits(&document, "check");
        assert!(!document["problems"].as_array().unwrap().is_empty(), "{document:#}");
        let told = checked.stderr();
        assert!(told.contains("long.toml:1:"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() < 700), "{told}");
        checked.fails(2, &["problem"]);
    };
    refused(&format!("config = {{ path = \"{}\", bad = 1 = 2 }}\n", "x".repeat(66_000)));
    refused(&format!("name={}", "[".repeat(100_000)));
    refused(&format!("name={}", "[".repeat(300)));
    sandbox.run(&["check", "long.toml"]).fails(2, &["long.toml: 2 problems"]);
}
