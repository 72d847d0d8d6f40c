//! Tuples that are refused, and the end of a task that cannot go on.

use crate::call::Trap;
use crate::frame::Frame;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use petrel_frame::{FrameView, Schema, Value};
use petrel_model::{ComponentName, InputIndex, StreamName, TaskId};

/// A tuple as a person reads it: each field's name and its value as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

/// Values are cut after so many characters: a message is for reading, the tuple itself is elsewhere.
const VALUE_CHARACTERS: usize = 200;
/// Values of a list after these are left out.
const LIST_VALUES: usize = 20;

impl Fields {
    /// A row of a frame of that schema.
    pub(crate) fn of(view: &FrameView<'_>, row: usize, schema: &Schema) -> Fields {
        let field =
            |(column, field): (usize, &petrel_frame::Field)| (field.name.clone(), text(view.column(column).value(row)));
        Fields(schema.fields.iter().enumerate().map(field).collect())
    }
}

fn text(value: Value<'_>) -> String {
    match value {
        Value::Null => String::from("(absent)"),
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::Timestamp(value) => format!("{value} µs"),
        Value::String(value) => quoted(value.chars()),
        Value::Bytes(value) => quoted(String::from_utf8_lossy(value).chars()),
        Value::List(list) => {
            let mut values: Vec<String> = list.iter().take(LIST_VALUES).map(text).collect();
            if list.len() > LIST_VALUES {
                values.push(format!("… {} more", list.len() - LIST_VALUES));
            }
            format!("[{}]", values.join(", "))
        }
    }
}

fn quoted(mut characters: core::str::Chars<'_>) -> String {
    let start: String = characters.by_ref().take(VALUE_CHARACTERS).collect();
    match characters.count() {
        0 => format!("{start:?}"),
        more => format!("{start:?} … {more} more characters"),
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            write!(f, "{}{name} = {value}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// A tuple that the guest will not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Who rejects it.
    pub task: TaskId,
    /// The component's name.
    pub component: ComponentName,
    /// The input it came from.
    pub input: InputIndex,
    /// The input's name.
    pub stream: StreamName,
    /// The tuple: a frame of one row, with the columns of the input.
    pub tuple: Frame,
    /// Its values, for people.
    pub fields: Fields,
    /// The guest's reason.
    pub reason: String,
    /// How often it was tried: 1, or more where the guest had asked for retries.
    pub attempts: u32,
}

/// Why a task cannot go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Which task.
    pub task: TaskId,
    /// The component's name.
    pub component: ComponentName,
    /// The export that failed, or `choose` for a grouping plugin.
    pub call: &'static str,
    /// The input whose batch it was: number and name.
    pub input: Option<(InputIndex, StreamName)>,
    /// Where in the batch.
    pub place: Place,
    /// What happened, with reason and backtrace.
    pub trap: Trap,
}

/// Where in a batch a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The call had no batch.
    NoBatch,
    /// At this row: rows before it pass in a fresh instance, with it they do not.
    Row {
        /// Its number in the batch, from 0.
        row: u32,
        /// The number of rows of the batch.
        rows: u32,
        /// Its values.
        fields: Fields,
    },
    /// Somewhere in these rows: the search took too long.
    Within {
        /// Numbers in the batch, from 0.
        suspects: Range<u32>,
        /// The number of rows of the batch.
        rows: u32,
    },
    /// Nowhere: the whole batch passes in a fresh instance, so it was something the instance remembered.
    NotAgain {
        /// The number of rows of the batch.
        rows: u32,
    },
}

impl fmt::Display for Failure {
    /// One or a few lines; the backtrace is left to the reader of [`Trap`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "component `{}`, task {}: {} failed", self.component, self.task.task.0, self.call)?;
        if let Some((number, stream)) = &self.input {
            write!(f, " on input {} (`{stream}`)", number.0)?;
        }
        match &self.place {
            Place::NoBatch => {}
            Place::Row { row, rows, fields } => write!(f, " at row {row} of {rows} ({fields})")?,
            Place::Within { suspects, rows } => write!(
                f,
                " at one of the rows {} to {} of {rows}, the search for which took too long",
                suspects.start,
                suspects.end.saturating_sub(1)
            )?,
            Place::NotAgain { rows } => write!(
                f,
                " on a batch of {rows} rows that passes in a fresh instance: it depends on what the instance \
                 remembered from earlier batches"
            )?,
        }
        write!(f, ": {}: {}", self.trap.kind.name(), self.trap.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::TrapKind;
    use petrel_frame::{Field, FrameBuilder, ListView, Scalar};
    use petrel_model::{ComponentIndex, TaskIndex};

    #[test]
    fn a_failure_says_where_and_why_in_one_sentence() {
        let schema = Schema::new([
            Field::new("word", Scalar::String),
            Field::new("count", Scalar::I64).optional(),
            Field::new("parts", Scalar::I64).list(),
        ]);
        let mut builder = FrameBuilder::new(&schema);
        let parts = [Value::I64(1), Value::I64(2)];
        builder.push_row(&[Value::String("a\nb"), Value::Null, Value::List(ListView::from_values(&parts))]).unwrap();
        let view = FrameView::parse(builder.finish().unwrap()).unwrap();
        let failure = Failure {
            task: TaskId { component: ComponentIndex(1), task: TaskIndex(3) },
            component: ComponentName::from("count"),
            call: "process",
            input: Some((InputIndex(0), StreamName::from("split.default"))),
            place: Place::Row { row: 0, rows: 1, fields: Fields::of(&view, 0, &schema) },
            trap: Trap { kind: TrapKind::Trapped, message: String::from("unreachable"), backtrace: Vec::new() },
        };
        assert_eq!(
            failure.to_string(),
            "component `count`, task 3: process failed on input 0 (`split.default`) at row 0 of 1 \
             (word = \"a\\nb\", count = (absent), parts = [1, 2]): trap: unreachable"
        );
    }

    #[test]
    fn long_values_are_cut() {
        let long: String = core::iter::repeat_n('é', 300).collect();
        let cut = text(Value::String(&long));
        assert!(cut.ends_with("… 100 more characters"), "{cut}");
    }
}
