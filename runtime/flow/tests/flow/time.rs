//! Ticks, timers, and how far event time has come.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task, with_watermark};
use crate::pressure::{Seen, remembering};
use petrel_flow::{Call, Kind, Returned, RowFault, Tuning};
use petrel_frame::{Field, Scalar, Value};
use petrel_model::{Assignment, Grouping, TableKind, TableSpec};
use petrel_state::Clock;
use std::cell::RefCell;
use std::rc::Rc;

const MS: i64 = 1_000;

/// Emits one number a millisecond; its watermark is the number less `lag`, if that is given.
fn every_ms<'p>(limit: i64, lag: Option<i64>) -> Plugin<'p> {
    Box::new(move |_| {
        let mut next = 0;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                if next == limit {
                    return Ok(Returned::End);
                }
                let watermark = lag.map_or(i64::MIN, |lag| next - lag);
                let frame = with_watermark(&number_schema(), [vec![Value::I64(next)]], watermark);
                host.effects.emitted.push(emit(0, frame));
                next += 1;
                return Ok(Returned::Idle(host.now_us + MS));
            }
            Ok(Returned::Done)
        })
    })
}

fn timers() -> TableSpec {
    TableSpec {
        name: "timers".to_string(),
        kind: TableKind::LazyValue,
        subkey: None,
        value: Field::new("value", Scalar::I64),
        version: 0,
    }
}

fn timed(from: u32, parallelism: u32, tick_ms: u64) -> Assignment {
    Graph::default()
        .spout("numbers", from, number_schema())
        .bolt("timed", parallelism, Some(number_schema()))
        .reads(0, Grouping::Fields(vec![0]))
        .keeps(vec![timers()], &["number"])
        .ticks(tick_ms)
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build()
}

type Fired = Rc<RefCell<Vec<(i64, i64, i64)>>>;

/// Sets a timer for each number, `after` later than `base(number, now)`, and emits the number when it fires.
fn setting<'p>(clock: Clock, fired: &Fired, time: impl Fn(i64, i64) -> i64 + Copy + 'static) -> Plugin<'p> {
    let fired = fired.clone();
    Box::new(move |_| {
        let fired = fired.clone();
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    let times: Vec<i64> = numbers_of(frame).into_iter().map(|n| time(n, host.now_us)).collect();
                    host.state.set_timers(0, clock, frame, &times).unwrap();
                }
                Call::Timer { keys, times, .. } => {
                    let view = petrel_frame::FrameView::parse(keys).unwrap();
                    let keys = view.column(0).i64s().unwrap().to_vec();
                    for (key, time) in keys.iter().zip(times) {
                        fired.borrow_mut().push((*key, *time, host.now_us));
                    }
                    host.effects.emitted.push(emit(0, numbers(keys)));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    })
}

#[test]
fn ticks_come_at_their_times_until_the_inputs_end() {
    let ticks = Rc::new(RefCell::new(Vec::new()));
    let told = ticks.clone();
    let ticking: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        guest(move |call, _| {
            if let Call::Tick { now_us, .. } = call {
                told.borrow_mut().push(*now_us);
            }
            Ok(Returned::Done)
        })
    });
    let plugins = vec![every_ms(100, None), ticking, remembering(&Seen::default())];
    let mut executor = Executor::new(&timed(1, 1, 10), Tuning::default(), 2, plugins);
    assert!(executor.run());
    let ticks = ticks.borrow();
    assert!((9..=10).contains(&ticks.len()), "{ticks:?}");
    for (n, now_us) in ticks.iter().enumerate() {
        let due_us = (n as i64 + 1) * 10 * MS;
        assert!((due_us..due_us + MS).contains(now_us), "tick {n} at {now_us}");
    }
}

#[test]
fn timers_on_the_hosts_clock_fire_when_due_and_are_dropped_at_the_end() {
    let fired = Fired::default();
    let seen = Seen::default();
    let setting = setting(Clock::Processing, &fired, |_, now_us| now_us + 20 * MS);
    let mut executor =
        Executor::new(&timed(1, 2, 0), Tuning::default(), 2, vec![every_ms(100, None), setting, remembering(&seen)]);
    assert!(executor.run());
    let fired = fired.borrow();
    assert!((75..=85).contains(&fired.len()), "{} timers fired", fired.len());
    assert!(fired.iter().all(|(_, due_us, now_us)| (*due_us..due_us + MS).contains(now_us)), "{fired:?}");
    assert_eq!(seen.borrow().iter().map(|(_, numbers)| numbers.len()).sum::<usize>(), fired.len());
}

