//! Rows that are refused, rows that come again, and calls that fail.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task};
use crate::pressure::{Seen, counting, remembering};
use petrel_flow::{Call, Effects, Failure, Place, Returned, RowFault, Trap, TrapKind, Tuning, Write};
use petrel_frame::{Field, FrameBuf, FrameView, Scalar, Value};
use petrel_model::{Assignment, Grouping, TableKind, TableSpec};
use petrel_state::TaskState;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

fn graph() -> Assignment {
    Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("strict", 1, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .keeps(vec![seen_table()], &["number"])
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build()
}

fn seen_table() -> TableSpec {
    TableSpec {
        name: "seen".to_string(),
        kind: TableKind::LazyValue,
        subkey: None,
        value: Field::new("seen", Scalar::I64),
        version: 0,
    }
}

/// How often the state says that each number was processed.
fn times(state: &mut TaskState, numbers: &FrameBuf) -> Vec<i64> {
    let mut values = FrameBuf::new();
    state.get(0, numbers, &mut values).unwrap();
    let view = FrameView::parse(&values).unwrap();
    let value = |row| match view.column(0).value(row) {
        Value::I64(times) => times,
        _ => 0,
    };
    (0..view.rows()).map(value).collect()
}

fn fault(row: usize, retry_after_ms: Option<u64>) -> RowFault {
    RowFault { row: row as u32, reason: format!("row {row} is bad"), retry_after_ms }
}

fn trap(kind: TrapKind, message: &str) -> Trap {
    Trap { kind, message: message.to_string(), backtrace: vec!["strict::process".to_string()] }
}

/// Counts each number in the state and passes it on; `judge` says what is wrong with a batch.
fn strict<'p>(judge: impl Fn(&[i64], i64, &mut Effects) -> Result<(), Trap> + Clone + 'static) -> Plugin<'p> {
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
    failure: Option<Failure>,
    rejected: Vec<(String, u32)>,
    restarts: usize,
    written: usize,
    executed: u64,
    retried: u64,
    finished_us: i64,
}

fn run(judge: impl Fn(&[i64], i64, &mut Effects) -> Result<(), Trap> + Clone + 'static, tuning: Tuning) -> End {
    let seen = Seen::default();
    let plugins = vec![counting(100, 300), strict(judge), remembering(&seen)];
    let mut executor = Executor::new(&graph(), tuning, 17, plugins);
    let finished = executor.run();
    let mut passed: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    passed.sort_unstable();
    let report = executor.report(task(1, 0));
    assert_eq!(finished, executor.failures.is_empty());
    assert_eq!(report.rejected_rows, executor.rejected.len() as u64);
    for rejected in &executor.rejected {
        assert_eq!(format!("number = {}", numbers_of(&rejected.tuple)[0]), rejected.fields.to_string());
    }
    End {
        passed,
        failure: executor.failures.pop(),
        rejected: executor.rejected.iter().map(|r| (r.fields.to_string(), r.attempts)).collect(),
        restarts: executor.restarts,
        written: executor.writes.iter().map(|w| if let Write::Print(n) = w { n[0] as usize } else { 0 }).sum(),
        executed: report.executed_rows,
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
    assert_eq!(end.rejected.len(), 6);
    assert_eq!(end.rejected[0], ("number = 7".to_string(), 1));
}

#[test]
fn a_batch_may_be_rejected_altogether_and_one_row_at_a_time() {
    let all = |got: &[i64], _, effects: &mut Effects| {
        effects.faults.extend((0..got.len()).map(|row| fault(row, None)));
        Ok(())
    };
    let end = run(all, Tuning::default());
    assert_eq!((end.passed.len(), end.rejected.len(), end.executed), (0, 300, 0));
    let first = |_: &[i64], _, effects: &mut Effects| {
        effects.faults.push(fault(0, None));
        Ok(())
    };
    assert_eq!(run(first, Tuning::default()).rejected.len(), 300);
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
    assert_eq!((end.rejected.len(), end.retried, end.executed), (0, 9, 300));
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
    assert_eq!(end.rejected, [("number = 150".to_string(), 4)]);
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
        effects.faults.push(fault(got.len(), None));
        Ok(())
    };
    let failure = run(judge, Tuning::default()).failure.unwrap();
    assert_eq!(failure.trap.kind, TrapKind::Contract);
    assert!(failure.to_string().contains("row 100 of a batch of 100 rows"), "{failure}");
}

