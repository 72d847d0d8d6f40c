//! Reshaping agrees with the same done to rows of owned values.

use super::model::{Owned, choices, read, read_all_ways, tables, tables_alike};
use crate::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::vec::Vec;

/// Parses completely: what reshaping makes must be valid.
fn rows_of(frame: &FrameBuf) -> Vec<Vec<Owned>> {
    let view = FrameView::parse(frame).expect("reshaping makes valid frames");
    read_all_ways(&view);
    read(&view)
}

proptest! {
    #[test]
    fn slices(table in tables(), a in any::<Index>(), b in any::<Index>()) {
        let (a, b) = (a.index(table.rows + 1), b.index(table.rows + 1));
        let range = a.min(b)..a.max(b);
        let frame = table.frame();
        let sliced = slice(&FrameView::parse(&frame).unwrap(), range.clone());
        prop_assert!(sliced.len() <= frame.len());
        prop_assert_eq!(rows_of(&sliced), table.rows()[range].to_vec());
    }

    #[test]
    fn takes(table in tables(), indices in prop::collection::vec(any::<Index>(), 0..60)) {
        let chosen = choices(&indices, table.rows);
        let frame = table.frame();
        let taken = take(&FrameView::parse(&frame).unwrap(), &chosen).unwrap();
        let rows = table.rows();
        prop_assert_eq!(rows_of(&taken), chosen.iter().map(|&row| rows[row as usize].clone()).collect::<Vec<_>>());
    }

    #[test]
    fn scattered_rows_never_outgrow_the_frame(table in tables(), tasks in 1u32..4) {
        let frame = table.frame();
        let view = FrameView::parse(&frame).unwrap();
        for task in 0..tasks {
            let rows: Vec<u32> = (0..table.rows as u32).filter(|row| row % tasks == task).collect();
            prop_assert!(take(&view, &rows).unwrap().len() <= frame.len());
        }
    }

    #[test]
    fn concats(tables in tables_alike()) {
        let frames: Vec<FrameBuf> = tables.iter().map(|table| table.frame()).collect();
        let views: Vec<_> = frames.iter().map(|frame| FrameView::parse(frame).unwrap()).collect();
        let joined = concat(&views).unwrap();
        let expected: Vec<_> = tables.iter().flat_map(|table| table.rows()).collect();
        prop_assert_eq!(rows_of(&joined), expected);
    }

    #[test]
    fn slices_join_to_the_whole(table in tables(), cut in any::<Index>()) {
        let frame = table.frame();
        let view = FrameView::parse(&frame).unwrap();
        let cut = cut.index(table.rows + 1);
        let (first, second) = (slice(&view, 0..cut), slice(&view, cut..table.rows));
        let joined = concat(&[FrameView::parse(&first).unwrap(), FrameView::parse(&second).unwrap()]).unwrap();
        prop_assert_eq!(rows_of(&joined), table.rows());
    }

    #[test]
    fn projects(table in tables(), indices in prop::collection::vec(any::<Index>(), 0..6)) {
        let columns = choices(&indices, table.columns.len());
        let columns: Vec<usize> = columns.iter().map(|&column| column as usize).collect();
        let frame = table.frame();
        let projected = project(&FrameView::parse(&frame).unwrap(), &columns).unwrap();
        let expected: Vec<Vec<Owned>> = table
            .rows()
            .iter()
            .map(|row| columns.iter().map(|&column| row[column].clone()).collect())
            .collect();
        prop_assert_eq!(rows_of(&projected), expected);
    }
}

fn words(values: &[&str], times: Option<(i64, i64)>, watermark: i64) -> FrameBuf {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("word", Scalar::String)]));
    for value in values {
        builder.column(0).push_value(Value::String(value)).unwrap();
    }
    if let Some((least, greatest)) = times {
        builder.set_event_time(least, greatest);
    }
    builder.set_watermark(watermark);
    let mut frame = FrameBuf::new();
    builder.finish_into(&mut frame).unwrap();
    frame
}

#[test]
fn times_span_all_frames_and_the_watermark_is_the_last() {
    let frames = [words(&["a"], Some((5, 9)), 4), words(&["b"], None, 6), words(&[], Some((7, 11)), 8)];
    let views: Vec<_> = frames.iter().map(|frame| FrameView::parse(frame).unwrap()).collect();
    let joined = concat(&views).unwrap();
    let view = FrameView::parse(&joined).unwrap();
    assert_eq!((view.event_time(), view.watermark()), (Some((5, 11)), Some(8)));
    for part in [slice(&views[0], 0..1), take(&views[0], &[0]).unwrap(), project(&views[0], &[]).unwrap()] {
        let view = FrameView::parse(&part).unwrap();
        assert_eq!((view.rows(), view.event_time(), view.watermark()), (1, Some((5, 9)), Some(4)));
    }
}