#[test]
fn timers_on_event_time_wait_for_the_slowest_channel_and_fire_at_the_end() {
    for seed in 0..6 {
        let fired = Fired::default();
        let seen = Seen::default();
        let setting = setting(Clock::Event, &fired, |n, _| n + 30);
        // Two spouts with the same numbers; the second is always 10 behind.
        let lagging: Plugin<'_> = Box::new(|id| every_ms(100, Some(1 + 10 * i64::from(id.task.0)))(id));
        let mut executor =
            Executor::new(&timed(2, 2, 0), Tuning::default(), seed, vec![lagging, setting, remembering(&seen)]);
        executor.run_until(60 * MS);
        let watermark = executor.report(task(1, 0)).watermark;
        assert!((45..=50).contains(&watermark), "the watermark is {watermark} at 60 ms");
        let early: Vec<i64> = fired.borrow().iter().map(|(_, due, _)| *due).collect();
        assert!(early.len() > 10 && early.iter().all(|due| *due <= 50), "{early:?}");
        assert!(executor.run(), "{:?}", executor.failures);
        let mut keys: Vec<i64> = fired.borrow().iter().map(|(key, _, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys, (0..100).collect::<Vec<_>>(), "every timer fires, at the end at the latest");
    }
}

#[test]
fn consumers_never_get_a_tuple_older_than_the_watermark_they_were_told() {
    for seed in 0..6 {
        let fired = Fired::default();
        // What a timer for time t emits is as old as t.
        let setting: Plugin<'_> = {
            let inner = setting(Clock::Event, &fired, |n, _| n + 5);
            Box::new(move |id| inner(id))
        };
        let late = Rc::new(RefCell::new((0, 0, i64::MIN)));
        let told = late.clone();
        let checking: Plugin<'_> = Box::new(move |_| {
            let told = told.clone();
            guest(move |call, _| {
                if let Call::Process { frame, .. } = call {
                    let mut told = told.borrow_mut();
                    let oldest = numbers_of(frame).into_iter().min().unwrap() + 5;
                    told.0 += 1;
                    told.1 += u32::from(oldest <= told.2);
                    told.2 = told.2.max(frame.view().watermark().unwrap_or(i64::MIN));
                }
                Ok(Returned::Done)
            })
        });
        let mut executor =
            Executor::new(&timed(1, 1, 0), Tuning::default(), seed, vec![every_ms(200, Some(0)), setting, checking]);
        assert!(executor.run());
        let (frames, late, watermark) = *late.borrow();
        assert!(frames > 100 && watermark > 150, "{frames} frames up to {watermark}");
        assert_eq!(late, 0, "late tuples after {watermark}");
    }
}

#[test]
fn the_watermark_goes_on_where_no_tuples_do() {
    // The bolt in the middle swallows everything; its consumers hear of event time all the same.
    let swallow: Plugin<'_> = Box::new(|_| guest(|_, _| Ok(Returned::Done)));
    let graph = Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("swallow", 2, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .bolt("sink", 2, None)
        .reads(1, Grouping::Fields(vec![0]))
        .build();
    let plugins = vec![every_ms(50, Some(0)), swallow, remembering(&Seen::default())];
    let mut executor = Executor::new(&graph, Tuning::default(), 4, plugins).traced();
    executor.run_until(40 * MS);
    for n in 0..2 {
        let watermark = executor.report(task(2, n)).watermark;
        assert!((35..=40).contains(&watermark), "task {n} is at {watermark}");
    }
    assert!(executor.run());
    assert!(executor.trace.iter().any(|line| line.contains(&format!("{:?}", Kind::Watermark(39)))));
}

#[test]
fn a_timer_that_sets_itself_again_for_ever_is_told_off() {
    let graph = timed(1, 1, 0);
    let forever: Plugin<'_> = Box::new(|_| {
        guest(|call, host| {
            let keys = match call {
                Call::Process { frame, .. } => frame.to_vec(),
                Call::Timer { keys, .. } => keys.to_vec(),
                _ => return Ok(Returned::Done),
            };
            let rows = petrel_frame::FrameView::parse(&petrel_frame::FrameBuf::from_slice(&keys)).unwrap().rows();
            host.state.set_timers(0, Clock::Event, &keys, &vec![i64::MAX - 1; rows]).unwrap();
            Ok(Returned::Done)
        })
    });
    let plugins = vec![every_ms(3, Some(0)), forever, remembering(&Seen::default())];
    let mut executor = Executor::new(&graph, Tuning::default(), 4, plugins);
    assert!(!executor.run());
    assert!(executor.failures[0].to_string().contains("do not set a timer again"), "{}", executor.failures[0]);
}

