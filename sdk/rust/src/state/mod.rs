//! State that the host keeps for a plugin, key by key.
//!
//! | what | for each key | costs |
//! |---|---|---|
//! | [`Value<T>`] | one value | travels with the batch: an index into an array |
//! | [`List<T>`] | values in order | appending: nothing is read; reading: one call of the host for each batch |
//! | [`Map<K, V>`] | subkey to value | a call of the host for each (key, subkey) that a batch sees first |
//! | [`Timers`] | points in time | set and cancelled with the batch |
//!
//! What a tuple changes, the next tuple of the same key sees. Everything is handed back once, after the batch, and the
//! host makes it last when the call returns ok, together with what was emitted; otherwise nothing has happened.

mod keys;
mod list;
mod map;
mod stored;
mod tables;
mod timers;
mod value;

pub use keys::CallKeys;
pub use list::List;
pub use map::{Map, MapKey};
pub use stored::{Json, StateValue};
pub(crate) use tables::specs;
pub use tables::{State, Stored, Table, Tables};
pub use timers::Timers;
pub use value::{Value, ValueTable};
