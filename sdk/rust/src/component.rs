//! What the export macros expand to: the generated types of the contract turned into this crate's.

use crate::batch::Next;
use crate::context::{Consumer, Context};
use crate::describe::{self, ConfigKind, InputStream, TableKind};
use crate::error::Error;
use petrel_frame::{Field, Scalar, Schema};
use std::cell::RefCell;

pub use crate::batch::instance::{BoltInstance, GroupingInstance, SpoutInstance};
pub use crate::bindings::bolt::exports::petrel::plugin::bolt;
pub use crate::bindings::common::exports::petrel::plugin::plugin;
pub use crate::bindings::common::petrel::plugin::types;
pub use crate::bindings::grouping::exports::petrel::plugin::grouping;
pub use crate::bindings::spout::exports::petrel::plugin::spout;

/// What most exports return.
pub type Outcome = Result<(), String>;

/// Where the one instance of a component is kept.
#[derive(Debug)]
pub struct Slot<I>(RefCell<Option<I>>);

impl<I> Slot<I> {
    /// Nothing yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slot(RefCell::new(None))
    }
}

/// Opens the instance.
pub fn open<I>(slot: &Slot<I>, context: types::Context, open: impl FnOnce(&Context) -> Result<I, Error>) -> Outcome {
    let context = self::context(context).map_err(String::from)?;
    *slot.0.borrow_mut() = Some(open(&context).map_err(String::from)?);
    Ok(())
}

/// Calls the instance.
pub fn call<I, R>(slot: &Slot<I>, call: impl FnOnce(&mut I) -> Result<R, Error>) -> Result<R, String> {
    match slot.0.borrow_mut().as_mut() {
        Some(instance) => call(instance).map_err(String::from),
        None => Err("the plugin was called before it was opened".into()),
    }
}

/// Calls the instance where nothing can fail.
pub fn tell<I>(slot: &Slot<I>, tell: impl FnOnce(&mut I)) {
    if let Some(instance) = slot.0.borrow_mut().as_mut() {
        tell(instance);
    }
}

/// What `next` says.
pub fn status(next: Next) -> spout::Status {
    match next {
        Next::More => spout::Status::More,
        Next::Idle(until) => spout::Status::Idle(until.0),
        Next::End => spout::Status::End,
    }
}

/// The export `config-keys`.
pub fn config_keys(keys: Vec<describe::ConfigKey>) -> Vec<types::ConfigKey> {
    let key = |key: describe::ConfigKey| types::ConfigKey {
        name: key.name,
        kind: match key.kind {
            ConfigKind::Boolean => types::ConfigKind::Boolean,
            ConfigKind::Integer => types::ConfigKind::Integer,
            ConfigKind::Float => types::ConfigKind::Float,
            ConfigKind::Text => types::ConfigKind::Text,
            ConfigKind::Texts => types::ConfigKind::Texts,
            ConfigKind::PathRead => types::ConfigKind::PathRead,
            ConfigKind::PathWrite => types::ConfigKind::PathWrite,
            ConfigKind::Stdin => types::ConfigKind::Stdin,
            ConfigKind::Json => types::ConfigKind::Json,
        },
        required: key.required,
        default: key.default.map(|value| value.to_string()),
        help: key.help,
    };
    keys.into_iter().map(key).collect()
}

/// The export `describe`.
pub fn describe(
    configuration: String,
    inputs: Vec<types::Input>,
    describe: impl FnOnce(&serde_json::Value, &[InputStream]) -> Result<describe::Description, describe::ConfigError>,
) -> Result<types::Description, types::ConfigError> {
    let problem = |error: describe::ConfigError| types::ConfigError { key: error.key, message: error.message };
    let configuration = json(&configuration).map_err(problem)?;
    let inputs: Vec<InputStream> = inputs.into_iter().map(input).collect();
    let description = describe(&configuration, &inputs).map_err(problem)?;
    if description.inputs.len() != inputs.len() {
        return Err(problem(describe::ConfigError::general(format!(
            "the plugin described {} inputs, but has {}; this is a mistake in the plugin",
            description.inputs.len(),
            inputs.len()
        ))));
    }
    Ok(types::Description {
        inputs: inputs
            .into_iter()
            .zip(&description.inputs)
            .map(|(input, needs)| types::InputNeeds { stream: input.stream, fields: fields(needs) })
            .collect(),
        outputs: description
            .outputs
            .into_iter()
            .map(|output| types::OutputStream {
                name: output.name,
                schema: fields(&output.schema),
                direct: output.direct,
                event_time: output.event_time,
            })
            .collect(),
        tables: description.tables.into_iter().map(table).collect(),
        state_key: description.state_key,
        capabilities: description.capabilities,
        attributes: Vec::new(),
    })
}

fn context(context: types::Context) -> Result<Context, Error> {
    let consumer = |consumer: types::Consumer| Consumer {
        output: consumer.output as usize,
        component: consumer.component,
        tasks: consumer.tasks,
    };
    Ok(Context {
        topology: context.topology,
        component: context.component,
        task: context.task,
        parallelism: context.parallelism,
        generation: context.generation,
        tracking: context.tracking,
        consumers: context.consumers.into_iter().map(consumer).collect(),
        inputs: context.inputs.into_iter().map(input).collect(),
        configuration: json(&context.configuration)?,
    })
}

fn json(text: &str) -> Result<serde_json::Value, describe::ConfigError> {
    if text.trim().is_empty() {
        return Ok(serde_json::Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(text)
        .map_err(|error| describe::ConfigError::general(format!("the configuration is not JSON: {error}")))
}

fn input(input: types::Input) -> InputStream {
    InputStream {
        stream: input.stream,
        schema: Schema::new(input.schema.into_iter().map(field).collect::<Vec<_>>()),
        key: input.key,
    }
}

fn field(field: types::Field) -> Field {
    let scalar = match field.scalar {
        types::Scalar::Boolean => Scalar::Bool,
        types::Scalar::Int64 => Scalar::I64,
        types::Scalar::Float64 => Scalar::F64,
        types::Scalar::Text => Scalar::String,
        types::Scalar::Bytes => Scalar::Bytes,
        types::Scalar::Timestamp => Scalar::Timestamp,
    };
    Field { name: field.name, scalar, list: field.is_list, optional: field.optional }
}

fn fields(schema: &Schema) -> Vec<types::Field> {
    schema.fields.iter().map(field_out).collect()
}

fn field_out(field: &Field) -> types::Field {
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

fn table(table: describe::TableSpec) -> types::Table {
    types::Table {
        name: table.name,
        kind: match table.kind {
            TableKind::Value => types::TableKind::Value,
            TableKind::LazyValue => types::TableKind::LazyValue,
            TableKind::List => types::TableKind::List,
            TableKind::Map => types::TableKind::Map,
        },
        subkey: table.subkey.iter().map(field_out).collect(),
        value: field_out(&table.value),
        version: table.version,
    }
}
