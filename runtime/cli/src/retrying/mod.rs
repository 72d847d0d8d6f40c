//! Dead letters that are given to their components again, in a topology that runs or in what is left of one.

mod feed;
mod outcome;
mod selection;
mod stopped;

pub(crate) use feed::feed;
pub(crate) use outcome::{LetterOutcome, Outcome};
pub(crate) use selection::Selection;
pub(crate) use stopped::{Start, retry_stopped};
