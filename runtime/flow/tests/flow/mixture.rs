//! Everything that can be wrong with tuples, mixed by a seed: each is either processed exactly once or buried exactly once,
//! with the reason that is its own.

use crate::executor::{Chance, Executor, Plugin, guest};
use crate::faults::{fault, seen_table, times, trap};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of};
use crate::pressure::{Seen, counting, remembering};
use petrel_flow::{Call, Returned, TrapKind, Tuning};
use petrel_model::Grouping;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const NUMBERS: i64 = 600;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Passes,
    Rejected,
    Traps,
    TakesTooLong,
    EmitsNonsense,
    /// Asks for another try, so many times.
    ComesAgain(u32),
}

fn fate(number: i64, seed: u64, one_in: usize) -> Fate {
    let mut chance = Chance(seed ^ (number as u64) << 20);
    if chance.below(one_in) > 0 {
        return Fate::Passes;
    }
    match chance.below(5) {
        0 => Fate::Rejected,
        1 => Fate::Traps,
        2 => Fate::TakesTooLong,
        3 => Fate::EmitsNonsense,
        _ => Fate::ComesAgain(1 + chance.below(5) as u32),
    }
}

/// A bolt that does to each number what its fate is, fails now and then for no reason, and counts in its state.
fn fateful<'p>(seed: u64, one_in: usize) -> Plugin<'p> {
    let tried: Rc<RefCell<BTreeMap<i64, u32>>> = Rc::default();
    let calls = Rc::new(RefCell::new(Chance(seed)));
    Box::new(move |_| {
        let (tried, calls) = (tried.clone(), calls.clone());
        guest(move |call, host| {
            let Call::Process { frame, .. } = call else { return Ok(Returned::Done) };
            let got = numbers_of(frame);
            for (number, times) in got.iter().zip(times(host.state, frame)) {
                assert_eq!(times, 0, "{number} was processed before");
            }
            host.state.set(0, frame, &numbers(got.iter().map(|_| 1))).unwrap();
            if got.len() > 1 && calls.borrow_mut().below(20) == 0 {
                return Err(trap(TrapKind::Trapped, "for no reason"));
            }
            let mut asked = Vec::new();
            for (row, number) in got.iter().enumerate() {
                match fate(*number, seed, one_in) {
                    Fate::Passes => {}
                    Fate::Rejected => host.effects.faults.push(fault(row, None)),
                    Fate::Traps => {
                        // Some guests can say where they were.
                        host.effects.at_row = (calls.borrow_mut().below(2) == 0).then_some(row as u32);
                        return Err(trap(TrapKind::Trapped, &format!("{number}")));
                    }
                    Fate::TakesTooLong => return Err(trap(TrapKind::TimeLimit, &format!("{number}"))),
                    Fate::EmitsNonsense => host.effects.emitted.push(emit(5, numbers([*number]))),
                    Fate::ComesAgain(times) => {
                        if tried.borrow().get(number).copied().unwrap_or(0) < times {
                            asked.push(*number);
                            host.effects.faults.push(fault(row, Some(3)));
                        }
                    }
                }
            }
            // Only a call that ends well has asked for anything.
            asked.into_iter().for_each(|number| *tried.borrow_mut().entry(number).or_default() += 1);
            host.effects.emitted.push(emit(0, numbers(got.iter().copied())));
            Ok(Returned::Done)
        })
    })
}

fn run(seed: u64) -> (Vec<i64>, BTreeMap<i64, String>, Vec<String>) {
    let mut chance = Chance(seed);
    let one_in = [2, 10, 100][chance.below(3)];
    let graph = Graph::default()
        .spout("numbers", 1 + chance.below(2) as u32, number_schema())
        .bolt("fateful", 1 + chance.below(3) as u32, Some(number_schema()))
        .reads(0, Grouping::Fields(vec![0]))
        .keeps(vec![seen_table()], &["number"])
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build();
    let spouts = i64::from(graph.components[0].parallelism);
    let tuning = Tuning {
        breaker_rows: u32::MAX,
        breaker_us: i64::MAX,
        slice_bytes: 200 + chance.below(4_000) as u32,
        window_bytes: 500 + chance.below(10_000) as u64,
        ..Tuning::default()
    };
    let counting = counting(1 + chance.below(300) as i64, NUMBERS / spouts);
    // The second task of the spout counts from where the first ends.
    let spout: Plugin<'_> = Box::new(move |id| {
        let mut inner = counting(id);
        let offset = i64::from(id.task.0) * (NUMBERS / spouts);
        guest(move |call, host| {
            let effects = host.effects;
            let result = inner(call, crate::executor::Host { effects: &mut *effects, ..host });
            for emitted in &mut effects.emitted {
                emitted.frame = numbers(numbers_of(&emitted.frame).into_iter().map(|n| n + offset));
            }
            result
        })
    });
    let seen = Seen::default();
    let plugins = vec![spout, fateful(seed, one_in), remembering(&seen)];
    let mut executor = Executor::new(&graph, tuning, seed, plugins).traced();
    assert!(executor.run(), "seed {seed}: {:?} {:?}", executor.failures, executor.paused);
    let mut passed: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    passed.sort_unstable();
    let mut buried = BTreeMap::new();
    for letter in &executor.letters {
        let number = numbers_of(&letter.tuple)[0];
        let reason = format!("{}: {}", letter.cause.name(), letter.cause.reason());
        assert_eq!(buried.insert(number, reason), None, "seed {seed}: {number} is buried twice");
    }
    for number in 0..NUMBERS {
        let fate = fate(number, seed, one_in);
        let wanted = match fate {
            Fate::Passes => None,
            Fate::ComesAgain(times) => (times > tuning.retries).then_some("rejected: ".to_string()),
            Fate::Rejected => Some("rejected: ".to_string()),
            Fate::Traps => Some(format!("trap: {number}")),
            Fate::TakesTooLong => Some(format!("time-limit: {number}")),
            Fate::EmitsNonsense => Some("contract: emitted to output 5".to_string()),
        };
        let is = buried.get(&number);
        let right = match (&wanted, is) {
            (None, None) => true,
            (Some(wanted), Some(is)) => is.starts_with(wanted.as_str()),
            _ => false,
        };
        assert!(right, "seed {seed}: {number} has the fate {fate:?} and became {is:?}");
    }
    (passed, buried, executor.trace)
}

#[test]
fn every_tuple_is_processed_once_or_buried_once() {
    for seed in 0..150 {
        let (passed, buried, _) = run(seed);
        let wanted: Vec<i64> = (0..NUMBERS).filter(|number| !buried.contains_key(number)).collect();
        assert_eq!(passed, wanted, "seed {seed}");
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in [3, 77] {
        assert_eq!(run(seed).2, run(seed).2);
    }
}
