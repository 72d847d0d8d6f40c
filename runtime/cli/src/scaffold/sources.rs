//! What the build script has embedded: (path, bytes), sorted.

include!(concat!(env!("OUT_DIR"), "/sdk_sources.rs"));

/// The crates of the SDK, below `vendor/petrel-sdk-VERSION/`.
pub(super) fn sdk() -> &'static [(&'static str, &'static [u8])] {
    SDK
}

/// The template of a spout's crate.
pub(super) fn spout_template() -> &'static [(&'static str, &'static [u8])] {
    SPOUT_TEMPLATE
}

/// The template of a bolt's crate.
pub(super) fn bolt_template() -> &'static [(&'static str, &'static [u8])] {
    BOLT_TEMPLATE
}
