//! What the guests run on: built once, loaded once, an instance for each input.

use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema, Value};
use petrel_model::{
    ComponentName, Generation, Grants, InputStream, Limits, OutputStream, PathAccess, PathGrant, TableKind, TableSpec,
    TaskIndex,
};
use petrel_sandbox::{Compiler, Consumer, Instance, InstanceSpec, LogBudget, LogSink, Plugin, Sandbox, SandboxConfig};
use petrel_state::{KeySpec, TaskState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const NOW_US: i64 = 1_700_000_000_000_000;
/// The tasks of the consumer of the direct stream.
pub(crate) const TASKS: u32 = 3;
pub(crate) const MEMORY_BYTES: u64 = 32 << 20;
pub(crate) const EMIT_BYTES: u64 = 1 << 20;

/// The three guests, and a folder with what they may touch.
pub(crate) struct Bench {
    pub(crate) bolt: Plugin,
    pub(crate) spout: Plugin,
    pub(crate) grouping: Plugin,
    runtime: Runtime,
    folder: TempDir,
}

/// The one bench of the process.
pub(crate) fn bench() -> &'static Bench {
    static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
    &BENCH
}

impl Bench {
    fn new() -> Bench {
        let folder = TempDir::new().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("in"), "to be read").expect("the file can be written");
        let config = SandboxConfig { cache_dir: folder.path().join("cache"), compiler: Compiler::InProcess };
        let sandbox = Sandbox::new(config).expect("a sandbox starts");
        let guests = build();
        let load = |name: &str| {
            let bytes = std::fs::read(guests.join(name).with_extension("wasm")).expect("the guest was built");
            sandbox.load(&bytes).expect("the guest is a plugin")
        };
        Bench {
            bolt: load("script_bolt"),
            spout: load("script_spout"),
            grouping: load("script_grouping"),
            // One thread: what panics in a call panics in the test.
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts"),
            folder,
        }
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// An instance of a guest with a script in its configuration.
    pub(crate) fn instance(&self, plugin: &Plugin, script: &[u8]) -> Instance {
        let path = |key: &str, access| {
            let path = self.folder.path().join(key).to_str().expect("a temporary path is text").to_owned();
            PathGrant { key: key.into(), access, path }
        };
        let spec = InstanceSpec {
            topology: "topology".into(),
            component: ComponentName::from("component"),
            task: TaskIndex(0),
            parallelism: 1,
            generation: Generation(7),
            tracking: true,
            consumers: vec![Consumer { output: 1, component: "consumer".into(), tasks: TASKS }],
            inputs: vec![input()],
            outputs: outputs(),
            configuration: configuration(script),
            grants: Grants {
                paths: vec![
                    path("in", PathAccess::Read),
                    path("out", PathAccess::Write),
                    path("parts", PathAccess::Write),
                ],
                ..Grants::default()
            },
            secrets: [("token".to_owned(), b"sesame".to_vec())].into(),
            limits: Limits { memory_bytes: MEMORY_BYTES, batch_ms: 1_000, emit_bytes: EMIT_BYTES, ..Limits::default() },
            logs: LogSink::bounded(1000).0,
            log_budget: LogBudget::default(),
            seed: 1,
            append: false,
        };
        self.block_on(plugin.instantiate(&spec)).expect("the guest starts")
    }
}

fn build() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--target", "wasm32-wasip2", "--quiet"]);
    cargo.args(["--example", "script-bolt", "--example", "script-spout", "--example", "script-grouping"]);
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests")).env("CARGO_TARGET_DIR", &target);
    for variable in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_BOOTSTRAP"]
    {
        cargo.env_remove(variable);
    }
    assert!(
        cargo.status().expect("cargo runs").success(),
        "the guests do not build; is the target there? rustup target add wasm32-wasip2"
    );
    target.join("wasm32-wasip2/release/examples")
}

/// A script as JSON: its hexadecimal digits.
pub(crate) fn configuration(script: &[u8]) -> String {
    let digits: String = script.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// `word: string`, in both streams and in the input.
pub(crate) fn words() -> Schema {
    Schema::new([Field::new("word", Scalar::String)])
}

pub(crate) fn input() -> InputStream {
    InputStream { stream: "source.default".into(), schema: words(), key: vec!["word".into()] }
}

pub(crate) fn outputs() -> Vec<OutputStream> {
    let output = |name: &str, direct| OutputStream { name: name.into(), schema: words(), direct, event_time: None };
    vec![output("default", false), output("direct", true)]
}

/// A frame of words.
pub(crate) fn frame(words_in_it: &[&str]) -> FrameBuf {
    let mut builder = FrameBuilder::new(&words());
    words_in_it.iter().for_each(|word| builder.push_row(&[Value::String(word)]).expect("it is a word"));
    FrameBuf::from_slice(builder.finish().expect("it is small"))
}

/// A frame of numbers, as values of the tables.
pub(crate) fn numbers(values: &[i64]) -> FrameBuf {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("value", Scalar::I64)]));
    values.iter().for_each(|value| builder.column(0).push_i64(*value));
    FrameBuf::from_slice(builder.finish().expect("it is small"))
}

/// A state with a table of every kind, keyed by the word, and something in two of them.
pub(crate) fn state() -> TaskState {
    let table = |name: &str, kind| TableSpec {
        name: name.into(),
        kind,
        subkey: (kind == TableKind::Map).then(|| Field::new("subkey", Scalar::I64)),
        value: Field::new("value", Scalar::I64),
        version: 1,
    };
    let tables = [
        table("value", TableKind::Value),
        table("list", TableKind::List),
        table("map", TableKind::Map),
        table("lazy", TableKind::LazyValue),
    ];
    let mut state = TaskState::new(KeySpec { fields: words().fields }, &tables, 1);
    state.set(0, &frame(&["a", "c"]), &numbers(&[1, 3])).expect("the table is there");
    state.append(1, &frame(&["a", "a"]), &numbers(&[1, 2])).expect("the table is there");
    state.commit();
    state
}
