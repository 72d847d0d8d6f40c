//! A loaded plugin: compiled, linked, ready to be instantiated in microseconds.

use crate::contract::{bolt, grouping, plugin, spout};
use crate::convert;
use crate::engine;
use crate::host::Host;
use crate::instance::{Exports, Instance};
use crate::load::LoadError;
use crate::sandbox::SandboxError;
use crate::spec::InstanceSpec;
use crate::trap::{self, Breach};
use petrel_flow::TrapKind;
use petrel_model::{Digest, World};
use std::fmt;
use std::sync::Arc;
use wasmtime::component::{Instance as Linked, InstancePre};
use wasmtime::{Store, UpdateDeadline};

/// A plugin that can be described and instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

struct Inner {
    digest: Digest,
    world: World,
    size_bytes: usize,
    imports: Vec<String>,
    ready: InstancePre<Host>,
    describer: plugin::GuestIndices,
    exports: ExportIndices,
}

/// Where the exports of the plugin's world are.
enum ExportIndices {
    Spout(spout::GuestIndices),
    Bolt(bolt::GuestIndices),
    Grouping(grouping::GuestIndices),
}

impl Plugin {
    pub(crate) fn new(
        digest: Digest,
        world: World,
        size_bytes: usize,
        imports: Vec<String>,
        ready: InstancePre<Host>,
    ) -> Result<Plugin, LoadError> {
        let wrong = |error: wasmtime::Error| LoadError::WrongExport { reason: format!("{error:#}") };
        let exports = match world {
            World::Spout => ExportIndices::Spout(spout::GuestIndices::new(&ready).map_err(wrong)?),
            World::Bolt => ExportIndices::Bolt(bolt::GuestIndices::new(&ready).map_err(wrong)?),
            World::Grouping => ExportIndices::Grouping(grouping::GuestIndices::new(&ready).map_err(wrong)?),
        };
        let describer = plugin::GuestIndices::new(&ready).map_err(wrong)?;
        Ok(Plugin(Arc::new(Inner { digest, world, size_bytes, imports, ready, describer, exports })))
    }

    /// The SHA-256 of the component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Which world of the contract it implements.
    pub fn world(&self) -> World {
        self.0.world
    }

    /// The size of the component in bytes.
    pub fn size_bytes(&self) -> usize {
        self.0.size_bytes
    }

    /// The interfaces it imports, with versions.
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// Whether it imports sockets, without which a `net` grant does nothing.
    pub fn wants_net(&self) -> bool {
        self.0.imports.iter().any(|import| import.starts_with("wasi:sockets/"))
    }

    /// Makes an instance, in microseconds. Must run within a tokio runtime.
    ///
    /// # Errors
    /// When a grant names something that is not there, or the plugin's first memory is beyond its limit.
    pub async fn instantiate(&self, spec: &InstanceSpec) -> Result<Instance, SandboxError> {
        let mut store = self.store(spec)?;
        let deadline = store.data().deadline.clone();
        let loaded = deadline.watch(async {
            let instance = self.instance_in(&mut store).await?;
            Ok(match &self.0.exports {
                ExportIndices::Spout(indices) => Exports::Spout(indices.load(&mut store, &instance)?),
                ExportIndices::Bolt(indices) => Exports::Bolt(indices.load(&mut store, &instance)?),
                ExportIndices::Grouping(indices) => Exports::Grouping(indices.load(&mut store, &instance)?),
            })
        });
        match loaded.await.unwrap_or_else(|over| Err(Breach::from(over).into())) {
            Ok(exports) => Ok(Instance::new(store, exports, convert::to_context(spec))),
            Err(error) => {
                let trap = trap::explain(&error, "instantiate", store.data());
                let reason = match trap.kind {
                    TrapKind::Trapped if trap.backtrace.is_empty() => format!("{error:#}"),
                    _ => trap.message,
                };
                Err(SandboxError::Instantiate { reason })
            }
        }
    }

    /// A store with the limits of an instance, the time limit of a first call running.
    pub(crate) fn store(&self, spec: &InstanceSpec) -> Result<Store<Host>, SandboxError> {
        let mut store = Store::new(self.0.ready.engine(), Host::new(spec)?);
        store.limiter(|host| &mut host.limiter);
        let size = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        store.set_hostcall_fuel(size(spec.limits.host_call_bytes));
        // The table of resources in the host has the limit itself. Here a handle that is lent counts again.
        store.set_max_component_handles(size(spec.limits.handles.saturating_mul(2)));
        store.epoch_deadline_callback(|cx| {
            let deadline = &cx.data().deadline;
            if deadline.is_over() {
                return Err(Breach::Running.into());
            }
            engine::note_interruption();
            deadline.give_way();
            Ok(UpdateDeadline::Yield(1))
        });
        // The first tick may come at once, the second comes a whole tick after it.
        store.set_epoch_deadline(2);
        store.data().deadline.begin(store.data().allowed());
        Ok(store)
    }

    pub(crate) async fn instance_in(&self, store: &mut Store<Host>) -> wasmtime::Result<Linked> {
        self.0.ready.instantiate_async(store).await
    }

    pub(crate) fn describer(&self) -> &plugin::GuestIndices {
        &self.0.describer
    }

    /// Whether somebody holds it beside the sandbox that loaded it.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {:?})", self.0.world.name(), self.0.digest)
    }
}
