//! Sample tuples: a file of JSON lines, its schema told or inferred.

use crate::file_errors::with_next_step;
use crate::values;
use anyhow::{anyhow, bail};
use petrel_flow::Frame;
use petrel_frame::{FrameBuf, FrameBuilder, Scalar};
use petrel_model::{Field, Schema};
use serde_json::{Map, Value as Json};
use std::path::Path;

/// The tuples of one input.
#[derive(Debug)]
pub(crate) struct Samples {
    /// What the component is called that they seem to come from.
    pub(crate) name: String,
    /// Their fields.
    pub(crate) schema: Schema,
    /// In order; of at most as many rows as were asked for.
    pub(crate) frames: Vec<Frame>,
}

/// A frame is finished when it has about so many bytes: as many as a topology that is busy makes them.
const FRAME_BYTES: usize = 64 << 10;

impl Samples {
    /// Reads a file; `-` is standard input. Without a schema types are inferred from all of it.
    ///
    /// # Errors
    /// When it cannot be read, or a line is no tuple of the schema.
    pub(crate) fn read(path: &Path, schema: Option<&Schema>, rows_max: usize) -> anyhow::Result<Samples> {
        let text = match path == Path::new("-") {
            true => std::io::read_to_string(std::io::stdin()),
            false => std::fs::read_to_string(path),
        };
        let text =
            text.map_err(|error| anyhow!("cannot read the tuples of {}: {}", path.display(), with_next_step(&error)))?;
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let name = if petrel_model::is_name(stem) { stem } else { "samples" };
        Samples::parse(name, &text, schema, rows_max).map_err(|error| anyhow!("{}: {error}", path.display()))
    }

    fn parse(name: &str, text: &str, schema: Option<&Schema>, rows_max: usize) -> anyhow::Result<Samples> {
        let mut objects: Vec<(usize, Map<String, Json>)> = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(Json::Object(object)) => objects.push((number, object)),
                Ok(other) => {
                    bail!("line {number}: a tuple is an object such as {{\"word\": \"storm\"}}, and this is {other}")
                }
                Err(error) => bail!("line {number}: not JSON: {error}"),
            }
        }
        let schema = match schema {
            Some(schema) => schema.clone(),
            None => infer(&objects)?,
        };
        let mut frames = Vec::new();
        let mut builder = FrameBuilder::new(&schema);
        for (number, object) in &objects {
            push(&mut builder, &schema, object).map_err(|why| anyhow!("line {number}: {why}"))?;
            if builder.rows() >= rows_max || builder.bytes() >= FRAME_BYTES {
                frames.push(finish(&mut builder)?);
            }
        }
        if builder.rows() > 0 {
            frames.push(finish(&mut builder)?);
        }
        Ok(Samples { name: name.to_owned(), schema, frames })
    }

    /// The frames with these columns alone, in this order.
    ///
    /// # Errors
    /// When they do not fit into a frame, as they may not when a column is read under two names.
    pub(crate) fn projected(&self, columns: &[usize]) -> anyhow::Result<Vec<Frame>> {
        let project = |frame: &Frame| Ok(Frame::validate(petrel_frame::project(&frame.view(), columns)?)?);
        self.frames.iter().map(project).collect()
    }

    /// How many tuples there are.
    #[cfg(test)]
    fn rows(&self) -> usize {
        self.frames.iter().map(|frame| frame.view().rows()).sum()
    }
}

fn push(builder: &mut FrameBuilder, schema: &Schema, object: &Map<String, Json>) -> Result<(), String> {
    if let Some(unknown) = object.keys().find(|name| schema.position(name).is_none()) {
        return Err(format!("{unknown:?} is not in the schema, which is {schema}"));
    }
    for (column, field) in schema.fields.iter().enumerate() {
        values::push(builder.column(column), field, object.get(&field.name).unwrap_or(&Json::Null))?;
    }
    builder.end_row();
    Ok(())
}

fn finish(builder: &mut FrameBuilder) -> anyhow::Result<Frame> {
    let mut bytes = FrameBuf::new();
    builder.finish_into(&mut bytes)?;
    builder.clear();
    Ok(Frame::validate(bytes)?)
}

/// What is known of a field so far.
struct Guess {
    name: String,
    seen: usize,
    scalar: Option<Scalar>,
    list: bool,
    null: bool,
}

