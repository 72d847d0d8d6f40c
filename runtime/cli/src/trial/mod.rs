//! One plugin alone, on sample tuples: what `petrel test` does.
//!
//! ```text
//!   files of JSON lines ──► Samples ─┐
//!   configuration, key, grants ──────┴─► alone: an Assignment with the plugin between made-up neighbours
//!                                                    │
//!                       Trial: Task::step and a real sandbox, in virtual time ──► Outcome
//! ```
//!
//! The clock starts at 2000-01-01 and moves only when a timer, a tick or a retry is waited for, chance has a fixed seed,
//! and consumers are always ready: the same plugin and the same tuples give the same outcome.

mod alone;
mod drive;
mod outcome;
mod samples;
mod schema_text;
mod trial_state;

pub(crate) use alone::{PluginUnderTest, resolve_alone};
pub(crate) use drive::{Limits, Trial};
pub(crate) use outcome::Outcome;
pub(crate) use samples::Samples;
pub(crate) use schema_text::parse_schema;
