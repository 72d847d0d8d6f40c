//! What `petrel dev` needs beyond `petrel run`: which files make a topology, and when one of them is saved.

mod sources;
mod watcher;

pub(crate) use sources::Sources;
pub(crate) use watcher::Watcher;
