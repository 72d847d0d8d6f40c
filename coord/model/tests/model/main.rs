//! What the model says about topologies, right and wrong.

mod assignments;
mod catalogue;
mod order;
mod record;
mod shelf;
mod warnings;
