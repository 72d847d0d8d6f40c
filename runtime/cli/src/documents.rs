//! What several commands tell of plugins and topologies, as parts of their JSON documents.

use petrel_model::{ConfigKey, ConfigKind, Field, OutputStream, Schema, TableKind, TableSpec};
use serde::Serialize;

/// A field: its name and its type as topology files and messages write it, such as `optional<list<string>>`.
#[derive(Serialize)]
pub(crate) struct FieldDocument {
    name: String,
    r#type: String,
}

impl From<&Field> for FieldDocument {
    fn from(field: &Field) -> Self {
        FieldDocument { name: field.name.clone(), r#type: field.type_name() }
    }
}

/// The fields of a stream, in order.
pub(crate) fn fields(schema: &Schema) -> Vec<FieldDocument> {
    schema.fields.iter().map(FieldDocument::from).collect()
}

/// A stream that a plugin emits.
#[derive(Serialize)]
pub(crate) struct OutputDocument {
    name: String,
    fields: Vec<FieldDocument>,
    direct: bool,
    event_time: Option<String>,
}

impl From<&OutputStream> for OutputDocument {
    fn from(output: &OutputStream) -> Self {
        OutputDocument {
            name: output.name.clone(),
            fields: fields(&output.schema),
            direct: output.direct,
            event_time: output.event_time.clone(),
        }
    }
}

/// The state that the host keeps for a plugin.
#[derive(Serialize)]
pub(crate) struct StateDocument {
    key: Vec<String>,
    tables: Vec<TableDocument>,
}

/// A table of it.
#[derive(Serialize)]
pub(crate) struct TableDocument {
    name: String,
    kind: &'static str,
    subkey: Option<FieldDocument>,
    value: FieldDocument,
    version: u32,
}

impl StateDocument {
    /// Of these tables, keyed by these fields.
    pub(crate) fn of(key: &[String], tables: &[TableSpec]) -> StateDocument {
        let table = |table: &TableSpec| TableDocument {
            name: table.name.clone(),
            kind: table_kind(table.kind),
            subkey: table.subkey.as_ref().map(FieldDocument::from),
            value: FieldDocument::from(&table.value),
            version: table.version,
        };
        StateDocument { key: key.to_vec(), tables: tables.iter().map(table).collect() }
    }
}

/// A configuration key that a plugin takes.
#[derive(Serialize)]
pub(crate) struct ConfigKeyDocument {
    name: String,
    kind: &'static str,
    required: bool,
    default: Option<serde_json::Value>,
    help: String,
}

impl From<&ConfigKey> for ConfigKeyDocument {
    fn from(key: &ConfigKey) -> Self {
        ConfigKeyDocument {
            name: key.name.clone(),
            kind: config_kind(key.kind),
            required: key.required,
            default: key.default.clone(),
            help: key.help.clone(),
        }
    }
}

/// A kind of table, as the contract calls it.
pub(crate) fn table_kind(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Value => "value",
        TableKind::LazyValue => "lazy-value",
        TableKind::List => "list",
        TableKind::Map => "map",
    }
}

/// A kind of configuration key, as the contract calls it.
pub(crate) fn config_kind(kind: ConfigKind) -> &'static str {
    match kind {
        ConfigKind::Boolean => "boolean",
        ConfigKind::Integer => "integer",
        ConfigKind::Float => "float",
        ConfigKind::Text => "text",
        ConfigKind::Texts => "texts",
        ConfigKind::PathRead => "path-read",
        ConfigKind::PathWrite => "path-write",
        ConfigKind::Stdin => "stdin",
        ConfigKind::Json => "json",
    }
}

/// One table of state, in one line for people.
pub(crate) fn table_line(table: &TableSpec) -> String {
    let value = table.value.type_name();
    let what = match (&table.kind, &table.subkey) {
        (TableKind::Value | TableKind::LazyValue, _) => value,
        (TableKind::List, _) => format!("list of {value}"),
        (TableKind::Map, Some(subkey)) => format!("map from {subkey} to {value}"),
        (TableKind::Map, None) => format!("map to {value}"),
    };
    let lazily = if table.kind == TableKind::LazyValue { ", fetched when asked for" } else { "" };
    format!("{} ({what}{lazily}, version {})", table.name, table.version)
}

/// An output stream, in one line for people.
pub(crate) fn output_line(output: &OutputStream) -> String {
    let mut line = format!("{} ({})", output.name, output.schema);
    if output.direct {
        line.push_str(", direct");
    }
    if let Some(field) = &output.event_time {
        line.push_str(&format!(", event time in {field}"));
    }
    line
}
