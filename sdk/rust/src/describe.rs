//! What a plugin tells about itself: configuration keys, streams, state.

use petrel_frame::{Field, Schema};
use std::fmt;

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
    /// A file, a folder or a glob; setting it grants reading exactly that through [`host::files`](crate::host::files).
    PathRead,
    /// A file or a folder; setting it grants writing exactly that through [`host::files`](crate::host::files).
    PathWrite,
    /// A boolean; true grants the standard input of the process through [`host::files`](crate::host::files).
    Stdin,
    /// Any JSON value.
    Json,
}

/// A configuration key that a plugin takes. Keys that are not declared are refused by the host.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigKey {
    /// Its name in `config = { … }`.
    pub name: String,
    /// Its type.
    pub kind: ConfigKind,
    /// Whether leaving it out is an error.
    pub required: bool,
    /// The default, filled in by the host.
    pub default: Option<serde_json::Value>,
    /// One line for `petrel plugin inspect`.
    pub help: String,
}

impl ConfigKey {
    /// A key that must be set.
    pub fn required(name: impl Into<String>, kind: ConfigKind, help: impl Into<String>) -> ConfigKey {
        ConfigKey { name: name.into(), kind, required: true, default: None, help: help.into() }
    }

    /// A key that may be left out and has no default.
    pub fn optional(name: impl Into<String>, kind: ConfigKind, help: impl Into<String>) -> ConfigKey {
        ConfigKey { required: false, ..ConfigKey::required(name, kind, help) }
    }

    /// A key that may be left out and then has this value.
    pub fn with_default(
        name: impl Into<String>,
        kind: ConfigKind,
        default: impl Into<serde_json::Value>,
        help: impl Into<String>,
    ) -> ConfigKey {
        ConfigKey { default: Some(default.into()), ..ConfigKey::optional(name, kind, help) }
    }
}

/// Which configuration key is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The key, or empty where the configuration or the inputs as a whole are wrong.
    pub key: String,
    /// What is wrong and what would be right, as one sentence.
    pub message: String,
}

impl ConfigError {
    /// An error at a configuration key.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> ConfigError {
        ConfigError { key: key.into(), message: message.into() }
    }

    /// An error that no single key is to blame for, such as an input without a field that is needed.
    pub fn general(message: impl Into<String>) -> ConfigError {
        ConfigError::new("", message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "config.{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// A stream that reaches a bolt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputStream {
    /// `COMPONENT.STREAM`, as the topology names it.
    pub stream: String,
    /// Its fields, renamed as the topology says.
    pub schema: Schema,
    /// The fields of a fields or partial-key grouping, empty for every other grouping.
    pub key: Vec<String>,
}

/// An output stream of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputStream {
    /// Unique within the plugin; `default` where there is but one.
    pub name: String,
    /// Its fields.
    pub schema: Schema,
    /// Only direct emission may emit to it, and only direct groupings may read it.
    pub direct: bool,
    /// The timestamp field that carries event time.
    pub event_time: Option<String>,
}

impl OutputStream {
    /// The stream `default`: not direct, no event time.
    pub fn default_stream(schema: Schema) -> OutputStream {
        OutputStream::named("default", schema)
    }

    /// A stream that is not direct and has no event time.
    pub fn named(name: impl Into<String>, schema: Schema) -> OutputStream {
        OutputStream { name: name.into(), schema, direct: false, event_time: None }
    }
}

/// What kind of state a table keeps for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// One value; passed with every batch for the keys of the batch.
    Value,
    /// One value that is fetched with `get` only.
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
    /// What it keeps for each key.
    pub kind: TableKind,
    /// The subkey of a map.
    pub subkey: Option<Field>,
    /// The one column of a value.
    pub value: Field,
    /// Counts up when the meaning of stored values changes.
    pub version: u32,
}

impl TableSpec {
    /// A table with one passed value for each key.
    pub fn value(name: impl Into<String>, scalar: petrel_frame::Scalar) -> TableSpec {
        let name = name.into();
        TableSpec { kind: TableKind::Value, subkey: None, value: Field::new(name.clone(), scalar), version: 0, name }
    }
}

/// What a plugin is, under one configuration and with given inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// For each input, in their order, the columns the plugin reads, in the order in which it gets them.
    pub inputs: Vec<Schema>,
    /// The output streams; the position is the number that emitting takes.
    pub outputs: Vec<OutputStream>,
    /// The state tables; the position is the number that the state functions take.
    pub tables: Vec<TableSpec>,
    /// The fields that key the tables, the same in every input; empty: the whole task is one key.
    pub state_key: Vec<String>,
    /// What the plugin cannot do without: `net`, `dirs`, `env:NAME`, `secret:NAME`.
    pub capabilities: Vec<String>,
}
