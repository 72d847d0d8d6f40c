//! `petrel completions`: what a shell needs to complete petrel's arguments.

use crate::Petrel;
use crate::failure::CommandResult;
use crate::output::print;
use clap::CommandFactory;
use clap_complete::Shell;

/// Print a script that completes petrel's arguments in a shell.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel completions bash > ~/.local/share/bash-completion/completions/petrel
  petrel completions zsh > ~/.zfunc/_petrel
  petrel completions fish > ~/.config/fish/completions/petrel.fish
  petrel completions elvish >> ~/.config/elvish/rc.elv
  petrel completions powershell >> $PROFILE")]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints it.
    pub(crate) fn execute(self) -> CommandResult {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Petrel::command(), "petrel", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
