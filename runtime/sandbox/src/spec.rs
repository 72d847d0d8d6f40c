//! What an instance is made with.

use crate::log::LogSink;
use crate::logger::LogBudget;
use petrel_model::{ComponentName, Generation, Grants, InputStream, Limits, OutputStream, TaskIndex, TopologyName};
use std::collections::BTreeMap;

/// Everything an instance of a plugin is made with.
#[derive(Clone, Debug)]
pub struct InstanceSpec {
    /// The topology it works in.
    pub topology: TopologyName,
    /// The component it is a task of.
    pub component: ComponentName,
    /// Which task.
    pub task: TaskIndex,
    /// How many tasks the component has; for a grouping, how many the consumer has.
    pub parallelism: u32,
    /// The generation of the assignment.
    pub generation: Generation,
    /// Whether anchors and message ids are used.
    pub tracking: bool,
    /// Who reads the output streams.
    pub consumers: Vec<Consumer>,
    /// What it reads, as frames bring it. Empty for a spout; for a grouping the one stream it chooses for.
    pub inputs: Vec<InputStream>,
    /// Its output streams by number; what it emits is checked against them.
    pub outputs: Vec<OutputStream>,
    /// The configuration as one JSON object, defaults filled in.
    pub configuration: String,
    /// What it may touch.
    pub grants: Grants,
    /// The secrets that are granted, by name.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// What it may use.
    pub limits: Limits,
    /// Where its log goes.
    pub logs: LogSink,
    /// How much may still be logged: that of the instance before, where it takes over from one.
    pub log_budget: LogBudget,
    /// What its randomness is drawn from. Another one for each instance, unless a call is to be repeated exactly.
    pub seed: u64,
    /// Whether it goes on where an earlier instance of the same run stopped: output files are then appended to
    /// instead of truncated.
    pub append: bool,
}

/// A component that reads an output stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The number of the output stream.
    pub output: u32,
    /// The component.
    pub component: ComponentName,
    /// How many tasks it has.
    pub tasks: u32,
}
