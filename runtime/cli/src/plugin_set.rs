//! Where plugins come from: the embedded standard ones, and component files.

use crate::embedded;
use crate::failure::{CommandResult, Failure};
use crate::file_errors::with_next_step;
use crate::interruption::Loading;
use petrel_flow::Trap;
use petrel_model::{CompileLimits, ConfigKey, DescribeProblem, Description, Digest, InputStream, Plugins, World};
use petrel_sandbox::{DescribeError, LoadError, Plugin, Sandbox};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The plugins a command has loaded so far, by digest.
pub(crate) struct PluginSet {
    sandbox: Arc<Sandbox>,
    /// Relative component files are looked up from here: the folder of the topology file.
    base: PathBuf,
    by_reference: BTreeMap<String, Digest>,
    loaded: BTreeMap<Digest, Plugin>,
    bytes: BTreeMap<Digest, PluginBytes>,
    loading: Loading,
    /// Why this machine could not load one, whatever plugin it had been.
    hindrance: Option<String>,
}

/// The component of a plugin: part of this binary, or read from a file.
pub(crate) type PluginBytes = Cow<'static, [u8]>;

impl PluginSet {
    /// An empty set. `base`: the folder that relative component files start from.
    pub(crate) fn new(sandbox: Arc<Sandbox>, base: &Path) -> PluginSet {
        PluginSet {
            sandbox,
            base: base.to_path_buf(),
            by_reference: BTreeMap::new(),
            loaded: BTreeMap::new(),
            bytes: BTreeMap::new(),
            loading: Loading::default(),
            hindrance: None,
        }
    }

    /// Why a plugin could not be loaded that nothing is known to be wrong with: no topology and no plugin could be changed so
    /// that it works here. None if that did not happen.
    pub(crate) fn hindrance(&self) -> Option<Failure> {
        self.hindrance.as_ref().map(|why| Failure::Failed(anyhow::anyhow!(why.clone())))
    }

    /// The same set, which says there what is being compiled.
    pub(crate) fn telling(self, loading: Loading) -> PluginSet {
        PluginSet { loading, ..self }
    }

    /// What was loaded.
    pub(crate) fn into_plugins(self) -> BTreeMap<Digest, Plugin> {
        self.loaded
    }

    /// What was loaded, and the components it was loaded from.
    pub(crate) fn into_parts(self) -> (BTreeMap<Digest, Plugin>, BTreeMap<Digest, PluginBytes>) {
        (self.loaded, self.bytes)
    }

    /// Loads a plugin that the command line names.
    ///
    /// # Errors
    /// A usage failure where there is nothing of that name, else which plugin is none, and why.
    pub(crate) fn open(&mut self, reference: &str) -> CommandResult<(Digest, World)> {
        let named = |why: String| match why.contains(reference) {
            true => anyhow::anyhow!(why),
            false => anyhow::anyhow!("{reference}: {why}"),
        };
        let bytes = self.read(reference).map_err(|why| Failure::Usage(named(why)))?;
        let kept = self.keep(reference, bytes, &CompileLimits::default());
        kept.map_err(|why| self.hindrance().unwrap_or_else(|| Failure::Failed(named(why))))
    }

    /// Compiles a component and keeps it under a reference.
    fn keep(&mut self, reference: &str, bytes: PluginBytes, limits: &CompileLimits) -> Result<(Digest, World), String> {
        let loaded = self.loading.of(reference, || self.sandbox.load_within(&bytes, limits));
        let plugin = loaded.map_err(|error| {
            let mut why = error.to_string();
            if let LoadError::NoSpace { .. } = error {
                why += ": make room on its disk, or set PETREL_HOME to a folder on another one";
                self.hindrance = Some(why.clone());
            }
            why
        })?;
        let (digest, world) = (plugin.digest(), plugin.world());
        self.by_reference.insert(reference.to_owned(), digest);
        self.loaded.insert(digest, plugin);
        self.bytes.insert(digest, bytes);
        Ok((digest, world))
    }

    /// The bytes behind a reference: `NAME` is a standard plugin, anything with a slash or ending in `.wasm` a file.
    fn read(&self, reference: &str) -> Result<PluginBytes, String> {
        if reference.contains('/') || reference.ends_with(".wasm") {
            let path = self.base.join(reference);
            return std::fs::read(&path).map(Cow::Owned).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => format!(
                    "there is no file {}: build the plugin first (`petrel build` in its folder), or correct the path",
                    path.display()
                ),
                _ => format!("cannot read the plugin {}: {}", path.display(), with_next_step(&error)),
            });
        }
        if reference.contains('@') {
            return Err(format!(
                "{reference:?} names a plugin of a registry, and this version has none: name a standard plugin or a file \
                 such as \"./{}.wasm\"",
                reference.split('@').next().unwrap_or(reference)
            ));
        }
        match embedded::all().iter().find(|plugin| plugin.name == reference) {
            Some(plugin) => Ok(Cow::Borrowed(plugin.bytes)),
            None if self.base.join(reference).is_dir() => Err(format!(
                "{reference:?} is a folder, and no standard plugin: name the component that is built in it, whose path `petrel \
                 build {reference}` prints"
            )),
            None => {
                let own = if petrel_model::is_name(reference) { reference } else { "shout" };
                let names: Vec<&str> = embedded::for_topologies().map(|plugin| plugin.name).collect();
                let hint = match petrel_model::nearest(reference, names.iter().copied()) {
                    Some(name) => format!("did you mean {name:?}? "),
                    None => String::new(),
                };
                Err(format!(
                    "there is no standard plugin {reference:?}: {hint}the standard plugins are {}; a plugin of your own is \
                     named by its file, such as \"./{own}.wasm\"",
                    names.join(", ")
                ))
            }
        }
    }

    /// A plugin that was loaded.
    ///
    /// # Panics
    /// If it was not.
    pub(crate) fn plugin(&self, digest: Digest) -> &Plugin {
        self.loaded.get(&digest).expect("a digest comes from load, which keeps its plugin")
    }
}

impl Plugins for PluginSet {
    fn load(&mut self, reference: &str, limits: &CompileLimits) -> Result<(Digest, World), String> {
        if let Some(digest) = self.by_reference.get(reference) {
            return Ok((*digest, self.plugin(*digest).world()));
        }
        let bytes = self.read(reference)?;
        self.keep(reference, bytes, limits)
    }

    fn config_keys(&mut self, digest: Digest) -> Result<Vec<ConfigKey>, DescribeProblem> {
        self.plugin(digest).config_keys().map_err(|error| problem("config-keys", error))
    }

    fn describe(
        &mut self,
        digest: Digest,
        configuration: &str,
        inputs: &[InputStream],
    ) -> Result<Description, DescribeProblem> {
        self.plugin(digest).describe(configuration, inputs).map_err(|error| problem("describe", error))
    }
}

fn problem(call: &'static str, error: DescribeError) -> DescribeProblem {
    match error {
        DescribeError::Config { key, message } => DescribeProblem::Refused { key: Some(key), message },
        DescribeError::Trap(Trap { message, backtrace, .. }) => DescribeProblem::Failed { call, message, backtrace },
        other => DescribeProblem::Refused { key: None, message: other.to_string() },
    }
}
