//! Asking a plugin about itself, in a sandbox of its own without any capability, and doubting the answer.

use crate::contract::plugin;
use crate::convert;
use crate::cut::{MAX_WORDS_BYTES, cut};
use crate::log::LogSink;
use crate::logger::LogBudget;
use crate::plugin::Plugin;
use crate::spec::InstanceSpec;
use crate::trap::{self, Breach};
use petrel_flow::{Trap, TrapKind};
use petrel_frame::{Field, MAX_COLUMNS, Schema};
use petrel_model::{ConfigKey, Description, Generation, Grants, InputStream, Limits, TableKind, TaskIndex};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// What describing may take. Generous for what is a few microseconds' work, small for what may run on a laptop's
/// first look at an unknown file.
fn limits() -> Limits {
    Limits {
        memory_bytes: 256 << 20,
        batch_ms: 5_000,
        io_ms: Some(1_000),
        emit_bytes: 0,
        host_call_bytes: 4 << 20,
        handles: 100,
        ..Limits::default()
    }
}

/// Outputs, inputs, tables and configuration keys that a plugin may have, each.
const MAX_ITEMS: usize = 256;
const MAX_NAME_BYTES: usize = 255;

/// Why a plugin did not describe itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// The plugin says that the configuration is wrong.
    #[error("configuration key {key:?}: {message}")]
    Config {
        /// The key.
        key: String,
        /// The plugin's words.
        message: String,
    },
    /// The plugin failed while it was asked.
    #[error("{}", .0.message)]
    Trap(Trap),
    /// What it said cannot be. The sentence says what and why.
    #[error("the plugin describes itself wrongly: {0}")]
    Nonsense(String),
}

impl Plugin {
    /// The configuration keys the plugin takes. Blocks, for six seconds at most.
    ///
    /// # Errors
    /// When the plugin fails or its answer cannot be.
    pub fn config_keys(&self) -> Result<Vec<ConfigKey>, DescribeError> {
        let keys = self.ask("config-keys", async |guest, store| guest.call_config_keys(store).await)?;
        check_count("configuration keys", keys.len()).map_err(nonsense)?;
        check_names("configuration key", keys.iter().map(|key| key.name.as_str())).map_err(nonsense)?;
        keys.into_iter().map(convert::config_key).collect::<Result<_, _>>().map_err(nonsense)
    }

    /// What the plugin is under a configuration (one JSON object, defaults filled in) and with these inputs. Blocks,
    /// for six seconds at most.
    ///
    /// # Errors
    /// When the plugin refuses the configuration or fails, or its answer cannot be.
    pub fn describe(&self, configuration: &str, inputs: &[InputStream]) -> Result<Description, DescribeError> {
        let given: Vec<_> = inputs.iter().map(convert::to_input).collect();
        let answer =
            self.ask("describe", async |guest, store| guest.call_describe(store, configuration, &given).await)?;
        let answer = answer.map_err(|error| DescribeError::Config {
            key: cut(error.key, MAX_NAME_BYTES),
            message: cut(error.message, MAX_WORDS_BYTES),
        })?;
        let streams: Vec<String> = answer.inputs.iter().map(|needs| needs.stream.clone()).collect();
        let description = convert::description(answer).map_err(nonsense)?;
        check(&description, &streams, inputs).map_err(nonsense)?;
        Ok(description)
    }

