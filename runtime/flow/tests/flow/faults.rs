//! Rows that are refused, rows that come again, and calls that fail: each costs what it must, and nothing else.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task};
use crate::pressure::{Seen, counting, remembering};
use petrel_flow::{
    Call, Cause, DeadLetter, Effects, Failure, Returned, RowFault, Trap, TrapKind, Tuning, TupleOrigin, Write,
};
use petrel_frame::{Field, FrameBuf, FrameView, Scalar, Value};
use petrel_model::{Assignment, Grouping, InputIndex, TableKind, TableSpec};
use petrel_state::TaskState;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) fn graph() -> Assignment {
    Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("strict", 1, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .keeps(vec![seen_table()], &["number"])
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build()
}

pub(crate) fn seen_table() -> TableSpec {
    TableSpec {
        name: "seen".to_string(),
        kind: TableKind::LazyValue,
        subkey: None,
        value: Field::new("seen", Scalar::I64),
        version: 0,
    }
}

/// How often the state says that each number was processed.
pub(crate) fn times(state: &mut TaskState, numbers: &FrameBuf) -> Vec<i64> {
    let mut values = FrameBuf::new();
    state.get(0, numbers, &mut values).unwrap();
    let view = FrameView::parse(&values).unwrap();
    let value = |row| match view.column(0).value(row) {
        Value::I64(times) => times,
        _ => 0,
    };
    (0..view.rows()).map(value).collect()
}

pub(crate) fn fault(row: usize, retry_after_ms: Option<u64>) -> RowFault {
    RowFault { row: row as u32, reason: format!("row {row} is bad"), retry_after_ms }
}

pub(crate) fn trap(kind: TrapKind, message: &str) -> Trap {
    Trap { kind, message: message.to_string(), backtrace: vec!["strict::process".to_string()] }
}

/// Counts each number in the state and passes it on; `judge` says what is wrong with a batch.
pub(crate) fn strict<'p>(
    judge: impl Fn(&[i64], i64, &mut Effects) -> Result<(), Trap> + Clone + 'static,
) -> Plugin<'p> {
    Box::new(move |_| {
        let judge = judge.clone();
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                let got = numbers_of(frame);
                for (number, times) in got.iter().zip(times(host.state, frame)) {
                    assert_eq!(times, 0, "{number} was processed before");
                }
                host.state.set(0, frame, &numbers(got.iter().map(|_| 1))).unwrap();
                host.effects.emitted.push(emit(0, numbers(got.iter().copied())));
                host.effects.writes.push(Write::Print(vec![got.len() as u8]));
                judge(&got, host.now_us, host.effects)?;
            }
            Ok(Returned::Done)
        })
    })
}

struct End {
    passed: Vec<i64>,
    letters: Vec<DeadLetter>,
    paused: Vec<Failure>,
    restarts: usize,
    written: usize,
    executed: u64,
    condemned: u64,
    retried: u64,
    finished_us: i64,
}

impl End {
    /// The numbers in the dead letters.
    fn buried(&self) -> Vec<i64> {
        let mut buried: Vec<i64> = self.letters.iter().map(|letter| numbers_of(&letter.tuple)[0]).collect();
        buried.sort_unstable();
        buried
    }
}

fn run(judge: impl Fn(&[i64], i64, &mut Effects) -> Result<(), Trap> + Clone + 'static, tuning: Tuning) -> End {
    let seen = Seen::default();
    let plugins = vec![counting(100, 300), strict(judge), remembering(&seen)];
    let mut executor = Executor::new(&graph(), tuning, 17, plugins);
    let finished = executor.run();
    let mut passed: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    passed.sort_unstable();
    let report = executor.report(task(1, 0));
    assert!(executor.failures.is_empty());
    assert_eq!(finished, executor.paused.is_empty());
    assert_eq!(report.paused, !finished);
    assert_eq!(report.rejected_rows + report.condemned_rows, executor.letters.len() as u64);
    assert_eq!(report.restarts, executor.restarts as u64);
    for letter in &executor.letters {
        let number = numbers_of(&letter.tuple)[0];
        assert_eq!(letter.fields.to_string(), format!("number = {number}"));
        let input = letter.input.as_ref().unwrap();
        assert_eq!((input.number, input.stream.as_str()), (InputIndex(0), "numbers.default"));
        let TupleOrigin { task: from, sequence, row } = input.origin.unwrap();
        let sent = &executor.sent[&(task(0, from), task(1, 0), sequence)];
        assert_eq!(numbers_of(sent)[row as usize], number, "that is where it came from");
    }
    End {
        passed,
        letters: executor.letters,
        paused: executor.paused,
        restarts: executor.restarts,
        written: executor.writes.iter().map(|w| if let Write::Print(n) = w { n[0] as usize } else { 0 }).sum(),
        executed: report.executed_rows,
        condemned: report.condemned_rows,
        retried: report.retried_rows,
        finished_us: executor.now_us,
    }
}

