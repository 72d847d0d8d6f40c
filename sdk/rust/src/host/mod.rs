//! What the host offers to a plugin: logs, metrics, configuration, files, and, below the two levels of this crate,
//! emission, state and timers.
//!
//! In a component these functions are the imports of `wit/petrel.wit`. In a native test they go to the [`Host`] that
//! [`native::with_host`] has put in place, which [`testing`](crate::testing) does by itself.

use crate::time::Timestamp;

pub mod configuration;
pub mod emit;
pub mod files;
pub mod log;
pub mod metrics;
pub mod state;
pub mod timers;

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
use component as imports;

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(not(target_arch = "wasm32"))]
use native as imports;
#[cfg(not(target_arch = "wasm32"))]
pub use native::Host;

/// How severe a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happened.
    Info,
    /// What is odd, and dealt with.
    Warn,
    /// What went wrong.
    Error,
}

/// Whose time a timer follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clock {
    /// The host's clock.
    Processing,
    /// The watermark of the inputs.
    Event,
}

/// The time by the host's clock, which a batch that is replayed sees as it was.
pub fn now() -> Timestamp {
    imports::now()
}
