//! What the host keeps beside an instance: what its imports work on.

use crate::clock::{CallClock, ClockView};
use crate::deadline::{Allowed, Deadline};
use crate::engine::TICK;
use crate::files::{Inputs, Outputs};
use crate::limits::Limiter;
use crate::logger::{Logger, Speaker};
use crate::lookup::LookupView;
use crate::net::AllowedNet;
use crate::plugin_metrics::PluginMetrics;
use crate::sandbox::SandboxError;
use crate::scope::CallScope;
use crate::spec::InstanceSpec;
use crate::wasi;
use petrel_flow::TimeShare;
use petrel_frame::Schema;
use petrel_model::Limits;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::sockets::WasiSocketsCtxView;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// The data of an instance's store.
pub(crate) struct Host {
    pub(crate) call: CallScope,
    pub(crate) outputs: Vec<Output>,
    pub(crate) limits: Limits,
    /// Whether anchors are used.
    pub(crate) tracking: bool,
    /// How much of the time limits a call may take.
    pub(crate) share: TimeShare,
    pub(crate) limiter: Limiter,
    pub(crate) deadline: Deadline,
    pub(crate) clock: CallClock,
    pub(crate) readable: Inputs,
    pub(crate) writable: Outputs,
    pub(crate) configuration: String,
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    /// Since they were last taken.
    pub(crate) metrics: PluginMetrics,
    logger: Arc<Mutex<Logger>>,
    wasi: WasiCtx,
    net: Option<Arc<AllowedNet>>,
    resources: ResourceTable,
}

/// An output stream as emissions are checked against it.
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) schema: Schema,
    pub(crate) direct: bool,
    /// The fewest tasks a consumer of it has.
    pub(crate) tasks: u32,
}

impl Host {
    pub(crate) fn new(spec: &InstanceSpec) -> Result<Host, SandboxError> {
        let speaker = Speaker { topology: spec.topology.clone(), component: spec.component.clone(), task: spec.task };
        let logger = Arc::new(Mutex::new(Logger::new(
            speaker,
            spec.logs.clone(),
            spec.log_budget.clone(),
            spec.limits.log_lines,
        )));
        let clock = CallClock::default();
        let output = |(number, stream): (usize, &petrel_model::OutputStream)| Output {
            name: stream.name.clone(),
            schema: stream.schema.clone(),
            direct: stream.direct,
            tasks: spec
                .consumers
                .iter()
                .filter(|consumer| consumer.output as usize == number)
                .map(|consumer| consumer.tasks)
                .min()
                .unwrap_or(u32::MAX),
        };
        let net = wasi::net(spec)?;
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(usize::try_from(spec.limits.handles).unwrap_or(usize::MAX));
        Ok(Host {
            call: CallScope::new(spec.seed, spec.limits),
            outputs: spec.outputs.iter().enumerate().map(output).collect(),
            limits: spec.limits,
            tracking: spec.tracking,
            share: TimeShare::WHOLE,
            limiter: Limiter::new(spec.limits.memory_bytes),
            deadline: Deadline::new(),
            readable: Inputs::new(&spec.topology, &spec.component, &spec.grants.paths),
            writable: Outputs::new(&spec.grants.paths, spec.append),
            configuration: spec.configuration.clone(),
            secrets: spec.secrets.clone(),
            metrics: PluginMetrics::default(),
            wasi: wasi::context(spec, net.as_ref(), &clock, &logger)?,
            net,
            clock,
            logger,
            resources,
        })
    }

    pub(crate) fn logger(&self) -> MutexGuard<'_, Logger> {
        self.logger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a call may take.
    pub(crate) fn allowed(&self) -> Allowed {
        Allowed {
            // No limit can be kept more exactly than guests are interrupted.
            run: Duration::from_millis(self.share.of_ms(self.limits.batch_ms)).max(TICK),
            wait: Duration::from_millis(self.share.of_ms(self.limits.io_ms.unwrap_or(Limits::IO_MS))),
            silence_counts: self.limits.io_ms.is_some(),
        }
    }

    pub(crate) fn lookup_view(&mut self) -> LookupView<'_> {
        let sockets = WasiSocketsCtxView { ctx: self.wasi.sockets(), table: &mut self.resources };
        LookupView { sockets, allowed: self.net.as_deref() }
    }

    pub(crate) fn clock_view(&mut self) -> ClockView<'_> {
        ClockView { clock: &self.clock, table: &mut self.resources }
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}
