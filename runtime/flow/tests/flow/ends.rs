//! Streams end, and everything that was on its way is processed first.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task};
use crate::pressure::{Seen, counting, remembering, repeating};
use petrel_flow::lineage::Lineage;
use petrel_flow::{Call, ChannelId, Envelope, Kind, Message, Returned, Tuning, Write};
use petrel_model::{Generation, Grouping, InputIndex};
use std::cell::RefCell;
use std::rc::Rc;

/// Never ends by itself.
fn endless<'p>() -> Plugin<'p> {
    Box::new(|_| {
        let mut next = 0;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                next += 10;
                host.effects.emitted.push(emit(0, numbers(next - 10..next)));
                return Ok(Returned::Idle(host.now_us + 100));
            }
            Ok(Returned::Done)
        })
    })
}

#[test]
fn drained_spouts_end_and_nothing_is_lost() {
    for seed in 0..8 {
        let seen = Seen::default();
        let graph = Graph::default()
            .spout("numbers", 2, number_schema())
            .bolt("repeat", 3, Some(number_schema()))
            .reads(0, Grouping::Shuffle)
            .bolt("sink", 2, None)
            .reads(1, Grouping::Fields(vec![0]))
            .build();
        let tuning = Tuning { window_bytes: 3_000, ..Tuning::default() };
        let mut executor = Executor::new(&graph, tuning, seed, vec![endless(), repeating(3), remembering(&seen)]);
        executor.call_us.insert(1, 300);
        executor.call_us.insert(2, 700);
        executor.run_until(50_000);
        executor.drain();
        assert!(executor.run(), "{:?}", executor.failures);
        let emitted: u64 = (0..2).map(|n| executor.report(task(0, n)).emitted_rows[0]).sum();
        let arrived: usize = seen.borrow().iter().map(|(_, numbers)| numbers.len()).sum();
        assert!(emitted > 100);
        assert_eq!(arrived as u64, 3 * emitted, "seed {seed}");
    }
}

#[test]
fn each_input_is_told_its_end_once_after_its_last_tuple() {
    for seed in 0..8 {
        let events = Rc::new(RefCell::new(Vec::new()));
        let told = events.clone();
        let join: Plugin<'_> = Box::new(move |_| {
            let told = told.clone();
            guest(move |call, host| {
                match call {
                    Call::Process { input, frame, .. } => told.borrow_mut().push((*input, numbers_of(frame).len())),
                    Call::End { input, .. } => {
                        told.borrow_mut().push((*input, 0));
                        host.effects.writes.push(Write::Print(vec![*input as u8]));
                    }
                    _ => {}
                }
                Ok(Returned::Done)
            })
        });
        let graph = Graph::default()
            .spout("short", 2, number_schema())
            .spout("long", 1, number_schema())
            .bolt("join", 1, None)
            .reads(0, Grouping::Global)
            .reads(1, Grouping::Global)
            .build();
        let plugins = vec![counting(5, 20), counting(5, 400), join];
        let mut executor = Executor::new(&graph, Tuning::default(), seed, plugins);
        assert!(executor.run());
        for (input, rows) in [(0, 40), (1, 400)] {
            let of: Vec<usize> = events.borrow().iter().filter(|(i, _)| *i == input).map(|(_, rows)| *rows).collect();
            assert_eq!(of.iter().sum::<usize>(), rows);
            assert_eq!(of.iter().filter(|rows| **rows == 0).count(), 1);
            assert_eq!(of.last(), Some(&0), "a tuple after the end of input {input}");
        }
        assert_eq!(executor.writes.len(), 2);
    }
}

#[test]
fn messages_of_another_generation_and_repeated_ones_are_dropped_and_counted() {
    let seen = Seen::default();
    let graph =
        Graph::default().spout("numbers", 1, number_schema()).bolt("sink", 1, None).reads(0, Grouping::Global).build();
    let mut executor = Executor::new(&graph, Tuning::default(), 5, vec![counting(10, 1_000), remembering(&seen)]);
    let message = |from, to, generation| Message {
        envelope: Envelope {
            channel: ChannelId { from, input: InputIndex(0), to },
            sequence: 0,
            generation: Generation(generation),
            epoch: 0,
            kind: Kind::Data,
            sent_us: 0,
        },
        frame: Some(numbers([-1])),
        lineage: Lineage::default(),
    };
    executor.run_until(30);
    assert!(!executor.report(task(1, 0)).finished);
    executor.inject(message(task(0, 0), task(1, 0), 6));
    executor.inject(message(task(0, 0), task(1, 0), 7));
    executor.inject(message(task(0, 9), task(1, 0), 7));
    assert!(executor.run());
    let report = executor.report(task(1, 0));
    assert_eq!((report.stale_messages, report.repeated_messages, report.missing_messages), (2, 1, 0));
    let got: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    assert_eq!(got, (0..1_000).collect::<Vec<_>>());
}

#[test]
fn a_bolt_may_emit_at_its_end() {
    let seen = Seen::default();
    let total: Plugin<'_> = Box::new(|_| {
        let mut total = 0;
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => total += numbers_of(frame).iter().sum::<i64>(),
                Call::End { .. } => host.effects.emitted.push(emit(0, numbers([total]))),
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let graph = Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("total", 3, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build();
    let mut executor = Executor::new(&graph, Tuning::default(), 5, vec![counting(7, 1_000), total, remembering(&seen)]);
    assert!(executor.run());
    assert_eq!(seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).sum::<i64>(), 999 * 1_000 / 2);
}