#[test]
fn rejected_rows_leave_and_the_others_count_once() {
    let judge = |got: &[i64], _, effects: &mut Effects| {
        let bad = got.iter().enumerate().filter(|(_, n)| *n % 50 == 7);
        effects.faults.extend(bad.map(|(row, _)| fault(row, None)));
        Ok(())
    };
    let end = run(judge, Tuning::default());
    assert_eq!(end.passed, (0..300).filter(|n| n % 50 != 7).collect::<Vec<_>>());
    assert_eq!((end.executed, end.written, end.restarts), (294, 294, 0), "discarded calls leave nothing behind");
    assert_eq!(end.buried(), [7, 57, 107, 157, 207, 257]);
    assert_eq!((&end.letters[0].cause, end.letters[0].attempts), (&Cause::Rejected("row 7 is bad".into()), 1));
}

#[test]
fn a_guest_that_says_where_it_was_is_not_searched() {
    let judge = |named: bool| {
        move |got: &[i64], _, effects: &mut Effects| {
            let Some(bad) = got.iter().position(|n| *n % 50 == 7) else { return Ok(()) };
            effects.at_row = named.then_some(bad as u32);
            Err(trap(TrapKind::Trapped, &format!("at {}", got[bad])))
        }
    };
    let (named, searched) = (run(judge(true), Tuning::default()), run(judge(false), Tuning::default()));
    for end in [&named, &searched] {
        assert_eq!(end.passed, (0..300).filter(|n| n % 50 != 7).collect::<Vec<_>>());
        assert_eq!(end.buried(), [7, 57, 107, 157, 207, 257]);
        for (letter, number) in end.letters.iter().zip(end.buried()) {
            assert_eq!(letter.cause, Cause::Fault(trap(TrapKind::Trapped, &format!("at {number}"))));
        }
        assert_eq!((end.executed, end.written), (294, 294), "discarded calls leave nothing behind");
    }
    // It fails, is made anew for the row alone, and fails at that.
    assert_eq!(named.restarts, 6 * 3);
    assert!(searched.restarts > named.restarts + named.restarts / 2, "{} restarts without names", searched.restarts);
}

#[test]
fn what_an_instance_fails_at_for_what_it_remembers_is_no_dead_letter() {
    for (named, capacity, slice_bytes) in [(true, 70, 1 << 16), (false, 70, 1 << 16), (true, 3, 1), (false, 3, 1)] {
        // Copied for each instance, with nothing used yet.
        let used = Cell::new(0);
        let leaking = move |got: &[i64], _, effects: &mut Effects| {
            let room: usize = capacity - used.get();
            used.set(capacity.min(used.get() + got.len()));
            if got.len() > room {
                effects.at_row = named.then_some(room as u32);
                return Err(trap(TrapKind::Trapped, "there is no room left"));
            }
            Ok(())
        };
        let end = run(leaking, Tuning { slice_bytes, ..Tuning::default() });
        let what = format!("named: {named}, capacity {capacity}");
        assert_eq!((end.passed.len(), end.buried()), (300, vec![]), "{what}");
        assert!(end.restarts > 0, "{what}");
    }
}

#[test]
fn a_guest_that_misleads_loses_no_other_tuple() {
    // The truth at every second bad row, and the first row of the call at the others.
    let told = Rc::new(Cell::new(0));
    let judge = move |got: &[i64], _, effects: &mut Effects| {
        let Some(bad) = got.iter().position(|n| *n % 20 == 7) else { return Ok(()) };
        told.set(told.get() + 1);
        effects.at_row = Some(if told.get() % 2 == 0 { bad as u32 } else { 0 });
        Err(trap(TrapKind::Trapped, "bad"))
    };
    let end = run(judge, Tuning::default());
    assert_eq!(end.buried(), (0..300).filter(|n| n % 20 == 7).collect::<Vec<_>>());
    assert_eq!(end.passed, (0..300).filter(|n| n % 20 != 7).collect::<Vec<_>>());
}

