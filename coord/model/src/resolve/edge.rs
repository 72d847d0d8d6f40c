//! The stream that an input reads, and its key.

use super::Producer;
use crate::assignment::Component;
use crate::id::{ComponentIndex, OutputIndex};
use crate::plugin::{InputStream, OutputStream};
use crate::problem::{Problem, did_you_mean};
use crate::topology::{ComponentSpec, GroupingSpec, InputSpec, Located};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_frame::{Field, Schema};

/// An input with the stream that it reads.
pub(crate) struct Edge<'a> {
    pub(crate) spec: &'a InputSpec,
    pub(crate) from: ComponentIndex,
    pub(crate) output: OutputIndex,
    pub(crate) stream: OutputStream,
    /// All fields of the stream, by the producer's numbers and with the consumer's names.
    pub(crate) schema: Schema,
    /// The columns of a fields or partial-key grouping.
    pub(crate) key: Vec<usize>,
}

impl Edge<'_> {
    /// The stream as `describe` is to see it.
    pub(crate) fn as_described(&self) -> InputStream {
        let key = self.spec.grouping.key().iter().map(|field| field.value.clone()).collect();
        InputStream { stream: self.stream_name(), schema: self.schema.clone(), key }
    }

    /// `COMPONENT.STREAM`.
    pub(crate) fn stream_name(&self) -> String {
        format!("{}.{}", self.spec.from.component, self.stream.name)
    }
}

