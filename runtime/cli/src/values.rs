//! Values of frames as JSON, and back.
//!
//! Bytes are text where they are UTF-8, and `{"hex": "ff00"}` where they are not; both are read. A timestamp is its
//! microseconds. A number that JSON does not have is `"NaN"`, `"inf"` or `"-inf"`.

use petrel_frame::{ColumnBuilder, FrameView, Scalar, Value};
use petrel_model::{Field, Schema};
use serde_json::{Map, Value as Json, json};

/// The rows of a frame, each an object of its fields.
pub(crate) fn rows(view: &FrameView<'_>, schema: &Schema) -> Vec<Map<String, Json>> {
    (0..view.rows()).map(|row| object(view, row, schema.fields.iter().map(|field| &*field.name).zip(0..))).collect()
}

/// Some columns of a row, each under its name.
pub(crate) fn object<'a>(
    view: &FrameView<'_>,
    row: usize,
    columns: impl Iterator<Item = (&'a str, usize)>,
) -> Map<String, Json> {
    columns.map(|(name, column)| (name.to_owned(), to_json(view.column(column).value(row)))).collect()
}

/// A value as JSON.
pub(crate) fn to_json(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::I64(value) | Value::Timestamp(value) => json!(value),
        Value::F64(value) if value.is_finite() => json!(value),
        Value::F64(value) => json!(value.to_string()),
        Value::String(value) => json!(value),
        Value::Bytes(value) => match std::str::from_utf8(value) {
            Ok(text) => json!(text),
            Err(_) => json!({ "hex": value.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
        },
        Value::List(values) => Json::Array(values.iter().map(to_json).collect()),
    }
}

/// Appends a JSON value to a column.
///
/// # Errors
/// Why it is no value of the field, in one sentence.
pub(crate) fn push(column: &mut ColumnBuilder, field: &Field, json: &Json) -> Result<(), String> {
    if json.is_null() {
        if !field.optional {
            return Err(format!("{:?} is absent, and is not optional", field.name));
        }
        column.push_null();
        return Ok(());
    }
    let wrong = |json: &Json| format!("{:?} is {json}, and should be {}", field.name, field.type_name());
    if field.list {
        let items = json.as_array().ok_or_else(|| wrong(json))?;
        let bytes: Vec<Option<Vec<u8>>> = items.iter().map(from_hex).collect();
        let values: Option<Vec<Value<'_>>> =
            items.iter().zip(&bytes).map(|(item, bytes)| scalar(field.scalar, item, bytes.as_deref())).collect();
        column.push_list(values.ok_or_else(|| wrong(json))?).map_err(|error| error.to_string())
    } else {
        let bytes = from_hex(json);
        let value = scalar(field.scalar, json, bytes.as_deref()).ok_or_else(|| wrong(json))?;
        column.push_value(value).map_err(|error| error.to_string())
    }
}

fn scalar<'a>(scalar: Scalar, json: &'a Json, bytes: Option<&'a [u8]>) -> Option<Value<'a>> {
    Some(match scalar {
        Scalar::Bool => Value::Bool(json.as_bool()?),
        Scalar::I64 => Value::I64(json.as_i64()?),
        Scalar::Timestamp => Value::Timestamp(json.as_i64()?),
        Scalar::F64 => Value::F64(match json.as_str() {
            Some("NaN") => f64::NAN,
            Some("inf") => f64::INFINITY,
            Some("-inf") => f64::NEG_INFINITY,
            _ => json.as_f64()?,
        }),
        Scalar::String => Value::String(json.as_str()?),
        Scalar::Bytes => Value::Bytes(bytes.or(json.as_str().map(str::as_bytes))?),
    })
}

fn from_hex(json: &Json) -> Option<Vec<u8>> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    let digits = object.get("hex")?.as_str()?;
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::parse_schema;
    use petrel_frame::FrameBuilder;

    #[test]
    fn values_survive_the_way_there_and_back() {
        let schema = parse_schema("a:i64,b:f64,c:bytes,d:optional<string>,e:list<bytes>,f:timestamp,g:bool").unwrap();
        let objects = [
            json!({"a": -1, "b": 0.5, "c": "é", "d": null, "e": ["x", {"hex": "fF00"}], "f": 7, "g": true}),
            json!({"a": i64::MAX, "b": "-inf", "c": {"hex": "80"}, "d": "", "e": [], "f": 0, "g": false}),
        ];
        let mut builder = FrameBuilder::new(&schema);
        for object in &objects {
            for (column, field) in schema.fields.iter().enumerate() {
                push(builder.column(column), field, &object[&field.name]).unwrap();
            }
        }
        let frame = FrameView::parse(builder.finish().unwrap()).unwrap();
        let back: Vec<Json> = rows(&frame, &schema).into_iter().map(Json::Object).collect();
        assert_eq!(back[0]["e"], json!(["x", {"hex": "ff00"}]));
        assert_eq!(back[1], objects[1]);
    }

    #[test]
    fn a_wrong_value_is_named() {
        let wrong = |field: &str, json: Json| {
            let schema = parse_schema(field).unwrap();
            push(FrameBuilder::new(&schema).column(0), &schema.fields[0], &json).unwrap_err()
        };
        assert_eq!(wrong("a:i64", json!(1.5)), "\"a\" is 1.5, and should be i64");
        assert_eq!(wrong("a:i64", Json::Null), "\"a\" is absent, and is not optional");
        assert_eq!(wrong("a:list<i64>", json!([1, "2"])), "\"a\" is [1,\"2\"], and should be list<i64>");
        assert_eq!(wrong("a:bytes", json!({"hex": "0"})), "\"a\" is {\"hex\":\"0\"}, and should be bytes");
    }
}
