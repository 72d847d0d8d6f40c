//! Builds plugin crates with cargo.

use crate::failure::{CommandResult, Failure};
use anyhow::{Context, anyhow};
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The target that makes components.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// A crate that makes a plugin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PluginCrate {
    /// Absolute.
    manifest: PathBuf,
}

/// Where what cargo says goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CargoOutput {
    /// To standard error, as it comes.
    Shown,
    /// Into the error, if it is one.
    Kept {
        /// With colours.
        colour: bool,
    },
}

impl PluginCrate {
    /// The crate in a folder, or of a manifest.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn at(path: &Path) -> CommandResult<PluginCrate> {
        let manifest = if path.is_dir() { path.join("Cargo.toml") } else { path.to_path_buf() };
        if manifest.file_name().is_none_or(|name| name != "Cargo.toml") || !manifest.is_file() {
            return Err(Failure::usage(format!(
                "there is no plugin crate in {}: name a folder with a Cargo.toml, or make one with `petrel new bolt NAME`",
                path.display()
            )));
        }
        let manifest =
            std::path::absolute(&manifest).with_context(|| format!("cannot tell where {} is", manifest.display()))?;
        Ok(PluginCrate { manifest })
    }

    /// The crate whose build makes this file: the nearest one upwards, if the file lies where cargo would put it.
    pub(crate) fn making(component: &Path) -> Option<PluginCrate> {
        let component = std::path::absolute(component).ok()?;
        let within = component.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == TARGET))?;
        let manifest = within.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file())?;
        Some(PluginCrate { manifest })
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest.parent().expect("a manifest lies in a folder")
    }

    /// Builds the crate's component and returns the path to it.
    ///
    /// # Errors
    /// When a tool is missing, the crate does not build, or makes no component.
    pub(crate) fn build(&self, output: CargoOutput) -> CommandResult<PathBuf> {
        let artifacts = self.run_cargo(output)?;
        let ours = artifacts.iter().filter(|artifact| same_file(&artifact.manifest_path, &self.manifest));
        let mut components: Vec<&PathBuf> =
            ours.flat_map(|artifact| &artifact.filenames).filter(|file| has_extension(file, "wasm")).collect();
        components.dedup();
        match components[..] {
            [component] => Ok(component.clone()),
            [] => Err(Failure::Failed(anyhow!(
                "{} makes no component: it needs `[lib]` with `crate-type = [\"cdylib\"]`{}",
                self.manifest.display(),
                if artifacts.is_empty() { "" } else { "; of a workspace name one of its crates" }
            ))),
            _ => Err(Failure::Failed(anyhow!(
                "{} makes several components ({}): a plugin crate makes one",
                self.manifest.display(),
                components.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// Builds everything that the manifest names: a crate, or all crates of a workspace.
    ///
    /// # Errors
    /// As for [`PluginCrate::build`].
    pub(crate) fn build_all(&self, output: CargoOutput) -> CommandResult {
        self.run_cargo(output).map(drop)
    }

    fn run_cargo(&self, output: CargoOutput) -> CommandResult<Vec<Artifact>> {
        self.require_target()?;
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(self.folder())
            .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        match output {
            CargoOutput::Shown => cargo.stderr(Stdio::inherit()),
            CargoOutput::Kept { colour } => {
                cargo.args(["--color", if colour { "always" } else { "never" }]).stderr(Stdio::piped())
            }
        };
        let built =
            cargo.spawn().and_then(|child| child.wait_with_output()).map_err(|error| missing("cargo", error))?;
        if !built.status.success() {
            let said = String::from_utf8_lossy(&built.stderr);
            let said = said.trim_end();
            return Err(Failure::Failed(match said {
                "" => anyhow!("{} does not build: what cargo says stands above", self.folder().display()),
                said => anyhow!("{} does not build:\n{said}", self.folder().display()),
            }));
        }
        let lines = String::from_utf8_lossy(&built.stdout);
        Ok(lines.lines().filter_map(artifact).collect())
    }

    /// Whether the toolchain that the crate uses has the target.
    fn require_target(&self) -> CommandResult {
        let told = Command::new("rustc")
            .current_dir(self.folder())
            .args(["--print", "target-libdir", "--target", TARGET])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| missing("rustc", error))?;
        let folder = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
        if told.status.success() && folder.is_dir() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&told.stderr);
        let why = why.trim();
        Err(Failure::Failed(anyhow!(
            "the Rust target {TARGET} is not installed, and plugins are built for it: run\n  rustup target add {TARGET}{}",
            if told.status.success() || why.is_empty() { String::new() } else { format!("\nrustc says: {why}") }
        )))
    }
}

/// What cargo tells about something it has built, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Artifact {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

fn artifact(line: &str) -> Option<Artifact> {
    serde_json::from_str::<Artifact>(line).ok().filter(|message| message.reason == "compiler-artifact")
}

fn missing(tool: &str, error: std::io::Error) -> Failure {
    Failure::Failed(match error.kind() {
        ErrorKind::NotFound => anyhow!("there is no {tool} on the PATH: install Rust with rustup"),
        _ => anyhow::Error::new(error).context(format!("cannot run {tool}")),
    })
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_artifacts_count_among_cargos_messages() {
        let line =
            r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","filenames":["/a/x.wasm"],"fresh":true}"#;
        assert_eq!(artifact(line).unwrap().filenames, [PathBuf::from("/a/x.wasm")]);
        assert!(artifact(r#"{"reason":"build-finished","success":true}"#).is_none());
        assert!(artifact("warning: not JSON").is_none());
    }

    #[test]
    fn a_crate_is_found_from_its_component() {
        let folder = tempfile::tempdir().unwrap();
        let crate_folder = folder.path().join("shout");
        std::fs::create_dir_all(crate_folder.join("src")).unwrap();
        std::fs::write(crate_folder.join("Cargo.toml"), "").unwrap();
        let made = PluginCrate::making(&crate_folder.join("target/wasm32-wasip2/release/shout.wasm")).unwrap();
        assert_eq!(made.folder(), crate_folder);
        assert_eq!(PluginCrate::making(&crate_folder.join("assets/shout.wasm")), None);
        assert_eq!(PluginCrate::at(&crate_folder).unwrap().folder(), crate_folder);
        assert!(PluginCrate::at(&crate_folder.join("src")).is_err());
        assert!(PluginCrate::at(&crate_folder.join("nothing")).is_err());
    }
}
