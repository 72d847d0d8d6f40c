//! What goes into a builder comes out of a view.

use super::model::{Owned, Table, read, read_all_ways, tables};
use crate::*;
use proptest::prelude::*;
use std::vec::Vec;

proptest! {
    #[test]
    fn every_type_comes_back(table in tables()) {
        let frame = table.frame();
        let view = FrameView::parse_expecting(&frame, &table.schema()).expect("builders write valid frames");
        prop_assert_eq!(read(&view), table.rows());
        read_all_ways(&view);
        // SAFETY: the bytes come from a builder.
        let trusted = unsafe { FrameView::parse_trusted(&frame) }.expect("it was parsed before");
        prop_assert_eq!(read(&trusted), table.rows());
    }

    #[test]
    fn rows_make_the_same_frame_as_columns(table in tables()) {
        let mut builder = FrameBuilder::new(&table.schema());
        let rows = table.rows();
        // Twice, so that a cleared builder must have forgotten everything.
        for _ in 0..2 {
            builder.clear();
            for row in &rows {
                let lists: Vec<Vec<Value<'_>>> = row
                    .iter()
                    .map(|value| match value {
                        Owned::List(values) => values.iter().map(Owned::value).collect(),
                        _ => Vec::new(),
                    })
                    .collect();
                let values = row.iter().zip(&lists).map(|(value, list)| match value {
                    Owned::List(_) => Value::List(ListView::from_values(list)),
                    _ => value.value(),
                });
                builder.push_row(&values.collect::<Vec<_>>()).expect("the values are of the columns' types");
            }
        }
        prop_assert_eq!(builder.rows(), table.rows);
        let plain = Table {
            columns: table.columns.iter().cloned().map(|column| super::model::TestColumn { dictionary: false, ..column }).collect(),
            rows: table.rows,
        };
        prop_assert_eq!(builder.finish().expect("it is valid"), &plain.frame()[..]);
    }

    #[test]
    fn wide_pushes_are_pushes(values in prop::collection::vec("[a-z]{0,50}", 0..30), lead in "[a-z]{0,20}") {
        let schema = Schema::new([Field::new("word", Scalar::String)]);
        let total = values.iter().map(|value| value.len()).sum();
        let mut builders = [FrameBuilder::new(&schema), FrameBuilder::new(&schema), FrameBuilder::new(&schema)];
        builders.iter_mut().for_each(|builder| builder.column(0).push_str(&lead));
        let [plain, wide, unchecked] = &mut builders;
        let mut writer = unchecked.column(0).wide(values.len(), total);
        for value in &values {
            let mut padded = value.clone().into_bytes();
            padded.resize(value.len() + 16, 0xee);
            plain.column(0).push_str(value);
            // SAFETY: 16 bytes follow the text, and room for all values was asked for.
            unsafe {
                wide.column(0).push_bytes_wide(padded.as_ptr(), value.len());
                writer.push(padded.as_ptr(), value.len());
            }
        }
        drop(writer);
        let expected = plain.finish().expect("it is valid");
        prop_assert_eq!(wide.finish().expect("it is valid"), expected);
        prop_assert_eq!(unchecked.finish().expect("it is valid"), expected);
    }
}

#[test]
fn header_fields_come_back() {
    let mut builder = FrameBuilder::new(&Schema::default());
    builder.set_schema_id(7);
    builder.set_event_time(-5, 9);
    builder.set_watermark(3);
    builder.end_rows(1000);
    let frame = FrameBuf::from_slice(builder.finish().unwrap());
    let view = FrameView::parse(&frame).unwrap();
    assert_eq!((view.rows(), view.columns(), view.schema_id()), (1000, 0, 7));
    assert_eq!((view.event_time(), view.watermark()), (Some((-5, 9)), Some(3)));
    builder.clear();
    let view = FrameView::parse(builder.finish().unwrap()).unwrap();
    assert_eq!((view.rows(), view.event_time(), view.watermark(), view.schema_id()), (0, None, None, 7));
}

#[test]
fn an_optional_column_without_absent_values_is_written_as_required() {
    let schema = Schema::new([Field::new("a", Scalar::I64).optional()]);
    let mut builder = FrameBuilder::new(&schema);
    builder.column(0).push_i64(1);
    let frame = FrameBuf::from_slice(builder.finish().unwrap());
    assert!(!FrameView::parse_expecting(&frame, &schema).unwrap().column(0).is_optional());
    builder.column(0).push_null();
    let frame = FrameBuf::from_slice(builder.finish().unwrap());
    let view = FrameView::parse(&frame).unwrap();
    assert!(view.column(0).is_optional());
    let required = Schema::new([Field::new("a", Scalar::I64)]);
    assert_eq!(
        view.expect(&required),
        Err(FrameError::ColumnType {
            column: 0,
            name: "a".into(),
            found: "optional<i64>".into(),
            expected: "i64".into()
        })
    );
}

#[test]
fn a_dictionary_of_absent_rows_alone_is_valid() {
    let schema = Schema::new([Field::new("a", Scalar::String).optional()]);
    let mut builder = FrameBuilder::new(&schema);
    builder.column(0).push_null();
    builder.column(0).extend_indices(&[]);
    builder.column(0).push_null();
    let view = FrameView::parse(builder.finish().unwrap()).unwrap();
    assert!(view.column(0).is_dictionary());
    assert_eq!(view.column(0).value(1), Value::Null);
}

