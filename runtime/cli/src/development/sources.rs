//! The files that a topology is made from.

use crate::guest_build::PluginCrate;
use petrel_model::{GroupingSpec, Topology};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A topology file, the crates of its plugins, and plugin files that belong to no crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// Absolute, as all paths here.
    files: BTreeSet<PathBuf>,
    crates: BTreeSet<PluginCrate>,
}

/// Folders of a crate that are not its sources.
const NO_SOURCES: [&str; 2] = ["target", "node_modules"];

impl Sources {
    /// Of a topology file that could not be read.
    pub(crate) fn of_file(topology: &Path) -> Sources {
        Sources { files: std::path::absolute(topology).into_iter().collect(), crates: BTreeSet::new() }
    }

    /// Of a topology.
    pub(crate) fn of(file: &Path, topology: &Topology) -> Sources {
        let mut sources = Sources::of_file(file);
        let folder = file.parent().unwrap_or(Path::new(""));
        let groupings = topology.components().iter().flat_map(|component| &component.inputs).filter_map(|input| {
            match &input.grouping.value {
                GroupingSpec::Custom { plugin, .. } => Some(&plugin.value),
                _ => None,
            }
        });
        let plugins = topology.components().iter().map(|component| &component.plugin.value).chain(groupings);
        for reference in plugins.filter(|reference| reference.contains('/') || reference.ends_with(".wasm")) {
            let path = folder.join(reference);
            match PluginCrate::making(&path) {
                Some(made_by) => {
                    sources.crates.insert(made_by);
                }
                None => sources.files.extend(std::path::absolute(&path)),
            }
        }
        sources
    }

    /// The crates that make its plugins.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &PluginCrate> {
        self.crates.iter()
    }

    /// Every file that is one of them. Build output is left out.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.files.iter().cloned().collect();
        self.crates.iter().for_each(|one| collect(one.folder(), &mut paths));
        paths
    }
}

/// More files than this are no crate; the rest is not watched.
const FILES_MAX: usize = 20_000;

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if !is_source(&entry.file_name().to_string_lossy()) || paths.len() >= FILES_MAX {
            continue;
        }
        // Links to folders are not followed: they may lead in circles.
        match kind.is_dir() {
            true => collect(&entry.path(), paths),
            false => paths.push(entry.path()),
        }
    }
}

/// What editors and cargo leave in a crate's folder is not a source.
fn is_source(name: &str) -> bool {
    name == ".cargo" || !(name.starts_with('.') || name.ends_with('~') || NO_SOURCES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topology_is_made_from_its_file_its_crates_and_its_components() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        std::fs::create_dir_all(at("shout/src")).unwrap();
        std::fs::create_dir_all(at("shout/target")).unwrap();
        std::fs::write(at("shout/Cargo.toml"), "").unwrap();
        let topology = petrel_model::parse(
            r#"
            name = "t"
            guarantee = "best-effort"
            [component.lines]
            plugin = "lines"
            [component.shout]
            plugin = "./shout/target/wasm32-wasip2/release/shout.wasm"
            inputs = [{ from = "lines", grouping = "shuffle" }]
            [component.other]
            plugin = "./other.wasm"
            inputs = [{ from = "shout", grouping = { plugin = "./shout/target/wasm32-wasip2/release/shout.wasm" } }]
            "#,
        )
        .unwrap();
        let sources = Sources::of(&at("t.toml"), &topology);
        let crates: Vec<&Path> = sources.crates().map(PluginCrate::folder).collect();
        assert_eq!(crates, [at("shout")]);
        std::fs::create_dir_all(at("shout/.cargo")).unwrap();
        let ours = ["shout/src/lib.rs", "shout/.cargo/config.toml"];
        let others = ["u.toml", "shout/target/x", "shout/src/.lib.rs.swp", "shout/src/lib.rs~"];
        ours.iter().chain(&others).for_each(|file| std::fs::write(at(file), "").unwrap());
        let mut found = sources.paths();
        found.sort();
        let expected = ["other.wasm", "shout/.cargo/config.toml", "shout/Cargo.toml", "shout/src/lib.rs", "t.toml"];
        assert_eq!(found, expected.map(at));
    }
}
