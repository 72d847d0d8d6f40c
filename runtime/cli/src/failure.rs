//! How a command fails: what is printed, and with which exit code.

use crate::problems::Problems;
use std::process::ExitCode;

/// What every subcommand returns.
pub(crate) type CommandResult<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The topology is invalid: exit code 2, each problem shown in its source.
    Topology(Problems),
    /// The command line asks for something that cannot be: exit code 2.
    Usage(anyhow::Error),
    /// The work failed: exit code 1.
    Failed(anyhow::Error),
    /// The work failed and has been told about already: exit code 1.
    Reported,
}

impl Failure {
    /// A usage failure of one sentence.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(anyhow::anyhow!(message.into()))
    }

    /// Prints the failure to standard error.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Failure::Topology(problems) => {
                eprint!("{problems}");
                ExitCode::from(2)
            }
            Failure::Usage(error) => {
                print_chain(&error);
                ExitCode::from(2)
            }
            Failure::Failed(error) => {
                print_chain(&error);
                ExitCode::from(1)
            }
            Failure::Reported => ExitCode::from(1),
        }
    }
}

/// The error and, indented below, what caused it.
fn print_chain(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Failed(error)
    }
}
