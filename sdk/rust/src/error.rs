//! Why a call failed, and what is wrong with a tuple.

use std::fmt;
use std::time::Duration;

/// Why a call of the plugin cannot go on: a sentence for whoever reads the logs.
///
/// Every error of the standard library and of other crates becomes one with `?`.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
}

impl Error {
    /// An error that says this.
    pub fn new(message: impl fmt::Display) -> Error {
        Error { message: message.to_string() }
    }

    /// What it says.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same, with what was being done in front: `reading offsets: unexpected end`.
    pub fn context(self, doing: impl fmt::Display) -> Error {
        Error { message: format!("{doing}: {}", self.message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

// `Error` itself is no `std::error::Error`, so that this may cover all that are.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Error {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Error { message }
    }
}

/// What is wrong with the tuple a bolt was given, and what is to happen to it.
///
/// Whatever the bolt did for that tuple is undone by the host: nobody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The tuple is bad: it goes to the dead letters, and the batch is processed without it.
    Reject {
        /// Why, for whoever reads the dead letters.
        reason: String,
    },
    /// The tuple cannot be processed now: it comes again later, a limited number of times.
    Retry {
        /// How long to wait.
        after: Duration,
        /// Why.
        reason: String,
    },
    /// Something else failed. The host looks for the tuple that causes it by halving the batch.
    Error(Error),
}

impl Fault {
    /// The tuple is bad.
    pub fn reject(reason: impl fmt::Display) -> Fault {
        Fault::Reject { reason: reason.to_string() }
    }

    /// The tuple cannot be processed now.
    pub fn retry(after: Duration, reason: impl fmt::Display) -> Fault {
        Fault::Retry { after, reason: reason.to_string() }
    }

    /// Something failed that the tuple is not known to be guilty of.
    pub fn error(message: impl fmt::Display) -> Fault {
        Fault::Error(Error::new(message))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Reject { reason } => write!(f, "rejected: {reason}"),
            Fault::Retry { after, reason } => write!(f, "to be retried after {after:?}: {reason}"),
            Fault::Error(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Error(error)
    }
}

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Fault {
        Fault::Error(Error::from(error))
    }
}

impl From<Error> for String {
    fn from(error: Error) -> String {
        error.message
    }
}
