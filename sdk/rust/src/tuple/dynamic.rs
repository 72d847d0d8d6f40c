//! Tuples and values that own what they hold.

use crate::time::Timestamp;
use petrel_frame::{ColumnBuilder, FrameError, ListView, Scalar, Value};
use std::cmp::Ordering;
use std::fmt;

/// A value that owns what it holds. Ordered by type, then by value; numbers by their total order.
#[derive(Clone, Debug)]
pub enum OwnedValue {
    /// Absent.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A number.
    F64(f64),
    /// Text.
    String(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A point in time.
    Timestamp(Timestamp),
    /// A list of values of one type.
    List(Vec<OwnedValue>),
}

impl OwnedValue {
    /// Appends it to a column.
    ///
    /// # Errors
    /// The column is of another type, or not optional where the value is absent.
    pub fn push_to(&self, column: &mut ColumnBuilder) -> Result<(), FrameError> {
        match self {
            OwnedValue::List(items) => {
                let items: Vec<Value<'_>> = items.iter().map(OwnedValue::as_scalar).collect();
                column.push_value(Value::List(ListView::from_values(&items)))
            }
            scalar => column.push_value(scalar.as_scalar()),
        }
    }

    /// The same value as another type, where nothing is lost: text as bytes, bytes that are UTF-8 as text, integers as
    /// timestamps and back.
    pub fn cast(self, scalar: Scalar) -> OwnedValue {
        match (self, scalar) {
            (OwnedValue::String(text), Scalar::Bytes) => OwnedValue::Bytes(text.into_bytes()),
            (OwnedValue::Bytes(bytes), Scalar::String) => match String::from_utf8(bytes) {
                Ok(text) => OwnedValue::String(text),
                Err(error) => OwnedValue::Bytes(error.into_bytes()),
            },
            (OwnedValue::I64(time), Scalar::Timestamp) => OwnedValue::Timestamp(Timestamp(time)),
            (OwnedValue::Timestamp(time), Scalar::I64) => OwnedValue::I64(time.0),
            (OwnedValue::List(items), scalar) => {
                OwnedValue::List(items.into_iter().map(|item| item.cast(scalar)).collect())
            }
            (other, _) => other,
        }
    }

    /// As a value of a frame; lists, which need room for their items, are absent.
    pub(crate) fn as_scalar(&self) -> Value<'_> {
        match self {
            OwnedValue::Null | OwnedValue::List(_) => Value::Null,
            OwnedValue::Bool(value) => Value::Bool(*value),
            OwnedValue::I64(value) => Value::I64(*value),
            OwnedValue::F64(value) => Value::F64(*value),
            OwnedValue::String(value) => Value::String(value),
            OwnedValue::Bytes(value) => Value::Bytes(value),
            OwnedValue::Timestamp(value) => Value::Timestamp(value.0),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            OwnedValue::Null => 0,
            OwnedValue::Bool(_) => 1,
            OwnedValue::I64(_) => 2,
            OwnedValue::F64(_) => 3,
            OwnedValue::String(_) => 4,
            OwnedValue::Bytes(_) => 5,
            OwnedValue::Timestamp(_) => 6,
            OwnedValue::List(_) => 7,
        }
    }
}

impl Ord for OwnedValue {
    fn cmp(&self, other: &OwnedValue) -> Ordering {
        use OwnedValue::{Bool, Bytes, F64, I64, List, String, Timestamp};
        match (self, other) {
            (Bool(a), Bool(b)) => a.cmp(b),
            (I64(a), I64(b)) => a.cmp(b),
            (F64(a), F64(b)) => a.total_cmp(b),
            (String(a), String(b)) => a.cmp(b),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (Timestamp(a), Timestamp(b)) => a.cmp(b),
            (List(a), List(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for OwnedValue {
    fn partial_cmp(&self, other: &OwnedValue) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for OwnedValue {
    fn eq(&self, other: &OwnedValue) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for OwnedValue {}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> OwnedValue {
        match value {
            Value::Null => OwnedValue::Null,
            Value::Bool(value) => OwnedValue::Bool(value),
            Value::I64(value) => OwnedValue::I64(value),
            Value::F64(value) => OwnedValue::F64(value),
            Value::String(value) => OwnedValue::String(value.into()),
            Value::Bytes(value) => OwnedValue::Bytes(value.into()),
            Value::Timestamp(value) => OwnedValue::Timestamp(Timestamp(value)),
            Value::List(list) => OwnedValue::List(list.iter().map(OwnedValue::from).collect()),
        }
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $owned:expr;)*) => {$(
        impl From<$type> for OwnedValue {
            fn from($value: $type) -> OwnedValue {
                $owned
            }
        }
    )*};
}

from! {
    bool => |value| OwnedValue::Bool(value);
    i64 => |value| OwnedValue::I64(value);
    i32 => |value| OwnedValue::I64(value.into());
    f64 => |value| OwnedValue::F64(value);
    &str => |value| OwnedValue::String(value.into());
    String => |value| OwnedValue::String(value);
    &[u8] => |value| OwnedValue::Bytes(value.into());
    Vec<u8> => |value| OwnedValue::Bytes(value);
    Timestamp => |value| OwnedValue::Timestamp(value);
}

impl<const N: usize> From<&[u8; N]> for OwnedValue {
    fn from(value: &[u8; N]) -> OwnedValue {
        OwnedValue::Bytes(value.to_vec())
    }
}

impl<T: Into<OwnedValue>> From<Option<T>> for OwnedValue {
    fn from(value: Option<T>) -> OwnedValue {
        value.map_or(OwnedValue::Null, Into::into)
    }
}

impl fmt::Display for OwnedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnedValue::Null => f.write_str("null"),
            OwnedValue::Bool(value) => value.fmt(f),
            OwnedValue::I64(value) => value.fmt(f),
            OwnedValue::F64(value) => value.fmt(f),
            OwnedValue::String(value) => write!(f, "{value:?}"),
            OwnedValue::Bytes(value) => write!(f, "\"{}\"", value.escape_ascii()),
            OwnedValue::Timestamp(value) => write!(f, "{}µs", value.0),
            OwnedValue::List(items) => {
                f.write_str("[")?;
                for (position, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if position > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A tuple with the names of its fields, for what is known only at run time.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DynamicTuple {
    /// Names and values, in order.
    pub fields: Vec<(String, OwnedValue)>,
}

impl DynamicTuple {
    /// A tuple without fields.
    pub fn new() -> DynamicTuple {
        DynamicTuple::default()
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<OwnedValue>) -> DynamicTuple {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The value of the field of that name.
    pub fn get(&self, name: &str) -> Option<&OwnedValue> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }
}

impl fmt::Display for DynamicTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (position, (name, value)) in self.fields.iter().enumerate() {
            write!(f, "{}{name}: {value}", if position > 0 { ", " } else { " " })?;
        }
        f.write_str(" }")
    }
}
