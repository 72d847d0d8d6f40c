//! Write spouts, bolts and groupings for Petrel.

pub mod batch;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
mod context;
mod describe;
mod error;
mod export;
pub mod host;
pub mod split;
mod time;

pub use batch::Next;
pub use context::{Consumer, Context};
pub use describe::{ConfigError, ConfigKey, ConfigKind, Description, InputStream, OutputStream, TableKind, TableSpec};
pub use error::{Error, Fault};
pub use petrel_frame as frame;
pub use petrel_frame::{Field, FrameView, Scalar, Schema};
pub use serde_json;
pub use time::Timestamp;

/// What the macros of this crate expand to. No part of the interface.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::{bindings, component};
}
