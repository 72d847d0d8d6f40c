//! The standard plugins, which the build script has built and put into this binary.

/// A standard plugin.
#[derive(Debug)]
pub(crate) struct Plugin {
    /// What topologies call it.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) help: &'static str,
    /// The component.
    pub(crate) bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/embedded_plugins.rs"));

/// All of them, sorted by name.
pub(crate) fn all() -> &'static [Plugin] {
    PLUGINS
}

/// Those that are made for topologies, sorted by name: the others are what `petrel bench` measures with.
pub(crate) fn for_topologies() -> impl Iterator<Item = &'static Plugin> {
    all().iter().filter(|plugin| !plugin.name.starts_with("bench-"))
}
