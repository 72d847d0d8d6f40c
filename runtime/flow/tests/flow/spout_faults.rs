//! Spouts that fail.

use crate::executor::{Executor, Plugin, guest};
use crate::faults::trap;
use crate::graph::{Graph, emit, number_schema, numbers, task};
use crate::pressure::{Seen, remembering};
use petrel_flow::{Call, Emitted, Origin, Returned, TrapKind, Tuning};
use petrel_model::Grouping;
use std::cell::Cell;
use std::rc::Rc;

/// Emits 0, 1, 2 … up to a limit, ten at a time, and goes on from a position; `fails` says which calls fail.
fn replaying<'p>(limit: i64, fails: impl Fn(i64, u32) -> bool + Copy + 'static) -> Plugin<'p> {
    let calls = Rc::new(Cell::new(0));
    Box::new(move |_| {
        let (calls, mut next) = (calls.clone(), 0);
        guest(move |call, host| {
            match call {
                Call::Open { position: Some(position) } => {
                    next = i64::from_le_bytes(position[..].try_into().unwrap());
                }
                Call::Next { .. } => {
                    let end = limit.min(next + 10);
                    let position = end.to_le_bytes().to_vec();
                    let origin = Origin::Source { ids: Vec::new(), position };
                    host.effects.emitted.push(Emitted { origin, ..emit(0, numbers(next..end)) });
                    calls.set(calls.get() + 1);
                    if fails(next, calls.get()) {
                        return Err(trap(TrapKind::Trapped, "lost the thread"));
                    }
                    next = end;
                    return Ok(if next == limit { Returned::End } else { Returned::More });
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    })
}

fn run_spout(spout: Plugin<'_>) -> (Executor<'_>, bool, Vec<i64>) {
    let seen = Seen::default();
    let graph = Graph::default().spout("numbers", 1, number_schema()).bolt("sink", 1, None).reads(0, Grouping::Global);
    let mut executor = Executor::new(&graph.build(), Tuning::default(), 1, vec![spout, remembering(&seen)]);
    let finished = executor.run();
    let got = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    (executor, finished, got)
}

#[test]
fn a_spout_that_fails_goes_on_where_it_was() {
    let (executor, finished, got) = run_spout(replaying(100, |_, call| call % 3 == 0));
    assert!(finished);
    assert_eq!(got, (0..100).collect::<Vec<_>>());
    assert_eq!((executor.restarts, executor.faults.len()), (4, 4));
    assert!(executor.now_us < 1_000, "the first time it is not left alone");
}

#[test]
fn a_spout_that_always_fails_is_left_alone_longer_and_longer_and_then_paused() {
    let (mut executor, finished, got) = run_spout(replaying(100, |next, _| next == 50));
    assert!(!finished);
    assert_eq!(got, (0..50).collect::<Vec<_>>());
    assert_eq!(executor.paused.len(), 1);
    assert!((30_000_000..45_000_000).contains(&executor.now_us), "paused at {}", executor.now_us);
    assert!((10..20).contains(&executor.restarts), "{} restarts", executor.restarts);
    executor.resume(task(0, 0));
    assert!(!executor.run(), "it fails still");
    assert_eq!(executor.paused.len(), 2);
    executor.drain();
    assert!(executor.run(), "a paused spout has nothing in flight");
}
