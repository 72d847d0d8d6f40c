//! The state of a task, kept by the host: tables by key, timers, and everything that makes a call count whole or not
//! at all.
//!
//! ```text
//!            pass_frame                                       commit
//!  frame ──► KeySpace ──► Batch ──► block ──► guest ──► put, set, … ──► Staging ──► Table: Store, Map
//!            key ⇄ id     row → id  values    computes  checked                     Timers
//!                                                                    └─ discard ──► nothing
//! ```
//!
//! * A key becomes a small number, its **id** ([`KeyId`]), once per row of a batch; from there on everything is a
//!   position in a vector. Finding a key's id is also finding its value: there is no second index.
//! * The batch's distinct keys and their values travel with the frame as the state block (`docs/formats.md`). The
//!   guest changes the values in place and hands all of them back: no map in the guest, no call per key.
//! * What a guest writes is **staged** and applied by [`TaskState::commit`]; [`TaskState::discard`] forgets it. Reads
//!   see committed values only.
//! * A **timer** belongs to a key of a table and waits for one of two [`Clock`]s.
//! * An **epoch** is the time between two checkpoints; [`TaskState::dirty`] tells what changed in it.
//!
//! # Counting words
//!
//! ```
//! use petrel_frame::{Field, FrameBuilder, FrameView, Scalar, Schema, Value};
//! use petrel_model::{TableKind, TableSpec};
//! use petrel_state::{KeySpec, Passed, TaskState};
//!
//! let word = Field::new("word", Scalar::String);
//! let count = TableSpec {
//!     name: "count".into(),
//!     kind: TableKind::Value,
//!     subkey: None,
//!     value: Field::new("count", Scalar::I64),
//!     version: 1,
//! };
//! let mut state = TaskState::new(KeySpec { fields: vec![word.clone()] }, &[count], 42);
//!
//! let mut frame = FrameBuilder::new(&Schema::new([word]));
//! for word in ["to", "be", "or", "not", "to", "be"] {
//!     frame.column(0).push_str(word);
//! }
//! let frame = FrameView::parse(frame.finish()?)?;
//!
//! // Four keys go to the guest, and none of them has a value yet.
//! let mut passed = Passed::default();
//! state.pass_frame(&frame, &[0], &mut passed)?;
//! assert_eq!(passed.keys, 4);
//!
//! // It hands back a count for each key, in the order in which they were first seen.
//! let mut counts = FrameBuilder::new(&Schema::new([Field::new("count", Scalar::I64)]));
//! counts.column(0).extend_i64s(&[2, 2, 1, 1]);
//! state.put(0, counts.finish()?)?;
//! state.commit();
//!
//! let mut rows = Default::default();
//! state.scan(0, 0, 100, &mut rows)?;
//! let rows = FrameView::parse(&rows)?;
//! assert_eq!((rows.column(0).value(1), rows.column(1).value(1)), (Value::String("be"), Value::I64(2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! * The crate is pure: no clock, no file, no thread. The seed it is given reaches no output: ids go by first sight.
//! * Guests are not trusted. Every argument that is a guest's is checked before anything is staged, an error leaves no
//!   trace once the call is discarded, and what one call stages and what the state may become
//!   has a limit ([`StateLimits`]).
//! * A key has an id exactly as long as a value or a timer is kept for it, a call is using it, or its removal has yet
//!   to be told to a checkpoint. So state that is deleted is gone, and what is kept does not depend on how many keys
//!   there ever were.
//! * Applying what was staged cannot fail.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod access;
mod batch;
mod block;
mod cell;
mod dict;
mod error;
mod forecast;
mod input;
mod interner;
mod key;
mod key_space;
mod long;
mod map;
mod pass;
mod prefetch;
mod size;
mod staging;
mod store;
mod table;
mod task;
mod timers;

pub use dict::Dict;
pub use error::StateError;
pub use interner::KeyId;
pub use key_space::KeySpec;
pub use pass::Passed;
pub use size::StateLimits;
pub use task::{Changed, TaskState};
pub use timers::{Clock, Due};
