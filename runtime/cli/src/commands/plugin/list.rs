//! `petrel plugin list`.

use crate::embedded;
use crate::failure::CommandResult;
use crate::home::Home;
use crate::output::{Format, OutputFlag, lines, print, print_json, size, table};
use crate::topology_source::sandbox;
use serde::Serialize;

#[derive(clap::Args)]
/// Which plugins are part of the binary.
pub(super) struct List {
    #[command(flatten)]
    output: OutputFlag,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    world: &'static str,
    help: &'static str,
    size_bytes: usize,
    digest: String,
}

impl List {
    /// Lists them.
    pub(super) fn execute(self) -> CommandResult {
        let sandbox = sandbox(&Home::open()?)?;
        let mut listed = Vec::new();
        for embedded in embedded::for_topologies() {
            let plugin = sandbox.load(embedded.bytes).map_err(anyhow::Error::from)?;
            listed.push(Listed {
                name: embedded.name,
                world: plugin.world().name(),
                help: embedded.help,
                size_bytes: embedded.bytes.len(),
                digest: plugin.digest().to_string(),
            });
        }
        match self.output.format {
            Format::Json => print_json(&serde_json::json!({ "plugins": listed })),
            Format::Table => {
                let mut table = table(&["name", "world", "size", "sha256", "what it does"]);
                for plugin in &listed {
                    let bytes = size(plugin.size_bytes as u64);
                    table.add_row([plugin.name, plugin.world, &bytes, &plugin.digest[..12], plugin.help]);
                }
                print(&lines(&table, ""))
            }
        }
    }
}
