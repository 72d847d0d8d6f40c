//! The Rust blocks of a chapter as one crate against the SDK.

use super::markdown::Block;
use petrel_tests::repository;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Compiles the blocks of a chapter, each as a module, and runs their tests.
///
/// As everywhere in Rust's documentation, a line that starts with `# ` is compiled and not shown.
pub(super) fn compile(chapter: &str, blocks: &[&Block]) {
    let name = chapter.trim_end_matches(".md");
    // A folder that stays: the SDK is compiled once.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book").join(name);
    let sources = folder.join("src");
    let _ = fs::remove_dir_all(&sources);
    fs::create_dir_all(&sources).expect("the target directory may be written");
    let mut modules = String::new();
    for block in blocks {
        let module = format!("line_{}", block.line);
        modules.push_str(&format!("pub mod {module};\n"));
        fs::write(sources.join(format!("{module}.rs")), with_hidden_lines(&block.text)).expect("it may be written");
    }
    fs::write(sources.join("lib.rs"), modules).expect("it may be written");
    let sdk = repository().join("sdk/rust");
    let manifest = format!(
        "[package]\nname = \"book-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\ndoctest = false\n\n\
         [dependencies]\npetrel-sdk = {{ path = {sdk:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("it may be written");
    // The versions that the standard plugins use.
    fs::copy(repository().join("plugins/Cargo.lock"), folder.join("Cargo.lock")).expect("it may be copied");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("book/target"))
        // An example need not use all that it shows.
        .env("RUSTFLAGS", "-D warnings -A dead-code")
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{chapter}, modules are named after the lines of their blocks:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn with_hidden_lines(text: &str) -> String {
    let line = |line| match line {
        "#" => "",
        line => str::strip_prefix(line, "# ").unwrap_or(line),
    };
    text.lines().map(|text| format!("{}\n", line(text))).collect()
}

#[test]
fn hidden_lines_are_compiled() {
    assert_eq!(with_hidden_lines("# use a;\n#\n#[b]\nfn c() {}\n"), "use a;\n\n#[b]\nfn c() {}\n");
}
