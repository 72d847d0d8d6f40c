//! Documents against the schemas in docs/schemas.
//!
//! The schemas keep to a few words of JSON Schema, and this refuses any other: so few are quickly checked here, without a
//! validator whose dependencies would change the features of ours.

use petrel_tests::repository;
use serde_json::{Map, Value, json};

/// Words that say nothing about a document.
const SILENT: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// Fails unless a document fits the schema of that name.
#[track_caller]
pub(super) fn assert_fits(document: &Value, name: &str) {
    let path = repository().join("docs/schemas").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    if let Err(why) = fits(document, &schema, &schema, "$") {
        panic!("the document does not fit {name}.json: {why}\n{document:#}");
    }
}

/// Whether a value fits a schema, or where and why not.
fn fits(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    let Value::Object(words) = schema else { return Err(format!("{at}: the schema {schema} is no object")) };
    words.get("type").map_or(Ok(()), |meaning| has_type(value, meaning, at))?;
    // Readers are to take what they do not know, because new keys may come. We are to know all there is.
    if words.contains_key("properties") && !words.contains_key("additionalProperties") {
        additional(value, &Value::Bool(false), words, root, at)?;
    }
    for (word, meaning) in words.iter().filter(|(word, _)| !SILENT.contains(&word.as_str())) {
        match word.as_str() {
            "type" => {}
            "$ref" => fits(value, referred(meaning, root)?, root, at)?,
            "const" if value == meaning => {}
            "const" => return Err(format!("{at}: {value} is not {meaning}")),
            "enum" if meaning.as_array().is_some_and(|values| values.contains(value)) => {}
            "enum" => return Err(format!("{at}: {value} is none of {meaning}")),
            "minimum" if value.as_f64().is_none_or(|value| meaning.as_f64().is_some_and(|least| value >= least)) => {}
            "minimum" => return Err(format!("{at}: {value} is less than {meaning}")),
            "required" => {
                let missing = meaning.as_array().into_iter().flatten().filter_map(Value::as_str);
                if let Some(name) = missing.into_iter().find(|name| value.get(name).is_none()) {
                    return Err(format!("{at}: {name} is missing"));
                }
            }
            "properties" => {
                for (name, schema) in meaning.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        fits(value, schema, root, &format!("{at}.{name}"))?;
                    }
                }
            }
            "additionalProperties" => additional(value, meaning, words, root, at)?,
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    fits(item, meaning, root, &format!("{at}[{index}]"))?;
                }
            }
            "oneOf" => {
                let tried: Vec<_> =
                    meaning.as_array().into_iter().flatten().map(|schema| fits(value, schema, root, at)).collect();
                if tried.iter().filter(|outcome| outcome.is_ok()).count() != 1 {
                    return Err(format!("{at}: not exactly one of the alternatives: {tried:?}"));
                }
            }
            other => return Err(format!("{at}: the schema uses {other:?}, which this does not know")),
        }
    }
    Ok(())
}

fn additional(
    value: &Value,
    meaning: &Value,
    words: &Map<String, Value>,
    root: &Value,
    at: &str,
) -> Result<(), String> {
    let known = words.get("properties").and_then(Value::as_object);
    let others =
        value.as_object().into_iter().flatten().filter(|(name, _)| !known.is_some_and(|it| it.contains_key(*name)));
    for (name, value) in others {
        match meaning {
            Value::Bool(false) => return Err(format!("{at}: {name} is not in the schema")),
            schema => fits(value, schema, root, &format!("{at}.{name}"))?,
        }
    }
    Ok(())
}

fn referred<'a>(reference: &Value, root: &'a Value) -> Result<&'a Value, String> {
    let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).and_then(|pointer| root.pointer(pointer));
    pointer.ok_or_else(|| format!("the schema refers to {reference}, which is not there"))
}

fn has_type(value: &Value, meaning: &Value, at: &str) -> Result<(), String> {
    let is = |name: &Value| match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    let fits = match meaning {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    };
    if fits { Ok(()) } else { Err(format!("{at}: {value} is not of type {meaning}")) }
}

#[test]
fn a_document_that_does_not_fit_is_refused() {
    let schema = json!({
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": { "type": ["integer", "null"], "minimum": 0 },
            "b": { "type": "array", "items": { "$ref": "#/$defs/word" } },
            "c": { "oneOf": [{ "const": 1 }, { "type": "string" }] }
        },
        "$defs": { "word": { "enum": ["x", "y"] } }
    });
    let refused = |document: Value| fits(&document, &schema, &schema, "$").unwrap_err();
    assert_eq!(fits(&json!({"a": null, "b": ["x", "y"], "c": 1}), &schema, &schema, "$"), Ok(()));
    assert_eq!(refused(json!([])), "$: [] is not of type \"object\"");
    assert_eq!(refused(json!({})), "$: a is missing");
    assert_eq!(refused(json!({"a": 1.5})), "$.a: 1.5 is not of type [\"integer\",\"null\"]");
    assert_eq!(refused(json!({"a": -1})), "$.a: -1 is less than 0");
    assert_eq!(refused(json!({"a": 1, "b": ["z"]})), "$.b[0]: \"z\" is none of [\"x\",\"y\"]");
    assert_eq!(refused(json!({"a": 1, "d": 1})), "$: d is not in the schema");
    assert!(refused(json!({"a": 1, "c": 2})).starts_with("$.c: not exactly one"));
    assert!(fits(&json!(1), &json!({"format": "x"}), &schema, "$").unwrap_err().contains("does not know"));
}

#[test]
fn every_schema_is_named_in_the_book_and_is_one() {
    let formats = std::fs::read_to_string(repository().join("docs/formats.md")).expect("the book can be read");
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("docs/schemas")).expect("there are schemas") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8").to_owned();
        let schema: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("it can be read")).expect("it is JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(schema["title"].is_string(), "{name} has no title");
        assert!(!schema.to_string().contains(r#""additionalProperties":false"#), "{name}: new keys may come");
        assert!(formats.contains(&format!("schemas/{name}")), "docs/formats.md does not name schemas/{name}");
        count += 1;
    }
    assert!(count >= 8, "only {count} schemas");
}
