//! The `petrel` command: parses, dispatches, turns the outcome into an exit code.
//!
//! One file per subcommand in `commands/`. Data goes to standard output, everything else to standard error.
//! Exit codes: 0 done, 1 failure, 2 usage or an invalid topology.

/// Tells the user something: a line on standard error, beside the live view. A standard error that cannot be written
/// is no reason to stop.
macro_rules! tell {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = $crate::live_view::beside_view(|| writeln!(std::io::stderr(), $($argument)*));
    }};
}

mod bench;
mod commands;
mod control;
mod development;
mod documents;
mod embedded;
mod ending;
mod excerpt;
mod failure;
mod file_errors;
mod graph;
mod guest_build;
mod home;
mod interruption;
mod live_view;
mod log_writer;
mod output;
mod overlaps;
mod plugin_set;
mod problems;
mod retrying;
mod rolling_log;
mod run_record;
mod run_report;
mod scaffold;
mod secret_flags;
mod seed;
mod session;
mod time_text;
mod top;
mod topology_document;
mod topology_source;
mod trial;
mod values;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs topologies whose spouts and bolts are sandboxed WebAssembly components.
#[derive(Parser)]
#[command(name = "petrel", version, max_term_width = 100)]
#[command(after_help = "\
Examples:
  petrel new bolt shout             a bolt of your own
  petrel test ./shout sample.jsonl  what it does with sample tuples
  petrel run word_count.toml        a topology, in this process
  petrel help test                  all about a command")]
struct Petrel {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    Petrel::parse().command.execute()
}
