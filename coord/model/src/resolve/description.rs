//! Whether what a plugin says about itself makes sense.

use super::Configured;
use super::edge::is_key;
use crate::plugin::{Description, OutputStream, TableKind, TableSpec, World};
use crate::problem::Problem;
use crate::topology::{Located, NAME_BYTES_MAX, Place, is_name};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use petrel_frame::{MAX_COLUMNS, Scalar, Schema};

/// The problem of a plugin that does not keep to the contract.
pub(crate) fn fault(plugin: &Located<String>, wrong: &str) -> Problem {
    Problem::at(&plugin.place, format!("the plugin `{}` does not keep to the contract: {wrong}", **plugin))
        .help("this is a fault of the plugin and not of the topology: tell its author, or use another version")
}

/// The problem of a plugin that fails when it is asked about itself.
pub(crate) fn failure(
    owner: &str,
    plugin: &Located<String>,
    call: &str,
    message: &str,
    backtrace: &[String],
) -> Problem {
    let message = format!("the plugin `{}` of {owner} failed in `{call}`: {message}", **plugin);
    let problem = Problem::at(&plugin.place, message).help(
        "this is a fault of the plugin and not of the topology: mend it, tell its author, or use another version",
    );
    if backtrace.is_empty() {
        return problem;
    }
    let frames = backtrace.iter().enumerate().map(|(depth, frame)| format!("\n  {depth}: {frame}")).collect::<String>();
    problem.note(&Place::Nowhere, format!("guest backtrace, innermost first:{frames}"))
}

/// Reports everything in a description that cannot be.
pub(crate) fn check(
    description: &Description,
    configured: &Configured<'_>,
    inputs: usize,
    problems: &mut Vec<Problem>,
) {
    let mut wrong = Vec::new();
    if description.inputs.len() != inputs {
        wrong.push(format!(
            "the number of inputs that it describes is {} instead of {inputs}",
            description.inputs.len()
        ));
    }
    for (number, needs) in description.inputs.iter().enumerate() {
        check_schema(needs, &format!("what it reads of input {number}"), &mut wrong);
    }
    match configured.world {
        World::Spout => check_no_state(description, "a spout", &mut wrong),
        World::Bolt => {}
        World::Grouping => {
            check_no_state(description, "a grouping", &mut wrong);
            if !description.outputs.is_empty() {
                wrong.push("it is a grouping and has output streams".to_string());
            }
        }
    }
    check_outputs(&description.outputs, &mut wrong);
    check_tables(&description.tables, &mut wrong);
    check_state_key(description, &mut wrong);
    problems.extend(wrong.iter().map(|wrong| fault(configured.reference, wrong)));
}

fn check_no_state(description: &Description, what: &str, wrong: &mut Vec<String>) {
    if !description.tables.is_empty() || !description.state_key.is_empty() {
        wrong.push(format!("it is {what} and has state tables"));
    }
}

fn check_schema(schema: &Schema, what: &str, wrong: &mut Vec<String>) {
    if schema.fields.len() > MAX_COLUMNS {
        wrong.push(format!("{what} has {} fields, and {MAX_COLUMNS} is the most", schema.fields.len()));
    }
    let mut names = BTreeSet::new();
    for field in &schema.fields {
        if field.name.is_empty() {
            wrong.push(format!("{what} has a field without a name"));
        } else if !names.insert(&field.name) {
            wrong.push(format!("{what} has two fields `{}`", field.name));
        }
    }
}

fn check_outputs(outputs: &[OutputStream], wrong: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for output in outputs {
        let name = &output.name;
        if !is_name(name) {
            wrong.push(format!(
                "`{name}` cannot be the name of an output stream, which is 1 to {NAME_BYTES_MAX} of a–z, 0–9, `_` and `-`"
            ));
        } else if !names.insert(name) {
            wrong.push(format!("it has two output streams `{name}`"));
        }
        check_schema(&output.schema, &format!("its output stream `{name}`"), wrong);
        let Some(event_time) = &output.event_time else { continue };
        match output.schema.field(event_time) {
            Some(field) if field.scalar == Scalar::Timestamp && !field.list => {}
            Some(field) => wrong.push(format!(
                "the event time of its output stream `{name}` is the field `{field}`, which is not a timestamp"
            )),
            None => wrong.push(format!(
                "the event time of its output stream `{name}` is the field `{event_time}`, which the stream does not have"
            )),
        }
    }
}

fn check_tables(tables: &[TableSpec], wrong: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for table in tables {
        let name = &table.name;
        if name.is_empty() {
            wrong.push("it has a state table without a name".to_string());
        } else if !names.insert(name) {
            wrong.push(format!("it has two state tables `{name}`"));
        }
        if table.value.name.is_empty() {
            wrong.push(format!("its state table `{name}` has no value"));
        }
        if table.kind == TableKind::List && table.value.list {
            wrong.push(format!("its state table `{name}` is a list of lists"));
        }
        match (&table.subkey, table.kind) {
            (None, TableKind::Map) => wrong.push(format!("its state table `{name}` is a map without a subkey")),
            (Some(subkey), TableKind::Map) if !is_key(subkey) => {
                wrong.push(format!("the subkey `{subkey}` of its state table `{name}` cannot be a key"));
            }
            (Some(_), TableKind::Value | TableKind::LazyValue | TableKind::List) => {
                wrong.push(format!("its state table `{name}` has a subkey and is not a map"));
            }
            _ => {}
        }
    }
}

/// The state key is among the fields that it reads of every input, with the same types.
fn check_state_key(description: &Description, wrong: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for name in &description.state_key {
        if !names.insert(name) {
            wrong.push(format!("its state key names the field `{name}` twice"));
            continue;
        }
        let mut first = None;
        for (number, needs) in description.inputs.iter().enumerate() {
            match needs.field(name) {
                None => wrong
                    .push(format!("its state key has the field `{name}`, which it does not read of input {number}")),
                Some(field) if !is_key(field) => {
                    wrong.push(format!("its state key has the field `{field}`, which cannot be a key"));
                }
                Some(field) => {
                    let first = *first.get_or_insert(field);
                    if first.scalar != field.scalar {
                        wrong.push(format!(
                            "it reads the field `{name}` of its state key as `{first}` and as `{field}`"
                        ));
                    }
                }
            }
        }
    }
}
