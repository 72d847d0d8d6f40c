//! The shell that runs assignments: one async actor for each task.
//!
//! ```text
//!   Assignment + plugins ──► Run::start ──► a Shell per task ──┐
//!                                             │ ▲              │ meters
//!                                       Input ▼ │ Output       ▼
//!                                           Task::step      Report
//! ```
//!
//! - [`Run`] starts every task of an [`Assignment`](petrel_model::Assignment) and hears of their ends.
//! - [`RunHandle`] drains (spouts end, everything in flight is processed) or stops it, resumes what is paused, and gives dead
//!   letters to their components again.
//! - [`Report`] is what the live view and the final report print.
//!
//! All decisions are taken by `petrel_flow::Task::step`; a shell performs them: it calls the guest, delivers messages and
//! credit, writes, and keeps the time. It takes nothing but assignments and plugins, so that whoever sends assignments
//! can be a command or a cluster.

mod acker_shell;
mod ages;
mod burial;
mod clock;
pub mod dead_letters;
mod draining;
mod end;
mod failure_report;
mod meters;
mod metrics_report;
mod opening;
mod pauses;
mod placement;
mod post;
mod redelivery;
mod report;
mod run;
mod shell;
mod sources;
mod staff;
mod threads;

pub use end::{FaultyTuple, TaskEnd, TaskName};
pub use failure_report::FailureReport;
pub use meters::Percentiles;
pub use metrics_report::MetricsReport;
pub use pauses::OnPause;
pub use redelivery::{CannotRedeliver, Redelivering};
pub use report::{AckingReport, ComponentReport, Report, Status};
pub use run::{Purpose, RefusedAssignment, Run, RunHandle, RunOptions};
pub use sources::unreadable_sources;
pub use staff::FIRST_GENERATION;
pub use threads::threads;
