//! Owned values, and frames of them.

use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, ListView, Scalar, Schema, Value};
use petrel_model::{TableKind, TableSpec};

/// An owned value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    Text(String),
    Raw(Vec<u8>),
    Time(i64),
    List(Vec<Val>),
}

pub(crate) type Key = Vec<Val>;

impl Val {
    pub(crate) fn of(value: Value<'_>) -> Val {
        match value {
            Value::Null => Val::Null,
            Value::Bool(value) => Val::Bool(value),
            Value::I64(value) => Val::Int(value),
            Value::F64(value) => Val::Float(value.to_bits()),
            Value::String(value) => Val::Text(value.into()),
            Value::Bytes(value) => Val::Raw(value.into()),
            Value::Timestamp(value) => Val::Time(value),
            Value::List(list) => Val::List(list.iter().map(Val::of).collect()),
        }
    }

    pub(crate) fn push(&self, to: &mut FrameBuilder, column: usize) {
        let items: Vec<Value<'_>>;
        let value = match self {
            Val::List(list) => {
                items = list.iter().map(Val::scalar).collect();
                Value::List(ListView::from_values(&items))
            }
            other => other.scalar(),
        };
        to.column(column).push_value(value).unwrap();
    }

    pub(crate) fn scalar(&self) -> Value<'_> {
        match self {
            Val::Null => Value::Null,
            Val::Bool(value) => Value::Bool(*value),
            Val::Int(value) => Value::I64(*value),
            Val::Float(bits) => Value::F64(f64::from_bits(*bits)),
            Val::Text(value) => Value::String(value),
            Val::Raw(value) => Value::Bytes(value),
            Val::Time(value) => Value::Timestamp(*value),
            Val::List(_) => panic!("not a scalar"),
        }
    }

    /// A value of that type, chosen by a number; now and then absent where it may be.
    pub(crate) fn pick(field: &Field, n: u32) -> Val {
        if field.optional && n.is_multiple_of(5) {
            return Val::Null;
        }
        if field.list {
            let item = Field { list: false, optional: false, ..field.clone() };
            return Val::List((0..n % 4).map(|i| Val::pick(&item, n + 7 * i)).collect());
        }
        // Texts of 0 to 40 bytes that share their beginnings, some with zeros inside.
        let text = || {
            let len = (n * 7 % 41) as usize;
            let mut bytes = vec![if n.is_multiple_of(3) { 0 } else { b'a' }; len];
            if let Some(last) = bytes.last_mut() {
                *last = b'a' + (n % 23) as u8;
            }
            bytes
        };
        match field.scalar {
            Scalar::Bool => Val::Bool(n % 2 == 1),
            Scalar::I64 => Val::Int(i64::from(n % 50) - 25),
            Scalar::F64 => Val::Float((f64::from(n) / 4.0).to_bits()),
            Scalar::String => Val::Text(String::from_utf8(text()).unwrap()),
            Scalar::Bytes => Val::Raw([text(), vec![0xff; (n % 2) as usize]].concat()),
            Scalar::Timestamp => Val::Time((i64::from(n % 50) - 6) << 40),
        }
    }
}

pub(crate) fn specs() -> Vec<TableSpec> {
    let table = |name: &str, kind, value: Field, subkey: Option<Field>| TableSpec {
        name: name.into(),
        kind,
        subkey,
        value,
        version: 1,
    };
    let field = |scalar| Field::new("value", scalar);
    let subkey = |scalar| Some(Field::new("subkey", scalar).optional());
    vec![
        table("count", TableKind::Value, field(Scalar::I64), None),
        table("last", TableKind::Value, field(Scalar::Bytes), None),
        table("flag", TableKind::Value, field(Scalar::Bool), None),
        table("mean", TableKind::LazyValue, field(Scalar::F64), None),
        table("names", TableKind::List, field(Scalar::String), None),
        table("by text", TableKind::Map, field(Scalar::I64), subkey(Scalar::String)),
        table("by time", TableKind::Map, field(Scalar::String).list(), subkey(Scalar::Timestamp)),
        table("numbers", TableKind::List, field(Scalar::I64), None),
    ]
}

/// With a list that is passed, the state block is written another way.
pub(crate) fn specs_with_list() -> Vec<TableSpec> {
    let mut specs = specs();
    specs[1].value = Field::new("value", Scalar::Bool).list();
    specs[3].value = Field::new("value", Scalar::F64).list();
    specs
}

pub(crate) fn key_specs() -> Vec<Vec<Field>> {
    let field = Field::new;
    vec![
        vec![field("word", Scalar::String)],
        vec![field("word", Scalar::Bytes).optional()],
        vec![field("number", Scalar::I64)],
        vec![field("flag", Scalar::Bool).optional()],
        vec![field("word", Scalar::String).optional(), field("at", Scalar::Timestamp), field("flag", Scalar::Bool)],
        vec![],
    ]
}

pub(crate) fn key(fields: &[Field], n: u32) -> Key {
    fields.iter().enumerate().map(|(i, field)| Val::pick(field, n >> (2 * i))).collect()
}

/// Rows as a frame of these columns. A single string column may get a dictionary.
pub(crate) fn frame(fields: &[Field], rows: &[Vec<Val>], dictionary: bool) -> FrameBuf {
    let mut builder = FrameBuilder::new(&Schema::new(fields));
    let dictionary = dictionary && fields.len() == 1 && fields[0].scalar.is_variable() && !fields[0].list;
    let mut entries: Vec<Val> = vec![];
    for row in rows {
        for (column, value) in row.iter().enumerate() {
            if dictionary && *value != Val::Null {
                // Every third row makes an entry of its own: entries need not be distinct.
                let found =
                    entries.iter().position(|entry| entry == value).filter(|_| !entries.len().is_multiple_of(3));
                builder.column(0).push_index(found.unwrap_or(entries.len()) as u32);
                if found.is_none() {
                    entries.push(value.clone());
                }
            } else {
                value.push(&mut builder, column);
            }
        }
        builder.end_row();
    }
    for entry in &entries {
        match entry.scalar() {
            Value::String(text) => builder.column(0).push_entry(text.as_bytes()),
            Value::Bytes(bytes) => builder.column(0).push_entry(bytes),
            _ => unreachable!(),
        }
    }
    let mut out = FrameBuf::new();
    builder.finish_into(&mut out).unwrap();
    out
}

pub(crate) fn rows(frame: &[u8]) -> Vec<Vec<Val>> {
    let view = FrameView::parse(frame).unwrap();
    (0..view.rows())
        .map(|row| (0..view.columns()).map(|column| Val::of(view.column(column).value(row))).collect())
        .collect()
}
