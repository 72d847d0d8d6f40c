//! From a template to the files of a new thing.

use super::name::CrateName;
use super::{SDK_FOLDER, sources};

/// What kind of plugin a crate is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PluginKind {
    /// A source of tuples.
    Spout,
    /// Reads streams.
    Bolt,
}

impl PluginKind {
    /// `spout` or `bolt`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PluginKind::Spout => "spout",
            PluginKind::Bolt => "bolt",
        }
    }
}

/// The files of a new crate: path within it, content.
///
/// A template's file `NAME.in` becomes `NAME`, so that cargo and git do not take the template itself for a crate.
pub(crate) fn crate_files(kind: PluginKind, name: &CrateName) -> Vec<(String, Vec<u8>)> {
    let template = match kind {
        PluginKind::Spout => sources::spout_template(),
        PluginKind::Bolt => sources::bolt_template(),
    };
    let mut files: Vec<(String, Vec<u8>)> = template
        .iter()
        .map(|(path, content)| {
            let path = fill(path.strip_suffix(".in").unwrap_or(path), name);
            let content = std::str::from_utf8(content).expect("templates are text");
            (path, fill(content, name).into_bytes())
        })
        .collect();
    files.extend(sources::sdk().iter().map(|(path, content)| (format!("{SDK_FOLDER}/{path}"), content.to_vec())));
    files
}

fn fill(text: &str, name: &CrateName) -> String {
    text.replace("{{name}}", name.as_str())
        .replace("{{crate}}", &name.module())
        .replace("{{type}}", &name.type_name())
        .replace("{{sdk}}", SDK_FOLDER)
}

/// A topology of standard plugins that runs as it is, with a line on everything that can be changed.
pub(crate) fn topology_text(name: &str) -> String {
    include_str!("topology.toml.in").replace("{{name}}", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_fill_in() {
        let name = CrateName::new("word-length").unwrap();
        for kind in [PluginKind::Spout, PluginKind::Bolt] {
            let files = crate_files(kind, &name);
            for (path, content) in files.iter().filter(|(path, _)| !path.starts_with("vendor/")) {
                let text = String::from_utf8_lossy(content);
                assert!(!text.contains("{{") && !path.contains("{{") && !path.ends_with(".in"), "{path}: {text}");
            }
            for needed in ["Cargo.toml", "src/lib.rs", ".gitignore"] {
                assert!(files.iter().any(|(path, _)| path == needed), "{} has no {needed}", kind.name());
            }
            for needed in ["rust/Cargo.toml", "rust/wit/petrel.wit", "frame/src/lib.rs", "macros/src/lib.rs", "LICENSE"]
            {
                assert!(files.iter().any(|(path, _)| *path == format!("{SDK_FOLDER}/{needed}")), "{needed} is missing");
            }
        }
    }

    #[test]
    fn the_crate_is_its_own_workspace() {
        let files = crate_files(PluginKind::Bolt, &CrateName::new("shout").unwrap());
        let (_, manifest) = files.iter().find(|(path, _)| path == "Cargo.toml").unwrap();
        let manifest = String::from_utf8_lossy(manifest);
        assert!(manifest.contains("[workspace]") && manifest.contains("name = \"shout\""), "{manifest}");
        assert!(manifest.contains(&format!("{SDK_FOLDER}/rust")), "{manifest}");
    }

    #[test]
    fn the_topology_is_well_formed() {
        let topology = petrel_model::parse(&topology_text("my-first")).unwrap();
        assert_eq!(topology.name().as_str(), "my-first");
    }
}
