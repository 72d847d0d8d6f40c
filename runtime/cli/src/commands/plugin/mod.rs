//! `petrel plugin`: what there is, and what a plugin says about itself.

mod inspect;
mod list;

use crate::failure::CommandResult;

/// Look at plugins.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel plugin list
  petrel plugin inspect count
  petrel plugin inspect ./shout.wasm --schema line:bytes -o json")]
pub(crate) struct Plugin {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the standard plugins, which are part of this binary.
    #[command(after_help = "Examples:\n  petrel plugin list\n  petrel plugin list -o json")]
    List(list::List),
    /// Show what a plugin takes, emits, keeps and needs. It is asked in the sandbox, with no capability at all.
    Inspect(inspect::Inspect),
}

impl Plugin {
    /// Looks.
    pub(crate) fn execute(self) -> CommandResult {
        match self.what {
            What::List(list) => list.execute(),
            What::Inspect(inspect) => inspect.execute(),
        }
    }
}