    /// Makes an instance, asks it one thing and throws it away.
    fn ask<T: Send>(
        &self,
        name: &str,
        question: impl AsyncFnOnce(&plugin::Guest, &mut wasmtime::Store<crate::host::Host>) -> wasmtime::Result<T> + Send,
    ) -> Result<T, DescribeError> {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| failed(format!("no thread to ask it on: {error}")))?;
            runtime.block_on(async {
                let spec = nobody();
                let mut store = self.store(&spec).map_err(|error| failed(error.to_string()))?;
                let deadline = store.data().deadline.clone();
                let answer = deadline.watch(async {
                    let instance = self.instance_in(&mut store).await?;
                    let guest = self.describer().load(&mut store, &instance)?;
                    question(&guest, &mut store).await
                });
                // The answer borrows the store until it is there.
                let answer = answer.await.unwrap_or_else(|over| Err(Breach::from(over).into()));
                answer.map_err(|error| DescribeError::Trap(trap::explain(&error, name, store.data())))
            })
        };
        // A thread of its own: the caller may be inside a runtime, where another must not be waited for.
        thread::scope(|scope| match scope.spawn(work).join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

fn nonsense(what: String) -> DescribeError {
    DescribeError::Nonsense(cut(what, MAX_WORDS_BYTES))
}

fn failed(message: String) -> DescribeError {
    DescribeError::Trap(trap::trap(TrapKind::Trapped, message, Vec::new()))
}

fn nobody() -> InstanceSpec {
    InstanceSpec {
        topology: "".into(),
        component: "".into(),
        task: TaskIndex(0),
        parallelism: 1,
        generation: Generation(0),
        tracking: false,
        consumers: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        configuration: String::new(),
        grants: Grants::default(),
        secrets: BTreeMap::new(),
        limits: limits(),
        logs: LogSink::nowhere(),
        log_budget: LogBudget::default(),
        seed: 0,
        append: false,
    }
}

fn check(description: &Description, streams: &[String], inputs: &[InputStream]) -> Result<(), String> {
    let Description { outputs, tables, state_key, .. } = description;
    check_count("outputs", outputs.len())?;
    check_count("tables", tables.len())?;
    if streams.len() != inputs.len() {
        return Err(format!("it says what it needs of {} inputs, and has {}", streams.len(), inputs.len()));
    }
    for (stream, input) in streams.iter().zip(inputs) {
        if *stream != input.stream {
            return Err(format!(
                "it says what it needs of {stream:?} where {:?} stands: the order is that of the inputs",
                input.stream
            ));
        }
    }
    for (schema, input) in description.inputs.iter().zip(inputs) {
        check_schema(&format!("what it needs of input {:?}", input.stream), schema)?;
    }
    check_names("output", outputs.iter().map(|output| output.name.as_str()))?;
    for output in outputs {
        check_schema(&format!("output {:?}", output.name), &output.schema)?;
        let Some(name) = &output.event_time else { continue };
        match output.schema.field(name) {
            Some(Field { scalar: petrel_frame::Scalar::Timestamp, list: false, .. }) => {}
            Some(field) => {
                return Err(format!("the event time of output {:?} is a timestamp, not {field}", output.name));
            }
            None => {
                return Err(format!("the event time of output {:?} is {name:?}, which is no field of it", output.name));
            }
        }
    }
    check_names("table", tables.iter().map(|table| table.name.as_str()))?;
    for table in tables {
        let name = &table.name;
        if table.kind == TableKind::List && table.value.list {
            return Err(format!(
                "list table {name:?} keeps lists of a scalar, so its value is the scalar, not {}",
                table.value
            ));
        }
        if let Some(subkey) = &table.subkey {
            check_key(&format!("the subkey of table {name:?}"), subkey)?;
        }
    }
    for name in state_key {
        for (schema, input) in description.inputs.iter().zip(inputs) {
            let Some(field) = schema.field(name) else {
                return Err(format!(
                    "its state is keyed by {name:?}, which it does not read of input {:?}",
                    input.stream
                ));
            };
            check_key("its state key", field)?;
        }
    }
    Ok(())
}

fn check_key(what: &str, field: &Field) -> Result<(), String> {
    match field.scalar.is_key() && !field.list {
        true => Ok(()),
        false => Err(format!("{what} is {field}: a key is neither f64 nor a list")),
    }
}

fn check_schema(what: &str, schema: &Schema) -> Result<(), String> {
    let fields = &schema.fields;
    if fields.len() > MAX_COLUMNS {
        return Err(format!("{what} has {} fields, and at most {MAX_COLUMNS} are possible", fields.len()));
    }
    check_names("field", fields.iter().map(|field| field.name.as_str())).map_err(|error| format!("{what}: {error}"))
}

fn check_count(what: &str, count: usize) -> Result<(), String> {
    match count <= MAX_ITEMS {
        true => Ok(()),
        false => Err(format!("it has {count} {what}, and at most {MAX_ITEMS} are possible")),
    }
}

fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
            return Err(format!(
                "{name:?} is no name for a {what}: 1 to {MAX_NAME_BYTES} bytes without control characters"
            ));
        }
        if !seen.insert(name) {
            return Err(format!("two of its {what}s are called {name:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "describe_tests.rs"]
mod tests;
