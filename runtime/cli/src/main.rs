//! The `petrel` command: parses, dispatches, turns the outcome into an exit code.
//!
//! One file per subcommand in `commands/`. Data goes to standard output, everything else to standard error.
//! Exit codes: 0 done, 1 failure, 2 usage or an invalid topology.

mod bench;
mod commands;
mod embedded;
mod failure;
mod home;
mod live_view;
mod log_writer;
mod output;
mod plugin_set;
mod problems;
mod run_report;
mod topology_source;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs topologies whose spouts and bolts are sandboxed WebAssembly components.
#[derive(Parser)]
#[command(name = "petrel", version, max_term_width = 100, disable_help_subcommand = true)]
struct Petrel {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    match Petrel::parse().command.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