#[test]
fn a_batch_may_be_rejected_altogether_and_one_row_at_a_time() {
    let all = |got: &[i64], _, effects: &mut Effects| {
        effects.faults.extend((0..got.len()).map(|row| fault(row, None)));
        Ok(())
    };
    let end = run(all, Tuning::default());
    assert_eq!((end.passed.len(), end.letters.len(), end.executed), (0, 300, 0));
    let given = Rc::new(Cell::new(0));
    let counter = given.clone();
    let last = move |got: &[i64], _, effects: &mut Effects| {
        counter.set(counter.get() + got.len());
        effects.faults.extend(got.iter().rposition(|n| n % 3 != 0).map(|row| fault(row, None)));
        Ok(())
    };
    let end = run(last, Tuning::default());
    assert_eq!(end.passed, (0..300).filter(|n| n % 3 == 0).collect::<Vec<_>>());
    assert!(given.get() < 3 * 300 * 8, "{} rows were given for 300: that is a square", given.get());
}

#[test]
fn retried_rows_come_again_after_the_delay() {
    let judge = |got: &[i64], now_us, effects: &mut Effects| {
        let early = got.iter().enumerate().filter(|(_, n)| *n % 100 == 3 && now_us < 25_000);
        effects.faults.extend(early.map(|(row, _)| fault(row, Some(10))));
        Ok(())
    };
    let end = run(judge, Tuning::default());
    assert_eq!(end.passed, (0..300).collect::<Vec<_>>());
    assert_eq!((end.letters.len(), end.retried, end.executed), (0, 9, 300));
    assert!(end.finished_us >= 30_000, "finished at {}", end.finished_us);
}

#[test]
fn a_row_that_fails_for_ever_is_rejected_after_three_retries() {
    let judge = |got: &[i64], _, effects: &mut Effects| {
        let bad = got.iter().enumerate().filter(|(_, n)| **n == 150);
        effects.faults.extend(bad.map(|(row, _)| fault(row, Some(5))));
        Ok(())
    };
    let end = run(judge, Tuning::default());
    assert_eq!(end.passed.len(), 299);
    assert_eq!((end.buried(), end.letters[0].attempts), (vec![150], 4));
    assert_eq!(end.retried, 3);
}

#[test]
fn much_that_waits_for_another_try_keeps_new_rows_out() {
    let judge = |got: &[i64], now_us, effects: &mut Effects| {
        if now_us < 5_000 {
            effects.faults.extend((0..got.len()).map(|row| fault(row, Some(5))));
        }
        Ok(())
    };
    let end = run(judge, Tuning { window_bytes: 800, ..Tuning::default() });
    assert_eq!(end.passed.len(), 300);
    assert_eq!(end.retried, 100, "only the first frame was taken in while it waited");
}

#[test]
fn a_fault_that_names_no_row_breaks_the_contract() {
    let judge = |got: &[i64], _, effects: &mut Effects| {
        effects.faults.extend(got.contains(&150).then(|| fault(got.len(), None)));
        Ok(())
    };
    let end = run(judge, Tuning::default());
    let [letter] = &end.letters[..] else { panic!("{:?}", end.letters) };
    assert_eq!(letter.cause.name(), "contract");
    assert!(letter.cause.reason().contains("row 1 of a batch of 1 rows"), "{letter:?}");
}

#[test]
fn a_trap_costs_one_tuple() {
    for (bad, kind) in [(0, TrapKind::Trapped), (137, TrapKind::Refused), (299, TrapKind::MemoryLimit)] {
        let judge = move |got: &[i64], _, _: &mut Effects| match got.contains(&bad) {
            true => Err(trap(kind, &format!("{bad} is too much"))),
            false => Ok(()),
        };
        let end = run(judge, Tuning::default());
        assert_eq!(end.passed, (0..300).filter(|n| *n != bad).collect::<Vec<_>>());
        assert_eq!((end.executed, end.written, end.condemned), (299, 299, 1), "tries leave nothing behind");
        let [letter] = &end.letters[..] else { panic!("{:?}", end.letters) };
        assert_eq!(letter.cause, Cause::Fault(trap(kind, &format!("{bad} is too much"))));
        assert_eq!((letter.call, letter.attempts), ("process", 1));
        assert!((1..=9).contains(&end.restarts), "{} restarts", end.restarts);
    }
}

