//! What the tests stand on: the guests, built once, and a task to run them in.

pub(crate) use crate::guests::guest;
use petrel_flow::{Call, Effects, Frame, Returned, Trap, TrapKind};
use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema, Value};
use petrel_model::{Generation, Grants, Limits, OutputStream, TableKind, TableSpec, TaskIndex};
use petrel_sandbox::{
    Compiler, Consumer, Instance, InstanceSpec, LogBudget, LogLines, LogSink, Plugin, Sandbox, SandboxConfig,
};
use petrel_state::{KeySpec, Passed, TaskState};
use std::sync::LazyLock;
use tempfile::TempDir;

pub(crate) const NOW_US: i64 = 1_700_000_000_000_000;

/// One sandbox for all tests, with a cache of its own.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SANDBOX: LazyLock<(Sandbox, TempDir)> = LazyLock::new(|| {
        let cache = tempfile::tempdir().unwrap();
        (Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler: Compiler::InProcess }).unwrap(), cache)
    });
    &SANDBOX.0
}

pub(crate) fn plugin(name: &str) -> Plugin {
    sandbox().load(&guest(name)).unwrap()
}

pub(crate) fn schema(fields: &[(&str, Scalar)]) -> Schema {
    Schema { fields: fields.iter().map(|(name, scalar)| Field::new(*name, *scalar)).collect() }
}

/// The stream `word: string` that the tests use.
pub(crate) fn words() -> Schema {
    schema(&[("word", Scalar::String)])
}

pub(crate) fn frame_of(schema: &Schema, rows: &[Vec<Value>]) -> FrameBuf {
    let mut builder = FrameBuilder::new(schema);
    for row in rows {
        builder.push_row(row).unwrap();
    }
    FrameBuf::from_slice(builder.finish().unwrap())
}

/// A frame of `words`.
pub(crate) fn frame(words_in_it: &[&str]) -> FrameBuf {
    frame_of(&words(), &words_in_it.iter().map(|word| vec![Value::String(word)]).collect::<Vec<_>>())
}

fn output(name: &str, schema: Schema, direct: bool) -> OutputStream {
    OutputStream { name: name.into(), schema, direct, event_time: None }
}

/// A task of the bolt guest: its instance, its state, its log.
pub(crate) struct Bench {
    pub(crate) instance: Instance,
    pub(crate) state: TaskState,
    pub(crate) effects: Effects,
    pub(crate) logs: LogLines,
    runtime: tokio::runtime::Runtime,
}

/// How an instance differs from the usual one.
#[derive(Default)]
pub(crate) struct With {
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) secret: Option<(&'static str, &'static [u8])>,
    pub(crate) seed: u64,
    pub(crate) append: bool,
}

pub(crate) fn spec(configuration: &str, with: With) -> (InstanceSpec, LogLines) {
    let (logs, lines) = LogSink::bounded(100_000);
    let spec = InstanceSpec {
        topology: "topology".into(),
        component: "component".into(),
        task: TaskIndex(0),
        parallelism: 1,
        generation: Generation(7),
        tracking: true,
        consumers: vec![Consumer { output: 1, component: "consumer".into(), tasks: 3 }],
        inputs: Vec::new(),
        outputs: vec![output("default", words(), false), output("direct", words(), true)],
        configuration: configuration.into(),
        grants: with.grants,
        secrets: with.secret.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        limits: with.limits,
        logs,
        log_budget: LogBudget::default(),
        seed: with.seed,
        append: with.append,
    };
    (spec, lines)
}

fn table(name: &str, kind: TableKind) -> TableSpec {
    TableSpec { name: name.into(), kind, subkey: None, value: Field::new("value", Scalar::I64), version: 1 }
}

impl Bench {
    pub(crate) fn new(configuration: &str) -> Bench {
        Bench::with(configuration, With::default())
    }

    pub(crate) fn with(configuration: &str, with: With) -> Bench {
        Bench::of("bolt", configuration, with)
    }

    pub(crate) fn of(guest: &str, configuration: &str, with: With) -> Bench {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (spec, logs) = spec(configuration, with);
        let instance = runtime.block_on(plugin(guest).instantiate(&spec)).unwrap();
        let key = KeySpec { fields: vec![Field::new("word", Scalar::String)] };
        let tables = [table("counts", TableKind::Value), table("log", TableKind::List)];
        Bench { instance, state: TaskState::new(key, &tables, 1), effects: Effects::default(), logs, runtime }
    }

    pub(crate) fn call(&mut self, call: Call) -> Result<Returned, Trap> {
        self.call_at(call, NOW_US)
    }

    pub(crate) fn call_at(&mut self, call: Call, now_us: i64) -> Result<Returned, Trap> {
        self.runtime.block_on(self.instance.call(&call, &mut self.state, &mut self.effects, now_us))
    }

    pub(crate) fn block_on<T>(&mut self, run: impl AsyncFnOnce(&mut Instance) -> T) -> T {
        self.runtime.block_on(run(&mut self.instance))
    }

    /// A call with two rows and nothing beside.
    pub(crate) fn process(&mut self) -> Result<Returned, Trap> {
        self.process_with(&[])
    }

    /// A call with two rows, and any bytes for the guest to work with.
    pub(crate) fn process_with(&mut self, bytes: &[u8]) -> Result<Returned, Trap> {
        let frame = Frame::validate(frame(&["a", "b"])).unwrap();
        let state = Passed { block: FrameBuf::from_slice(bytes), keys: 0 };
        self.call(Call::Process { input: 0, frame, state })
    }

    /// The same with the two rows' keys known to the state.
    pub(crate) fn process_keyed(&mut self, bytes: &[u8]) -> Result<Returned, Trap> {
        let frame = Frame::validate(frame(&["a", "b"])).unwrap();
        let mut state = Passed::default();
        self.state.pass_frame(&frame.view(), &[0], &mut state).unwrap();
        state.block = FrameBuf::from_slice(bytes);
        self.call(Call::Process { input: 0, frame, state })
    }

    /// What the guest says in the error that it returns.
    pub(crate) fn says(&mut self) -> String {
        let trap = self.process().unwrap_err();
        assert_eq!(trap.kind, TrapKind::Refused, "{trap:?}");
        trap.message
    }

    /// Log lines so far, as `source: message`.
    pub(crate) fn log(&self) -> Vec<String> {
        std::iter::from_fn(|| self.logs.try_next())
            .map(|line| format!("{}: {}", line.source.name(), line.message))
            .collect()
    }
}