/// Finds the stream of an input. None if something is wrong with it, which is reported, or with the producer, which
/// was reported before.
pub(crate) fn find<'a>(
    consumer: &ComponentSpec,
    input: &'a InputSpec,
    producers: &[Producer<'_>],
    problems: &mut Vec<Problem>,
) -> Option<Edge<'a>> {
    let from = producers.iter().position(|producer| producer.spec.name.value == input.from.component)?;
    let producer = producers[from].component.as_ref()?;
    let output = stream(consumer, input, producer).map_err(|problem| problems.push(problem)).ok()?;
    let stream = producer.outputs[output].clone();
    let schema = renamed(input, &stream.schema, problems)?;
    let key = key(input, &schema, problems)?;
    let edge = Edge {
        spec: input,
        from: ComponentIndex(from as u32),
        output: OutputIndex(output as u32),
        stream,
        schema,
        key,
    };
    match direct(&edge) {
        None => Some(edge),
        Some(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// The number of the stream that an input names, or means without naming it.
fn stream(consumer: &ComponentSpec, input: &InputSpec, producer: &Component) -> Result<usize, Problem> {
    let names = producer.outputs.iter().map(|output| output.name.as_str());
    let reads = format!("component `{}` reads from `{}`", *consumer.name, *input.from);
    let found = match &input.from.stream {
        Some(name) => names.clone().position(|output| output == name.as_str()),
        // Dead letters are read by those who name them.
        None if producer.plugin_outputs().len() == 1 => Some(0),
        None => names.clone().position(|output| output == "default"),
    };
    found.ok_or_else(|| match (&input.from.stream, producer.outputs.len()) {
        (_, 0) => Problem::at(&input.from.place, format!("{reads}, and `{}` emits nothing", producer.name))
            .help("read from a component that emits, or configure this one to"),
        (None, 1) => {
            let message = format!("{reads}, and all that `{}` emits are its dead letters", producer.name);
            let stream: String = names.collect();
            Problem::at(&input.from.place, message)
                .help(format!("if they are meant, name them: `from = \"{}.{stream}\"`", producer.name))
        }
        (Some(stream), _) => {
            let message = format!("{reads}, and `{}` has no stream `{stream}`", producer.name);
            Problem::at(&input.from.place, message).help(did_you_mean(stream.as_str(), names, ""))
        }
        (None, many) => {
            let message = format!("{reads}, which has {many} streams and none named `default`");
            let streams: Vec<String> = names.map(|name| format!("`from = \"{}.{name}\"`", producer.name)).collect();
            Problem::at(&input.from.place, message).help(format!("name one: {}", streams.join(" or ")))
        }
    })
}

/// The schema of a stream with the names that the consumer gives.
fn renamed(input: &InputSpec, schema: &Schema, problems: &mut Vec<Problem>) -> Option<Schema> {
    let problems_before = problems.len();
    let mut renamed = schema.clone();
    for rename in &input.rename {
        match schema.position(&rename.theirs) {
            Some(at) => renamed.fields[at].name = rename.ours.value.clone(),
            None => problems.push(
                Problem::at(
                    &rename.theirs.place,
                    format!("there is no field `{}` to rename in the stream `{}`", *rename.theirs, *input.from),
                )
                .help(did_you_mean(&rename.theirs, names(schema), "the stream has no fields")),
            ),
        }
    }
    let mut seen = BTreeMap::new();
    for (at, field) in renamed.fields.iter().enumerate() {
        if let Some(earlier) = seen.insert(&field.name, at) {
            let place = input
                .rename
                .iter()
                .find(|rename| *rename.ours == field.name)
                .map_or(&input.place, |rename| &rename.ours.place);
            problems.push(
                Problem::at(
                    place,
                    format!("after `rename`, two fields of the stream `{}` are called `{}`", *input.from, field.name),
                )
                .help(format!(
                    "they are `{}` and `{}` in the stream: rename the other one too",
                    schema.fields[earlier].name, schema.fields[at].name
                )),
            );
        }
    }
    (problems.len() == problems_before).then_some(renamed)
}

/// The columns of the key.
fn key(input: &InputSpec, schema: &Schema, problems: &mut Vec<Problem>) -> Option<Vec<usize>> {
    let mut columns = Vec::new();
    for name in input.grouping.key() {
        match key_column(input, schema, name) {
            Ok(column) => columns.push(column),
            Err(problem) => problems.push(problem),
        }
    }
    (columns.len() == input.grouping.key().len()).then_some(columns)
}

fn key_column(input: &InputSpec, schema: &Schema, name: &Located<String>) -> Result<usize, Problem> {
    let Some(column) = schema.position(name) else {
        let help = match input.rename.iter().find(|rename| rename.theirs.value == name.value) {
            Some(rename) => format!("it is called `{}` after `rename`", *rename.ours),
            None => did_you_mean(name, names(schema), "the stream has no fields"),
        };
        let message = format!("there is no field `{}` to group by in the stream `{}`", **name, *input.from);
        return Err(Problem::at(&name.place, message).help(help));
    };
    let field = &schema.fields[column];
    if is_key(field) {
        return Ok(column);
    }
    let message = format!("the field `{}` is {} and cannot be a key", **name, with_article(&field.type_name()));
    let help = match field.list {
        true => "a list has no one value to be equal by: group by another field",
        false => "equal numbers need not have equal bits: group by another field, or have the producer emit a string",
    };
    Err(Problem::at(&name.place, message).help(help))
}

/// Whether values of a field may be part of a key.
pub(crate) fn is_key(field: &Field) -> bool {
    field.scalar.is_key() && !field.list
}

fn direct(edge: &Edge<'_>) -> Option<Problem> {
    let stream = edge.stream_name();
    let grouping = &edge.spec.grouping;
    match (edge.stream.direct, &grouping.value) {
        (true, GroupingSpec::Direct) => None,
        (true, other) => Some(
            Problem::at(
                &grouping.place,
                format!(
                    "the stream `{stream}` is for direct emission, and cannot be read with the grouping `{}`",
                    other.name()
                ),
            )
            .help("its producer names the task of every tuple: write `grouping = \"direct\"`"),
        ),
        (false, GroupingSpec::Direct) => Some(
            Problem::at(
                &grouping.place,
                format!(
                    "the stream `{stream}` is not for direct emission, and cannot be read with the grouping `direct`"
                ),
            )
            .help("its producer does not name tasks: use another grouping, such as `shuffle`"),
        ),
        (false, _) => None,
    }
}

/// The names of the fields.
pub(crate) fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields.iter().map(|field| field.name.as_str())
}

/// `an i64`, `a list<string>`.
pub(crate) fn with_article(type_name: &str) -> String {
    // As they are spoken: an i64, an f64, an optional.
    let article = if type_name.starts_with(['i', 'f', 'o']) { "an" } else { "a" };
    format!("{article} `{type_name}`")
}
