//! The subcommands, one file each.

mod bench;
mod build;
mod check;
mod compile_component;
mod completions;
mod dead_letters;
mod dev;
mod graph;
mod new;
mod plugin;
mod resume;
mod run;
mod test;
mod time;
mod top;

pub(crate) use compile_component::this_program;

use crate::failure::CommandResult;
use std::process::ExitCode;

/// What petrel can be asked to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a new plugin crate or a new topology file.
    New(new::New),
    /// Build a plugin crate and check that what comes out is a plugin.
    Build(build::Build),
    /// Try a plugin on sample tuples.
    Test(test::Test),
    /// Check topologies as `run` does before it starts them.
    Check(check::Check),
    /// Run topologies in this process.
    Run(run::Run),
    /// Run a topology, and again whenever it or one of its plugins is saved.
    Dev(dev::Dev),
    /// Look at the tuples that a topology could not process.
    DeadLetters(dead_letters::DeadLetters),
    /// Watch topologies that run.
    Top(top::Top),
    /// Let components go on that were paused.
    Resume(resume::Resume),
    /// Draw a topology.
    Graph(graph::Graph),
    /// Look at plugins.
    Plugin(plugin::Plugin),
    /// Measure what the sandbox costs on this machine.
    Bench(bench::Bench),
    /// Print a script that completes petrel's arguments in a shell.
    Completions(completions::Completions),
    #[command(hide = true)]
    CompileComponent(compile_component::CompileComponent),
}

impl Command {
    /// Does it, and tells what went wrong.
    pub(crate) fn execute(self) -> ExitCode {
        match self {
            Command::CompileComponent(command) => command.execute(),
            command => match command.run() {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => failure.report(),
            },
        }
    }

    fn run(self) -> CommandResult {
        match self {
            Command::New(command) => command.execute(),
            Command::Build(command) => command.execute(),
            Command::Test(command) => command.execute(),
            Command::Check(command) => command.execute(),
            Command::Run(command) => command.execute(),
            Command::Dev(command) => command.execute(),
            Command::DeadLetters(command) => command.execute(),
            Command::Top(command) => command.execute(),
            Command::Resume(command) => command.execute(),
            Command::Graph(command) => command.execute(),
            Command::Plugin(command) => command.execute(),
            Command::Bench(command) => command.execute(),
            Command::Completions(command) => command.execute(),
            Command::CompileComponent(_) => unreachable!("it has an exit code of its own"),
        }
    }
}
