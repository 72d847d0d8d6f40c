//! Frames as rows of owned values: what the properties compare with.

use crate::{Column, Field, FrameBuf, FrameBuilder, FrameView, ListView, Scalar, Schema, StringColumn, Value};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;

/// A value that owns what it refers to. Numbers are compared by their bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Owned {
    Null,
    Bool(bool),
    I64(i64),
    F64(u64),
    String(String),
    Bytes(Vec<u8>),
    Timestamp(i64),
    List(Vec<Owned>),
}

impl Owned {
    pub(super) fn of(value: Value<'_>) -> Owned {
        match value {
            Value::Null => Owned::Null,
            Value::Bool(value) => Owned::Bool(value),
            Value::I64(value) => Owned::I64(value),
            Value::F64(value) => Owned::F64(value.to_bits()),
            Value::String(value) => Owned::String(value.to_string()),
            Value::Bytes(value) => Owned::Bytes(value.to_vec()),
            Value::Timestamp(value) => Owned::Timestamp(value),
            Value::List(values) => Owned::List(values.iter().map(Owned::of).collect()),
        }
    }

    /// The value of something that is not a list.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Bool(value) => Value::Bool(*value),
            Owned::I64(value) => Value::I64(*value),
            Owned::F64(bits) => Value::F64(f64::from_bits(*bits)),
            Owned::String(value) => Value::String(value),
            Owned::Bytes(value) => Value::Bytes(value),
            Owned::Timestamp(value) => Value::Timestamp(*value),
            Owned::List(_) => unreachable!("there are no lists of lists"),
        }
    }
}

/// One column of a table.
#[derive(Clone, Debug)]
pub(super) struct TestColumn {
    pub(super) field: Field,
    pub(super) dictionary: bool,
    /// As many as the table has rows.
    pub(super) values: Vec<Owned>,
}

/// A frame to be.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<TestColumn>,
    pub(super) rows: usize,
}

impl Table {
    pub(super) fn schema(&self) -> Schema {
        Schema::new(self.columns.iter().map(|column| column.field.clone()).collect::<Vec<_>>())
    }

    /// The frame, made with the push that fits each type best.
    pub(super) fn frame(&self) -> FrameBuf {
        let mut builder = FrameBuilder::new(&self.schema());
        builder.end_rows(self.rows);
        for (index, column) in self.columns.iter().enumerate() {
            column.push_to(builder.column(index));
        }
        let frame = FrameBuf::from_slice(builder.finish().expect("the values are of the columns' types"));
        assert_eq!(frame.len(), builder.bytes());
        frame
    }

    pub(super) fn rows(&self) -> Vec<Vec<Owned>> {
        (0..self.rows).map(|row| self.columns.iter().map(|column| column.values[row].clone()).collect()).collect()
    }
}

impl TestColumn {
    fn push_to(&self, builder: &mut crate::ColumnBuilder) {
        let mut known = BTreeMap::new();
        for value in &self.values {
            let mut push_entry = |builder: &mut crate::ColumnBuilder, entry: &[u8]| {
                let next = known.len() as u32;
                let index = *known.entry(entry.to_vec()).or_insert(next);
                if index == next {
                    builder.push_entry(entry);
                }
                builder.push_index(index);
            };
            match value {
                Owned::Null => builder.push_null(),
                Owned::Bool(value) => builder.push_bool(*value),
                Owned::I64(value) | Owned::Timestamp(value) => builder.push_i64(*value),
                Owned::F64(bits) => builder.push_f64(f64::from_bits(*bits)),
                Owned::String(value) if self.dictionary => push_entry(builder, value.as_bytes()),
                Owned::Bytes(value) if self.dictionary => push_entry(builder, value),
                Owned::String(value) => builder.push_str(value),
                Owned::Bytes(value) => builder.push_bytes(value),
                Owned::List(values) => builder.push_list(values.iter().map(Owned::value)).expect("values are alike"),
            }
        }
    }
}

/// Everything in a frame, read as single values.
pub(super) fn read(view: &FrameView<'_>) -> Vec<Vec<Owned>> {
    let columns: Vec<Column<'_>> = (0..view.columns()).map(|index| view.column(index)).collect();
    (0..view.rows()).map(|row| columns.iter().map(|column| Owned::of(column.value(row))).collect()).collect()
}

