//! What a fault costs: a trap, a fresh instance, tuples at which a plugin fails, and being able to emit tuples again.

use super::measure::{Figures, Samples, Spread, time};
use super::pipeline::{Pipelines, Workload, spec};
use super::text::write_lines;
use anyhow::{Context, bail};
use petrel_flow::{Call, Effects, Frame};
use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema, Value};
use petrel_model::OutputStream;
use petrel_state::{KeySpec, Passed, TaskState};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The word at which the splitting bolt panics.
const NEEDLE: &str = "POISON";

/// A trap is measured so often in a round.
const TRAPS: usize = 200;

/// What a fault costs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Faults {
    /// From the beginning of a call that traps until another tuple is processed, in µs.
    pub(crate) trap_to_next_tuple_us: Spread,
    /// The part of it in which a fresh instance takes the place of the old one, in µs.
    pub(crate) instance_us: Spread,
    /// Word counts, each compared with the first of them in the same round.
    pub(crate) word_counts: Vec<Measured>,
}

/// A word count.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    /// Its name.
    pub(crate) name: &'static str,
    /// The guarantee of the topology.
    pub(crate) guarantee: &'static str,
    /// Lines of the text.
    pub(crate) lines: u64,
    /// Those at which the plugin panics.
    pub(crate) bad_lines: u64,
    /// Times for a line.
    #[serde(flatten)]
    pub(crate) figures: Figures,
    /// CPU time over that of the first in the same round.
    pub(crate) cpu_ratio: Spread,
}

/// A word count that is measured.
struct Case {
    name: &'static str,
    guarantee: &'static str,
    /// One line in so many is bad; 0: none is.
    bad_every: u64,
}

const CASES: [Case; 4] = [
    Case { name: "none-bad", guarantee: "best-effort", bad_every: 0 },
    Case { name: "one-in-a-thousand-bad", guarantee: "best-effort", bad_every: 1_000 },
    Case { name: "one-in-a-hundred-bad", guarantee: "best-effort", bad_every: 100 },
    Case { name: "none-bad-acked", guarantee: "at-least-once", bad_every: 0 },
];

/// Measures in so many rounds, at least one, with texts of so many lines in that folder.
pub(crate) fn measure_faults(
    pipelines: &Pipelines,
    folder: &Path,
    lines: u64,
    rounds: usize,
) -> anyhow::Result<Faults> {
    let texts: Vec<PathBuf> = CASES.iter().map(|case| folder.join(case.name)).collect();
    for (case, path) in CASES.iter().zip(&texts) {
        write_lines(path, lines, case.bad_every, NEEDLE).context("cannot write a text")?;
    }
    let (mut traps, mut instances) = (Vec::new(), Vec::new());
    let mut samples: Vec<Samples> = CASES.iter().map(|_| Samples::default()).collect();
    let mut ratios: Vec<Vec<f64>> = vec![Vec::new(); CASES.len()];
    for round in 0..=rounds.max(1) {
        let (trap_us, instance_us) = trap(pipelines)?;
        let mut first_ns = None;
        for (number, (case, path)) in CASES.iter().zip(&texts).enumerate() {
            let sample = time(&mut || count(pipelines, case, path, lines))?;
            let ratio = sample.cpu_ns / *first_ns.get_or_insert(sample.cpu_ns);
            // The first round warms up.
            if round > 0 {
                samples[number].push(sample);
                ratios[number].push(ratio);
            }
        }
        if round > 0 {
            traps.push(trap_us);
            instances.push(instance_us);
        }
    }
    let measured = CASES.iter().zip(samples).zip(ratios).map(|((case, samples), ratios)| Measured {
        name: case.name,
        guarantee: case.guarantee,
        lines,
        bad_lines: bad_lines(case, lines),
        figures: samples.figures(),
        cpu_ratio: Spread::of(ratios),
    });
    Ok(Faults {
        trap_to_next_tuple_us: Spread::of(traps),
        instance_us: Spread::of(instances),
        word_counts: measured.collect(),
    })
}

fn bad_lines(case: &Case, lines: u64) -> u64 {
    lines.checked_div(case.bad_every).unwrap_or(0)
}

/// Counts the words of a text once, and sees to it that the bad lines, and they alone, were given up. Returns the number of lines.
fn count(pipelines: &Pipelines, case: &Case, path: &Path, lines: u64) -> anyhow::Result<u64> {
    let report = pipelines.run(Workload::Poisoned { path, needle: NEEDLE, guarantee: case.guarantee })?;
    let given_up = report.components["split"].dead_letters;
    let emitted = report.components["lines"].emitted;
    anyhow::ensure!(
        given_up == bad_lines(case, lines) && emitted == lines,
        "{}: {given_up} of {emitted} lines were given up, and {} of {lines} are bad",
        case.name,
        bad_lines(case, lines)
    );
    Ok(lines)
}

/// How long it takes from a call that traps to the next tuple, and to make an instance: medians, in µs.
fn trap(pipelines: &Pipelines) -> anyhow::Result<(f64, f64)> {
    let plugin = pipelines.plugin("split")?;
    let line = Schema::new([Field::new("line", Scalar::Bytes)]);
    let word = Schema::new([Field::new("word", Scalar::Bytes)]);
    let output = OutputStream { name: "default".into(), schema: word, direct: false, event_time: None };
    let spec = spec(line.clone(), vec![output], &format!("{{\"poison\": \"{NEEDLE}\"}}"));
    let call = |text: &str| -> anyhow::Result<Call> {
        let mut builder = FrameBuilder::new(&line);
        builder.push_row(&[Value::Bytes(text.as_bytes())])?;
        let frame = Frame::validate(FrameBuf::from_slice(builder.finish()?))?;
        Ok(Call::Process { input: 0, frame, state: Passed::default() })
    };
    let (bad, good, open) = (call(NEEDLE)?, call("storm petrel")?, Call::Open { position: None });
    let mut state = TaskState::new(KeySpec::default(), &[], 1);
    let mut effects = Effects::default();
    let (mut traps, mut instances) = (Vec::new(), Vec::new());
    pipelines.runtime().block_on(async {
        let mut instance = plugin.instantiate(&spec).await?;
        let failed = |trap: petrel_flow::Trap| anyhow::anyhow!("split failed: {}", trap.message);
        instance.call(&open, &mut state, &mut effects, 0).await.map_err(failed)?;
        for _ in 0..TRAPS {
            let begun = Instant::now();
            if instance.call(&bad, &mut state, &mut effects, 0).await.is_ok() {
                bail!("split did not panic at {NEEDLE}");
            }
            let trapped = Instant::now();
            instance = plugin.instantiate(&spec).await?;
            instance.call(&open, &mut state, &mut effects, 0).await.map_err(failed)?;
            instances.push(trapped.elapsed().as_nanos() as f64 / 1e3);
            instance.call(&good, &mut state, &mut effects, 0).await.map_err(failed)?;
            traps.push(begun.elapsed().as_nanos() as f64 / 1e3);
        }
        Ok(())
    })?;
    Ok((Spread::of(traps).median, Spread::of(instances).median))
}
