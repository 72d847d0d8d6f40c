//! `petrel graph`: a drawing of a topology.

use crate::failure::CommandResult;
use crate::graph::{GraphDocument, dot, svg, tree};
use crate::output::{print, print_json};
use crate::topology_source::{OverrideFlags, TopologySource};
use std::path::PathBuf;

/// Draw a topology, on standard output. Its plugins are not needed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel graph word_count.toml
  petrel graph word_count.toml --format svg > word_count.svg
  petrel graph word_count.toml --format dot | dot -Tpdf -o word_count.pdf")]
pub(crate) struct Graph {
    /// A topology file; `-` is standard input.
    topology: PathBuf,
    /// How to draw it.
    #[arg(long, short = 'f', value_enum, default_value_t = Drawing::Text)]
    format: Drawing,
    #[command(flatten)]
    overrides: OverrideFlags,
}

/// What `--format` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Drawing {
    /// A tree for the terminal.
    Text,
    /// For Graphviz.
    Dot,
    /// For a browser.
    Svg,
    /// For a program; its schema is in docs/formats.md.
    Json,
}

impl Graph {
    /// Draws it.
    pub(crate) fn execute(self) -> CommandResult {
        let mut sources = [TopologySource::read(&self.topology)?];
        self.overrides.apply(&mut sources)?;
        let topology = sources[0].topology();
        let (name, graph) = (topology.name().as_str(), topology.graph());
        match self.format {
            Drawing::Text => print(&tree(name, &graph)),
            Drawing::Dot => print(&dot(name, &graph)),
            Drawing::Svg => print(&svg(name, &graph)),
            Drawing::Json => print_json(&GraphDocument::of(name, &graph)),
        }
    }
}
