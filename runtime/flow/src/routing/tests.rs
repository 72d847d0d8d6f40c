//! Every rule against what a person would do row by row.

use super::{Delivery, Now, Routed, Router, Spread};
use crate::frame::Frame;
use crate::tuning::Tuning;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Scalar, Schema, Value};
use petrel_model::{ComponentIndex, Digest, Grouping, Input, OutputIndex, StreamName, key_bytes, key_group, owner};
use proptest::prelude::*;

fn schema() -> Schema {
    Schema::new([
        Field::new("word", Scalar::String),
        Field::new("number", Scalar::I64).optional(),
        Field::new("flag", Scalar::Bool),
        Field::new("raw", Scalar::Bytes).optional(),
        Field::new("ratio", Scalar::F64),
        Field::new("at", Scalar::Timestamp).list(),
    ])
}

fn router(grouping: Grouping, columns: &[usize], targets: usize, dictionary_rows: u32) -> Router {
    let schema = schema();
    let edge = Input {
        from: ComponentIndex(0),
        output: OutputIndex(0),
        stream: StreamName::from("a.default"),
        grouping,
        key: Vec::new(),
        columns: columns.to_vec(),
        schema: Schema::new(columns.iter().map(|column| schema.fields[*column].clone()).collect::<Vec<_>>()),
    };
    let tuning = Tuning { dictionary_rows, ..Tuning::default() };
    Router::new(&edge, &schema, targets, &[1, 2], &tuning, 0, 99)
}

/// A row for each seed; with few different seeds there are few different rows.
fn frame(seeds: &[u32], dictionary: bool) -> Frame {
    let mut builder = FrameBuilder::new(&schema());
    builder.set_event_time(3, 4);
    builder.set_watermark(5);
    if dictionary {
        (0..64).for_each(|seed| builder.column(0).push_entry(word(seed).as_bytes()));
    }
    for &seed in seeds {
        let text = word(seed % 64);
        if dictionary {
            builder.column(0).push_index(seed % 64);
        } else {
            builder.column(0).push_str(&text);
        }
        let times: Vec<Value<'_>> = (0..seed % 3).map(|n| Value::Timestamp(i64::from(n))).collect();
        let number = if seed % 5 == 0 { Value::Null } else { Value::I64(i64::from(seed) - 40) };
        let raw = if seed % 7 == 0 { Value::Null } else { Value::Bytes(text.as_bytes()) };
        builder.column(1).push_value(number).unwrap();
        builder.column(2).push_bool(seed % 2 == 0);
        builder.column(3).push_value(raw).unwrap();
        builder.column(4).push_f64(f64::from(seed) / 3.0);
        builder.column(5).push_list(times).unwrap();
    }
    let mut bytes = FrameBuf::new();
    builder.finish_into(&mut bytes).unwrap();
    Frame::validate(bytes).unwrap()
}

/// Short ones, an empty one, and some that are longer than what is copied at a time.
fn word(seed: u32) -> String {
    match seed % 4 {
        0 if seed == 0 => String::new(),
        3 => format!("a rather long word that goes on, number {seed}"),
        _ => format!("w{seed}"),
    }
}

fn texts(view: &FrameView<'_>, columns: &[usize]) -> Vec<String> {
    let cells = |row| columns.iter().map(move |column| format!("{:?}", view.column(*column).value(row)));
    (0..view.rows()).map(|row| cells(row).collect::<Vec<_>>().join(" ")).collect()
}

/// What arrives at each target, as text; every part is checked as if it came from a stranger.
fn arrived(deliveries: &[Delivery], columns: &[usize], targets: usize) -> Vec<Vec<String>> {
    let mut arrived = vec![Vec::new(); targets];
    let schema = schema();
    let schema = Schema::new(columns.iter().map(|column| schema.fields[*column].clone()).collect::<Vec<_>>());
    for (target, part) in deliveries {
        let view = FrameView::parse_expecting(part, &schema).unwrap();
        assert!(view.rows() > 0, "an empty frame for target {target}");
        assert_eq!((view.event_time(), view.watermark()), (Some((3, 4)), Some(5)));
        arrived[*target].extend(texts(&view, &(0..columns.len()).collect::<Vec<_>>()));
    }
    arrived
}

