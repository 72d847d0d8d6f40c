//! `petrel new`: a plugin crate that builds anywhere, or a topology to begin with.

use crate::failure::{CommandResult, Failure};
use crate::scaffold::{CrateName, PluginKind, crate_files, create_file, create_folder, topology_name, topology_text};
use std::path::{Path, PathBuf};

/// Make a new plugin crate or a new topology file.
///
/// A plugin crate carries the SDK in its vendor/ folder: it needs no registry but that of its dependencies, and builds in
/// any folder, on any machine with the Rust target wasm32-wasip2.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel new bolt shout
  petrel new spout plugins/clock
  petrel new topology word-count")]
pub(crate) struct New {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// A crate with a spout: a source of tuples.
    #[command(after_help = "Examples:\n  petrel new spout clock\n  petrel new spout plugins/clock")]
    Spout(Place),
    /// A crate with a bolt: it takes tuples and may emit others.
    #[command(after_help = "Examples:\n  petrel new bolt shout\n  petrel new bolt plugins/shout")]
    Bolt(Place),
    /// A commented topology file, NAME.toml.
    #[command(after_help = "Examples:\n  petrel new topology word-count")]
    Topology(Place),
}

#[derive(clap::Args)]
struct Place {
    /// The name; with a path before it, where to put it.
    name: PathBuf,
}

impl New {
    /// Makes it.
    pub(crate) fn execute(self) -> CommandResult {
        match self.what {
            What::Spout(place) => place.new_crate(PluginKind::Spout),
            What::Bolt(place) => place.new_crate(PluginKind::Bolt),
            What::Topology(place) => place.new_topology(),
        }
    }
}

impl Place {
    fn last(&self) -> CommandResult<&str> {
        match self.name.file_name().map(|name| name.to_str()) {
            Some(Some(name)) => Ok(name),
            _ => Err(Failure::usage(format!("{} does not end in a name", self.name.display()))),
        }
    }

    fn new_crate(&self, kind: PluginKind) -> CommandResult {
        let name = CrateName::new(self.last()?).map_err(Failure::usage)?;
        create_folder(&self.name, &crate_files(kind, &name))?;
        let (kind, folder, module) = (kind.name(), self.name.display(), name.module());
        tell!("Made the {kind} `{}` in {folder}. Next:", name.as_str());
        tell!("  cd {folder}");
        tell!("  cargo test       # its unit tests, natively");
        match kind {
            "bolt" => tell!("  petrel test . sample.jsonl    # as a component, on sample tuples"),
            _ => tell!("  petrel test . --rows 5        # as a component: what it emits"),
        }
        tell!("  petrel build     # to target/wasm32-wasip2/release/{module}.wasm, for `plugin = …` in a topology");
        Ok(())
    }

    fn new_topology(&self) -> CommandResult {
        let last = self.last()?;
        let name = topology_name(last.strip_suffix(".toml").unwrap_or(last)).map_err(Failure::usage)?;
        let path = Path::with_file_name(&self.name, format!("{name}.toml"));
        create_file(&path, &topology_text(name))?;
        tell!("Wrote {}. Next:", path.display());
        tell!("  petrel check {}", path.display());
        tell!("  petrel run {} < some-text.txt", path.display());
        Ok(())
    }
}
