//! Measurements: the price of the sandbox, each beside the same work in native Rust in the same process.
//!
//! A [`Case`] is measured in rounds, petrel and native taking turns, after one round that warms up. What counts is the
//! ratio of the medians of CPU time, user and system, over all threads of the process. A bolt that does nothing has no ratio:
//! native Rust that does nothing takes no time, and what counts is what the boundary costs.

mod faults;
mod measure;
mod native;
mod pipeline;
mod text;

pub(crate) use faults::{Faults, measure_faults};
pub(crate) use measure::{Case, Measured, Spread, measure};
pub(crate) use native::{FRAME_ROWS, copy_numbers, count_words, drop_numbers};
pub(crate) use pipeline::{Pipelines, Workload, numbers_frame};
pub(crate) use text::write_text;
