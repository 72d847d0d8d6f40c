//! The one thing a worker takes: who runs what, resolved down to column numbers.

use crate::id::{
    ComponentIndex, ComponentName, Digest, Generation, InputIndex, OutputIndex, StreamName, TaskId, TopologyName,
};
use crate::limits::Limits;
use crate::plugin::{OutputStream, TableSpec, World};
use alloc::string::String;
use alloc::vec::Vec;
use petrel_frame::Schema;

/// A topology as one worker is to run it.
///
/// Everything is resolved: plugins are digests, streams and fields are numbers. A worker needs nothing else but the
/// plugins' bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Which topology.
    pub topology: TopologyName,
    /// Fences an older assignment of the same topology.
    pub generation: Generation,
    /// What is promised about each tuple.
    pub guarantee: Guarantee,
    /// How tuples are tracked, where the guarantee asks for it.
    pub acking: Acking,
    /// What the run's store of dead letters may take.
    pub dead_letters: DeadLetterLimits,
    /// All components of the topology, producers before their consumers.
    pub components: Vec<Component>,
    /// The tasks that this worker runs. In `petrel run`: all.
    pub tasks: Vec<TaskId>,
}

/// How tuples are tracked with [`Guarantee::AtLeastOnce`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acking {
    /// The number of ackers, at least 1.
    pub ackers: u32,
    /// A tuple that is not through after so long has failed, in milliseconds.
    pub message_timeout_ms: u64,
    /// How many tuples a task of a spout may have under way.
    pub max_pending: u32,
}

impl Default for Acking {
    fn default() -> Self {
        Acking { ackers: 1, message_timeout_ms: 30_000, max_pending: 1_000_000 }
    }
}

/// What a run's store of dead letters may take. The oldest go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterLimits {
    /// On disk, in bytes.
    pub max_bytes: u64,
    /// How long a letter is kept, in milliseconds.
    pub max_age_ms: u64,
}

impl Default for DeadLetterLimits {
    fn default() -> Self {
        DeadLetterLimits { max_bytes: 64 << 20, max_age_ms: 7 * 24 * 60 * 60 * 1_000 }
    }
}

/// What is promised about each tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guarantee {
    /// Nothing is tracked.
    BestEffort,
    /// Nothing is lost; a tuple may come twice.
    AtLeastOnce,
    /// Every effect on state and on two-phase sinks happens once.
    ExactlyOnce,
}

impl Guarantee {
    /// All of them, the weakest first.
    pub const ALL: [Guarantee; 3] = [Guarantee::BestEffort, Guarantee::AtLeastOnce, Guarantee::ExactlyOnce];

    /// Those that are suggested to who asks for another: what this version can keep.
    pub const OFFERED: [Guarantee; 2] = [Guarantee::BestEffort, Guarantee::AtLeastOnce];

    /// The name in the topology file.
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::BestEffort => "best-effort",
            Guarantee::AtLeastOnce => "at-least-once",
            Guarantee::ExactlyOnce => "exactly-once",
        }
    }

    /// The guarantee of that name.
    pub fn from_name(name: &str) -> Option<Guarantee> {
        Guarantee::ALL.into_iter().find(|guarantee| guarantee.name() == name)
    }
}

/// A component of the topology, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name in the topology.
    pub name: ComponentName,
    /// The plugin it runs.
    pub plugin: Digest,
    /// Spout or bolt.
    pub world: World,
    /// Its number of tasks, at least 1.
    pub parallelism: u32,
    /// The configuration as one JSON object, defaults filled in.
    pub configuration: String,
    /// What it may touch.
    pub grants: Grants,
    /// What it may use.
    pub limits: Limits,
    /// Ticks every so many milliseconds; none when 0.
    pub tick_ms: u64,
    /// What it reads, by number. Empty for a spout.
    pub inputs: Vec<Input>,
    /// What it emits, by number.
    pub outputs: Vec<OutputStream>,
    /// The output that takes its dead letters instead of the store: always the last one, to which the plugin itself
    /// cannot emit.
    pub on_reject: Option<OutputIndex>,
    /// Its state tables, by number.
    pub tables: Vec<TableSpec>,
    /// The key columns of its tables: names in every input's schema. Empty: the task is one key.
    pub state_key: Vec<String>,
}