/// Reads a frame through every other way there is and compares with the single values. Panics if one disagrees.
pub(super) fn read_all_ways(view: &FrameView<'_>) {
    for index in 0..view.columns() {
        let column = view.column(index);
        assert_eq!(column.rows(), view.rows());
        assert_eq!(column.validity().is_some(), column.is_optional());
        let entries = if column.is_list() || column.is_dictionary() { column.entries() } else { view.rows() };
        assert_eq!(column.entries(), entries);
        column.strings().into_iter().for_each(read_strings);
        column.dictionary().into_iter().for_each(|(_, entries)| read_strings(entries));
        for row in 0..view.rows() {
            let value = column.value(row);
            assert_eq!(column.is_present(row), value != Value::Null);
            assert_eq!(column.list(row).is_some(), matches!(value, Value::List(_)));
            match value {
                Value::Null if column.scalar().is_variable() && !column.is_list() => {
                    assert_eq!(column.bytes_at(row), b"")
                }
                Value::Null => {}
                Value::Bool(value) => assert_eq!(column.bools().map(|bits| bits.get(row)), Some(value)),
                Value::I64(value) | Value::Timestamp(value) => {
                    assert_eq!(column.i64s().map(|all| all[row]), Some(value))
                }
                Value::F64(value) => {
                    assert_eq!(column.f64s().map(|all| all[row].to_bits()), Some(value.to_bits()))
                }
                Value::String(value) => assert_eq!(column.bytes_at(row), value.as_bytes()),
                Value::Bytes(value) => assert_eq!(column.bytes_at(row), value),
                Value::List(list) => read_list(list),
            }
        }
    }
    assert!(view.rows() > 1000 || !view.to_string().is_empty());
}

fn read_strings(strings: StringColumn<'_>) {
    assert_eq!(strings.iter().len(), strings.len());
    assert!(strings.iter().enumerate().all(|(index, value)| strings.get(index) == value));
    assert_eq!(strings.iter().map(<[u8]>::len).sum::<usize>(), strings.bytes().len());
    assert!(strings.padded_bytes()[strings.bytes().len()..].iter().all(|&byte| byte == 0));
}

fn read_list(list: ListView<'_>) {
    assert_eq!(list.iter().len(), list.len());
    if let Some(values) = list.i64s() {
        let same = |(value, other): (Value<'_>, &i64)| value == Value::I64(*other) || value == Value::Timestamp(*other);
        assert!(list.iter().zip(values).all(same));
    }
    if let Some(values) = list.f64s() {
        assert_eq!(values.len(), list.len());
    }
    assert!(list.iter().all(|value| !value.to_string().is_empty()));
}

/// Any table of up to four columns and forty rows: every scalar, list or not, optional or not, either encoding.
pub(super) fn tables() -> impl Strategy<Value = Table> {
    (prop::collection::vec(columns(), 0..5), 0usize..40).prop_flat_map(|(columns, rows)| fill(columns, rows))
}

/// Tables of the same columns, with encodings and optionality of their own.
pub(super) fn tables_alike() -> impl Strategy<Value = Vec<Table>> {
    prop::collection::vec(columns(), 0..4).prop_flat_map(|columns| {
        let one = (prop::collection::vec((any::<bool>(), any::<bool>()), columns.len()), 0usize..20).prop_flat_map(
            move |(changes, rows)| {
                let columns = columns.iter().zip(changes).map(|((field, dictionary), (optional, plain))| {
                    (Field { optional: field.optional && optional, ..field.clone() }, *dictionary && !plain)
                });
                fill(columns.collect(), rows)
            },
        );
        prop::collection::vec(one, 1..5)
    })
}

/// Rows of a table, some of them more than once.
pub(super) fn choices(indices: &[Index], rows: usize) -> Vec<u32> {
    if rows == 0 { Vec::new() } else { indices.iter().map(|index| index.index(rows) as u32).collect() }
}

fn columns() -> impl Strategy<Value = (Field, bool)> {
    (1u8..=6, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(code, list, optional, dictionary)| {
        let scalar = Scalar::from_code(code).expect("there are six");
        let list = list && !(dictionary && scalar.is_variable());
        (Field { name: "c".to_string(), scalar, list, optional }, dictionary && !list && scalar.is_variable())
    })
}

fn fill(columns: Vec<(Field, bool)>, rows: usize) -> impl Strategy<Value = Table> {
    let columns: Vec<_> = columns
        .into_iter()
        .map(|(field, dictionary)| {
            prop::collection::vec(values(&field), rows).prop_map(move |values| TestColumn {
                field: field.clone(),
                dictionary,
                values,
            })
        })
        .collect();
    columns.prop_map(move |columns| Table { columns, rows })
}

fn values(field: &Field) -> BoxedStrategy<Owned> {
    let one = match field.scalar {
        Scalar::Bool => any::<bool>().prop_map(Owned::Bool).boxed(),
        Scalar::I64 => any::<i64>().prop_map(Owned::I64).boxed(),
        Scalar::F64 => any::<u64>().prop_map(Owned::F64).boxed(),
        Scalar::Timestamp => any::<i64>().prop_map(Owned::Timestamp).boxed(),
        Scalar::String => prop_oneof![
            "[ab]{0,2}".prop_map(Owned::String),
            "[a-zé€😀]{0,40}".prop_map(Owned::String),
            "\\PC{0,8}".prop_map(Owned::String)
        ]
        .boxed(),
        Scalar::Bytes => prop_oneof![
            prop::collection::vec(0u8..2, 0..2).prop_map(Owned::Bytes),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(Owned::Bytes)
        ]
        .boxed(),
    };
    let one = if field.list { prop::collection::vec(one, 0..5).prop_map(Owned::List).boxed() } else { one };
    if field.optional { prop_oneof![1 => Just(Owned::Null), 3 => one].boxed() } else { one }
}