fn route(router: &mut Router, frame: &Frame, loads: &[u64]) -> Vec<Delivery> {
    let mut to = Vec::new();
    let now = Now { loads, direct: None, followed: true };
    let routed = router.route(frame.clone(), now, &mut to).unwrap();
    // What is told of the rows is what was done with them.
    let rows: Vec<usize> = to.iter().map(|(_, part)| part.view().rows()).collect();
    match routed {
        Routed::Delivered(Spread::All) => assert!(rows.iter().all(|rows| *rows == frame.view().rows())),
        Routed::Delivered(Spread::Parts(parts)) => {
            assert_eq!(parts.iter().map(|rows| *rows as usize).collect::<Vec<_>>(), rows);
        }
        Routed::Delivered(Spread::ByRow(targets)) => {
            assert_eq!(targets.len(), frame.view().rows());
            let got = |target: usize| targets.iter().filter(|of_row| **of_row as usize == target).count();
            assert!(to.is_sorted_by_key(|(target, _)| *target));
            assert_eq!(to.iter().map(|(target, _)| got(*target)).collect::<Vec<_>>(), rows);
        }
        Routed::Ask(_) => panic!("nobody is to be asked"),
    }
    to
}

/// Columns that are read: all kinds of choices, with the key and without, twice and out of order.
const READS: [&[usize]; 7] = [&[0], &[0, 1, 2, 3, 4], &[4, 0], &[1, 2], &[0, 5], &[0, 0], &[]];
const KEYS: [&[usize]; 6] = [&[0], &[1], &[3], &[2], &[0, 1], &[3, 0, 2]];

