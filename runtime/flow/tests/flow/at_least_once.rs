//! Whole graphs at least once: whatever goes wrong, every tuple is through, or is replayed, or its loss is told.

use crate::executor::{Chance, Disturbance, Executor, Plugin, guest};
use crate::faults::trap;
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task};
use crate::pressure::{Seen, remembering, repeating};
use petrel_flow::{Call, Emitted, HoldAction, Origin, Returned, RowFault, TrapKind, Tuning};
use petrel_model::{Acking, Assignment, Grouping, Guarantee};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) const LIMIT: i64 = 500;

fn tracked(graph: Graph, ackers: u32) -> Assignment {
    let mut assignment = graph.build();
    assignment.guarantee = Guarantee::AtLeastOnce;
    assignment.acking = Acking { ackers, message_timeout_ms: 300, max_pending: 200 };
    assignment
}

pub(crate) fn graph(ackers: u32) -> Assignment {
    let graph = Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("middle", 2, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .bolt("sink", 2, None)
        .reads(1, Grouping::Fields(vec![0]));
    tracked(graph, ackers)
}

/// Counts from a position on, in frames of seven, without ids: the host has what is to be replayed.
pub(crate) fn positioned<'p>() -> Plugin<'p> {
    Box::new(move |_| {
        let mut next = 0;
        guest(move |call, host| {
            match call {
                Call::Open { position: Some(position) } => {
                    next = i64::from_le_bytes(position[..].try_into().unwrap());
                }
                Call::Next { max_rows, .. } => {
                    let end = LIMIT.min(next + 7.min(i64::from(*max_rows)));
                    let origin = Origin::Source { ids: Vec::new(), position: end.to_le_bytes().to_vec() };
                    host.effects.emitted.push(Emitted { origin, ..emit(0, numbers(next..end)) });
                    next = end;
                    return Ok(if next == LIMIT { Returned::End } else { Returned::More });
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    })
}

#[derive(Default)]
struct Told {
    acked: Vec<u64>,
    failed: Vec<u64>,
}

/// Counts, with the number as id, and emits again what failed.
fn with_ids<'p>(told: &Rc<RefCell<Told>>) -> Plugin<'p> {
    let told = told.clone();
    Box::new(move |_| {
        let told = told.clone();
        let (mut next, mut again) = (0, Vec::new());
        guest(move |call, host| {
            match call {
                Call::Open { position: Some(position) } => {
                    next = i64::from_le_bytes(position[..].try_into().unwrap());
                }
                Call::Next { .. } => {
                    let end = LIMIT.min(next + 7);
                    let rows: Vec<i64> = std::mem::take(&mut again).into_iter().chain(next..end).collect();
                    let ids = rows.iter().map(|number| *number as u64).collect();
                    let origin = Origin::Source { ids, position: end.to_le_bytes().to_vec() };
                    host.effects.emitted.push(Emitted { origin, ..emit(0, numbers(rows)) });
                    next = end;
                    return Ok(if next == LIMIT { Returned::End } else { Returned::More });
                }
                Call::Ack(ids) => told.borrow_mut().acked.extend(ids),
                Call::Fail(ids) => {
                    told.borrow_mut().failed.extend(ids);
                    again.extend(ids.iter().map(|id| *id as i64));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    })
}

pub(crate) fn counts(seen: &Seen) -> BTreeMap<i64, usize> {
    let mut counts = BTreeMap::new();
    for number in seen.borrow().iter().flat_map(|(_, numbers)| numbers) {
        *counts.entry(*number).or_default() += 1;
    }
    counts
}

#[test]
fn where_nothing_goes_wrong_everything_is_through_once() {
    for ackers in [1, 3] {
        for seed in 0..20 {
            let seen = Seen::default();
            let plugins = vec![positioned(), repeating(3), remembering(&seen)];
            let mut executor = Executor::new(&graph(ackers), Tuning::default(), seed, plugins);
            assert!(executor.run(), "{:?}", executor.failures);
            assert_eq!(counts(&seen), (0..LIMIT).map(|n| (n, 3)).collect());
            let report = executor.report(task(0, 0));
            assert_eq!((report.acked_rows, report.failed_rows, report.pending_rows), (LIMIT as u64, 0, 0));
            assert!(executor.now_us < 100_000, "nobody waits for a timeout: {} µs", executor.now_us);
        }
    }
}

#[test]
fn lost_messages_of_ackers_end_in_a_replay() {
    for (name, ids) in [("host", false), ("guest", true)] {
        for seed in 0..30 {
            let (seen, told) = (Seen::default(), Rc::default());
            let spout = if ids { with_ids(&told) } else { positioned() };
            let plugins = vec![spout, repeating(2), remembering(&seen)];
            let mut executor = Executor::new(&graph(2), Tuning::default(), seed, plugins);
            let mut chance = Chance(seed);
            executor.disturb = Some(Box::new(move |_| match chance.below(10) {
                0 => Disturbance::Lost,
                _ => Disturbance::None,
            }));
            assert!(executor.run(), "{name} {seed}: {:?}", executor.failures);
            let counts = counts(&seen);
            assert!((0..LIMIT).all(|n| counts.get(&n).is_some_and(|times| *times >= 2)), "{name} {seed}");
            let report = executor.report(task(0, 0));
            assert!(report.timed_out_rows > 0, "{name} {seed}: nothing was lost, so nothing is shown");
            assert_eq!((report.acked_rows, report.lost_rows), (LIMIT as u64, 0), "{name} {seed}");
            if ids {
                let mut acked = told.borrow().acked.clone();
                acked.sort_unstable();
                assert_eq!(acked, (0..LIMIT as u64).collect::<Vec<_>>(), "each once: seed {seed}");
                assert_eq!(told.borrow().failed.len() as u64, report.failed_rows);
            }
        }
    }
}

#[test]
fn rejected_and_failing_tuples_are_done_with_and_retried_ones_are_not_yet() {
    let tried = Rc::new(Cell::new(0));
    for seed in 0..10 {
        tried.set(0);
        let picky: Plugin<'_> = {
            let tried = tried.clone();
            Box::new(move |_| {
                let tried = tried.clone();
                guest(move |call, host| {
                    let Call::Process { frame, .. } = call else { return Ok(Returned::Done) };
                    let got = numbers_of(frame);
                    if got.contains(&13) {
                        return Err(trap(TrapKind::Trapped, "13"));
                    }
                    let fault = |row: usize, retry_after_ms| RowFault {
                        row: row as u32,
                        reason: "bad".to_string(),
                        retry_after_ms,
                    };
                    for (row, number) in got.iter().enumerate() {
                        if *number == 100 {
                            host.effects.faults.push(fault(row, None));
                        } else if *number == 200 && tried.get() < 2 {
                            tried.set(tried.get() + 1);
                            host.effects.faults.push(fault(row, Some(20)));
                        }
                    }
                    host.effects.emitted.push(emit(0, frame.clone()));
                    Ok(Returned::Done)
                })
            })
        };
        let seen = Seen::default();
        let mut executor =
            Executor::new(&graph(1), Tuning::default(), seed, vec![positioned(), picky, remembering(&seen)]);
        assert!(executor.run(), "{seed}: {:?}", executor.failures);
        assert_eq!(executor.letters.len(), 2);
        let wanted = (0..LIMIT).filter(|n| ![13, 100].contains(n)).map(|n| (n, 1)).collect();
        assert_eq!(counts(&seen), wanted, "nothing is replayed: seed {seed}");
        assert_eq!(executor.report(task(0, 0)).acked_rows, LIMIT as u64);
    }
}

/// Holds everything and lets go at the end: `fail` says which numbers fail the first time.
fn holding<'p>(fail: impl Fn(i64) -> bool + Copy + 'static) -> Plugin<'p> {
    Box::new(move |_| {
        let mut held: Vec<(u64, i64)> = Vec::new();
        let (mut next_handle, mut failed) = (0, Vec::new());
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    for (row, number) in numbers_of(frame).into_iter().enumerate() {
                        host.effects.holds.push(HoldAction::Hold(next_handle, vec![row as u32]));
                        if fail(number) && !failed.contains(&number) {
                            failed.push(number);
                            host.effects.holds.push(HoldAction::Fail(vec![next_handle]));
                        } else {
                            held.push((next_handle, number));
                        }
                        next_handle += 1;
                    }
                }
                Call::End { .. } => {
                    let (handles, got): (Vec<u64>, Vec<i64>) = std::mem::take(&mut held).into_iter().unzip();
                    host.effects.emitted.push(emit(0, numbers(got)));
                    host.effects.holds.push(HoldAction::Ack(handles));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    })
}

#[test]
fn what_is_held_to_the_end_does_not_keep_the_end_away() {
    for seed in 0..20 {
        let seen = Seen::default();
        let mut assignment = graph(2);
        assignment.acking.max_pending = 10_000;
        let plugins = vec![positioned(), holding(|number| number % 100 == 42), remembering(&seen)];
        let mut executor = Executor::new(&assignment, Tuning::default(), seed, plugins);
        assert!(executor.run(), "{seed}: {:?}", executor.failures);
        assert_eq!(counts(&seen), (0..LIMIT).map(|n| (n, 1)).collect(), "seed {seed}");
        let report = executor.report(task(0, 0));
        assert!(report.acked_rows == LIMIT as u64 && report.failed_rows >= 5, "{report:?}");
    }
}

#[test]
fn a_failure_after_the_end_is_told() {
    let failing: Plugin<'_> = Box::new(move |_| {
        let (mut handles, mut next) = (Vec::new(), 0);
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    let rows = (0..frame.view().rows() as u32).collect();
                    host.effects.holds.push(HoldAction::Hold(next, rows));
                    handles.push(next);
                    next += 1;
                }
                Call::End { .. } => host.effects.holds.push(HoldAction::Fail(std::mem::take(&mut handles))),
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let mut assignment = graph(1);
    assignment.acking.max_pending = 10_000;
    let seen = Seen::default();
    let mut executor =
        Executor::new(&assignment, Tuning::default(), 1, vec![positioned(), failing, remembering(&seen)]);
    assert!(!executor.run());
    let failure = executor.failures[0].to_string();
    assert!(failure.contains("lost: 500 tuples failed and were not emitted again"), "{failure}");
}

#[test]
fn no_more_is_under_way_than_max_pending() {
    let stuck: Plugin<'_> = Box::new(move |_| {
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                host.effects.faults.extend((0..frame.view().rows() as u32).map(|row| RowFault {
                    row,
                    reason: "later".to_string(),
                    retry_after_ms: Some(100),
                }));
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    let mut executor = Executor::new(&graph(1), Tuning::default(), 1, vec![positioned(), stuck, remembering(&seen)]);
    executor.run_until(50_000);
    let report = executor.report(task(0, 0));
    assert_eq!(report.pending_rows, 200);
    assert_eq!(report.emitted_rows, [200]);
}

#[test]
fn a_spout_that_crashes_loses_nothing() {
    for (ids, seed) in (0..20).flat_map(|seed| [(false, seed), (true, seed)]) {
        let (seen, told) = (Seen::default(), Rc::default());
        let inner = if ids { with_ids(&told) } else { positioned() };
        let calls = Rc::new(Cell::new(0));
        let crashing: Plugin<'_> = Box::new(move |id| {
            let (mut inner, calls) = (inner(id), calls.clone());
            guest(move |call, host| {
                calls.set(calls.get() + 1);
                let result = inner(call, host);
                if calls.get() % 17 == 0 { Err(trap(TrapKind::Trapped, "crash")) } else { result }
            })
        });
        let plugins = vec![crashing, repeating(1), remembering(&seen)];
        let mut executor = Executor::new(&graph(2), Tuning::default(), seed, plugins);
        assert!(executor.run(), "{ids} {seed}: {:?}", executor.failures);
        let counts = counts(&seen);
        assert!((0..LIMIT).all(|n| counts.contains_key(&n)), "{ids} {seed}: {} came", counts.len());
        assert!(executor.restarts > 3);
        if !ids {
            assert!(counts.values().all(|times| *times == 1), "the host had what was under way: seed {seed}");
        }
    }
}

#[test]
fn what_an_instance_held_when_it_crashed_is_replayed_at_once() {
    let crashed = Rc::new(Cell::new(false));
    let bolt: Plugin<'_> = Box::new(move |_| {
        let crashed = crashed.clone();
        let (mut held, mut next) = (Vec::new(), 0);
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    let got = numbers_of(frame);
                    if got.contains(&300) && !crashed.replace(true) {
                        return Err(trap(TrapKind::Trapped, "crash"));
                    }
                    host.effects.holds.push(HoldAction::Hold(next, (0..got.len() as u32).collect()));
                    held.push((next, got));
                    next += 1;
                }
                Call::End { .. } => {
                    for (handle, got) in std::mem::take(&mut held) {
                        host.effects.emitted.push(emit(0, numbers(got)));
                        host.effects.holds.push(HoldAction::Ack(vec![handle]));
                    }
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let mut assignment = graph(1);
    assignment.acking.max_pending = 10_000;
    let seen = Seen::default();
    let mut executor = Executor::new(&assignment, Tuning::default(), 5, vec![positioned(), bolt, remembering(&seen)]);
    assert!(executor.run(), "{:?}", executor.failures);
    let counts = counts(&seen);
    assert_eq!(counts.len() as i64, LIMIT);
    let report = executor.report(task(0, 0));
    assert!(report.failed_rows > 0 && report.timed_out_rows == 0, "{report:?}");
}

#[test]
fn groupings_that_ask_a_plugin_are_followed_too() {
    for seed in 0..10 {
        let grouping = Grouping::Custom {
            plugin: petrel_model::Digest([1; 32]),
            configuration: String::new(),
            columns: vec![0],
            schema: number_schema(),
        };
        let graph = Graph::default()
            .spout("numbers", 2, number_schema())
            .bolt("middle", 1, Some(number_schema()))
            .reads(0, Grouping::All)
            .bolt("sink", 3, None)
            .reads(1, grouping);
        let seen = Seen::default();
        let plugins = vec![positioned(), repeating(1), remembering(&seen)];
        let mut executor = Executor::new(&tracked(graph, 2), Tuning::default(), seed, plugins);
        executor.chooser = Some(Box::new(move |_, frame, tasks| {
            let got = numbers_of(frame);
            if got.contains(&77) {
                return Err(trap(TrapKind::Trapped, "77"));
            }
            Ok(got.iter().map(|n| (*n % i64::from(tasks)) as u32).collect())
        }));
        assert!(executor.run(), "{seed}: {:?}", executor.failures);
        assert_eq!(counts(&seen), (0..LIMIT).filter(|n| *n != 77).map(|n| (n, 2)).collect());
        assert_eq!(executor.letters.len(), 2);
        let acked: u64 = [task(0, 0), task(0, 1)].iter().map(|id| executor.report(*id).acked_rows).sum();
        assert_eq!(acked, 2 * LIMIT as u64);
    }
}

#[test]
fn a_spout_that_waits_for_an_ack_is_asked_when_it_comes() {
    // One at a time, and nothing to say until it is through.
    let waiting: Plugin<'_> = Box::new(move |_| {
        let (mut next, mut open) = (0, 0);
        guest(move |call, host| {
            match call {
                Call::Next { .. } if open > 0 => return Ok(Returned::Idle(i64::MAX)),
                Call::Next { .. } if next == 10 => return Ok(Returned::End),
                Call::Next { .. } => {
                    let origin = Origin::Source { ids: vec![next as u64], position: Vec::new() };
                    host.effects.emitted.push(Emitted { origin, ..emit(0, numbers([next])) });
                    (next, open) = (next + 1, 1);
                    return Ok(Returned::More);
                }
                Call::Ack(ids) => open -= ids.len(),
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    let plugins = vec![waiting, repeating(1), remembering(&seen)];
    let mut executor = Executor::new(&graph(1), Tuning::default(), 1, plugins);
    assert!(executor.run(), "{:?}", executor.failures);
    assert_eq!(counts(&seen), (0..10).map(|n| (n, 1)).collect());
    assert!(executor.now_us < 100_000, "{} µs", executor.now_us);
}

#[test]
fn what_a_bolt_holds_when_it_ends_fails_at_once() {
    let forgetful: Plugin<'_> = Box::new(move |_| {
        let mut next = 0;
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                host.effects.holds.push(HoldAction::Hold(next, (0..frame.view().rows() as u32).collect()));
                host.effects.holds.push(HoldAction::ResetTimeout(vec![next; 1_000]));
                next += 1;
            }
            Ok(Returned::Done)
        })
    });
    let mut assignment = graph(1);
    assignment.acking = Acking { message_timeout_ms: 60_000, max_pending: 10_000, ..assignment.acking };
    let seen = Seen::default();
    let plugins = vec![positioned(), forgetful, remembering(&seen)];
    let mut executor = Executor::new(&assignment, Tuning::default(), 1, plugins);
    assert!(!executor.run());
    let failure = executor.failures[0].to_string();
    assert!(failure.contains("lost: 500 tuples"), "{failure}");
    assert!(executor.now_us < 10_000_000, "nobody waits for a timeout: {} µs", executor.now_us);
}

#[test]
fn a_spout_that_fails_at_every_ack_is_paused() {
    let inner = with_ids(&Rc::default());
    let deaf: Plugin<'_> = Box::new(move |id| {
        let mut inner = inner(id);
        guest(move |call, host| match call {
            Call::Ack(_) => Err(trap(TrapKind::Trapped, "what is through?")),
            _ => inner(call, host),
        })
    });
    let seen = Seen::default();
    let mut executor = Executor::new(&graph(1), Tuning::default(), 1, vec![deaf, repeating(1), remembering(&seen)]);
    executor.run_until(60_000_000);
    assert_eq!((executor.paused.len(), executor.paused[0].call), (1, "ack"));
    assert!(executor.restarts < 30, "{} restarts", executor.restarts);
}
