//! `petrel graph`: a drawing of a topology.

use crate::failure::CommandResult;
use crate::graph::{GraphDocument, dot, svg, tree};
use crate::output::{Format, OutputFlag, print, print_json};
use crate::topology_source::{OverrideFlags, TopologySource};
use std::path::PathBuf;

/// Draw a topology, on standard output. Its plugins are not needed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel graph word_count.toml
  petrel graph word_count.toml --format svg > word_count.svg
  petrel graph word_count.toml --format dot | dot -Tpdf -o word_count.pdf
  petrel graph word_count.toml -o json")]
pub(crate) struct Graph {
    /// A topology file; `-` is standard input.
    topology: PathBuf,
    /// How to draw it.
    #[arg(long = "format", short = 'f', value_enum, default_value_t = Drawing::Text, conflicts_with = "format")]
    drawing: Drawing,
    #[command(flatten)]
    output: OutputFlag,
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
}

impl Graph {
    /// Draws it.
    pub(crate) fn execute(self) -> CommandResult {
        let mut sources = [TopologySource::read(&self.topology)?];
        self.overrides.apply(&mut sources)?;
        let topology = sources[0].topology();
        let (name, graph) = (topology.name().as_str(), topology.graph());
        match (self.output.format, self.drawing) {
            (Format::Json, _) => print_json(&GraphDocument::of(name, &graph)),
            (Format::Table, Drawing::Text) => print(&tree(name, &graph)),
            (Format::Table, Drawing::Dot) => print(&dot(name, &graph)),
            (Format::Table, Drawing::Svg) => print(&svg(name, &graph)),
        }
    }
}
