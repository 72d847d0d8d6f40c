//! Components that would destroy what others read or write are refused before anything starts; sources that cannot be read are
//! noticed before any sink's file is touched.

use petrel_tests::{Finished, Sandbox};

/// `lines` to two sinks. Everything that lies in the sandbox stays what it is.
fn topology(name: &str, lines: &str, one: &str, two: &str) -> String {
    format!(
        r#"name = "{name}"
guarantee = "best-effort"

[component.lines]
plugin = "lines"
config = {{ path = "{lines}" }}

[component.one]
plugin = "file-sink"
config = {{ path = "{one}" }}
inputs = [{{ from = "lines", grouping = "global" }}]

[component.two]
plugin = "file-sink"
config = {{ path = "{two}" }}
inputs = [{{ from = "lines", grouping = "global" }}]
"#
    )
}

/// Files with content: `text.txt`, `in/a.txt`, `in/b.txt`, `out.tsv`; a folder `out`; a link `link` to `in`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["text.txt", "in/a.txt", "in/b.txt", "out.tsv"] {
        sandbox.write(name, format!("{name}\n"));
    }
    std::fs::create_dir(sandbox.path().join("out")).expect("folders can be made");
    std::os::unix::fs::symlink("in", sandbox.path().join("link")).expect("links can be made");
    sandbox
}

#[track_caller]
fn assert_untouched(sandbox: &Sandbox) {
    for name in ["text.txt", "in/a.txt", "in/b.txt", "out.tsv"] {
        assert_eq!(sandbox.read(name), format!("{name}\n"));
    }
    assert!(!sandbox.path().join(".home/runs").exists(), "nothing was started");
}

/// Checks and runs; both refuse with these words, and everything stays as it is.
#[track_caller]
fn refused(lines: &str, one: &str, two: &str, texts: &[&str]) {
    let sandbox = sandbox();
    sandbox.write("t.toml", topology("t", lines, one, two));
    let checked = sandbox.run(&["check", "t.toml", "-o", "json"]);
    assert_eq!(checked.json()["valid"], false);
    checked.fails(2, texts);
    sandbox.run(&["run", "t.toml"]).fails(2, texts);
    assert_untouched(&sandbox);
}

/// Runs.
#[track_caller]
fn allowed(lines: &str, one: &str, two: &str) -> (Sandbox, Finished) {
    let sandbox = sandbox();
    sandbox.write("t.toml", topology("t", lines, one, two));
    let finished = sandbox.run(&["run", "t.toml"]).ok();
    assert!(!finished.stderr().contains("warning"), "{}", finished.stderr());
    (sandbox, finished)
}

#[test]
fn a_sink_on_its_own_source_is_refused_whatever_the_path_is_called() {
    refused(
        "text.txt",
        "text.txt",
        "other",
        &[
            "error: t.toml:10:19",
            "component `one` writes the file \"text.txt\", which component `lines` reads",
            "what is to be read would be overwritten",
            "the other path is here",
            "let `one` write another file",
        ],
    );
    refused(
        "text.txt",
        "other",
        "./in/../text.txt",
        &["t.toml:15:19", "which is the file \"text.txt\" that component"],
    );
    refused("in/a.txt", "link/a.txt", "other", &["which is the file \"in/a.txt\" that component `lines` reads"]);
}

#[test]
fn a_sink_among_the_files_of_a_folder_or_glob_is_refused() {
    refused(
        "in",
        "in/new.tsv",
        "x",
        &["writes \"in/new.tsv\", one of the files that component `lines` reads (\"in\")"],
    );
    refused("link/*.txt", "in/new.txt", "x", &["one of the files that component `lines` reads"]);
    refused("in/*.txt", "in/", "x", &["into the folder \"in/\", where component `lines` reads \"in/*.txt\""]);
    refused("in/a.txt", "x", "link/", &["\"link/\", where \"in/a.txt\" lies, which component `lines` reads"]);
    let (sandbox, _) = allowed("in/*.txt", "in/new.log", "out/");
    assert_eq!(sandbox.read("in/new.log"), "in/a.txt\nin/b.txt\n");
    assert_eq!(sandbox.read("out/part-00000.tsv"), "in/a.txt\nin/b.txt\n");
}