/// A column of 1,000 rows over two long words.
fn dictionary_frame() -> FrameBuf {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("word", Scalar::Bytes)]));
    builder.column(0).push_entry(&[b'a'; 1000]);
    builder.column(0).push_entry(&[b'b'; 1000]);
    (0..1000).for_each(|row| builder.column(0).push_index(row % 2));
    let mut frame = FrameBuf::new();
    builder.finish_into(&mut frame).unwrap();
    frame
}

#[test]
fn dictionaries_are_kept_while_they_pay() {
    let frame = dictionary_frame();
    let view = FrameView::parse(&frame).unwrap();
    let is_dictionary = |frame: &FrameBuf| FrameView::parse(frame).unwrap().column(0).is_dictionary();
    assert!(is_dictionary(&slice(&view, 0..500)));
    assert!(!is_dictionary(&slice(&view, 0..1)));
    assert!(is_dictionary(&take(&view, &[1, 2, 3, 4]).unwrap()));
    assert!(!is_dictionary(&take(&view, &[1]).unwrap()));
    let joined = concat(&[view, view]).unwrap();
    let joined = FrameView::parse(&joined).unwrap();
    // The same dictionary twice is written once.
    assert_eq!(joined.column(0).dictionary().unwrap().1.len(), 2);
    let plain = slice(&view, 0..1);
    assert!(!is_dictionary(&concat(&[view, FrameView::parse(&plain).unwrap()]).unwrap()));
}

#[test]
fn reshaping_keeps_the_limit_without_taking_the_memory() {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("data", Scalar::Bytes)]));
    builder.column(0).push_entry(&std::vec![7; 8 << 20]);
    (0..100_000).for_each(|_| builder.column(0).push_index(0));
    let mut large = FrameBuf::new();
    builder.finish_into(&mut large).unwrap();
    let large = FrameView::parse(&large).unwrap();
    builder.clear();
    builder.column(0).push_bytes(b"plain");
    let plain = FrameView::parse(builder.finish().unwrap()).unwrap();
    // A hundred thousand times 8 MiB, if the dictionary were written out.
    assert!(matches!(concat(&[large, plain]), Err(FrameError::TooLarge { bytes }) if bytes > 100_000 * (8 << 20)));
    assert!(matches!(project(&large, &[0, 0]), Err(FrameError::TooLarge { .. })));
    let single = slice(&large, 0..1);
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("data", Scalar::Bytes)]));
    builder.column(0).push_bytes(FrameView::parse(&single).unwrap().column(0).bytes_at(0));
    let single = FrameView::parse(builder.finish().unwrap()).unwrap();
    let twice = 2 * (8 << 20) + 2 * 4;
    assert!(matches!(take(&single, &[0, 0]), Err(FrameError::TooLarge { bytes }) if bytes >= twice));
}

#[test]
fn what_is_not_there_cannot_be_taken() {
    let frame = words(&["a", "b"], None, 0);
    let view = FrameView::parse(&frame).unwrap();
    assert_eq!(take(&view, &[1, 2]), Err(FrameError::NoSuchRow { row: 2, rows: 2 }));
    assert_eq!(project(&view, &[0, 1]), Err(FrameError::NoSuchColumn { column: 1, columns: 1 }));
    assert_eq!(concat(&[]), Err(FrameError::NothingToConcat));
    let none = project(&view, &[]).unwrap();
    let none = FrameView::parse(&none).unwrap();
    assert_eq!(concat(&[view, none]), Err(FrameError::ColumnCount { found: 0, expected: 1 }));
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("word", Scalar::Bytes)]));
    let bytes = FrameView::parse(builder.finish().unwrap()).unwrap();
    assert_eq!(
        concat(&[view, view, bytes]),
        Err(FrameError::ConcatDiffers { frame: 2, column: 0, found: "bytes".into(), expected: "string".into() })
    );
}

#[test]
#[should_panic(expected = "rows 1..3 of a frame with 2 rows")]
fn slicing_past_the_end_is_a_programmer_error() {
    let frame = words(&["a", "b"], None, 0);
    slice(&FrameView::parse(&frame).unwrap(), 1..3);
}
