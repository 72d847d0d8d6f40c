//! What the model says about topologies, right and wrong.

mod assignments;
mod catalogue;
mod order;
mod record;
mod shelf;
mod warnings;

use petrel_model::{Assignment, Generation, Topology, parse, resolve};
use shelf::Shelf;

/// A topology that is well-formed.
#[track_caller]
pub(crate) fn parsed(text: &str) -> Topology {
    parse(text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

/// What a sound topology becomes with these plugins.
#[track_caller]
pub(crate) fn resolved(topology: &Topology) -> Assignment {
    resolve(topology, &mut Shelf, Generation(1)).unwrap_or_else(|problems| panic!("{problems:#?}"))
}