impl Component {
    /// The outputs that the plugin itself emits to: all but that of its dead letters.
    pub fn plugin_outputs(&self) -> &[OutputStream] {
        match self.on_reject {
            Some(output) => &self.outputs[..output.0 as usize],
            None => &self.outputs,
        }
    }
}

/// An input of a component: an edge of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The producer.
    pub from: ComponentIndex,
    /// Which of the producer's streams.
    pub output: OutputIndex,
    /// Its name, for people.
    pub stream: StreamName,
    /// How tuples are spread over the tasks.
    pub grouping: Grouping,
    /// The fields of a fields or partial-key grouping, by the consumer's names. Empty for every other grouping.
    pub key: Vec<String>,
    /// For each column the plugin reads, the column of the producer's stream.
    pub columns: Vec<usize>,
    /// The columns as the plugin gets them, renamed.
    pub schema: Schema,
}

/// How tuples of a stream are spread over the tasks of a consumer. Column numbers are the producer's.
#[derive(Clone, Debug, PartialEq)]
pub enum Grouping {
    /// Evenly, by load.
    Shuffle,
    /// By key: equal keys to the same task.
    Fields(Vec<usize>),
    /// By key to the less loaded of two tasks.
    PartialKey(Vec<usize>),
    /// Every tuple to every task.
    All,
    /// Every tuple to task 0.
    Global,
    /// The producer names the task.
    Direct,
    /// Shuffle among the tasks on the same worker, where there are any.
    LocalOrShuffle,
    /// The system chooses: as shuffle.
    None,
    /// A plugin of the world `grouping` chooses.
    Custom {
        /// The plugin.
        plugin: Digest,
        /// Its configuration, as a component's.
        configuration: String,
        /// The columns that the plugin reads, in the order in which it gets them.
        columns: Vec<usize>,
        /// The columns as the plugin gets them, with the consumer's names.
        schema: Schema,
    },
}

impl Grouping {
    /// The name in the topology file; `custom` for a plugin's.
    pub fn name(&self) -> &'static str {
        match self {
            Grouping::Shuffle => "shuffle",
            Grouping::Fields(_) => "fields",
            Grouping::PartialKey(_) => "partial-key",
            Grouping::All => "all",
            Grouping::Global => "global",
            Grouping::Direct => "direct",
            Grouping::LocalOrShuffle => "local-or-shuffle",
            Grouping::None => "none",
            Grouping::Custom { .. } => "custom",
        }
    }
}

/// What a component may touch. Nothing that is not named here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// `HOST:PORT`, either part may be `*`.
    pub net: Option<Vec<String>>,
    /// Folders, each `PATH` (read) or `PATH:rw`.
    pub dirs: Vec<String>,
    /// Names of environment variables.
    pub env: Vec<String>,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Configuration keys of path kinds that are set, with what they are set to.
    pub paths: Vec<PathGrant>,
}

/// A path that a configuration key grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathGrant {
    /// The configuration key.
    pub key: String,
    /// Reading, writing, or standard input.
    pub access: PathAccess,
    /// The path or glob; `-` for standard input.
    pub path: String,
}

/// What a path may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathAccess {
    /// Reading a file, folder or glob.
    Read,
    /// Writing a file or into a folder.
    Write,
    /// Reading standard input.
    Stdin,
}

/// Which input of which consumer an output stream feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The consumer.
    pub to: ComponentIndex,
    /// Which of the consumer's inputs.
    pub input: InputIndex,
}

impl Assignment {
    /// The component of that number.
    pub fn component(&self, index: ComponentIndex) -> &Component {
        &self.components[index.0 as usize]
    }

    /// The edges that an output stream of a component feeds, in a fixed order.
    pub fn edges(&self, from: ComponentIndex, output: OutputIndex) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (to, component) in self.components.iter().enumerate() {
            for (input, edge) in component.inputs.iter().enumerate() {
                if edge.from == from && edge.output == output {
                    edges.push(Edge { to: ComponentIndex(to as u32), input: InputIndex(input as u32) });
                }
            }
        }
        edges
    }
}
