//! What `petrel top` shows: the figures of running topologies, and what became of them between two looks.

mod figures;
mod table;
mod view;

pub(crate) use figures::Sample;
pub(crate) use table::text;
pub(crate) use view::{TopDocument, TopologyView};