#[test]
fn a_trap_ends_the_task_and_names_the_first_row_that_fails() {
    for (bad, kind) in [(0, TrapKind::Trapped), (137, TrapKind::Refused), (299, TrapKind::MemoryLimit)] {
        let judge = move |got: &[i64], _, _: &mut Effects| match got.iter().find(|n| **n >= bad) {
            Some(n) => Err(trap(kind, &format!("{n} is too much"))),
            None => Ok(()),
        };
        let end = run(judge, Tuning::default());
        let failure = end.failure.unwrap();
        let row = (bad % 100) as u32;
        let Place::Row { row: found, rows: 100, fields } = &failure.place else { panic!("{failure:?}") };
        assert_eq!((*found, fields.to_string()), (row, format!("number = {bad}")));
        assert_eq!(failure.trap, trap(kind, &format!("{bad} is too much")));
        assert_eq!(failure.input.as_ref().unwrap().1.as_str(), "numbers.default");
        assert!((1..=9).contains(&end.restarts), "{} restarts", end.restarts);
        assert_eq!(end.written as i64, bad / 100 * 100, "tries leave nothing behind");
        assert!(end.passed.len() as i64 <= bad);
    }
}

#[test]
fn a_failure_of_the_instances_memory_does_not_come_again() {
    let calls = Rc::new(Cell::new(0));
    let judge = move |_: &[i64], _, _: &mut Effects| {
        calls.set(calls.get() + 1);
        if calls.get() == 2 { Err(trap(TrapKind::Trapped, "once")) } else { Ok(()) }
    };
    let end = run(judge, Tuning::default());
    assert_eq!(end.restarts, 1);
    let failure = end.failure.unwrap();
    assert_eq!(failure.place, Place::NotAgain { rows: 100 });
    assert!(failure.to_string().contains("passes in a fresh instance"), "{failure}");
}

#[test]
fn a_search_that_takes_too_long_says_what_it_knows() {
    let judge = |got: &[i64], _, _: &mut Effects| {
        if got.contains(&42) { Err(trap(TrapKind::TimeLimit, "batch_ms = 10000 exceeded")) } else { Ok(()) }
    };
    let failure = run(judge, Tuning { search_us: 3, ..Tuning::default() }).failure.unwrap();
    let Place::Within { suspects, rows: 100 } = failure.place.clone() else { panic!("{failure:?}") };
    assert!(suspects.contains(&42) && suspects.len() < 100, "{suspects:?}");
}

#[test]
fn failing_elsewhere_than_in_a_batch_ends_the_task_too() {
    for name in ["open", "next"] {
        let failing: Plugin<'_> = Box::new(move |_| {
            guest(
                move |call, _| {
                    if call.name() == name { Err(trap(TrapKind::Refused, "no")) } else { Ok(Returned::Done) }
                },
            )
        });
        let seen = Seen::default();
        let plugins = vec![failing, strict(|_, _, _| Ok(())), remembering(&seen)];
        let mut executor = Executor::new(&graph(), Tuning::default(), 1, plugins);
        assert!(!executor.run());
        assert_eq!((executor.failures[0].call, &executor.failures[0].place), (name, &Place::NoBatch));
    }
    let failures = Rc::new(RefCell::new(0));
    let at_end: Plugin<'_> = Box::new(move |_| {
        let failures = failures.clone();
        guest(move |call, host| {
            if let Call::End { .. } = call {
                *failures.borrow_mut() += 1;
                host.effects.faults.push(fault(0, None));
            }
            Ok(Returned::Done)
        })
    });
    let plugins = vec![counting(1, 1), at_end, remembering(&Seen::default())];
    let mut executor = Executor::new(&graph(), Tuning::default(), 1, plugins);
    assert!(!executor.run());
    assert!(executor.failures[0].to_string().contains("on-end has none"), "{}", executor.failures[0]);
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
    let failure = end.failure.expect("the contract is broken");
    assert_eq!(failure.trap.kind, TrapKind::Contract);
    assert!(failure.trap.message.contains("the longest time is 86400000 ms"), "{failure}");
}
