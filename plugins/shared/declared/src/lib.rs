//! Fields that a configuration declares, and values for them out of text.
//!
//! Bolts that take text apart (`json`, `extract`) are told what comes out: `fields = { status = "i64", path = "string" }`.
//! [`fields`] reads such a declaration, [`from_text`] makes a value of a piece of text, [`TimeFormat`] one of a time.
//!
//! ```
//! use petrel_declared::{fields, from_text};
//! use petrel_frame::{Scalar, Value};
//!
//! let declared = serde_json::json!({ "status": "i64", "tags": "list<string>", "user": "optional<string>" });
//! let fields = fields(&declared).unwrap();
//! assert_eq!(fields[1].to_string(), "tags: list<string>");
//! assert_eq!(from_text(b"503", Scalar::I64, None), Ok(Value::I64(503)));
//! ```

mod text;
mod time;

pub use text::from_text;
pub use time::{TimeFormat, rfc3339};

use petrel_frame::{Field, Scalar};

/// The fields of `{ NAME = "TYPE", … }`, sorted by name as JSON objects are.
///
/// A type is `bool`, `i64`, `f64`, `string`, `bytes` or `timestamp`, or `list<…>` of one, or `optional<…>` of either.
///
/// # Errors
/// A sentence, where this is no object of such types or has no fields.
pub fn fields(declaration: &serde_json::Value) -> Result<Vec<Field>, String> {
    let Some(object) = declaration.as_object() else {
        return Err(format!("expected fields and their types, such as {{ status = \"i64\" }}, found {declaration}"));
    };
    if object.is_empty() {
        return Err("at least one field is needed, such as { status = \"i64\" }".into());
    }
    object
        .iter()
        .map(|(name, declared)| match declared.as_str() {
            Some(declared) => field(name, declared),
            None => Err(format!("the type of field `{name}` must be text, such as \"i64\", found {declared}")),
        })
        .collect()
}

/// A field of that name and type.
///
/// # Errors
/// A sentence, where there is no such type.
pub fn field(name: &str, declared: &str) -> Result<Field, String> {
    let mut rest = declared.trim();
    let (mut list, mut optional) = (false, false);
    if let Some(inner) = inner(rest, "optional") {
        (rest, optional) = (inner, true);
    }
    if let Some(inner) = inner(rest, "list") {
        (rest, list) = (inner, true);
    }
    match Scalar::from_name(rest) {
        Some(scalar) => Ok(Field { name: name.into(), scalar, list, optional }),
        None => Err(format!(
            "field `{name}` has the type \"{declared}\"; types are bool, i64, f64, string, bytes and timestamp, \
             list<…> of one of them, and optional<…> of either"
        )),
    }
}

fn inner<'a>(declared: &'a str, outer: &str) -> Option<&'a str> {
    Some(declared.strip_prefix(outer)?.trim_start().strip_prefix('<')?.strip_suffix('>')?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_type_reads_back_as_it_prints() {
        for scalar in (1..=6).filter_map(Scalar::from_code) {
            let plain = Field::new("f", scalar);
            for expected in
                [plain.clone(), plain.clone().list(), plain.clone().optional(), plain.clone().list().optional()]
            {
                assert_eq!(field("f", &expected.type_name()), Ok(expected));
            }
        }
        assert_eq!(field("f", " optional< list <i64 > > "), Ok(Field::new("f", Scalar::I64).list().optional()));
    }

    #[test]
    fn odd_declarations_are_refused() {
        assert!(field("f", "int").unwrap_err().contains("field `f` has the type \"int\""));
        for odd in ["", "list<list<i64>>", "list<i64", "list<optional<i64>>"] {
            assert!(field("f", odd).is_err(), "{odd}");
        }
        for odd in [json!(null), json!("i64"), json!({}), json!({ "a": 1 }), json!(["a"])] {
            assert!(fields(&odd).is_err(), "{odd}");
        }
    }
}
