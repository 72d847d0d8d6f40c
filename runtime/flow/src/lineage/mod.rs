//! Lineage: of which trees the rows of a frame are, beside the frame and never in it.
//!
//! ```text
//!   Lineage of a batch ──► Account ─────────────────────────────► Settlement to each acker
//!                     └──► Origins ──► of a call ──► of what it emitted ──► Segment to each target
//!                              slice, take   anchored        send, spread
//! ```
//!
//! An [`Account`] is opened for a batch and has an entry for each of its runs. [`Origins`] say of rows from which entries
//! they come; they are cut and multiplied as the rows are. Rows that leave become a [`Segment`] with an edge number of
//! its own, and the values of its runs go into the entries. When the batch is done with, the entries are told to the
//! ackers. Storm does all this for each tuple, with a random number for each (its `Acking-framework-implementation.md`);
//! here the unit is the run.
//!
//! A [`Trail`] tells people, by way of dead letters, where the rows came from and through which tasks. It goes with a segment.
//!
//! Rows are never left without lineage where trees are tracked: those of no tree have a run that says so, because the
//! lineages of frames that are joined are joined by counting rows.

mod account;
mod edge;
mod holds;
mod origins;
mod segment;
mod spread;
#[cfg(test)]
mod tests;
mod trail;
mod tree;

pub use account::{Account, Entry, Settlement};
pub use edge::{EdgeNumber, EdgeNumbers};
pub use holds::{Holds, UnknownHandle};
pub use origins::Origins;
pub use segment::{Lineage, Of, Run, Segment};
pub use trail::{POSITION_BYTES_MAX, Path, Trail, Trails};
pub use tree::{Line, Lines, Tree};
