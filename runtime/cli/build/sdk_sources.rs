//! Embeds the SDK and the templates of `petrel new`, so that an installed binary can write a crate that builds anywhere.
//!
//! Writes `$OUT_DIR/sdk_sources.rs`: three tables of (path, bytes), with paths relative to what they are tables of.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Crates of the SDK, as they lie in `sdk/` and as they will lie in `vendor/petrel-sdk-VERSION/`.
const CRATES: [&str; 3] = ["frame", "macros", "rust"];

/// What a crate of the SDK needs to be built. Its tests stay at home.
const PARTS: [&str; 3] = ["Cargo.toml", "src", "wit"];

/// Does it. Panics with the reason if that is not possible: this runs in a build script.
pub(crate) fn embed() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
    let root = root.join("../..").canonicalize().expect("the crate lies in the repository");
    let sdk = root.join("sdk");
    let mut sources = vec![("LICENSE".to_owned(), root.join("LICENSE"))];
    for name in CRATES {
        for part in PARTS {
            collect(&sdk.join(name), &sdk.join(name).join(part), &format!("{name}/"), &mut sources);
        }
    }
    let mut text = String::new();
    table(&mut text, "SDK", sources);
    for kind in ["spout", "bolt"] {
        let folder = sdk.join("rust/template").join(kind);
        let mut files = Vec::new();
        collect(&folder, &folder, "", &mut files);
        table(&mut text, &format!("{}_TEMPLATE", kind.to_uppercase()), files);
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to write")).join("sdk_sources.rs");
    std::fs::write(&out, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", out.display()));
}

/// Adds the files at or below a path that may be missing, sorted, named by `prefix` and their path from `base`.
fn collect(base: &Path, path: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_file() {
        let name = path.strip_prefix(base).expect("the path lies below its base");
        files.push((format!("{prefix}{}", name.to_str().expect("names in the repository are UTF-8")), path.to_owned()));
    } else if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let mut below: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
        below.retain(|path| path.file_name().is_some_and(|name| name != "target" && name != "Cargo.lock"));
        below.sort();
        below.iter().for_each(|path| collect(base, path, prefix, files));
    }
}

fn table(text: &mut String, name: &str, files: Vec<(String, PathBuf)>) {
    writeln!(text, "static {name}: &[(&str, &[u8])] = &[").expect("text takes everything");
    for (name, path) in files {
        writeln!(text, "    ({name:?}, include_bytes!({path:?})),").expect("text takes everything");
    }
    text.push_str("];\n");
}
