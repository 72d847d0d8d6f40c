//! A small tree of values: what a topology is read from, whatever it was written in.

use super::place::Located;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Number;

/// A value and where it was written.
pub(crate) type Node = Located<Value>;

/// A value as configuration languages have them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table and its value. Tables keep the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Located<String>,
    pub(crate) node: Node,
}

impl Value {
    /// The type with its article, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Boolean(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The same value in JSON; none where there is no such: for `inf` and `nan`.
    pub(crate) fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Value::Boolean(value) => serde_json::Value::Bool(*value),
            Value::Integer(value) => serde_json::Value::Number((*value).into()),
            Value::Float(value) => serde_json::Value::Number(Number::from_f64(*value)?),
            Value::Text(value) => serde_json::Value::String(value.clone()),
            Value::List(nodes) => {
                serde_json::Value::Array(nodes.iter().map(|node| node.value.to_json()).collect::<Option<_>>()?)
            }
            Value::Table(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|entry| Some((entry.key.value.clone(), entry.node.value.to_json()?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}
