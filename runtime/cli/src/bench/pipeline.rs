//! Whole topologies as `petrel run` runs them, and single calls of a guest.

use crate::plugin_set::PluginSet;
use anyhow::{Context, anyhow, bail};
use petrel_flow::{Call, Effects, Frame, Tuning};
use petrel_frame::{Field, FrameBuilder, Scalar, Schema};
use petrel_model::{CompileLimits, Grants, InputStream, Limits, OutputStream, Plugins, TaskIndex};
use petrel_sandbox::{Instance, InstanceSpec, LogBudget, LogSink, Plugin, PrintTarget, Sandbox};
use petrel_state::{KeySpec, Passed, TaskState};
use petrel_worker::{FIRST_GENERATION, OnPause, Purpose, Report, Run, RunOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What a topology is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Workload<'a> {
    /// A spout of numbers, a bolt that drops them.
    Null {
        /// How many numbers.
        count: u64,
    },
    /// With a bolt between them that emits each tuple again.
    Identity {
        /// How many numbers.
        count: u64,
    },
    /// Lines of a file, split into words, counted.
    WordCount {
        /// The file.
        path: &'a Path,
        /// Tasks of the splitting and of the counting bolt.
        parallelism: u32,
    },
    /// The same with one task each, where splitting panics at lines with a certain word.
    Poisoned {
        /// The file.
        path: &'a Path,
        /// The word.
        needle: &'a str,
        /// `best-effort` or `at-least-once`.
        guarantee: &'a str,
    },
}

impl Workload<'_> {
    fn topology(&self) -> String {
        let head = |guarantee: &str| format!("name = \"bench\"\nguarantee = \"{guarantee}\"\n");
        let best_effort = head("best-effort");
        let numbers =
            |count| format!("[component.numbers]\nplugin = \"bench-constant\"\nconfig = {{ count = {count} }}\n");
        let drop = |from| {
            format!(
                "[component.drop]\nplugin = \"bench-null\"\ninputs = [{{ from = \"{from}\", grouping = \"shuffle\" }}]\n"
            )
        };
        let word_count = |head: String, path: &Path, parallelism: u32, split: &str| {
            format!(
                "{head}[component.lines]\nplugin = \"lines\"\nconfig = {{ path = {path:?} }}\n\
                 [component.split]\nplugin = \"split\"\nparallelism = {parallelism}\n{split}\
                 inputs = [{{ from = \"lines\", grouping = \"shuffle\" }}]\n\
                 [component.count]\nplugin = \"count\"\nparallelism = {parallelism}\nconfig = {{ emit = \"final\" }}\n\
                 inputs = [{{ from = \"split\", grouping = \"fields\", fields = [\"word\"] }}]\n{}",
                drop("count")
            )
        };
        match self {
            Workload::Null { count } => format!("{best_effort}{}{}", numbers(*count), drop("numbers")),
            Workload::Identity { count } => format!(
                "{best_effort}{}[component.copy]\nplugin = \"bench-identity\"\ninputs = [{{ from = \"numbers\", grouping = \"shuffle\" }}]\n{}",
                numbers(*count),
                drop("copy")
            ),
            Workload::WordCount { path, parallelism } => word_count(best_effort, path, *parallelism, ""),
            Workload::Poisoned { path, needle, guarantee } => {
                word_count(head(guarantee), path, 1, &format!("config = {{ poison = {needle:?} }}\n"))
            }
        }
    }
}

/// Runs workloads.
pub(crate) struct Pipelines {
    sandbox: Arc<Sandbox>,
    runtime: Runtime,
}

impl Pipelines {
    /// With threads of their own, as many as there are cores.
    pub(crate) fn new(sandbox: Arc<Sandbox>) -> anyhow::Result<Pipelines> {
        let runtime = petrel_worker::threads().context("cannot start threads")?;
        Ok(Pipelines { sandbox, runtime })
    }

