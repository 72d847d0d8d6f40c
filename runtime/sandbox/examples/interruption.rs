//! What it costs that a guest can be interrupted: nothing, epochs or fuel, on the guests of the word count and a branchy one.
//!
//! `cargo run --release -p petrel-sandbox --example interruption -- target/plugins [ROUNDS]`
//!
//! Engines with the settings of the sandbox that differ in this alone, in one process, taking turns with every call on the same
//! frames. What counts is the ratio of the median calls of a round; its spread over the rounds says how noisy the machine is.

use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Scalar, Schema, Value};
use petrel_model::{TableKind, TableSpec};
use petrel_state::{KeySpec, Passed, TaskState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store, UpdateDeadline};

/// What is called of a bolt.
mod contract {
    #![allow(missing_docs)]

    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package petrel:measure;
            world bolt {
                export petrel:plugin/bolt@0.1.0;
            }
        ",
        world: "petrel:measure/bolt",
    });
}

use contract::Bolt;
use contract::petrel::plugin::types;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Each guest is called so often in a round, on each engine.
const CALLS: usize = 100;

/// How often the sandbox's clock ticks.
const TICK: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    Nothing,
    Epochs,
    Fuel,
}

const MEANS: [(Means, &str); 3] = [(Means::Nothing, "nothing"), (Means::Epochs, "epochs"), (Means::Fuel, "fuel")];

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: interruption PLUGINS_FOLDER [ROUNDS]")?;
    let rounds = arguments.next().map_or(Ok(101), |rounds| rounds.parse::<usize>())?.max(1);
    let engines = MEANS.map(|(means, _)| engine(means));
    let ended = Arc::new(AtomicBool::new(false));
    let clock = std::thread::spawn({
        let (ended, engines) = (ended.clone(), [engines[0].clone(), engines[1].clone(), engines[2].clone()]);
        move || {
            while !ended.load(Relaxed) {
                std::thread::sleep(TICK);
                engines.iter().for_each(Engine::increment_epoch);
            }
        }
    });
    println!(
        "{rounds} rounds of {CALLS} calls; ns a row: median (least); ratio to nothing in the same round: median (quartiles)"
    );
    for subject in [split()?, count()?, json()?] {
        measure(&subject, Path::new(&folder), &engines, rounds)?;
    }
    ended.store(true, Relaxed);
    clock.join().map_err(|_| "the clock panicked")?;
    Ok(())
}

/// The settings of the sandbox that reach the guest's code, and one of the means.
fn engine(means: Means) -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false);
    config.cranelift_nan_canonicalization(true);
    config.relaxed_simd_deterministic(true);
    config.epoch_interruption(means == Means::Epochs);
    config.consume_fuel(means == Means::Fuel);
    Engine::new(&config).expect("the settings are sound")
}

/// A guest with what its calls get.
struct Subject {
    plugin: &'static str,
    inputs: Vec<types::Input>,
    configuration: &'static str,
    frame: FrameBuf,
    rows: usize,
    state: FrameBuf,
}

fn measure(subject: &Subject, folder: &Path, engines: &[Engine; 3], rounds: usize) -> Outcome<()> {
    let bytes = std::fs::read(folder.join(subject.plugin).with_extension("wasm"))?;
    let mut running = Vec::new();
    for (engine, (means, _)) in engines.iter().zip(MEANS) {
        running.push(Running::start(engine, means, &bytes, subject)?);
    }
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..=rounds {
        let mut spent: [Vec<f64>; 3] = Default::default();
        for call in 0..CALLS {
            for turn in 0..running.len() {
                // Who comes first finds the caches as another engine left them, so everybody does in turn.
                let which = (turn + call) % running.len();
                let begun = Instant::now();
                running[which].process(subject)?;
                spent[which].push(begun.elapsed().as_nanos() as f64 / subject.rows as f64);
            }
        }
        // The first round warms up. A call that the machine was busy with something else in is no measure: the middle one is.
        if round > 0 {
            times.iter_mut().zip(spent).for_each(|(times, spent)| times.push(part(&sorted(spent), 2)));
        }
    }
    for ((_, name), own) in MEANS.iter().zip(&times) {
        let ratios = sorted(own.iter().zip(&times[0]).map(|(own, base)| own / base).collect());
        let own = sorted(own.clone());
        println!(
            "{:<6} {name:<8} {:>7.2} ({:>6.2})   {:.3} ({:.3} to {:.3})",
            subject.plugin,
            part(&own, 2),
            own[0],
            part(&ratios, 2),
            part(&ratios, 1),
            part(&ratios, 3)
        );
    }
    Ok(())
}