proptest! {
    #[test]
    fn fields_agrees_with_key_bytes_row_by_row(
        seeds in prop::collection::vec(0u32..200, 1..120),
        reads in prop::sample::select(READS.to_vec()),
        key in prop::sample::select(KEYS.to_vec()),
        targets in 1usize..6,
        dictionary_rows in prop::sample::select(vec![1, 40, 10_000]),
        dictionary: bool,
    ) {
        let mut router = router(Grouping::Fields(key.to_vec()), reads, targets, dictionary_rows);
        // Twice, because everything is used again.
        for seeds in [&seeds[..], &seeds[seeds.len() / 2..]] {
            let frame = frame(seeds, dictionary);
            let got = arrived(&route(&mut router, &frame, &[0; 8]), reads, targets);
            let view = frame.view();
            let mut expected = vec![Vec::new(); targets];
            for (row, text) in texts(&view, reads).into_iter().enumerate() {
                let mut bytes = Vec::new();
                key_bytes(&view, key, row, &mut bytes);
                expected[owner(key_group(&bytes), targets as u32).0 as usize].push(text);
            }
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn partial_key_loses_nothing_and_gives_a_key_to_two_at_most(
        seeds in prop::collection::vec(0u32..200, 1..120),
        reads in prop::sample::select(READS.to_vec()),
        targets in 1usize..6,
        dictionary: bool,
    ) {
        let mut router = router(Grouping::PartialKey(vec![0]), reads, targets, 30);
        let frame = frame(&seeds, dictionary);
        let got = arrived(&route(&mut router, &frame, &[0; 8]), reads, targets);
        let mut all = got.concat();
        all.sort();
        let mut expected = texts(&frame.view(), reads);
        expected.sort();
        prop_assert_eq!(all, expected);
        if reads.first() == Some(&0) {
            for word in texts(&frame.view(), &[0]) {
                let has = |rows: &&Vec<String>| rows.iter().any(|row| row.starts_with(&word));
                prop_assert!(got.iter().filter(has).count() <= 2, "{word}");
            }
        }
    }

    #[test]
    fn custom_agrees_with_the_plugins_choice(
        seeds in prop::collection::vec((0u32..200, 0u32..4), 1..120),
        reads in prop::sample::select(READS.to_vec()),
        dictionary: bool,
    ) {
        let grouping = Grouping::Custom {
            plugin: Digest([0; 32]),
            configuration: String::new(),
            columns: vec![1],
            schema: Schema::default(),
        };
        let mut router = router(grouping, reads, 4, 30);
        let (seeds, tasks): (Vec<u32>, Vec<u32>) = seeds.into_iter().unzip();
        let frame = frame(&seeds, dictionary);
        let mut to = Vec::new();
        let asked = router.route(frame.clone(), Now { loads: &[0; 4], direct: None, followed: true }, &mut to).unwrap();
        let Routed::Ask(question) = asked else { panic!("the plugin is not asked") };
        prop_assert_eq!(texts(&question.view(), &[0]), texts(&frame.view(), &[1]));
        router.chosen(&frame, &tasks, &mut to).unwrap();
        let mut expected = vec![Vec::new(); 4];
        for (text, task) in texts(&frame.view(), reads).into_iter().zip(&tasks) {
            expected[*task as usize].push(text);
        }
        prop_assert_eq!(arrived(&to, reads, 4), expected);
    }

    #[test]
    fn shuffle_cuts_evenly_over_idle_targets(rows in 1usize..60, loads in prop::collection::vec(0u64..3, 5)) {
        let mut router = router(Grouping::Shuffle, &[1, 0], 5, 30);
        let frame = frame(&(0..rows as u32).collect::<Vec<_>>(), false);
        let deliveries = route(&mut router, &frame, &loads);
        let got = arrived(&deliveries, &[1, 0], 5);
        let idle: Vec<usize> = (0..5).filter(|target| loads[*target] == 0).collect();
        prop_assert_eq!(deliveries.len(), idle.len().clamp(1, rows));
        for (target, got) in got.iter().enumerate().filter(|(_, got)| !got.is_empty()) {
            let least = loads.iter().min().unwrap();
            prop_assert_eq!(loads[target], *least);
            prop_assert!(got.len().abs_diff(rows / deliveries.len()) <= 1);
        }
        let order: Vec<String> = deliveries.iter().flat_map(|(_, part)| texts(&part.view(), &[0, 1])).collect();
        prop_assert_eq!(order, texts(&frame.view(), &[1, 0]));
    }
}

#[test]
fn single_tuples_go_round() {
    for loads in [[0u64; 5], [7; 5]] {
        let mut router = router(Grouping::Shuffle, &[0], 5, 30);
        let one = frame(&[1], false);
        let targets: Vec<usize> = (0..10).map(|_| route(&mut router, &one, &loads)[0].0).collect();
        assert_eq!(targets, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    }
}

#[test]
fn local_or_shuffle_stays_local() {
    let mut router = router(Grouping::LocalOrShuffle, &[0], 5, 30);
    let one = frame(&[1], false);
    let targets: Vec<usize> = (0..4).map(|_| route(&mut router, &one, &[0, 9, 9, 0, 0])[0].0).collect();
    assert_eq!(targets, [1, 2, 1, 2]);
}

#[test]
fn what_needs_no_copy_is_not_copied() {
    let whole = frame(&[1, 2, 3, 4], false);
    let all = [0, 1, 2, 3, 4, 5];
    let same = |to: &[Delivery]| to.iter().all(|(_, part)| core::ptr::eq(&**part, &*whole));
    assert!(same(&route(&mut router(Grouping::All, &all, 3, 30), &whole, &[0; 3])));
    assert!(same(&route(&mut router(Grouping::Global, &all, 3, 30), &whole, &[0; 3])));
    assert!(same(&route(&mut router(Grouping::Fields(vec![0]), &all, 1, 30), &whole, &[0])));
    assert!(same(&route(&mut router(Grouping::Shuffle, &all, 3, 30), &whole, &[5, 5, 4])));
    let alike = frame(&[8, 8, 8], false);
    let mut fields = router(Grouping::Fields(vec![0]), &all, 4, 30);
    let to = route(&mut fields, &alike, &[0; 4]);
    assert!(to.len() == 1 && core::ptr::eq(&*to[0].1, &*alike), "rows that stay together are passed on as they are");
}

#[test]
fn a_large_frame_gets_a_dictionary_where_words_repeat() {
    let repeating = frame(&(0..400).map(|n| n % 20).collect::<Vec<_>>(), false);
    let mut router = router(Grouping::Fields(vec![0]), &[0], 2, 100);
    let to = route(&mut router, &repeating, &[0; 2]);
    assert!(to.len() == 2 && to.iter().all(|(_, part)| part.view().column(0).is_dictionary()));
    assert_eq!(to.iter().map(|(_, part)| part.view().column(0).entries()).sum::<usize>(), 20);
}

#[test]
fn keys_that_repeat_a_long_entry_are_not_hashed_without_end() {
    let mut builder = FrameBuilder::new(&schema());
    builder.column(3).push_entry(&vec![7; 1 << 20]);
    for row in 0..100 {
        builder.column(0).push_str("word");
        builder.column(1).push_null();
        builder.column(2).push_bool(true);
        builder.column(4).push_f64(0.0);
        builder.column(5).push_list([]).unwrap();
        if row == 0 {
            builder.column(3).push_null();
        } else {
            builder.column(3).push_index(0);
        }
    }
    let mut bytes = FrameBuf::new();
    builder.finish_into(&mut bytes).unwrap();
    let frame = Frame::validate(bytes).unwrap();
    for grouping in [Grouping::Fields(vec![3]), Grouping::Fields(vec![0, 3]), Grouping::PartialKey(vec![3])] {
        let mut router = router(grouping, &[0], 4, 1_000);
        let now = Now { loads: &[0; 4], direct: None, followed: true };
        let error = router.route(frame.clone(), now, &mut Vec::new()).unwrap_err();
        assert!(error.contains("a frame of 100 rows take 104857600 bytes"), "{error}");
    }
}
