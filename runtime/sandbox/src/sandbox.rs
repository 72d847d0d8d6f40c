//! The sandbox: one engine, its linkers, and the plugins loaded into it.

use crate::cache::{ArtifactCache, CacheError};
use crate::compiler::{self, Compiler};
use crate::host::Host;
use crate::load::{self, LoadError};
use crate::plugin::Plugin;
use crate::{engine, imports, sniff};
use petrel_model::{CompileLimits, Digest, World};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Precompiled};

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// The folder of compiled plugins. Created where it does not exist; must belong to this user alone, because what
    /// lies in it is run as native code.
    pub cache_dir: PathBuf,
    /// Who compiles components that are not in it.
    pub compiler: Compiler,
}

/// Why there is no sandbox, or no instance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The WebAssembly engine cannot run here.
    #[error("the WebAssembly engine cannot be started: {reason}")]
    Engine {
        /// The engine's words.
        reason: String,
    },
    /// The folder of compiled plugins cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A grant names something that is not there.
    #[error("grant {grant:?} cannot be given: {reason}")]
    Grant {
        /// The grant, as the topology has it.
        grant: String,
        /// The reason.
        reason: String,
    },
    /// The component could not be instantiated.
    #[error("the plugin cannot be instantiated: {reason}")]
    Instantiate {
        /// The reason: usually a memory limit below what the plugin starts with.
        reason: String,
    },
}

/// One WebAssembly engine and what is loaded into it. Cheap to clone; usually there is one in a process.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    engine: Engine,
    cache: ArtifactCache,
    compiler: Compiler,
    linkers: [Linker<Host>; 3],
    /// A slot for each component seen. Its lock is held while the component is compiled: one compile per digest.
    plugins: Mutex<HashMap<Digest, Arc<Mutex<Slot>>>>,
}

/// What came of a component: a plugin, an error, or nothing yet.
type Slot = Option<Result<Plugin, LoadError>>;

impl Sandbox {
    /// Starts an engine and opens the cache.
    ///
    /// # Errors
    /// When the machine is not supported or the cache folder cannot be trusted.
    pub fn new(config: SandboxConfig) -> Result<Sandbox, SandboxError> {
        let broken = |error: wasmtime::Error| SandboxError::Engine { reason: format!("{error:#}") };
        let engine = engine::start().map_err(broken)?;
        let linkers = [World::Spout, World::Bolt, World::Grouping].map(|world| imports::linker(&engine, world));
        let [spout, bolt, grouping] = linkers;
        let linkers = [spout.map_err(broken)?, bolt.map_err(broken)?, grouping.map_err(broken)?];
        let cache = ArtifactCache::open(&config.cache_dir)?;
        Ok(Sandbox(Arc::new(Inner { engine, cache, compiler: config.compiler, linkers, plugins: Mutex::default() })))
    }

    /// Makes a plugin of a component's bytes, within the usual limits.
    ///
    /// # Errors
    /// As [`Sandbox::load_within`].
    pub fn load(&self, bytes: &[u8]) -> Result<Plugin, LoadError> {
        self.load_within(bytes, &CompileLimits::default())
    }

    /// Makes a plugin of a component's bytes.
    ///
    /// The first time on a machine it is compiled, which takes 0.1 s for a typical Rust plugin and seconds for an
    /// interpreter; later it comes from the cache in about a millisecond. Blocks; callers that load one component at
    /// the same time share one compilation, and its failure.
    ///
    /// # Errors
    /// When the bytes are no plugin for this host, or compiling them takes more than it may.
    pub fn load_within(&self, bytes: &[u8], limits: &CompileLimits) -> Result<Plugin, LoadError> {
        sniff::check(bytes, limits.component_bytes)?;
        let digest = Digest(Sha256::digest(bytes).into());
        let slot = self.0.plugins.lock().unwrap_or_else(PoisonError::into_inner).entry(digest).or_default().clone();
        let (mut slot, waited) = match slot.try_lock() {
            Ok(slot) => (slot, false),
            Err(TryLockError::Poisoned(slot)) => (slot.into_inner(), false),
            Err(TryLockError::WouldBlock) => (slot.lock().unwrap_or_else(PoisonError::into_inner), true),
        };
        match &*slot {
            Some(Ok(plugin)) => return Ok(plugin.clone()),
            // Who waited for it takes it; who comes later may try with other limits.
            Some(Err(error)) if waited => return Err(error.clone()),
            _ => {}
        }
        slot.insert(self.0.load(bytes, digest, limits)).clone()
    }

    /// Forgets the plugins that nobody else holds, and frees their code.
    pub fn forget_unused(&self) {
        let mut plugins = self.0.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        plugins.retain(|_, slot| match slot.try_lock() {
            Ok(slot) => matches!(&*slot, Some(Ok(plugin)) if plugin.is_shared()),
            Err(_) => true, // being loaded
        });
    }
}

impl Inner {
    fn load(&self, bytes: &[u8], digest: Digest, limits: &CompileLimits) -> Result<Plugin, LoadError> {
        let component = self.compiled(bytes, digest, limits)?;
        let world = load::world_of(&self.engine, &component)?;
        let imports = load::imports_of(&self.engine, &component, world)?;
        let linker = &self.linkers[world as usize];
        let ready = linker.instantiate_pre(&component).map_err(load::unlinkable)?;
        Plugin::new(digest, world, bytes.len(), imports, ready)
    }

    fn compiled(&self, bytes: &[u8], digest: Digest, limits: &CompileLimits) -> Result<Component, LoadError> {
        let name = ArtifactCache::name(&self.engine, digest);
        if let Some(component) = self.cache.load(&self.engine, &name) {
            return Ok(component);
        }
        let _claim = self.cache.claim(&name);
        if let Some(component) = self.cache.load(&self.engine, &name) {
            return Ok(component);
        }
        let invalid = |error: wasmtime::Error| LoadError::Invalid { reason: format!("{error:#}") };
        let artifact = match &self.compiler {
            Compiler::InProcess => self.engine.precompile_component(bytes).map_err(invalid)?,
            Compiler::Child { program, arguments } => {
                let engine = ArtifactCache::engine_name(&self.engine);
                compiler::compile(program, arguments, self.cache.folder(), &engine, bytes, limits)?
            }
        };
        if Engine::detect_precompiled(&artifact) != Some(Precompiled::Component) {
            return Err(LoadError::Compiler { reason: "what it wrote is no artifact of a component".into() });
        }
        // A full disk costs the next start a compilation and is no reason not to run.
        if self.cache.store(&name, &artifact).is_ok()
            && let Some(component) = self.cache.load(&self.engine, &name)
        {
            return Ok(component);
        }
        // SAFETY: `deserialize` trusts native code; the compiler of this engine has just made this one, here or in the
        // child that this process started.
        unsafe { Component::deserialize(&self.engine, &artifact) }.map_err(invalid)
    }
}
