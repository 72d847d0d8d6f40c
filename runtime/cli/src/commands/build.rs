//! `petrel build`: a plugin crate to a component.

use crate::failure::CommandResult;
use crate::guest_build::{CargoOutput, PluginCrate};
use crate::home::Home;
use crate::output::{Format, OutputFlag, print, print_json, shown_path, size};
use crate::topology_source::sandbox;
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;

/// Build a plugin crate and check that what comes out is a plugin.
///
/// Runs `cargo build --release --target wasm32-wasip2` in the crate's folder.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel build
  petrel build plugins/shout -o json

Exit codes: 0 built, 1 not, 2 there is no crate.")]
pub(crate) struct Build {
    /// The folder of the crate, or its Cargo.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    output: OutputFlag,
}

#[derive(Serialize)]
struct Built<'a> {
    path: &'a str,
    size_bytes: usize,
    world: &'static str,
    digest: String,
}

impl Build {
    /// Builds it.
    pub(crate) fn execute(self) -> CommandResult {
        let component = PluginCrate::at(&self.path)?.build(CargoOutput::Shown)?;
        let path = shown_path(&component);
        let bytes = std::fs::read(&component).with_context(|| format!("cannot read {path}"))?;
        let plugin = sandbox(&Home::open()?)?
            .load(&bytes)
            .map_err(|error| anyhow::anyhow!("{path} was built, and is no plugin: {error}"))?;
        let built = Built {
            path: &component.display().to_string(),
            size_bytes: bytes.len(),
            world: plugin.world().name(),
            digest: plugin.digest().to_string(),
        };
        match self.output.format {
            Format::Json => print_json(&built),
            Format::Table => print(&format!(
                "{path}: a {} of {}\nsha256 {}\n",
                built.world,
                size(built.size_bytes as u64),
                built.digest
            )),
        }
    }
}
