//! Tuples as a person reads them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use petrel_frame::{FrameView, Schema, Value};

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

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_frame::{Field, FrameBuilder, ListView, Scalar};

    #[test]
    fn every_field_has_its_name_and_its_value() {
        let schema = Schema::new([
            Field::new("word", Scalar::String),
            Field::new("count", Scalar::I64).optional(),
            Field::new("parts", Scalar::I64).list(),
        ]);
        let mut builder = FrameBuilder::new(&schema);
        let parts = [Value::I64(1), Value::I64(2)];
        builder.push_row(&[Value::String("a\nb"), Value::Null, Value::List(ListView::from_values(&parts))]).unwrap();
        let view = FrameView::parse(builder.finish().unwrap()).unwrap();
        assert_eq!(Fields::of(&view, 0, &schema).to_string(), "word = \"a\\nb\", count = (absent), parts = [1, 2]");
    }

    #[test]
    fn long_values_are_cut() {
        let long: String = core::iter::repeat_n('é', 300).collect();
        let cut = text(Value::String(&long));
        assert!(cut.ends_with("… 100 more characters"), "{cut}");
    }
}
