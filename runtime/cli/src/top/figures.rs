//! The report of a running topology as it comes over the control socket. What a newer petrel adds is passed over.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A topology at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The process that runs it.
    pub(crate) pid: u32,
    /// Its figures since it was started.
    pub(crate) figures: Figures,
}

/// As `petrel run -o json` has them for one topology.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Figures {
    pub(crate) topology: String,
    pub(crate) status: String,
    pub(crate) elapsed_s: f64,
    pub(crate) paused: Vec<Pause>,
    pub(crate) dead_letters: LetterCounts,
    pub(crate) components: BTreeMap<String, ComponentFigures>,
}

/// Why a task is paused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) component: String,
    pub(crate) task: Option<u32>,
    pub(crate) call: Option<String>,
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// What became of the run's dead letters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LetterCounts {
    pub(crate) stored: u64,
    pub(crate) lost: u64,
    pub(crate) dropped: u64,
}

/// A component since it was started.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ComponentFigures {
    pub(crate) tasks: u32,
    pub(crate) emitted: u64,
    pub(crate) executed: u64,
    pub(crate) rejected: u64,
    pub(crate) dead_letters: u64,
    pub(crate) faults: u64,
    pub(crate) restarts: u64,
    pub(crate) paused: u32,
    pub(crate) acking: Option<Acking>,
    pub(crate) latency_us: Latency,
    pub(crate) busy: f64,
    pub(crate) back_pressured: f64,
    pub(crate) queued_bytes: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) guest_cpu_s: f64,
    pub(crate) limits_hit: BTreeMap<String, u64>,
}

/// What became of the tuples that a spout waits for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Acking {
    pub(crate) acked: u64,
    pub(crate) failed: u64,
    pub(crate) timed_out: u64,
    pub(crate) lost: u64,
    pub(crate) pending: u64,
}

/// Percentiles in microseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}
