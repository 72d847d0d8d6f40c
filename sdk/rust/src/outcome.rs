//! What functions with the short form may return.

use crate::batch::Next;
use crate::error::{Error, Fault};

/// What a function with `#[bolt]` or `#[spout]` returns: the result, or just what would be in it.
#[diagnostic::on_unimplemented(
    message = "a function with `#[bolt]` returns nothing or `Result<(), Fault>`, one with `#[spout]` `Next` or \
               `Result<Next, Error>`",
    label = "not `{Self}`"
)]
pub trait Outcome<T, E> {
    /// As a result.
    ///
    /// # Errors
    /// What the function said.
    fn outcome(self) -> Result<T, E>;
}

impl Outcome<(), Fault> for () {
    fn outcome(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl Outcome<(), Fault> for Result<(), Fault> {
    fn outcome(self) -> Result<(), Fault> {
        self
    }
}

impl Outcome<(), Fault> for Result<(), Error> {
    fn outcome(self) -> Result<(), Fault> {
        self.map_err(Fault::Error)
    }
}

impl Outcome<Next, Error> for Next {
    fn outcome(self) -> Result<Next, Error> {
        Ok(self)
    }
}

impl Outcome<Next, Error> for Result<Next, Error> {
    fn outcome(self) -> Result<Next, Error> {
        self
    }
}
