//! Between the contract's records and the host's types.

use crate::contract::{plugin, types};
use crate::spec::InstanceSpec;
use petrel_frame::{Field, Scalar, Schema};
use petrel_model::{ConfigKey, ConfigKind, Description, InputStream, OutputStream, TableKind, TableSpec};

pub(crate) fn scalar(scalar: types::Scalar) -> Scalar {
    match scalar {
        types::Scalar::Boolean => Scalar::Bool,
        types::Scalar::Int64 => Scalar::I64,
        types::Scalar::Float64 => Scalar::F64,
        types::Scalar::Text => Scalar::String,
        types::Scalar::Bytes => Scalar::Bytes,
        types::Scalar::Timestamp => Scalar::Timestamp,
    }
}

fn field(field: types::Field) -> Field {
    Field { name: field.name, scalar: scalar(field.scalar), list: field.is_list, optional: field.optional }
}

fn schema(fields: Vec<types::Field>) -> Schema {
    Schema { fields: fields.into_iter().map(field).collect() }
}

fn to_field(field: &Field) -> types::Field {
    let scalar = match field.scalar {
        Scalar::Bool => types::Scalar::Boolean,
        Scalar::I64 => types::Scalar::Int64,
        Scalar::F64 => types::Scalar::Float64,
        Scalar::String => types::Scalar::Text,
        Scalar::Bytes => types::Scalar::Bytes,
        Scalar::Timestamp => types::Scalar::Timestamp,
    };
    types::Field { name: field.name.clone(), scalar, is_list: field.list, optional: field.optional }
}

pub(crate) fn to_input(input: &InputStream) -> types::Input {
    types::Input {
        stream: input.stream.clone(),
        schema: input.schema.fields.iter().map(to_field).collect(),
        key: input.key.clone(),
    }
}

pub(crate) fn to_context(spec: &InstanceSpec) -> types::Context {
    let consumer = |consumer: &crate::spec::Consumer| types::Consumer {
        output: consumer.output,
        component: consumer.component.to_string(),
        tasks: consumer.tasks,
    };
    types::Context {
        topology: spec.topology.to_string(),
        component: spec.component.to_string(),
        task: spec.task.0,
        parallelism: spec.parallelism,
        generation: spec.generation.0,
        tracking: spec.tracking,
        consumers: spec.consumers.iter().map(consumer).collect(),
        inputs: spec.inputs.iter().map(to_input).collect(),
        configuration: spec.configuration.clone(),
    }
}

/// A configuration key.
///
/// # Errors
/// When its default is not JSON.
pub(crate) fn config_key(key: plugin::ConfigKey) -> Result<ConfigKey, String> {
    let kind = match key.kind {
        types::ConfigKind::Boolean => ConfigKind::Boolean,
        types::ConfigKind::Integer => ConfigKind::Integer,
        types::ConfigKind::Float => ConfigKind::Float,
        types::ConfigKind::Text => ConfigKind::Text,
        types::ConfigKind::Texts => ConfigKind::Texts,
        types::ConfigKind::PathRead => ConfigKind::PathRead,
        types::ConfigKind::PathWrite => ConfigKind::PathWrite,
        types::ConfigKind::Stdin => ConfigKind::Stdin,
        types::ConfigKind::Json => ConfigKind::Json,
    };
    let default = match key.default {
        None => None,
        Some(text) => match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                return Err(format!("the default of configuration key {:?}, {text:?}, is not JSON: {error}", key.name));
            }
        },
    };
    Ok(ConfigKey { name: key.name, kind, required: key.required, default, help: key.help })
}

/// A description, not yet checked.
///
/// # Errors
/// When a record has a shape that the host's type cannot take.
pub(crate) fn description(description: plugin::Description) -> Result<Description, String> {
    let output = |output: types::OutputStream| OutputStream {
        name: output.name,
        schema: schema(output.schema),
        direct: output.direct,
        event_time: output.event_time,
    };
    Ok(Description {
        inputs: description.inputs.into_iter().map(|needs| schema(needs.fields)).collect(),
        outputs: description.outputs.into_iter().map(output).collect(),
        tables: description.tables.into_iter().map(table).collect::<Result<_, _>>()?,
        state_key: description.state_key,
        capabilities: description.capabilities,
    })
}

fn table(table: types::Table) -> Result<TableSpec, String> {
    let kind = match table.kind {
        types::TableKind::Value => TableKind::Value,
        types::TableKind::LazyValue => TableKind::LazyValue,
        types::TableKind::List => TableKind::List,
        types::TableKind::Map => TableKind::Map,
    };
    let mut subkey = table.subkey;
    let subkey = match (kind, subkey.len()) {
        (TableKind::Map, 1) => subkey.pop().map(field),
        (TableKind::Map, count) => return Err(format!("map table {:?} has one subkey field, not {count}", table.name)),
        (_, 0) => None,
        (_, _) => return Err(format!("table {:?} has a subkey, and only a map has one", table.name)),
    };
    Ok(TableSpec { name: table.name, kind, subkey, value: field(table.value), version: table.version })
}
