//! What the columns of a frame are.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The type of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Scalar {
    /// True or false.
    Bool = 1,
    /// A signed 64-bit integer.
    I64 = 2,
    /// A 64-bit IEEE 754 number.
    F64 = 3,
    /// UTF-8 text.
    String = 4,
    /// Any bytes.
    Bytes = 5,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp = 6,
}

impl Scalar {
    /// The scalar a column table's byte stands for.
    pub fn from_code(code: u8) -> Option<Scalar> {
        Some(match code {
            1 => Scalar::Bool,
            2 => Scalar::I64,
            3 => Scalar::F64,
            4 => Scalar::String,
            5 => Scalar::Bytes,
            6 => Scalar::Timestamp,
            _ => return None,
        })
    }

    /// Whether values are kept as offsets and bytes.
    pub fn is_variable(self) -> bool {
        matches!(self, Scalar::String | Scalar::Bytes)
    }

    /// Whether values may be (part of) a key: all but `f64`.
    pub fn is_key(self) -> bool {
        self != Scalar::F64
    }

    /// The name in topology files, messages and documents.
    pub fn name(self) -> &'static str {
        match self {
            Scalar::Bool => "bool",
            Scalar::I64 => "i64",
            Scalar::F64 => "f64",
            Scalar::String => "string",
            Scalar::Bytes => "bytes",
            Scalar::Timestamp => "timestamp",
        }
    }

    /// The scalar of that name.
    pub fn from_name(name: &str) -> Option<Scalar> {
        (1..=6).filter_map(Scalar::from_code).find(|scalar| scalar.name() == name)
    }
}

/// One column: its name and type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Unique within its schema.
    pub name: String,
    /// The type of a value, or of a list's values.
    pub scalar: Scalar,
    /// A list of the scalar instead of one.
    pub list: bool,
    /// The value may be absent.
    pub optional: bool,
}

impl Field {
    /// A required column of a scalar.
    pub fn new(name: impl Into<String>, scalar: Scalar) -> Field {
        Field { name: name.into(), scalar, list: false, optional: false }
    }

    /// The same column, optional.
    pub fn optional(self) -> Field {
        Field { optional: true, ..self }
    }

    /// The same column as a list.
    pub fn list(self) -> Field {
        Field { list: true, ..self }
    }

    /// Whether a column of this field can be handed to a reader of `other`: the same type, and optional only
    /// where the reader allows it. Names are not compared.
    pub fn fits(&self, other: &Field) -> bool {
        self.scalar == other.scalar && self.list == other.list && (!self.optional || other.optional)
    }

    /// The type as messages print it: `i64`, `list<string>`, `optional<bytes>`.
    pub fn type_name(&self) -> String {
        let mut name = String::from(self.scalar.name());
        if self.list {
            name = alloc::format!("list<{name}>");
        }
        if self.optional {
            name = alloc::format!("optional<{name}>");
        }
        name
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.type_name())
    }
}

/// The columns of a stream, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    /// At most 1,024, with different names.
    pub fields: Vec<Field>,
}

impl Schema {
    /// A schema of these fields.
    pub fn new(fields: impl Into<Vec<Field>>) -> Schema {
        Schema { fields: fields.into() }
    }

    /// Where the field of that name is.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, field) in self.fields.iter().enumerate() {
            write!(f, "{}{field}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