    /// Runs a workload to its end.
    pub(crate) fn run(&self, workload: Workload<'_>) -> anyhow::Result<Report> {
        let text = workload.topology();
        let topology = petrel_model::parse(&text).map_err(|problems| anyhow!("{problems:?}"))?;
        let mut plugins = PluginSet::new(self.sandbox.clone(), Path::new(""));
        let assignment = petrel_model::resolve(&topology, &mut plugins, FIRST_GENERATION)
            .map_err(|problems| anyhow!("{problems:?}"))?;
        let (logs, _lines) = LogSink::bounded(LogSink::CAPACITY);
        let options = RunOptions {
            plugins: plugins.into_plugins(),
            secrets: BTreeMap::new(),
            plugin_names: BTreeMap::new(),
            dead_letters: None,
            logs,
            prints: PrintTarget::default(),
            on_pause: OnPause::Fail,
            purpose: Purpose::Run,
            tuning: Tuning::default(),
            seed: 1,
        };
        self.runtime.block_on(async {
            let mut run = Run::start(assignment, options)?;
            while let Some(end) = run.next_end().await {
                if end.is_failure() {
                    bail!("{end}");
                }
            }
            Ok(run.handle().report())
        })
    }

    /// A plugin of the binary.
    pub(super) fn plugin(&self, name: &str) -> anyhow::Result<Plugin> {
        let mut plugins = PluginSet::new(self.sandbox.clone(), Path::new(""));
        let (digest, _) = plugins.load(name, &CompileLimits::default()).map_err(|message| anyhow!(message))?;
        plugins.into_plugins().remove(&digest).context("the plugin was loaded")
    }

    /// Its threads.
    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// An empty bolt that can be called without a topology around it.
    pub(crate) fn empty_bolt(&self) -> anyhow::Result<EmptyBolt<'_>> {
        let schema = Schema::new([Field::new("number", Scalar::I64)]);
        let plugin = self.plugin("bench-null")?;
        let spec = spec(schema, Vec::new(), "{}");
        let instance = self.runtime.block_on(plugin.instantiate(&spec))?;
        let mut bolt = EmptyBolt {
            runtime: &self.runtime,
            instance,
            state: TaskState::new(KeySpec::default(), &[], 1),
            effects: Effects::default(),
        };
        bolt.call(&Call::Open { position: None }, 1)?;
        Ok(bolt)
    }
}

/// A bolt with one input, alone in its topology.
pub(super) fn spec(input: Schema, outputs: Vec<OutputStream>, configuration: &str) -> InstanceSpec {
    let (logs, _lines) = LogSink::bounded(LogSink::CAPACITY);
    InstanceSpec {
        topology: "bench".into(),
        component: "bolt".into(),
        task: TaskIndex(0),
        parallelism: 1,
        generation: FIRST_GENERATION,
        tracking: false,
        consumers: Vec::new(),
        inputs: vec![InputStream { stream: "input.default".into(), schema: input, key: Vec::new() }],
        outputs,
        configuration: configuration.into(),
        grants: Grants::default(),
        secrets: BTreeMap::new(),
        limits: Limits::default(),
        logs,
        log_budget: LogBudget::default(),
        seed: 1,
        append: false,
    }
}

/// An instance of a bolt that does nothing.
pub(crate) struct EmptyBolt<'a> {
    runtime: &'a Runtime,
    instance: Instance,
    state: TaskState,
    effects: Effects,
}

impl EmptyBolt<'_> {
    /// Gives it the same frame again and again. Returns the number of tuples.
    pub(crate) fn process(&mut self, frame: &Frame, times: u64) -> anyhow::Result<u64> {
        let rows = frame.view().rows() as u64;
        self.call(&Call::Process { input: 0, frame: frame.clone(), state: Passed::default() }, times)?;
        Ok(rows * times)
    }

    fn call(&mut self, call: &Call, times: u64) -> anyhow::Result<()> {
        let EmptyBolt { runtime, instance, state, effects } = self;
        runtime.block_on(async {
            for _ in 0..times {
                let returned = instance.call(call, state, effects, 0).await;
                returned.map_err(|trap| anyhow!("{}: {}", call.name(), trap.message))?;
            }
            Ok(())
        })
    }
}

/// A frame of numbers.
pub(crate) fn numbers_frame(rows: u64) -> anyhow::Result<Frame> {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("number", Scalar::I64)]));
    (0..rows as i64).for_each(|number| builder.column(0).push_i64(number));
    let mut bytes = petrel_frame::FrameBuf::new();
    builder.finish_into(&mut bytes)?;
    Ok(Frame::validate(bytes)?)
}
