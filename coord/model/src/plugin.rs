//! What a plugin tells about itself: the host's form of `describe` in `wit/`.

use crate::id::Digest;
use crate::limits::CompileLimits;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_frame::{Field, Schema};

/// Which world of the contract a component implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum World {
    /// A source of tuples.
    Spout,
    /// Reads streams, may emit and keep state.
    Bolt,
    /// Chooses the task for each tuple.
    Grouping,
}

impl World {
    /// `spout`, `bolt` or `grouping`.
    pub fn name(self) -> &'static str {
        match self {
            World::Spout => "spout",
            World::Bolt => "bolt",
            World::Grouping => "grouping",
        }
    }
}

/// How a configuration key is typed, and what setting it grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigKind {
    /// true or false.
    Boolean,
    /// A signed 64-bit integer.
    Integer,
    /// A number.
    Float,
    /// Text.
    Text,
    /// A list of texts.
    Texts,
    /// A file, folder or glob that may be read.
    PathRead,
    /// A file or folder that may be written.
    PathWrite,
    /// A boolean that grants standard input.
    Stdin,
    /// Any JSON value.
    Json,
}

/// A configuration key that a plugin takes.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigKey {
    /// Its name in `config = { … }`.
    pub name: String,
    /// Its type.
    pub kind: ConfigKind,
    /// Whether leaving it out is an error.
    pub required: bool,
    /// The default, if any.
    pub default: Option<serde_json::Value>,
    /// One line of help.
    pub help: String,
}

/// A stream that reaches a bolt, as `describe` sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputStream {
    /// `COMPONENT.STREAM`.
    pub stream: String,
    /// Its fields, renamed as the topology says.
    pub schema: Schema,
    /// The fields of a fields or partial-key grouping.
    pub key: Vec<String>,
}

/// An output stream of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputStream {
    /// Unique within the plugin; `default` where there is but one.
    pub name: String,
    /// Its fields.
    pub schema: Schema,
    /// For direct emission only.
    pub direct: bool,
    /// The timestamp field that carries event time.
    pub event_time: Option<String>,
}

/// What kind of state a table keeps for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// One value, passed with the batch.
    Value,
    /// One value, fetched by `get`.
    LazyValue,
    /// Values in order of appending.
    List,
    /// Subkey to value.
    Map,
}

/// A state table that the host keeps for a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSpec {
    /// Unique within the plugin.
    pub name: String,
    /// What it keeps.
    pub kind: TableKind,
    /// The subkey of a map.
    pub subkey: Option<Field>,
    /// The one column of a value.
    pub value: Field,
    /// The schema version of what is stored.
    pub version: u32,
}

/// What a plugin is, under one configuration and with given inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// For each input, the columns the plugin reads, in the order in which it gets them.
    pub inputs: Vec<Schema>,
    /// The output streams by number.
    pub outputs: Vec<OutputStream>,
    /// The state tables by number.
    pub tables: Vec<TableSpec>,
    /// The fields that key the tables; empty: the task is one key.
    pub state_key: Vec<String>,
    /// `net`, `dirs`, `env:NAME`, `secret:NAME`.
    pub capabilities: Vec<String>,
}

/// Where plugins come from, and what they say about themselves.
///
/// The same digest always gives the same answers; an implementation is free to remember them.
pub trait Plugins {
    /// Finds the plugin of a reference: the name of a standard plugin, of one in the registry, or a file. Where it is
    /// not compiled yet, no more than that is spent on it.
    ///
    /// # Errors
    ///
    /// Why there is none, in one sentence.
    fn load(&mut self, reference: &str, limits: &CompileLimits) -> Result<(Digest, World), String>;

    /// The configuration keys that a loaded plugin takes.
    ///
    /// # Errors
    ///
    /// Why it did not answer.
    fn config_keys(&mut self, plugin: Digest) -> Result<Vec<ConfigKey>, DescribeProblem>;

    /// What a loaded plugin is, with a configuration (one JSON object, defaults filled in) and inputs.
    ///
    /// # Errors
    ///
    /// What it does not like, or how it failed.
    fn describe(
        &mut self,
        plugin: Digest,
        configuration: &str,
        inputs: &[InputStream],
    ) -> Result<Description, DescribeProblem>;
}

/// Why a plugin does not describe itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DescribeProblem {
    /// It does not like its configuration or its inputs.
    Refused {
        /// The configuration key that is wrong, if it is one.
        key: Option<String>,
        /// Why, in the plugin's words.
        message: String,
    },
    /// It failed instead of answering.
    Failed {
        /// The export that was called.
        call: &'static str,
        /// What happened, for people.
        message: String,
        /// The plugin's functions that were running, innermost first; empty where they are not known.
        backtrace: Vec<String>,
    },
}
