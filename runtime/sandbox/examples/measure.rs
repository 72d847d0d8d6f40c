//! What the sandbox costs: compiling, loading, instantiating, calling, emitting.
//!
//! `cargo run --release -p petrel-sandbox --example measure -- BOLT.wasm`, with the bolt of `tests/guests`.

use petrel_flow::{Call, Effects, Frame};
use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema, Value};
use petrel_model::{Generation, Grants, Limits, OutputStream, TaskIndex};
use petrel_sandbox::{Compiler, InstanceSpec, LogBudget, LogSink, Sandbox, SandboxConfig};
use petrel_state::{KeySpec, Passed, TaskState};
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: measure BOLT.wasm")?;
    let bytes = std::fs::read(path)?;
    let cache = tempfile::tempdir()?;
    let sandbox = || Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler: Compiler::InProcess });

    let fresh = sandbox()?;
    let started = Instant::now();
    fresh.load(&bytes)?;
    println!("load, cold cache   {:>9.2?} ({} KB)", started.elapsed(), bytes.len() / 1024);
    let warm = sandbox()?;
    let started = Instant::now();
    let plugin = warm.load(&bytes)?;
    println!("load, warm cache   {:>9.2?}", started.elapsed());

    let schema = Schema::new([Field::new("word", Scalar::String)]);
    let mut builder = FrameBuilder::new(&schema);
    for row in 0..1000 {
        builder.push_row(&[Value::String(&format!("word{row}"))])?;
    }
    let frame = Frame::validate(FrameBuf::from_slice(builder.finish()?))?;
    let spec = InstanceSpec {
        topology: "measure".into(),
        component: "bolt".into(),
        task: TaskIndex(0),
        parallelism: 1,
        generation: Generation(1),
        tracking: false,
        consumers: Vec::new(),
        inputs: Vec::new(),
        outputs: vec![OutputStream { name: "default".into(), schema, direct: false, event_time: None }],
        configuration: "echo".into(),
        grants: Grants::default(),
        secrets: Default::default(),
        limits: Limits::default(),
        logs: LogSink::nowhere(),
        log_budget: LogBudget::default(),
        seed: 1,
        append: false,
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut best = Duration::MAX;
        let mut instance = plugin.instantiate(&spec).await?;
        for _ in 0..20 {
            let started = Instant::now();
            for _ in 0..100 {
                instance = plugin.instantiate(&spec).await?;
            }
            best = best.min(started.elapsed() / 100);
        }
        println!("replace an instance{best:>9.2?}");
        let mut state = TaskState::new(KeySpec::default(), &[], 1);
        let mut effects = Effects::default();
        for (what, input, call_frame) in [
            (
                "process, no rows  ",
                u32::MAX,
                Frame::validate(FrameBuf::from_slice(FrameBuilder::new(&spec.outputs[0].schema).finish()?))?,
            ),
            ("process, 1000 rows", u32::MAX, frame.clone()),
            ("echo, 1000 rows   ", 0, frame.clone()),
        ] {
            let call = Call::Process { input, frame: call_frame, state: Passed::default() };
            let mut best = Duration::MAX;
            for _ in 0..20 {
                let started = Instant::now();
                for _ in 0..2000 {
                    instance.call(&call, &mut state, &mut effects, 1).await.map_err(|trap| trap.message)?;
                }
                best = best.min(started.elapsed() / 2000);
            }
            println!("{what} {best:>9.2?}");
        }
        Ok(())
    })
}