#[test]
fn an_emission_that_nobody_can_take_is_a_fault_of_the_call() {
    let judge = |got: &[i64], _, effects: &mut Effects| {
        effects.emitted.extend(got.contains(&42).then(|| emit(9, numbers([1]))));
        Ok(())
    };
    let end = run(judge, Tuning::default());
    assert_eq!((end.buried(), end.passed.len(), end.executed), (vec![42], 299, 299));
    assert!(end.letters[0].cause.reason().contains("emitted to output 9"), "{:?}", end.letters);
}

#[test]
fn a_failure_of_the_instances_memory_costs_nothing() {
    let calls = Rc::new(Cell::new(0));
    let judge = move |_: &[i64], _, _: &mut Effects| {
        calls.set(calls.get() + 1);
        if calls.get() == 2 { Err(trap(TrapKind::Trapped, "once")) } else { Ok(()) }
    };
    let end = run(judge, Tuning::default());
    assert_eq!((end.restarts, end.passed.len(), end.letters.len()), (1, 300, 0));
}

#[test]
fn a_guest_that_always_fails_is_paused_and_goes_on_when_told() {
    let healthy = Rc::new(Cell::new(false));
    let judge = {
        let healthy = healthy.clone();
        move |_: &[i64], _, _: &mut Effects| {
            if healthy.get() { Ok(()) } else { Err(trap(TrapKind::Trapped, "always")) }
        }
    };
    let seen = Seen::default();
    let plugins = vec![counting(100, 300), strict(judge), remembering(&seen)];
    let tuning = Tuning { breaker_rows: 20, ..Tuning::default() };
    let mut executor = Executor::new(&graph(), tuning, 17, plugins);
    assert!(!executor.run());
    assert_eq!(executor.paused.len(), 1);
    let reason = executor.paused[0].to_string();
    assert_eq!(reason, "component `strict`, task 0: process failed on input 0 (`numbers.default`): trap: always");
    assert_eq!((executor.letters.len(), executor.report(task(1, 0)).paused), (20, true));
    executor.resume(task(1, 0));
    assert!(!executor.run(), "it fails still");
    assert_eq!((executor.paused.len(), executor.letters.len()), (2, 40));
    healthy.set(true);
    executor.resume(task(1, 0));
    assert!(executor.run());
    assert!(!executor.report(task(1, 0)).paused);
    let passed: usize = seen.borrow().iter().map(|(_, numbers)| numbers.len()).sum();
    assert_eq!((passed, executor.letters.len()), (260, 40));
}

#[test]
fn a_guest_that_fails_for_long_is_paused_too() {
    let slow = |_: &[i64], _, _: &mut Effects| Err(trap(TrapKind::TimeLimit, "took longer"));
    let seen = Seen::default();
    let plugins = vec![counting(100, 300), strict(slow), remembering(&seen)];
    let mut executor = Executor::new(&graph(), Tuning::default(), 17, plugins);
    executor.call_us.insert(1, 10_000_000);
    assert!(!executor.run());
    assert_eq!((executor.paused.len(), executor.letters.len()), (1, 3));
}

#[test]
fn only_a_row_alone_has_the_whole_time_after_a_time_limit() {
    let shares: Rc<RefCell<Vec<(usize, u64)>>> = Rc::default();
    let told = shares.clone();
    let looping: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                let got = numbers_of(frame);
                told.borrow_mut().push((got.len(), host.attempt.share.of_ms(6_400)));
                if got.contains(&150) {
                    return Err(trap(TrapKind::TimeLimit, "took longer"));
                }
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    let mut executor =
        Executor::new(&graph(), Tuning::default(), 17, vec![counting(100, 300), looping, remembering(&seen)]);
    assert!(executor.run());
    assert_eq!(executor.letters.len(), 1);
    let shares = shares.borrow();
    assert_eq!(shares[..4], [(100, 6_400), (100, 6_400), (50, 3_200), (25, 1_600)]);
    assert!(shares.iter().all(|(rows, ms)| *rows > 1 || *ms == 6_400), "{shares:?}");
    assert_eq!(shares.last(), Some(&(100, 6_400)), "the next batch has all of it again");
}

#[test]
fn a_tuple_cannot_be_asked_for_again_after_more_than_a_day() {
    let end = run(
        |numbers, _, effects| {
            effects.faults.extend((0..numbers.len()).map(|row| fault(row, Some(u64::MAX))));
            Ok(())
        },
        Tuning::default(),
    );
    assert_eq!((end.letters.len(), end.paused.len()), (300, 0));
    assert!(end.letters[0].cause.reason().contains("the longest time is 86400000 ms"), "{:?}", end.letters[0]);
}
