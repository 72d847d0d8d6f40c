//! Builds the standard plugins and embeds them, so that one binary is all there is to install.
//!
//! They are a workspace of their own, built into `<target>/guests`: the target directory that is in use now is locked by
//! the cargo that runs this. What was built is also copied to `<target>/plugins/`, for those who want the files.

#[path = "build/sdk_sources.rs"]
mod sdk_sources;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The target that makes components.
const TARGET: &str = "wasm32-wasip2";

/// A plugin's crate.
struct Plugin {
    name: String,
    /// One line: the crate's description without the words before its colon.
    help: String,
}

fn main() {
    sdk_sources::embed();
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().expect("the crate lies in the repository");
    let out = PathBuf::from(variable("OUT_DIR"));
    let workspace = root.join("plugins");
    let plugins = plugins(&workspace);
    for changing in ["sdk", "wit"] {
        println!("cargo::rerun-if-changed={}", root.join(changing).display());
    }
    must_have_target();
    let target = target_directory(&out);
    let guests = target.join("guests");
    build(&workspace, &guests);
    embed(&plugins, &guests.join(TARGET).join("release"), &target.join("plugins"), &out);
}

/// The crates of the plugins' workspace, libraries they share left out.
fn plugins(workspace: &Path) -> Vec<Plugin> {
    let manifest = read(&workspace.join("Cargo.toml"));
    for changing in ["Cargo.toml", "Cargo.lock", ".cargo"] {
        println!("cargo::rerun-if-changed={}", workspace.join(changing).display());
    }
    let members =
        manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).map(|(members, _)| members);
    let members = members.expect("plugins/Cargo.toml lists its members").split('"').skip(1).step_by(2);
    let mut plugins = Vec::new();
    for member in members {
        println!("cargo::rerun-if-changed={}", workspace.join(member).display());
        if member.starts_with("shared/") {
            continue;
        }
        let manifest = read(&workspace.join(member).join("Cargo.toml"));
        let key = |key: &str| {
            let line =
                manifest.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
            line.unwrap_or_else(|| panic!("plugins/{member}/Cargo.toml has no {key}")).to_owned()
        };
        let description = key("description");
        let help = description.split_once(": ").map_or(description.as_str(), |(_, help)| help).to_owned();
        plugins.push(Plugin { name: key("name"), help });
    }
    plugins.sort_by(|one, other| one.name.cmp(&other.name));
    plugins
}

/// Ends the build with what to type if the target is not installed.
fn must_have_target() {
    let rustc = variable("RUSTC");
    let found = Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let library = found.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    if library.is_some_and(|library| !library.trim().is_empty() && Path::new(library.trim()).is_dir()) {
        return;
    }
    let toolchain = match env::var("RUSTUP_TOOLCHAIN") {
        Ok(toolchain) => format!(" --toolchain {toolchain}"),
        Err(_) => String::new(),
    };
    panic!(
        "the plugins need the Rust target {TARGET}, which is not installed. Type:\n\n    rustup target add {TARGET}{toolchain}\n"
    );
}

/// The target directory in use: what cargo has marked nearest above `<profile>/build/petrel-HASH/out`, or one further up
/// where that is the folder of a `--target`.
fn target_directory(out: &Path) -> PathBuf {
    let is_marked = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let nearest =
        out.ancestors().find(is_marked).or(out.ancestors().nth(4)).expect("OUT_DIR lies in a target directory");
    let above = nearest.parent().filter(is_marked).filter(|_| nearest.ends_with(variable("TARGET")));
    above.unwrap_or(nearest).to_path_buf()
}

/// Builds all of them. The caller's compiler settings are for this machine, not for the plugins.
fn build(workspace: &Path, guests: &Path) {
    let mut cargo = Command::new(variable("CARGO"));
    cargo.args(["build", "--locked", "--release", "--workspace", "--target", TARGET, "--target-dir"]).arg(guests);
    cargo.current_dir(workspace);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let foreign = text.ends_with("RUSTFLAGS")
            || text.starts_with("CARGO_PROFILE_")
            || (text.contains("RUSTC") && text.ends_with("WRAPPER"))
            || ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_TARGET"].contains(&&*text);
        if foreign {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-C\x1ftarget-feature=+simd128");
    let status = cargo.status().unwrap_or_else(|error| panic!("cannot run cargo for the plugins: {error}"));
    assert!(
        status.success(),
        "the standard plugins could not be built; what cargo says about it is above. To build them alone: \
         cd plugins && cargo build --locked --release --target {TARGET}"
    );
}

/// Copies the components to where they are embedded from and to where they are found, and writes the table.
fn embed(plugins: &[Plugin], built: &Path, shown: &Path, out: &Path) {
    let components = out.join("plugins");
    for folder in [&components, &shown.to_path_buf()] {
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
    }
    let mut table = String::from("static PLUGINS: &[Plugin] = &[\n");
    for Plugin { name, help } in plugins {
        let component = built.join(name.replace('-', "_")).with_extension("wasm");
        let bytes = fs::read(&component).unwrap_or_else(|error| panic!("cannot read {}: {error}", component.display()));
        let file = format!("{name}.wasm");
        let embedded = components.join(&file);
        for copy in [&embedded, &shown.join(&file)] {
            if fs::read(copy).ok().as_deref() != Some(&bytes) {
                fs::write(copy, &bytes).unwrap_or_else(|error| panic!("cannot write {}: {error}", copy.display()));
            }
        }
        writeln!(table, "    Plugin {{ name: {name:?}, help: {help:?}, bytes: include_bytes!({embedded:?}) }},")
            .expect("text takes everything");
    }
    table.push_str("];\n");
    let path = out.join("embedded_plugins.rs");
    fs::write(&path, table).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
