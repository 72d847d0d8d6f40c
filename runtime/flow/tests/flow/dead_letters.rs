//! Where dead letters go, and how they come back.

use crate::executor::{Executor, Plugin, guest};
use crate::faults::{fault, graph, seen_table, strict, trap};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task};
use crate::pressure::{Seen, counting, remembering};
use petrel_flow::{Call, Effects, Input, Redelivered, Redelivery, Returned, Ticket, TrapKind, Tuning, TupleTimer};
use petrel_frame::FrameView;
use petrel_model::{ComponentIndex, Grouping, InputIndex, OutputIndex, OutputStream, StreamName, dead_letter_schema};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[test]
fn dead_letters_go_to_a_stream_where_there_is_one() {
    let mut graph = Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("strict", 1, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .keeps(vec![seen_table()], &["number"])
        .build();
    graph.components[1].outputs.push(OutputStream {
        name: "bad".to_string(),
        schema: dead_letter_schema(),
        direct: false,
        event_time: None,
    });
    graph.components[1].on_reject = Some(OutputIndex(1));
    let reader = Graph::default().spout("x", 1, number_schema()).bolt("letters", 1, None).build().components.remove(1);
    graph.components.push(reader);
    graph.components[2].inputs.push(petrel_model::Input {
        from: ComponentIndex(1),
        output: OutputIndex(1),
        stream: StreamName::from("bad"),
        grouping: Grouping::Global,
        key: Vec::new(),
        columns: (0..dead_letter_schema().fields.len()).collect(),
        schema: dead_letter_schema(),
    });
    graph.tasks.push(task(2, 0));
    let judge = |got: &[i64], _, effects: &mut Effects| {
        if got.contains(&42) {
            return Err(trap(TrapKind::Trapped, "no \"42\""));
        }
        effects.faults.extend(got.iter().position(|n| *n == 7).map(|row| fault(row, None)));
        Ok(())
    };
    let rows: Rc<RefCell<Vec<String>>> = Rc::default();
    let told = rows.clone();
    let letters: Plugin<'_> = Box::new(move |_| {
        let told = told.clone();
        guest(move |call, _| {
            if let Call::Process { frame, .. } = call {
                let view = frame.view();
                for row in 0..view.rows() {
                    let text = |column: usize| format!("{:?}", view.column(column).value(row));
                    told.borrow_mut().push(format!("{} {} {} {}", text(2), text(3), text(4), text(10)));
                }
            }
            Ok(Returned::Done)
        })
    });
    let mut executor = Executor::new(&graph, Tuning::default(), 3, vec![counting(100, 100), strict(judge), letters]);
    assert!(executor.run());
    assert!(executor.letters.is_empty(), "not to the store as well");
    let mut rows = rows.take();
    rows.sort();
    let row = |kind: &str, number: &str| {
        format!(
            "String(\"numbers.default\") String(\"process\") String({kind:?}) String({:?})",
            format!("{{\"number\":\"{number}\"}}")
        )
    };
    assert_eq!(rows, [row("rejected", "7"), row("trap", "42")]);
    assert_eq!(executor.report(task(1, 0)).emitted_rows, [98, 2]);
}

#[test]
fn a_dead_letter_that_is_tried_again_is_processed_or_comes_back_under_its_ticket() {
    let healthy = Rc::new(Cell::new(false));
    let judge = {
        let healthy = healthy.clone();
        move |got: &[i64], _, effects: &mut Effects| match got {
            _ if got.contains(&42) && !healthy.get() => Err(trap(TrapKind::Trapped, "not now")),
            [7] if effects.faults.is_empty() => {
                effects.faults.push(fault(0, None));
                Ok(())
            }
            _ => Ok(()),
        }
    };
    let seen = Seen::default();
    // The spout waits, so that the bolt is still there.
    let waiting: Plugin<'_> = Box::new(move |_| {
        let mut emitted = false;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                if !emitted {
                    host.effects.emitted.push(emit(0, numbers(40..45)));
                }
                emitted = true;
                return Ok(Returned::Idle(host.now_us + 1_000_000));
            }
            Ok(Returned::Done)
        })
    });
    let mut executor = Executor::new(&graph(), Tuning::default(), 3, vec![waiting, strict(judge), remembering(&seen)]);
    executor.run_until(500_000);
    assert_eq!(executor.letters.len(), 1);
    let redelivery = |ticket, tuple: i64, attempts| {
        let tuple = numbers([tuple]);
        let what = Redelivered::Tuple { input: InputIndex(0), tuple };
        Input::Redeliver(Box::new(Redelivery { ticket: Ticket(ticket), what, attempts }))
    };
    executor.give(task(1, 0), redelivery(5, 42, 1));
    executor.give(task(1, 0), redelivery(6, 7, 4));
    executor.run_until(1_500_000);
    let answers: Vec<_> = executor.letters.iter().map(|letter| (letter.redelivery, letter.attempts)).collect();
    assert_eq!(answers, [(None, 1), (Some(Ticket(5)), 2), (Some(Ticket(6)), 5)]);
    healthy.set(true);
    executor.give(task(1, 0), redelivery(9, 42, 2));
    executor.drain();
    assert!(executor.run());
    assert_eq!(executor.redelivered, [Ticket(9)]);
    let mut passed: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    passed.sort_unstable();
    assert_eq!(passed, (40..45).collect::<Vec<_>>());
}

