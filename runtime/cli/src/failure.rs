//! How a command fails: what is printed, and with which exit code.

use crate::problems::Problems;
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::SignalKind;

/// What every subcommand returns.
pub(crate) type CommandResult<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The topology is invalid: exit code 2, each problem shown in its source.
    Topology(Problems),
    /// A topology is invalid and has been told about already: exit code 2.
    Invalid,
    /// The command line asks for something that cannot be: exit code 2.
    Usage(anyhow::Error),
    /// The work failed: exit code 1.
    Failed(anyhow::Error),
    /// The work failed and has been told about already: exit code 1.
    Reported,
    /// It was stopped by a signal before it was done: exit code 128 and the signal's number, as shells say it.
    Stopped(SignalKind),
}

impl Failure {
    /// A usage failure of one sentence.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(anyhow::anyhow!(message.into()))
    }

    /// What is printed to standard error; nothing where it has been told about already.
    pub(crate) fn text(&self) -> String {
        match self {
            Failure::Topology(problems) => problems.to_string(),
            Failure::Usage(error) | Failure::Failed(error) => chain(error),
            Failure::Invalid | Failure::Reported | Failure::Stopped(_) => String::new(),
        }
    }

    /// Prints the failure to standard error.
    pub(crate) fn report(self) -> ExitCode {
        // The exit code says it too, where standard error cannot be written.
        let _ = write!(std::io::stderr(), "{}", self.text());
        ExitCode::from(self.code())
    }

    /// Its exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Topology(_) | Failure::Invalid | Failure::Usage(_) => 2,
            Failure::Failed(_) | Failure::Reported => 1,
            Failure::Stopped(signal) => 128 + signal.as_raw_value() as u8,
        }
    }
}

/// The error and, indented below, what caused it.
fn chain(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    text
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Failed(error)
    }
}