#[test]
fn timers_that_are_set_at_the_end_fire_however_slow_the_consumer_is() {
    let setting: Plugin<'_> = Box::new(|_| {
        guest(|call, host| {
            match call {
                Call::End { .. } => {
                    host.state.set_timers(0, Clock::Event, &numbers(0..10), &[5; 10]).unwrap();
                    host.effects.emitted.push(emit(0, numbers([100])));
                }
                Call::Timer { keys, .. } => {
                    let keys = petrel_frame::FrameView::parse(keys).unwrap().column(0).i64s().unwrap().to_vec();
                    host.effects.emitted.push(emit(0, numbers(keys)));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    // Every frame but one waits for credit, so that the task has to wait between any two timers.
    let tuning = Tuning { window_bytes: 1, linger_us: 0, timer_rows: 1, ..Tuning::default() };
    let mut executor = Executor::new(&timed(1, 1, 0), tuning, 3, vec![every_ms(3, None), setting, remembering(&seen)]);
    executor.call_us.insert(2, 10 * MS);
    assert!(executor.run(), "{:?}", executor.failures);
    let mut got: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    got.sort_unstable();
    assert_eq!(got, (0..10).chain([100]).collect::<Vec<_>>());
}

#[test]
fn event_time_waits_for_rows_that_come_again_from_a_batch_in_several_calls() {
    // A hundred numbers, which the bolt gets in slices, and then a watermark after all of them.
    let spout: Plugin<'_> = Box::new(|_| {
        let mut calls = 0;
        guest(move |call, host| {
            let Call::Next { .. } = call else { return Ok(Returned::Done) };
            calls += 1;
            let frame = match calls {
                1 => numbers(0..100),
                2 => with_watermark(&number_schema(), [], 1_000),
                // The watermark alone is to let the timer fire.
                3 => return Ok(Returned::Idle(host.now_us + 1_000 * MS)),
                _ => return Ok(Returned::End),
            };
            host.effects.emitted.push(emit(0, frame));
            Ok(Returned::More)
        })
    });
    let events = Rc::new(RefCell::new(Vec::new()));
    let told = events.clone();
    let bolt: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        let mut is_first = true;
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    let rows = numbers_of(frame);
                    if let Some(row) = rows.iter().position(|number| *number == 99) {
                        if std::mem::take(&mut is_first) {
                            let reason = "not yet".to_string();
                            host.effects.faults.push(RowFault { row: row as u32, reason, retry_after_ms: Some(5) });
                            return Ok(Returned::Done);
                        }
                        told.borrow_mut().push("row 99");
                    }
                    if rows.contains(&0) {
                        host.state.set_timers(0, Clock::Event, &numbers([0]), &[500]).unwrap();
                    }
                }
                Call::Timer { .. } => told.borrow_mut().push("timer at 500"),
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let tuning = Tuning { slice_bytes: 300, ..Tuning::default() };
    let plugins = vec![spout, bolt, remembering(&Seen::default())];
    let mut executor = Executor::new(&timed(1, 1, 0), tuning, 3, plugins);
    executor.call_us.insert(1, MS);
    assert!(executor.run(), "{:?}", executor.failures);
    assert_eq!(*events.borrow(), ["row 99", "timer at 500"]);
}
