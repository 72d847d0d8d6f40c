//! Rounds, CPU time, medians.

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::time::Instant;

/// One thing to measure, done by petrel and natively.
pub(crate) struct Case<'a> {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// What a unit of work is.
    pub(crate) unit: &'static str,
    /// The budget for the ratio or for the time of a unit, as the report prints it.
    pub(crate) budget: &'static str,
    /// Does the work once and returns how many units it was.
    pub(crate) petrel: Box<dyn FnMut() -> anyhow::Result<u64> + 'a>,
    /// The same work in native Rust; none where there is no work, and the compiler would leave nothing to measure.
    pub(crate) native: Option<Box<dyn FnMut() -> anyhow::Result<u64> + 'a>>,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    /// As in the case.
    pub(crate) name: &'static str,
    /// As in the case.
    pub(crate) unit: &'static str,
    /// Units of work in a round.
    pub(crate) units: u64,
    /// Petrel's figures.
    pub(crate) petrel: Figures,
    /// The native figures, if there is such work.
    pub(crate) native: Option<Figures>,
    /// Median CPU time, petrel over native.
    pub(crate) cpu_ratio: Option<f64>,
    /// As in the case.
    pub(crate) budget: &'static str,
}

/// Times for a unit of work.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    /// CPU nanoseconds for a unit, over all threads.
    pub(crate) cpu_ns: Spread,
    /// Wall clock nanoseconds for a unit.
    pub(crate) wall_ns: Spread,
}

/// Several rounds of one figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    /// The least.
    pub(crate) min: f64,
    /// The middle one.
    pub(crate) median: f64,
    /// The greatest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of at least one value.
    pub(super) fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        Spread { min: values[0], median: values[values.len() / 2], max: values[values.len() - 1] }
    }
}

/// Measures a case in so many rounds, at least one.
pub(crate) fn measure(case: &mut Case<'_>, rounds: usize) -> anyhow::Result<Measured> {
    let mut petrel = Samples::default();
    let mut native = Samples::default();
    let mut units = 0;
    for round in 0..=rounds.max(1) {
        let ours = time(&mut case.petrel)?;
        units = ours.units;
        if let Some(work) = &mut case.native {
            let theirs = time(work)?;
            anyhow::ensure!(
                units == theirs.units,
                "{}: petrel did {units} {}s and native Rust {}: they did not do the same work",
                case.name,
                case.unit,
                theirs.units
            );
            if round > 0 {
                native.push(theirs);
            }
        }
        if round > 0 {
            petrel.push(ours);
        }
    }
    let petrel = petrel.figures();
    let native = case.native.is_some().then(|| native.figures());
    let cpu_ratio = native.map(|native| petrel.cpu_ns.median / native.cpu_ns.median);
    Ok(Measured { name: case.name, unit: case.unit, units, petrel, native, cpu_ratio, budget: case.budget })
}

/// One round.
pub(super) struct Sample {
    units: u64,
    pub(super) cpu_ns: f64,
    wall_ns: f64,
}

/// All rounds.
#[derive(Default)]
pub(super) struct Samples {
    cpu_ns: Vec<f64>,
    wall_ns: Vec<f64>,
}

impl Samples {
    pub(super) fn push(&mut self, sample: Sample) {
        let units = sample.units.max(1) as f64;
        self.cpu_ns.push(sample.cpu_ns / units);
        self.wall_ns.push(sample.wall_ns / units);
    }

    pub(super) fn figures(self) -> Figures {
        Figures { cpu_ns: Spread::of(self.cpu_ns), wall_ns: Spread::of(self.wall_ns) }
    }
}

/// Does some work, which says how many units it was.
pub(super) fn time(work: &mut dyn FnMut() -> anyhow::Result<u64>) -> anyhow::Result<Sample> {
    let (cpu, wall) = (cpu_ns(), Instant::now());
    let units = work()?;
    Ok(Sample { units, cpu_ns: (cpu_ns() - cpu) as f64, wall_ns: wall.elapsed().as_nanos() as f64 })
}

/// User and system time of all threads of the process, in nanoseconds.
fn cpu_ns() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