#[test]
fn two_sinks_on_one_file_or_folder_are_refused() {
    refused(
        "text.txt",
        "out.tsv",
        "./out.tsv",
        &[
            "component `two` writes \"./out.tsv\", which is the file \"out.tsv\" that component `one` writes",
            "what one writes, the other would overwrite",
        ],
    );
    refused("text.txt", "new", "new", &["component `two` writes the file \"new\", which component `one` writes"]);
    refused("text.txt", "out/", "out", &["the folder \"out/\" that component `one` writes into"]);
    refused("text.txt", "out/", "out/x.tsv", &["which lies in the folder \"out/\" that component `one` writes into"]);
    allowed("text.txt", "/dev/null", "/dev/null");
    allowed("text.txt", "out/x.tsv", "out/y.tsv");
}

#[test]
fn a_flag_that_makes_paths_meet_is_named() {
    let sandbox = sandbox();
    sandbox.write("t.toml", topology("t", "text.txt", "a", "b"));
    sandbox
        .run(&["run", "t.toml", "--set", "two.path=a"])
        .fails(2, &["error: t.toml", "writes the file \"a\"", "this comes from `--set two.path=a`"]);
    assert_untouched(&sandbox);
}

#[test]
fn standard_input_is_a_source_too() {
    let sandbox = sandbox();
    sandbox.write("t.toml", topology("t", "x", "out.tsv", "b").replace("path = \"x\"", "stdin = true"));
    let run = |file: &str| {
        let file = std::fs::File::open(sandbox.path().join(file)).expect("the file is there");
        Finished(sandbox.command(&["run", "t.toml"]).stdin(file).output().expect("petrel starts"))
    };
    run("out.tsv").fails(2, &["which is the file \"standard input\" that component `lines` reads"]);
    assert_untouched(&sandbox);
    run("text.txt").ok();
    assert_eq!(sandbox.read("out.tsv"), "text.txt\n");
}

#[test]
fn topologies_that_run_side_by_side_are_refused_and_checked_with_a_warning() {
    let sandbox = sandbox();
    sandbox.write("a.toml", topology("a", "text.txt", "out.tsv", "a"));
    sandbox.write("b.toml", topology("b", "in", "b", "out.tsv"));
    let texts = ["b.toml:15:19", "which component `one` of topology `a` writes", "the other path is in a.toml"];
    sandbox.run(&["run", "a.toml", "b.toml"]).fails(2, &texts);
    assert_untouched(&sandbox);
    let checked = sandbox.run(&["check", "a.toml", "b.toml", "-o", "json"]).ok();
    let document = checked.json();
    assert_eq!(document["topologies"][0]["warnings"], serde_json::json!([]));
    assert_eq!(document["topologies"][1]["warnings"][0]["at"], serde_json::json!({ "line": 15, "column": 19 }));
    checked.fails(0, &texts).fails(0, &["warning: b.toml", "run side by side, component `two` writes"]);
}

#[test]
fn a_source_that_cannot_be_read_is_noticed_before_a_sink_is_touched() {
    for missing in ["none.txt", "none/*.txt", "text.txt/below"] {
        let sandbox = sandbox();
        sandbox.write("t.toml", topology("t", missing, "out.tsv", "new.tsv"));
        sandbox.write("beside.toml", topology("beside", "text.txt", "in/a.txt", "in/b.txt"));
        let finished = sandbox.run(&["run", "beside.toml", "t.toml", "-o", "json"]);
        let document = finished.json();
        finished.fails(1, &["lines cannot start: ", missing, "nothing was started"]);
        assert_untouched(&sandbox);
        assert!(!sandbox.path().join("new.tsv").exists());
        assert_eq!(document["topologies"][0]["status"], "stopped");
        assert_eq!(document["topologies"][0]["failure"], serde_json::Value::Null);
        let failed = &document["topologies"][1];
        assert_eq!((&failed["status"], &failed["failure"]["kind"]), (&"failed".into(), &"read".into()));
    }
}

#[test]
fn a_spout_that_does_not_open_leaves_sinks_alone() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path().join("empty")).expect("folders can be made");
    // The folder can be read, and only the plugin says that it wants a file in it.
    sandbox.write("t.toml", topology("t", "empty", "out.tsv", "new.tsv"));
    sandbox.run(&["run", "t.toml"]).fails(1, &["lines[0] failed in `open`", "there is no file to read"]);
    assert_eq!(sandbox.read("out.tsv"), "out.tsv\n");
    assert!(!sandbox.path().join("new.tsv").exists());
}
