//! The subcommands, one file each.

mod bench;
mod run;

use crate::failure::CommandResult;

/// What petrel can be asked to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Run topologies in this process.
    Run(run::Run),
    /// Measure what the sandbox costs on this machine.
    Bench(bench::Bench),
}

impl Command {
    /// Does it.
    pub(crate) fn execute(self) -> CommandResult {
        match self {
            Command::Run(command) => command.execute(),
            Command::Bench(command) => command.execute(),
        }
    }
}
