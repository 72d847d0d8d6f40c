//! `petrel graph`.

use super::schema::assert_fits;
use petrel_tests::{Sandbox, repository};

fn word_count() -> String {
    repository().join("plugins/topologies/word_count.toml").display().to_string()
}

#[test]
fn a_topology_is_drawn_as_a_tree() {
    let text = Sandbox::new().run(&["graph", &word_count(), "--parallelism", "count=2"]).ok().stdout();
    let expected = "\
word-count

lines [lines]
└─ shuffle → split [split]
   └─ fields word → count [count ×2]
      └─ global → sink [file-sink]
";
    assert_eq!(text, expected);
}

#[test]
fn a_topology_is_drawn_for_other_programs() {
    let sandbox = Sandbox::new();
    let svg = sandbox.run(&["graph", &word_count(), "--format", "svg"]).ok().stdout();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    // Nothing is fetched from anywhere: the one address is the name of the language.
    assert_eq!(svg.matches("://").count(), svg.matches("http://www.w3.org/2000/svg").count());
    let dot = sandbox.run(&["graph", &word_count(), "--format", "dot"]).ok().stdout();
    assert!(dot.contains("\"split\" -> \"count\" [label = \"fields word\"];"), "{dot}");
    let json = sandbox.run(&["graph", &word_count(), "-o", "json"]).ok().json();
    assert_fits(&json, "graph");
    assert_eq!(json["edges"][1]["key"], serde_json::json!(["word"]));
    sandbox.run(&["graph", &word_count(), "--format", "svg", "-o", "json"]).fails(2, &["cannot be used with"]);
}

#[test]
fn plugins_need_not_exist_for_a_drawing() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "t.toml",
        "name = \"t\"\nguarantee = \"best-effort\"\n[component.a]\nplugin = \"./not-built-yet.wasm\"\n",
    );
    assert_eq!(sandbox.run(&["graph", "t.toml"]).ok().stdout(), "t\n\na [./not-built-yet.wasm]\n");
    sandbox.write("bad.toml", "name = 1");
    sandbox.run(&["graph", "bad.toml"]).fails(2, &["bad.toml:1:8", "`name`"]);
}