#[test]
fn a_timer_that_is_fired_again_finds_the_state_as_it_is_and_comes_back_under_its_ticket() {
    let graph = Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("alarm", 1, Some(number_schema()))
        .reads(0, Grouping::Fields(vec![0]))
        .keeps(vec![seen_table()], &["number"])
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build();
    let healthy = Rc::new(Cell::new(false));
    let told: Rc<RefCell<Vec<(i64, i64)>>> = Rc::default();
    let alarm: Plugin<'_> = Box::new(|_| {
        let (healthy, told) = (healthy.clone(), told.clone());
        guest(move |call, host| {
            match call {
                Call::Process { frame, .. } => {
                    let times = vec![1; frame.view().rows()];
                    host.state.set_timers(0, petrel_state::Clock::Processing, frame, &times).unwrap();
                    let got = numbers_of(frame);
                    host.state.set(0, frame, &numbers(got.iter().map(|number| number * 10))).unwrap();
                }
                Call::Timer { keys, times, .. } => {
                    let key = FrameView::parse(keys).unwrap().column(0).i64s().unwrap()[0];
                    if key == 42 && !healthy.get() {
                        return Err(trap(TrapKind::Trapped, "not now"));
                    }
                    told.borrow_mut().push((key, times[0]));
                    host.effects.emitted.push(emit(0, numbers([key])));
                }
                _ => {}
            }
            Ok(Returned::Done)
        })
    });
    let waiting: Plugin<'_> = Box::new(move |_| {
        let mut emitted = false;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                if !emitted {
                    host.effects.emitted.push(emit(0, numbers(41..44)));
                }
                emitted = true;
                return Ok(Returned::Idle(host.now_us + 1_000_000));
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    let tuning = Tuning { timer_rows: 1, ..Tuning::default() };
    let mut executor = Executor::new(&graph, tuning, 3, vec![waiting, alarm, remembering(&seen)]);
    executor.run_until(500_000);
    let [letter] = &executor.letters[..] else { panic!("{:?}", executor.letters) };
    let (timer, key) = (letter.timer.unwrap(), letter.tuple.clone());
    assert_eq!((letter.call, timer), ("on-timer", TupleTimer { table: 0, time_us: 1 }));
    let again = |ticket, timer, attempts| {
        let what = Redelivered::Timer { timer, key: key.clone() };
        Input::Redeliver(Box::new(Redelivery { ticket: Ticket(ticket), what, attempts }))
    };
    executor.give(task(1, 0), again(5, timer, 1));
    // There is no such table: nothing is called.
    executor.give(task(1, 0), again(6, TupleTimer { table: 1, ..timer }, 1));
    executor.run_until(1_500_000);
    let answers: Vec<_> = executor.letters.iter().map(|letter| (letter.redelivery, letter.attempts)).collect();
    assert_eq!(answers, [(None, 1), (Some(Ticket(5)), 2)]);
    assert_eq!((executor.letters[1].timer, &executor.letters[1].tuple), (Some(timer), &key));
    healthy.set(true);
    executor.give(task(1, 0), again(9, timer, 2));
    // Given while it drains: a task does not end before it is answered.
    executor.drain();
    assert!(executor.run());
    assert_eq!(executor.redelivered, [Ticket(9)]);
    assert_eq!(told.borrow().last(), Some(&(42, 1)));
    let mut passed: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
    passed.sort_unstable();
    assert_eq!(passed, [41, 42, 43]);
}
