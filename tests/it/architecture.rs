//! The invariants of ARCHITECTURE.md that the compiler does not check.

use petrel_tests::repository;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pure crates, and what each may depend on.
const PURE: &[(&str, &[&str])] = &[
    ("sdk/frame", &[]),
    ("coord/model", &["petrel-frame", "serde", "serde_json", "thiserror", "toml", "xxhash-rust"]),
    ("runtime/state", &["petrel-frame", "petrel-model", "hashbrown", "thiserror", "xxhash-rust"]),
    ("runtime/flow", &["petrel-frame", "petrel-model", "petrel-state", "thiserror", "xxhash-rust"]),
];

fn manifest(folder: &str) -> toml::Table {
    let path = repository().join(folder).join("Cargo.toml");
    std::fs::read_to_string(&path).expect("the manifest can be read").parse().expect("the manifest is TOML")
}

fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = manifest(folder);
    let names = |table: Option<&toml::Value>| -> Vec<String> {
        table.and_then(|table| table.as_table()).map(|table| table.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all: BTreeSet<String> = names(manifest.get("dependencies")).into_iter().collect();
    for target in manifest.get("target").and_then(|it| it.as_table()).into_iter().flat_map(|it| it.values()) {
        all.extend(names(target.get("dependencies")));
    }
    all
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The lines of the Rust files in a folder that hold a text, comments left out.
fn lines_with(folder: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in rust_files(&repository().join(folder)) {
        let source = std::fs::read_to_string(&path).expect("the source can be read");
        for (number, line) in source.lines().enumerate() {
            if !line.trim_start().starts_with("//") && line.contains(text) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn pure_crates_have_no_std_and_few_dependencies() {
    for (folder, allowed) in PURE {
        let source = std::fs::read_to_string(repository().join(folder).join("src/lib.rs")).expect("there is a lib.rs");
        assert!(source.contains("#![no_std]"), "{folder} is not no_std");
        let found = dependencies(folder);
        let unexpected: Vec<&String> = found.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(
            unexpected.is_empty(),
            "{folder} depends on {unexpected:?}: think twice, then extend the list in this test"
        );
        for path in rust_files(&repository().join(folder).join("src")) {
            let source = std::fs::read_to_string(&path).expect("the source can be read");
            let lines: Vec<&str> = source.lines().collect();
            for (number, line) in lines.iter().enumerate() {
                if line.trim_start().starts_with("extern crate std") {
                    let guarded = number > 0 && lines[number - 1].trim() == "#[cfg(test)]";
                    assert!(guarded, "{}:{}: std outside cfg(test)", path.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn only_the_sandbox_names_wasmtime() {
    for folder in ["sdk", "coord", "runtime/flow", "runtime/state", "runtime/worker", "runtime/cli", "plugins"] {
        let lines = lines_with(folder, "wasmtime::");
        assert!(lines.is_empty(), "{lines:#?}");
    }
    for folder in ["runtime/worker", "runtime/cli", "runtime/flow"] {
        assert!(!dependencies(folder).iter().any(|name| name.starts_with("wasmtime")), "{folder} depends on wasmtime");
    }
}

#[test]
fn dependencies_point_downwards() {
    let floors: &[(&[&str], &[&str])] = &[
        (&["sdk/frame", "sdk/macros", "sdk/rust"], &["petrel-frame", "petrel-sdk-macros"]),
        (&["coord/model"], &["petrel-frame"]),
        (&["runtime/state"], &["petrel-frame", "petrel-model"]),
        (&["runtime/flow"], &["petrel-frame", "petrel-model", "petrel-state"]),
        (&["runtime/sandbox"], &["petrel-frame", "petrel-model", "petrel-state", "petrel-flow"]),
        (&["runtime/worker"], &["petrel-frame", "petrel-model", "petrel-state", "petrel-flow", "petrel-sandbox"]),
    ];
    for (folders, allowed) in floors {
        for folder in *folders {
            for name in dependencies(folder).iter().filter(|name| name.starts_with("petrel")) {
                assert!(allowed.contains(&name.as_str()), "{folder} must not depend on {name}");
            }
        }
    }
}

#[test]
fn the_sdk_inherits_nothing_and_carries_the_contract() {
    for folder in ["sdk/frame", "sdk/macros", "sdk/rust"] {
        let text = std::fs::read_to_string(repository().join(folder).join("Cargo.toml")).expect("there is a manifest");
        assert!(!text.contains("workspace"), "{folder} inherits from the workspace, and could not leave it");
    }
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).expect("the contract can be read");
    assert_eq!(read("wit/petrel.wit"), read("sdk/rust/wit/petrel.wit"), "copy wit/petrel.wit into the SDK");
}

#[test]
fn the_environment_is_read_in_one_place() {
    let places = ["runtime/cli/src/home.rs", "runtime/cli/src/output.rs", "runtime/sandbox/src/wasi"];
    for folder in [
        "coord/model/src",
        "runtime/flow/src",
        "runtime/state/src",
        "runtime/worker/src",
        "runtime/sandbox/src",
        "runtime/cli/src",
    ] {
        let lines = lines_with(folder, "env::var");
        let elsewhere: Vec<&String> =
            lines.iter().filter(|line| !places.iter().any(|place| line.contains(place))).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    }
}

/// Who depends on whom in a selection of packages, each with its features: a package that is built for the target and for
/// macros may have two sets of them, and which one is meant shows in who depends on it.
fn edges(selection: &[&str]) -> BTreeSet<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "-f", " {p} {f}", "--prefix", "depth"])
        .args(selection)
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut edges, mut path) = (BTreeSet::new(), Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.is_empty()) {
        let (depth, package) = line.split_once(' ').expect("a depth stands before each package");
        path.truncate(depth.parse().expect("the depth is a number"));
        let package = package.trim_end_matches(" (*)").trim_end().to_owned();
        if let Some(parent) = path.last() {
            edges.insert((String::clone(parent), package.clone()));
        }
        path.push(package);
    }
    edges
}

#[test]
fn wasmtime_has_the_same_features_whatever_is_built() {
    let whole = edges(&["--workspace", "-e", "normal,build,dev"]);
    for alone in ["petrel-sandbox", "petrel"] {
        let alone = edges(&["-p", alone, "-e", "normal,build"]);
        assert!(alone.len() > 100, "there are dependencies");
        let different: Vec<_> = alone.difference(&whole).collect();
        assert!(
            different.is_empty(),
            "building it alone would compile wasmtime again, because these differ from the whole workspace's: {different:#?}"
        );
    }
}

#[test]
fn no_file_has_outgrown_its_concept() {
    let mut long = Vec::new();
    for folder in ["sdk", "coord", "runtime", "plugins", "tests"] {
        for path in rust_files(&repository().join(folder)) {
            let lines = std::fs::read_to_string(&path).expect("the source can be read").lines().count();
            if lines > 500 {
                long.push(format!("{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "split by concept: {long:#?}");
}
