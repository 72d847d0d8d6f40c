//! New plugin crates and topology files.
//!
//! Everything is in the binary: the SDK's sources and a template for each kind. A crate carries the SDK in its `vendor/`
//! folder and is a workspace of its own, so that it builds in any place, also after it has been moved.

mod name;
mod place;
mod sources;
mod template;

pub(crate) use name::{CrateName, topology_name};
pub(crate) use place::{create_file, create_folder};
pub(crate) use template::{PluginKind, crate_files, topology_text};

/// The SDK that new crates get: its version is petrel's.
pub(crate) const SDK_FOLDER: &str = concat!("vendor/petrel-sdk-", env!("CARGO_PKG_VERSION"));
