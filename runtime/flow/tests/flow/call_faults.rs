//! Calls that fail and have no batch: opening, ends, timers, ticks.

use crate::executor::{Executor, Plugin, guest};
use crate::faults::{fault, graph, trap};
use crate::graph::{emit, numbers, numbers_of};
use crate::pressure::{Seen, counting, remembering};
use petrel_flow::{Call, Returned, TrapKind, Tuning};
use petrel_frame::FrameView;
use petrel_state::Clock;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Fails at its `times`-th calls of one export, then never again.
fn failing_at<'p>(name: &'static str, times: impl Fn(u32) -> bool + Copy + 'static) -> Plugin<'p> {
    let calls = Rc::new(Cell::new(0));
    Box::new(move |_| {
        let calls = calls.clone();
        guest(move |call, host| {
            if call.name() == name {
                calls.set(calls.get() + 1);
                if times(calls.get()) {
                    return Err(trap(TrapKind::Trapped, name));
                }
            }
            if let Call::Process { frame, .. } = call {
                host.effects.emitted.push(emit(0, frame.clone()));
            }
            Ok(Returned::Done)
        })
    })
}

fn run_with(bolt: Plugin<'_>) -> (Executor<'_>, bool, usize) {
    let seen = Seen::default();
    let mut executor = Executor::new(&graph(), Tuning::default(), 1, vec![counting(10, 100), bolt, remembering(&seen)]);
    let finished = executor.run();
    let passed = seen.borrow().iter().map(|(_, numbers)| numbers.len()).sum();
    (executor, finished, passed)
}

#[test]
fn an_instance_that_does_not_open_ends_the_task_at_once() {
    let (executor, finished, _) = run_with(failing_at("open", |_| true));
    assert!(!finished);
    assert_eq!(executor.failures[0].call, "open");
}

#[test]
fn the_end_is_told_again_in_a_fresh_instance_three_times_in_all() {
    let (executor, finished, passed) = run_with(failing_at("on-end", |call| call < 3));
    assert_eq!((finished, passed, executor.faults.len(), executor.restarts), (true, 100, 2, 2));
    let (executor, finished, _) = run_with(failing_at("on-end", |_| true));
    assert_eq!((finished, executor.failures[0].call), (false, "on-end"));
    assert_eq!(executor.failures[0].input.as_ref().unwrap().1.as_str(), "numbers.default");
    let reject: Plugin<'_> = Box::new(move |_| {
        guest(move |call, host| {
            if let Call::End { .. } = call {
                host.effects.faults.push(fault(0, None));
            }
            Ok(Returned::Done)
        })
    });
    let (executor, _, _) = run_with(reject);
    assert!(executor.failures[0].to_string().contains("on-end has none"), "{}", executor.failures[0]);
}

#[test]
fn fresh_instances_that_do_not_open_are_a_reason_to_pause() {
    let opened = Rc::new(Cell::new(0));
    let bolt: Plugin<'_> = Box::new(move |_| {
        let opened = opened.clone();
        guest(move |call, _| match call {
            Call::Open { .. } if opened.replace(opened.get() + 1) > 0 => Err(trap(TrapKind::Refused, "no server")),
            Call::Process { .. } => Err(trap(TrapKind::Trapped, "gone")),
            _ => Ok(Returned::Done),
        })
    });
    let (executor, finished, _) = run_with(bolt);
    assert!(!finished);
    assert_eq!((executor.restarts, executor.letters.len()), (3, 0), "no tuple is to blame");
    assert_eq!((executor.paused.len(), executor.paused[0].call), (1, "open"));
}

#[test]
fn a_timer_that_fails_costs_itself() {
    let fired: Rc<RefCell<Vec<i64>>> = Rc::default();
    let told = fired.clone();
    let bolt: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    let times: Vec<i64> = numbers_of(frame).iter().map(|_| host.now_us + 1_000_000).collect();
                    host.state.set_timers(0, Clock::Event, frame, &times).unwrap();
                }
                Call::Timer { keys, .. } => {
                    let view = FrameView::parse(keys).unwrap();
                    let keys = view.column(0).i64s().unwrap().to_vec();
                    if keys.contains(&61) {
                        return Err(trap(TrapKind::Trapped, "61 cannot be"));
                    }
                    told.borrow_mut().extend(&keys);
                    host.effects.emitted.push(emit(0, numbers(keys)));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let (executor, finished, passed) = run_with(bolt);
    assert_eq!((finished, passed), (true, 99));
    let mut fired = fired.take();
    fired.sort_unstable();
    assert_eq!(fired, (0..100).filter(|n| *n != 61).collect::<Vec<_>>());
    let [letter] = &executor.letters[..] else { panic!("{:?}", executor.letters) };
    assert_eq!((letter.call, letter.fields.to_string()), ("on-timer", "number = 61".to_string()));
    assert_eq!((letter.timer.unwrap().table, &letter.input), (0, &None));
}

#[test]
fn a_timer_that_fails_while_tuples_keep_coming_costs_itself() {
    let fired = Rc::new(Cell::new(0));
    let told = fired.clone();
    let bolt: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    // Due at once: it takes turns with the tuples that wait.
                    let times: Vec<i64> = numbers_of(frame).iter().map(|_| host.now_us).collect();
                    host.state.set_timers(0, Clock::Processing, frame, &times).unwrap();
                }
                Call::Timer { keys, .. } => {
                    let view = FrameView::parse(keys).unwrap();
                    let keys = view.column(0).i64s().unwrap().to_vec();
                    if keys.contains(&1) {
                        return Err(trap(TrapKind::Trapped, "1 cannot be"));
                    }
                    told.set(told.get() + keys.len());
                    host.effects.emitted.push(emit(0, numbers(keys)));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    // Twenty at a time, so that some always wait where calls take one.
    let spout: Plugin<'_> = Box::new(move |_| {
        let mut next = 0;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                host.effects.emitted.push(emit(0, numbers(next..next + 20)));
                next += 20;
                return Ok(if next == 400 { Returned::End } else { Returned::Idle(host.now_us + 1_000) });
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    let tuning = Tuning { slice_bytes: 1, ..Tuning::default() };
    let mut executor = Executor::new(&graph(), tuning, 5, vec![spout, bolt, remembering(&seen)]);
    assert!(executor.run());
    assert_eq!(executor.letters.len(), 1, "{} restarts, {} fired", executor.restarts, fired.get());
    assert!(executor.restarts <= 10, "{} restarts for one timer", executor.restarts);
    assert!(fired.get() > 300, "{} others fired", fired.get());
}

#[test]
fn a_tick_that_fails_is_told_and_the_next_one_comes() {
    let ticks = Rc::new(Cell::new(0));
    let told = ticks.clone();
    let bolt: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        guest(move |call, _| {
            if let Call::Tick { .. } = call {
                told.set(told.get() + 1);
                if told.get() % 2 == 1 {
                    return Err(trap(TrapKind::Trapped, "odd"));
                }
            }
            Ok(Returned::Done)
        })
    });
    let mut graph = graph();
    graph.components[1].tick_ms = 1;
    let seen = Seen::default();
    let mut executor = Executor::new(&graph, Tuning::default(), 1, vec![counting(10, 1_000), bolt, remembering(&seen)]);
    executor.call_us.insert(0, 500);
    assert!(executor.run());
    assert!(ticks.get() > 10, "{} ticks", ticks.get());
    assert_eq!(executor.faults.len(), usize::div_ceil(ticks.get(), 2));
}
