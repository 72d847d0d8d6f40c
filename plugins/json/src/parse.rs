//! Documents to fields.

use super::{ConfigError, InputStream, Schema, serde_json};
use crate::member::{Member, Members};
use declared::{TimeFormat, from_text};
use petrel_sdk::Field;
use petrel_sdk::Scalar;
use petrel_sdk::frame::{FrameBuilder, Value};

/// Takes the declared fields out of documents.
#[derive(Debug)]
pub(crate) struct Parser {
    input: Field,
    fields: Schema,
    time_format: Option<TimeFormat>,
}

impl Parser {
    pub(crate) fn new(configuration: &serde_json::Value, input: &InputStream) -> Result<Parser, ConfigError> {
        for key in ["into", "bytes"] {
            if !configuration[key].is_null() {
                return Err(ConfigError::new(key, "this goes with mode = \"format\" only"));
            }
        }
        let time_format = match configuration["time_format"].as_str() {
            Some(format) => Some(TimeFormat::new(format).map_err(|message| ConfigError::new("time_format", message))?),
            None => None,
        };
        Ok(Parser {
            input: inputs::text_field(input, configuration["field"].as_str())?.clone(),
            fields: declared::fields(&configuration["fields"])
                .map(Schema::new)
                .map_err(|message| ConfigError::new("fields", message))?,
            time_format,
        })
    }

    pub(crate) fn schemas(&self) -> (Schema, Schema) {
        (Schema::new([self.input.clone()]), self.fields.clone())
    }

    /// Adds a row of the fields of a document.
    ///
    /// # Errors
    /// Why it is none, or does not fit. The columns may not agree then.
    pub(crate) fn parse(&self, document: &[u8], frame: &mut FrameBuilder) -> Result<(), String> {
        let members =
            Members::of(document, &self.fields).map_err(|error| format!("this is no such document: {error}"))?;
        for (column, (field, member)) in self.fields.fields.iter().zip(members.values()).enumerate() {
            let to = frame.column(column);
            let added = match member {
                Member::Null if !field.optional => return Err(format!("`{}` is missing", field.name)),
                Member::List(items) if field.list => {
                    let items: Vec<Value<'_>> =
                        items.iter().map(|item| self.value(field, item)).collect::<Result<_, String>>()?;
                    to.push_list(items)
                }
                Member::Null => to.push_value(Value::Null),
                member if !field.list => to.push_value(self.value(field, member)?),
                member => return Err(format!("`{}` is {}, not a list", field.name, member.kind())),
            };
            added.map_err(|error| format!("`{}`: {error}", field.name))?;
        }
        Ok(())
    }

    /// A member as the scalar of a field.
    fn value<'m>(&self, field: &Field, member: &'m Member<'_>) -> Result<Value<'m>, String> {
        let found = match (field.scalar, member) {
            (Scalar::Bool, Member::Bool(value)) => Some(Value::Bool(*value)),
            (Scalar::I64, Member::Integer(value)) => Some(Value::I64(*value)),
            (Scalar::F64, Member::Float(value)) => Some(Value::F64(*value)),
            (Scalar::F64, Member::Integer(value)) => Some(Value::F64(*value as f64)),
            (Scalar::Timestamp, Member::Integer(value)) => Some(Value::Timestamp(*value)),
            (Scalar::String | Scalar::Bytes | Scalar::Timestamp, Member::Text(text)) => {
                let value = from_text(text.as_bytes(), field.scalar, self.time_format.as_ref());
                return value.map_err(|reason| format!("`{}`: {reason}", field.name));
            }
            _ => None,
        };
        found.ok_or_else(|| format!("`{}` is {}, not {}", field.name, member.kind(), field.scalar.name()))
    }
}
