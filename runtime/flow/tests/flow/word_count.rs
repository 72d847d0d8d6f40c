//! The main job in small: lines, split, count, at several parallelisms, with tiny and large frames.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, words, words_of};
use petrel_flow::{Call, Returned, Tuning};
use petrel_frame::{Field, Scalar, Schema, Value};
use petrel_model::{Assignment, Grouping};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

type Counts = BTreeMap<String, u64>;

fn text(lines: usize) -> Vec<String> {
    let word = |n: usize| ["the", "storm", "petrel", "feeds", "in", "a", "gale"][n % 7];
    (0..lines).map(|n| (0..n % 11).map(|i| format!("{}{} ", word(n * i), n * i % 13)).collect()).collect()
}

fn counted(lines: &[String]) -> Counts {
    let mut counts = Counts::new();
    for word in lines.iter().flat_map(|line| line.split_ascii_whitespace()) {
        *counts.entry(word.to_string()).or_default() += 1;
    }
    counts
}

/// Emits its share of the lines, so many in a frame.
fn lines(text: &[String], tasks: usize, in_a_frame: usize) -> Plugin<'_> {
    Box::new(move |id| {
        let share: Vec<String> = text.iter().skip(id.task.0 as usize).step_by(tasks).cloned().collect();
        let mut at = 0;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                let end = share.len().min(at + in_a_frame);
                host.effects.emitted.push(emit(0, words(share[at..end].iter().map(String::as_str))));
                at = end;
                return Ok(if at == share.len() { Returned::End } else { Returned::More });
            }
            Ok(Returned::Done)
        })
    })
}

fn split<'p>() -> Plugin<'p> {
    Box::new(|_| {
        guest(|call, host| {
            if let Call::Process { frame, .. } = call {
                let lines = words_of(frame);
                let found = lines.iter().flat_map(|line| line.split_ascii_whitespace());
                host.effects.emitted.push(emit(0, words(found)));
            }
            Ok(Returned::Done)
        })
    })
}

/// Counts in memory, emits at the end.
fn count<'p>() -> Plugin<'p> {
    Box::new(|_| {
        let mut counts = Counts::new();
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    words_of(frame).into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
                }
                Call::End { .. } => {
                    let rows = counts.iter().map(|(word, n)| vec![Value::String(word), Value::I64(*n as i64)]);
                    host.effects.emitted.push(emit(0, crate::graph::rows(&count_schema(), rows)));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    })
}

fn collect<'p>(into: Rc<RefCell<Counts>>) -> Plugin<'p> {
    Box::new(move |_| {
        let into = into.clone();
        guest(move |call, _| {
            if let Call::Process { frame, .. } = call {
                let view = frame.view();
                for (row, word) in words_of(frame).into_iter().enumerate() {
                    let previous = into.borrow_mut().insert(word.clone(), view.column(1).i64s().unwrap()[row] as u64);
                    assert_eq!(previous, None, "`{word}` was counted by two tasks");
                }
            }
            Ok(Returned::Done)
        })
    })
}

fn count_schema() -> Schema {
    Schema::new([Field::new("word", Scalar::String), Field::new("count", Scalar::I64)])
}

fn topology(parallelism: u32) -> Assignment {
    Graph::default()
        .spout("lines", parallelism.min(2), crate::graph::word_schema())
        .bolt("split", parallelism, Some(crate::graph::word_schema()))
        .reads(0, Grouping::Shuffle)
        .bolt("count", parallelism, Some(count_schema()))
        .reads(1, Grouping::Fields(vec![0]))
        .bolt("collect", 1, None)
        .reads(2, Grouping::Global)
        .build()
}

fn tiny() -> Tuning {
    Tuning {
        frame_bytes: 600,
        whole_bytes: 400,
        slice_bytes: 900,
        window_bytes: 2_000,
        dictionary_rows: 8,
        ..Tuning::default()
    }
}

fn run(
    text: &[String],
    parallelism: u32,
    in_a_frame: usize,
    tuning: Tuning,
    seed: u64,
    traced: bool,
) -> (Counts, Vec<String>) {
    let counts = Rc::new(RefCell::new(Counts::new()));
    let assignment = topology(parallelism);
    let spouts = assignment.components[0].parallelism as usize;
    let plugins = vec![lines(text, spouts, in_a_frame), split(), count(), collect(counts.clone())];
    let mut executor = Executor::new(&assignment, tuning, seed, plugins);
    if traced {
        executor = executor.traced();
    }
    assert!(executor.run(), "{:?}", executor.failures);
    let executed: u64 = (0..parallelism).map(|n| executor.report(crate::graph::task(2, n)).executed_rows).sum();
    assert_eq!(executed, counted(text).values().sum::<u64>());
    for id in &assignment.tasks {
        let report = executor.report(*id);
        assert_eq!((report.queue_bytes, report.unsent_bytes), (0, 0), "{id} leaves something behind");
        assert_eq!((report.missing_messages, report.repeated_messages, report.stale_messages), (0, 0, 0));
    }
    let trace = std::mem::take(&mut executor.trace);
    drop(executor);
    (Rc::into_inner(counts).unwrap().into_inner(), trace)
}

#[test]
fn equals_a_direct_count_at_any_parallelism_and_frame_size() {
    let text = text(400);
    let expected = counted(&text);
    for parallelism in 1..=4 {
        for (in_a_frame, tuning) in
            [(1, tiny()), (7, tiny()), (150, tiny()), (7, Tuning::default()), (400, Tuning::default())]
        {
            for seed in 0..3 {
                let (counts, _) = run(&text, parallelism, in_a_frame, tuning, seed, false);
                assert_eq!(counts, expected, "parallelism {parallelism}, {in_a_frame} lines a frame, seed {seed}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let text = text(120);
    let (_, one) = run(&text, 3, 5, tiny(), 42, true);
    let (_, other) = run(&text, 3, 5, tiny(), 42, true);
    let (_, different) = run(&text, 3, 5, tiny(), 43, true);
    assert!(one.len() > 100);
    assert_eq!(one, other);
    assert_ne!(one, different, "the seed decides nothing");
}
