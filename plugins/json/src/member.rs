//! The members of a document that are wanted, without building the others.

use petrel_sdk::Schema;
use petrel_sdk::serde_json;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A value in a document; text without escapes is borrowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Member<'d> {
    /// `null`, or not there.
    #[default]
    Null,
    Bool(bool),
    Integer(i64),
    /// A number with a fraction or exponent, or an integer beyond i64.
    Float(f64),
    Text(Cow<'d, str>),
    List(Vec<Member<'d>>),
    Object,
}

impl Member<'_> {
    /// What it is, for a message.
    pub(crate) fn kind(&self) -> String {
        match self {
            Member::Null => "null".into(),
            Member::Bool(value) => value.to_string(),
            Member::Integer(number) => number.to_string(),
            Member::Float(number) => format!("{number:?}"),
            Member::Text(_) => "text".into(),
            Member::List(_) => "a list".into(),
            Member::Object => "an object".into(),
        }
    }
}

/// The members of a document that a schema wants, in its order.
#[derive(Debug)]
pub(crate) struct Members<'d>(Vec<Member<'d>>);

impl<'d> Members<'d> {
    /// Reads a document, which must be one object and nothing else.
    pub(crate) fn of(document: &'d [u8], wanted: &Schema) -> Result<Members<'d>, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(document);
        let members = deserializer.deserialize_map(ObjectVisitor { wanted })?;
        deserializer.end()?;
        Ok(Members(members))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Member<'d>> {
        self.0.iter()
    }
}

struct ObjectVisitor<'s> {
    wanted: &'s Schema,
}

impl<'d> Visitor<'d> for ObjectVisitor<'_> {
    type Value = Vec<Member<'d>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = vec![Member::Null; self.wanted.fields.len()];
        while let Some(position) = object.next_key_seed(Name { wanted: self.wanted })? {
            match position {
                Some(position) => members[position] = object.next_value_seed(Any)?,
                None => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

/// The name of a member, as its position among those wanted.
struct Name<'s> {
    wanted: &'s Schema,
}

impl<'d> DeserializeSeed<'d> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'d>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'d> Visitor<'d> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.wanted.position(name))
    }
}

/// Any value.
struct Any;

impl<'d> DeserializeSeed<'d> for Any {
    type Value = Member<'d>;

    fn deserialize<D: Deserializer<'d>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for Any {
    type Value = Member<'d>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Member::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Member::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Member::Float(number as f64), Member::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Member::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'d str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.into())))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = list.next_element_seed(Any)? {
            members.push(member);
        }
        Ok(Member::List(members))
    }

    fn visit_map<A: MapAccess<'d>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::Object)
    }
}