/// So many quarters of the way through sorted values.
fn part(values: &[f64], quarters: usize) -> f64 {
    values[(values.len() - 1) * quarters / 4]
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// An instance that is open.
struct Running {
    store: Store<()>,
    guest: Bolt,
    means: Means,
}

impl Running {
    fn start(engine: &Engine, means: Means, bytes: &[u8], subject: &Subject) -> Outcome<Running> {
        let component = Component::new(engine, bytes)?;
        let mut linker = Linker::new(engine);
        // The host is no part of what is measured: what a guest emits or puts goes nowhere.
        linker.allow_shadowing(true);
        linker.define_unknown_imports_as_traps(&component)?;
        let _ = linker
            .instance("petrel:plugin/bolt-output@0.1.0")?
            .func_wrap("emit", |_, _: (u32, wasmtime::component::WasmList<u8>, wasmtime::component::WasmList<u32>)| {
                Ok(())
            });
        let _ = linker
            .instance("petrel:plugin/state@0.1.0")?
            .func_wrap("put", |_, _: (u32, wasmtime::component::WasmList<u8>)| Ok(()));
        let mut store = Store::new(engine, ());
        if means == Means::Epochs {
            store.set_epoch_deadline(2);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        }
        if means == Means::Fuel {
            store.set_fuel(u64::MAX)?;
        }
        let guest = Bolt::instantiate(&mut store, &component, &linker)?;
        let context = types::Context {
            topology: "measure".into(),
            component: subject.plugin.into(),
            task: 0,
            parallelism: 1,
            generation: 1,
            tracking: false,
            consumers: Vec::new(),
            inputs: subject.inputs.clone(),
            configuration: subject.configuration.into(),
        };
        guest.petrel_plugin_bolt().call_open(&mut store, &context)??;
        Ok(Running { store, guest, means })
    }

    fn process(&mut self, subject: &Subject) -> Outcome<()> {
        // As before each call of a plugin.
        match self.means {
            Means::Nothing => {}
            Means::Epochs => self.store.set_epoch_deadline(2),
            Means::Fuel => self.store.set_fuel(u64::MAX)?,
        }
        Ok(self.guest.petrel_plugin_bolt().call_process(&mut self.store, 0, &subject.frame, &subject.state)??)
    }
}

fn input(name: &str, scalar: types::Scalar, key: &[&str]) -> types::Input {
    let field = types::Field { name: name.into(), scalar, is_list: false, optional: false };
    types::Input {
        stream: "input.default".into(),
        schema: vec![field],
        key: key.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// A frame with one column of bytes.
fn frame(name: &str, values: &[Vec<u8>]) -> Outcome<FrameBuf> {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new(name, Scalar::Bytes)]));
    for value in values {
        builder.push_row(&[Value::Bytes(value)])?;
    }
    Ok(FrameBuf::from_slice(builder.finish()?))
}

/// Words as skewed as those of a language: the same each time.
fn words(count: usize) -> Vec<Vec<u8>> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let word = |_| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let share = (random >> 11) as f64 / (1u64 << 53) as f64;
        format!("word{:x}", (share.powi(4) * 30_000.0) as u32 * 7919).into_bytes()
    };
    (0..count).map(word).collect()
}

fn split() -> Outcome<Subject> {
    let lines: Vec<Vec<u8>> = words(10_000).chunks(10).map(|words| words.join(&b' ')).collect();
    Ok(Subject {
        plugin: "split",
        inputs: vec![input("line", types::Scalar::Bytes, &[])],
        configuration: "{}",
        frame: frame("line", &lines)?,
        rows: 10_000,
        state: FrameBuf::new(),
    })
}

fn count() -> Outcome<Subject> {
    let words = frame("word", &words(10_000))?;
    let view = FrameView::parse(&words)?;
    let table = TableSpec {
        name: "count".into(),
        kind: TableKind::Value,
        subkey: None,
        value: Field::new("count", Scalar::I64),
        version: 1,
    };
    let mut state = TaskState::new(KeySpec { fields: vec![Field::new("word", Scalar::Bytes)] }, &[table], 1);
    let mut passed = Passed::default();
    state.pass_frame(&view, &[0], &mut passed)?;
    Ok(Subject {
        plugin: "count",
        inputs: vec![input("word", types::Scalar::Bytes, &["word"])],
        configuration: r#"{"emit": "final", "into": "count"}"#,
        rows: view.rows(),
        frame: words.clone(),
        state: passed.block,
    })
}

fn json() -> Outcome<Subject> {
    let document = |word: &Vec<u8>| {
        let word = String::from_utf8_lossy(word);
        format!(r#"{{"path": "/{word}?q=\u00e4", "status": 200, "tags": ["{word}", "b"], "other": {{"deep": [1, 2.5, null]}}}}"#)
            .into_bytes()
    };
    let documents: Vec<Vec<u8>> = words(1_000).iter().map(document).collect();
    Ok(Subject {
        plugin: "json",
        inputs: vec![input("line", types::Scalar::Bytes, &[])],
        configuration: r#"{"mode": "parse", "fields": {"status": "i64", "path": "string", "tags": "list<string>"}}"#,
        frame: frame("line", &documents)?,
        rows: documents.len(),
        state: FrameBuf::new(),
    })
}
