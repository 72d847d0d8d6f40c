//! `petrel new` and `petrel build`: a crate that builds anywhere.

use super::schema::assert_fits;
use petrel_tests::{Finished, Sandbox, petrel};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Shared by all crates that tests make: their dependencies are compiled once.
pub(super) fn target() -> PathBuf {
    petrel().parent().expect("a binary lies in a folder").join("test-crates")
}

/// Runs petrel with the shared target directory.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    Finished(sandbox.command(arguments).env("CARGO_TARGET_DIR", target()).output().expect("petrel starts"))
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("it can be read").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn a_new_bolt_builds_is_tested_and_runs_also_after_it_has_been_moved() {
    let sandbox = Sandbox::new();
    sandbox.run(&["new", "bolt", "shout"]).ok();
    let built = run(&sandbox, &["build", "shout", "-o", "json"]).ok().json();
    assert_fits(&built, "build");
    assert_eq!(built["world"], "bolt");
    assert_eq!(
        std::fs::metadata(built["path"].as_str().unwrap()).unwrap().len(),
        built["size_bytes"].as_u64().unwrap()
    );

    // Its own tests pass natively, in another place.
    let moved = sandbox.path().join("elsewhere/deep");
    std::fs::create_dir_all(&moved).unwrap();
    std::fs::rename(sandbox.path().join("shout"), moved.join("shout")).unwrap();
    let cargo = Command::new(env!("CARGO"))
        .arg("test")
        .current_dir(moved.join("shout"))
        .env("CARGO_TARGET_DIR", target())
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&cargo.stdout);
    assert!(cargo.status.success(), "{said}\n{}", String::from_utf8_lossy(&cargo.stderr));
    assert!(said.lines().any(|line| line.starts_with("test tests::") && line.ends_with("... ok")), "{said}");

    // As a component it is built again there, tried, and run in a topology.
    let tried =
        run(&sandbox, &["test", "elsewhere/deep/shout", "elsewhere/deep/shout/sample.jsonl", "-o", "json"]).ok().json();
    assert_fits(&tried, "test");
    let rows = tried["streams"][0]["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["line"].as_str().unwrap().ends_with('!')) && rows.len() > 1, "{rows:?}");
    let component = built["path"].as_str().unwrap();
    sandbox.write("text.txt", "in the eye\nof the storm\n");
    sandbox.write(
        "loud.toml",
        format!(
            "name = \"loud\"\nguarantee = \"best-effort\"\n\
             [component.lines]\nplugin = \"lines\"\nconfig = {{ path = \"text.txt\" }}\n\
             [component.shout]\nplugin = {component:?}\ninputs = [{{ from = \"lines\", grouping = \"shuffle\" }}]\n\
             [component.sink]\nplugin = \"file-sink\"\nconfig = {{ path = \"loud.tsv\" }}\n\
             inputs = [{{ from = \"shout\", grouping = \"global\" }}]\n"
        ),
    );
    sandbox.run(&["run", "loud.toml", "--until-done"]).ok();
    assert_eq!(sandbox.read("loud.tsv"), "IN THE EYE!\nOF THE STORM!\n");
}

#[test]
fn a_new_spout_builds_also_within_another_workspace() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace]\nmembers = []\n");
    std::fs::create_dir(sandbox.path().join("plugins")).unwrap();
    sandbox.run(&["new", "spout", "plugins/tick-tock"]).ok();
    let text = run(&sandbox, &["build", "plugins/tick-tock"]).ok().stdout();
    assert!(text.contains("tick_tock.wasm: a spout of"), "{text}");
    let tried = run(&sandbox, &["test", "plugins/tick-tock", "--rows", "3", "-o", "json"]).ok().json();
    assert_fits(&tried, "test");
    assert_eq!(tried["streams"][0]["rows"].as_array().unwrap().len(), 3);
}

#[test]
fn a_new_topology_is_valid_and_runs_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.run(&["new", "topology", "my-words"]).ok();
    sandbox.run(&["check", "my-words.toml"]).ok();
    let text = sandbox.write("text.txt", "storm petrel storm\n");
    let mut run = sandbox.command(&["run", "my-words.toml"]);
    let finished = Finished(run.stdin(std::fs::File::open(text).unwrap()).output().unwrap()).ok();
    assert!(finished.stdout().contains("storm") && finished.stdout().contains('2'), "{}", finished.stdout());
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("there/file", "mine");
    let before = names(sandbox.path());
    for (arguments, why) in [
        (["new", "bolt", "My Bolt"], "\"my-bolt\" would do"),
        (["new", "bolt", "struct"], "Rust or the SDK uses itself"),
        (["new", "spout", "../"], "does not end in a name"),
        (["new", "bolt", "there"], "there exists already"),
        (["new", "bolt", "missing/shout"], "there is no folder missing"),
        (["new", "topology", "Words"], "\"words\" would do"),
        (["new", "topology", "missing/words"], "there is no folder missing"),
    ] {
        sandbox.run(&arguments).fails(2, &[why]);
    }
    let mut after = names(sandbox.path());
    after.retain(|name| name != ".home");
    assert_eq!(after, before);
    assert_eq!(sandbox.read("there/file"), "mine");
    sandbox.run(&["new", "topology", "words"]).ok();
    sandbox.run(&["new", "topology", "words"]).fails(2, &["words.toml exists already"]);
}

#[test]
fn what_cannot_be_built_is_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.run(&["build", "nowhere"]).fails(2, &["no plugin crate in nowhere", "petrel new bolt"]);
    sandbox.write("library/Cargo.toml", "[package]\nname = \"library\"\nedition = \"2024\"\n[workspace]\n");
    sandbox.write("library/src/lib.rs", "");
    run(&sandbox, &["build", "library"]).fails(1, &["makes no component", "crate-type = [\"cdylib\"]"]);
    sandbox.write("library/src/lib.rs", "fn broken(");
    let broken = run(&sandbox, &["build", "library", "-o", "json"]).fails(1, &["src/lib.rs:1", "does not build"]);
    assert_eq!(broken.stdout(), "");
    let empty = "[package]\nname = \"nothing\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n";
    sandbox.write("nothing/Cargo.toml", empty);
    sandbox.write("nothing/src/lib.rs", "");
    run(&sandbox, &["build", "nothing"]).fails(1, &["nothing.wasm was built, and is no plugin"]);
}

#[test]
fn a_missing_target_comes_with_what_to_type() {
    let sandbox = Sandbox::new();
    sandbox.write("crate/Cargo.toml", "[package]\nname = \"any\"\n");
    // A toolchain without the target.
    let rustc = sandbox.write("bin/rustc", "#!/bin/sh\necho /nowhere/lib\n");
    std::fs::set_permissions(&rustc, Permissions::from_mode(0o755)).unwrap();
    let mut build = sandbox.command(&["build", "crate"]);
    let build = build.env("PATH", rustc.parent().unwrap());
    Finished(build.output().unwrap()).fails(1, &["wasm32-wasip2 is not installed", "rustup target add wasm32-wasip2"]);
    let mut build = sandbox.command(&["build", "crate"]);
    Finished(build.env("PATH", "/nowhere").output().unwrap())
        .fails(1, &["there is no rustc on the PATH", "install Rust with rustup"]);
}