/// Fields by name as they first appear; what is missing or null somewhere is optional.
fn infer(objects: &[(usize, Map<String, Json>)]) -> anyhow::Result<Schema> {
    if objects.is_empty() {
        bail!("there are no tuples to tell the schema from: give it with --schema, such as --schema word:string");
    }
    let mut guesses: Vec<Guess> = Vec::new();
    for (number, object) in objects {
        for (name, value) in object {
            let at = guesses.iter().position(|guess| guess.name == *name).unwrap_or_else(|| {
                guesses.push(Guess { name: name.clone(), seen: 0, scalar: None, list: value.is_array(), null: false });
                guesses.len() - 1
            });
            guesses[at].see(value).map_err(|why| anyhow!("line {number}: {why}"))?;
        }
    }
    let fields: Result<Vec<Field>, _> = guesses
        .into_iter()
        .map(|guess| {
            let Some(scalar) = guess.scalar else {
                bail!("nothing tells the type of {:?}: give the schema with --schema", guess.name);
            };
            let optional = guess.null || guess.seen < objects.len();
            Ok(Field { name: guess.name, scalar, list: guess.list, optional })
        })
        .collect();
    Ok(Schema::new(fields?))
}

impl Guess {
    fn see(&mut self, value: &Json) -> Result<(), String> {
        self.seen += 1;
        if value.is_null() {
            self.null = true;
            return Ok(());
        }
        if self.scalar.is_none() {
            self.list = value.is_array();
        }
        let items = match value {
            Json::Array(items) if self.list => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for item in items {
            let scalar = match item {
                Json::Bool(_) => Scalar::Bool,
                Json::Number(number) if number.is_f64() => Scalar::F64,
                Json::Number(number) if number.as_i64().is_some() => Scalar::I64,
                Json::String(_) => Scalar::String,
                other => return Err(format!("{:?} is {other}, which is no value of any type", self.name)),
            };
            self.scalar = match (self.scalar, scalar) {
                (None, new) => Some(new),
                (Some(old), new) if old == new => Some(old),
                (Some(Scalar::I64 | Scalar::F64), Scalar::I64 | Scalar::F64) => Some(Scalar::F64),
                (Some(old), new) => {
                    return Err(format!(
                        "{:?} is {} here and {} before: give the schema with --schema",
                        self.name,
                        new.name(),
                        old.name()
                    ));
                }
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(text: &str) -> Result<String, String> {
        Samples::parse("s", text, None, usize::MAX).map(|it| it.schema.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn types_are_inferred_from_all_lines() {
        let text = "{\"b\": 1, \"a\": \"x\", \"l\": []}\n\n{\"b\": 0.5, \"a\": null, \"l\": [true], \"z\": 3}\n";
        let found = inferred(text).unwrap();
        let mut fields: Vec<&str> = found.split(", ").collect();
        fields.sort_unstable();
        assert_eq!(fields, ["a: optional<string>", "b: f64", "l: list<bool>", "z: optional<i64>"]);
    }

    #[test]
    fn what_cannot_be_a_tuple_is_named_with_its_line() {
        assert!(inferred("{}\n[1]").unwrap_err().starts_with("line 2: a tuple is an object"));
        assert!(
            inferred("{\"a\": 1}\n{\"a\": \"x\"}")
                .unwrap_err()
                .starts_with("line 2: \"a\" is string here and i64 before")
        );
        assert!(inferred("{\"a\": 1").unwrap_err().starts_with("line 1: not JSON"));
        assert!(inferred("{\"a\": {}}").unwrap_err().contains("no value of any type"));
        assert!(inferred("{\"a\": null}").unwrap_err().contains("--schema"));
        assert!(inferred("").unwrap_err().contains("--schema word:string"));
    }

    #[test]
    fn columns_are_taken_in_the_order_that_is_asked_for() {
        let schema = super::super::parse_schema("a:i64,b:string,c:bool").unwrap();
        let samples = Samples::parse("s", "{\"a\":1,\"b\":\"x\",\"c\":true}", Some(&schema), 1).unwrap();
        let [frame] = &samples.projected(&[2, 0]).unwrap()[..] else { panic!("one frame stays one") };
        let view = frame.view();
        let values: Vec<String> = (0..view.columns()).map(|it| format!("{:?}", view.column(it).value(0))).collect();
        assert_eq!(values, ["Bool(true)", "I64(1)"]);
        let [frame] = &samples.projected(&[]).unwrap()[..] else { panic!("one frame stays one") };
        assert_eq!((frame.view().columns(), frame.view().rows()), (0, 1));
    }

    #[test]
    fn a_schema_is_kept_to_and_frames_are_cut() {
        let schema = super::super::parse_schema("a:bytes,b:optional<i64>").unwrap();
        let parse = |text: &str| Samples::parse("s", text, Some(&schema), 2);
        let samples = parse("{\"a\":\"x\"}\n{\"a\":\"y\",\"b\":1}\n{\"a\":\"z\"}\n").unwrap();
        assert_eq!((samples.rows(), samples.frames.len()), (3, 2));
        assert_eq!(
            parse("{\"a\":\"x\",\"c\":1}").unwrap_err().to_string(),
            "line 1: \"c\" is not in the schema, which is a: bytes, b: optional<i64>"
        );
        assert!(parse("{\"b\":1}").unwrap_err().to_string().contains("\"a\" is absent"));
        assert_eq!(parse("").unwrap().rows(), 0);
    }
}
