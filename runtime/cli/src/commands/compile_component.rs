//! `petrel compile-component`: the child process that compiles one plugin for the petrel that starts it. Not for people.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const NAME: &str = "compile-component";

/// Compile the component on standard input for the petrel that starts this.
#[derive(clap::Args)]
pub(crate) struct CompileComponent {
    /// What the parent wants.
    #[arg(num_args = 3, required = true)]
    wanted: Vec<String>,
}

impl CompileComponent {
    /// Compiles it.
    pub(crate) fn execute(self) -> ExitCode {
        petrel_sandbox::compile_as_child(&self.wanted)
    }
}

/// This very program, as the compiler of plugins.
///
/// # Errors
/// When the system does not tell which program this is.
pub(crate) fn this_program() -> std::io::Result<petrel_sandbox::Compiler> {
    // The link leads to the program that runs, also when its file was replaced by another version meanwhile.
    let running = PathBuf::from("/proc/self/exe");
    let program = if running.exists() { running } else { std::env::current_exe()? };
    Ok(petrel_sandbox::Compiler::Child { program, arguments: vec![OsString::from(NAME)] })
}