#[test]
fn a_dictionary_can_be_handed_on() {
    let schema = Schema::new([Field::new("a", Scalar::Bytes)]);
    let mut first = FrameBuilder::new(&schema);
    first.column(0).push_entry(b"x");
    first.column(0).push_entry(b"yy");
    first.column(0).extend_indices(&[1, 0, 1]);
    let view = FrameView::parse(first.finish().unwrap()).unwrap();
    let (indices, entries) = view.column(0).dictionary().unwrap();
    let mut second = FrameBuilder::new(&schema);
    second.column(0).push_index(indices[0]);
    second.column(0).set_dictionary(entries);
    second.column(0).push_value(Value::Bytes(b"zzz")).unwrap();
    let view = FrameView::parse(second.finish().unwrap()).unwrap();
    assert_eq!((view.column(0).bytes_at(0), view.column(0).bytes_at(1)), (&b"yy"[..], &b"zzz"[..]));
}

#[test]
fn builders_refuse_what_is_not_a_frame() {
    let schema = Schema::new([
        Field::new("text", Scalar::String),
        Field::new("count", Scalar::I64),
        Field::new("list", Scalar::I64).list(),
    ]);
    let mut builder = FrameBuilder::new(&schema);
    let push = |builder: &mut FrameBuilder, column: usize, value: Value<'_>| builder.column(column).push_value(value);

    assert_eq!(builder.push_row(&[Value::Null]), Err(FrameError::RowWidth { found: 1, expected: 3 }));
    assert_eq!(push(&mut builder, 0, Value::Null), Err(FrameError::NotOptional { column: 0, row: 0 }));
    assert_eq!(
        push(&mut builder, 1, Value::Timestamp(1)),
        Err(FrameError::ValueType { column: 1, row: 0, found: "timestamp", expected: "i64".into() })
    );
    let mixed = [Value::I64(1), Value::Bool(true)];
    assert_eq!(
        push(&mut builder, 2, Value::List(ListView::from_values(&mixed))),
        Err(FrameError::ValueType { column: 2, row: 0, found: "bool", expected: "list<i64>".into() })
    );
    assert_eq!(builder.column(2).push_list([Value::Null]), Err(FrameError::NotOptional { column: 2, row: 0 }));

    builder.column(0).push_str("a");
    assert_eq!(builder.finish(), Err(FrameError::RowsDisagree { column: 1, rows: 0, expected: 1 }));
    builder.column(1).push_i64(1);
    builder.column(2).push_i64_list(&[]);
    // Nothing is left of the lists that were refused.
    assert_eq!(FrameView::parse(builder.finish().unwrap()).unwrap().column(2).entries(), 0);

    builder.set_event_time(2, 1);
    assert_eq!(builder.finish(), Err(FrameError::EventTimeReversed { least: 2, greatest: 1 }));
}

#[test]
fn builders_check_bytes_that_should_be_text() {
    let schema = Schema::new([Field::new("text", Scalar::String)]);
    let mut builder = FrameBuilder::new(&schema);
    builder.column(0).push_bytes("é".as_bytes());
    assert!(builder.finish().is_ok());
    builder.column(0).push_bytes(b"a\xff");
    assert_eq!(builder.finish(), Err(FrameError::NotUtf8 { column: 0, entry: 1, offset: 3 }));
    builder.clear();
    builder.column(0).push_bytes(b"\xc3");
    builder.column(0).push_bytes(b"\xa9");
    assert_eq!(builder.finish(), Err(FrameError::SplitCharacter { column: 0, entry: 1, offset: 1 }));
    builder.clear();
    builder.column(0).push_index(1);
    builder.column(0).push_entry(b"only");
    assert_eq!(builder.finish(), Err(FrameError::IndexOutOfRange { column: 0, row: 0, index: 1, entries: 1 }));
}

#[test]
fn builders_keep_the_limits() {
    let schema = Schema::new([Field::new("data", Scalar::Bytes)]);
    let mut builder = FrameBuilder::new(&schema);
    builder.column(0).push_bytes(&std::vec![0; MAX_FRAME_BYTES - 48 - 48 - 8 - 64]);
    assert_eq!(builder.bytes(), MAX_FRAME_BYTES);
    assert_eq!(builder.finish().unwrap().len(), MAX_FRAME_BYTES);
    builder.column(0).push_bytes(b"1");
    assert_eq!(builder.finish(), Err(FrameError::TooLarge { bytes: MAX_FRAME_BYTES as u64 + 16 }));

    let mut builder = FrameBuilder::new(&Schema::default());
    builder.end_rows(MAX_ROWS + 1);
    assert_eq!(builder.finish(), Err(FrameError::TooManyRows { rows: MAX_ROWS + 1 }));
    let field = Field::new("a", Scalar::I64);
    let mut builder = FrameBuilder::new(&Schema::new(std::vec![field; MAX_COLUMNS + 1]));
    assert_eq!(builder.finish(), Err(FrameError::TooManyColumns { columns: MAX_COLUMNS + 1 }));
}

#[test]
#[should_panic(expected = "column 0 holds I64s of i64: Strings were pushed")]
fn pushing_another_type_is_a_programmer_error() {
    FrameBuilder::new(&Schema::new([Field::new("a", Scalar::I64)])).column(0).push_str("1");
}

/// In a release build the sum would wrap around, and `push` would write past what there is.
#[test]
#[should_panic(expected = "a capacity fits an address")]
fn room_beyond_all_memory_is_not_taken_for_little_room() {
    FrameBuilder::new(&Schema::new([Field::new("bytes", Scalar::Bytes)])).column(0).wide(0, usize::MAX);
}
