//! The types of expressions.

use petrel_frame::{Field, Scalar};
use std::fmt;

/// The type of an expression, as far as it is known before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    /// The literal `null`.
    Null,
    List(Box<Kind>),
    Map,
    /// Not known before it runs: what is in an empty list, what a map holds.
    Unknown,
    /// The type or null: an optional field.
    Optional(Box<Kind>),
}

impl Kind {
    /// The type of a field.
    pub(crate) fn of(field: &Field) -> Kind {
        let mut kind = match field.scalar {
            Scalar::Bool => Kind::Bool,
            Scalar::I64 => Kind::Int,
            Scalar::F64 => Kind::Double,
            Scalar::String => Kind::String,
            Scalar::Bytes => Kind::Bytes,
            Scalar::Timestamp => Kind::Timestamp,
        };
        if field.list {
            kind = Kind::List(Box::new(kind));
        }
        if field.optional {
            kind = Kind::Optional(Box::new(kind));
        }
        kind
    }

    /// A field of this type.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn field(&self, name: &str) -> Result<Field, String> {
        let scalar = match self {
            Kind::Optional(inner) => return Ok(inner.field(name)?.optional()),
            Kind::List(inner) => match **inner {
                Kind::List(_) | Kind::Optional(_) => return Err(format!("a field cannot be a {self}")),
                _ => return Ok(inner.field(name)?.list()),
            },
            Kind::Bool => Scalar::Bool,
            Kind::Int => Scalar::I64,
            Kind::Double => Scalar::F64,
            Kind::String => Scalar::String,
            Kind::Bytes => Scalar::Bytes,
            Kind::Timestamp => Scalar::Timestamp,
            Kind::Uint => return Err("a field cannot be a uint; write int(…) around it".into()),
            Kind::Duration => {
                return Err("a field cannot be a duration; write int(….getSeconds()) or string(…)".into());
            }
            Kind::Null => return Err("it is always null, so the field would have no type".into()),
            Kind::Map => return Err("a field cannot be a map; take a value out of it".into()),
            Kind::Unknown => {
                return Err(
                    "its type is not known before it runs; write int(…), string(…) or the like around it".into()
                );
            }
        };
        Ok(Field::new(name, scalar))
    }

    /// The type without null.
    pub(crate) fn present(&self) -> &Kind {
        match self {
            Kind::Optional(inner) => inner,
            kind => kind,
        }
    }

    /// The type of something that is either.
    pub(crate) fn either(self, other: Kind) -> Option<Kind> {
        Some(match (self, other) {
            (one, other) if one == other => one,
            (Kind::Unknown, other) | (other, Kind::Unknown) => other,
            (Kind::Null, Kind::Optional(inner)) | (Kind::Optional(inner), Kind::Null) => Kind::Optional(inner),
            (Kind::Null, other) | (other, Kind::Null) => Kind::Optional(Box::new(other)),
            (Kind::Optional(one), other) | (other, Kind::Optional(one)) => {
                Kind::Optional(Box::new((*one).either(other.present().clone())?))
            }
            (Kind::List(one), Kind::List(other)) => Kind::List(Box::new((*one).either(*other)?)),
            _ => return None,
        })
    }

    /// Whether a value of this type may be handed where `wanted` is expected.
    pub(crate) fn fits(&self, wanted: &Kind) -> bool {
        match (self.present(), wanted) {
            (Kind::Unknown, _) | (_, Kind::Unknown) => true,
            (Kind::List(one), Kind::List(other)) => one.fits(other),
            (one, other) => one == other,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Kind::Int | Kind::Uint | Kind::Double)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Uint => "uint",
            Kind::Double => "double",
            Kind::String => "string",
            Kind::Bytes => "bytes",
            Kind::Timestamp => "timestamp",
            Kind::Duration => "duration",
            Kind::Null => "null",
            Kind::Map => "map",
            Kind::Unknown => "unknown",
            Kind::List(inner) => return write!(f, "list of {inner}"),
            Kind::Optional(inner) => return write!(f, "optional {inner}"),
        })
    }
}
