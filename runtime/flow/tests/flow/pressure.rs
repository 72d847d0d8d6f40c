//! Nothing grows without a limit, whoever is slow.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, task};
use petrel_flow::{Call, Returned, Tuning};
use petrel_model::{Assignment, Grouping};
use std::cell::RefCell;
use std::rc::Rc;

/// Emits 0, 1, 2 … in frames of so many, up to a limit.
pub(crate) fn counting<'p>(in_a_frame: i64, limit: i64) -> Plugin<'p> {
    Box::new(move |_| {
        let mut next = 0;
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                let end = limit.min(next + in_a_frame);
                host.effects.emitted.push(emit(0, numbers(next..end)));
                next = end;
                return Ok(if next == limit { Returned::End } else { Returned::More });
            }
            Ok(Returned::Done)
        })
    })
}

/// Emits what it gets, each number so many times.
pub(crate) fn repeating<'p>(times: usize) -> Plugin<'p> {
    Box::new(move |_| {
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                let repeated = numbers_of(frame).into_iter().flat_map(|n| std::iter::repeat_n(n, times));
                host.effects.emitted.push(emit(0, numbers(repeated)));
            }
            Ok(Returned::Done)
        })
    })
}

pub(crate) type Seen = Rc<RefCell<Vec<(u32, Vec<i64>)>>>;

/// Remembers which task got what in which call.
pub(crate) fn remembering<'p>(seen: &Seen) -> Plugin<'p> {
    let seen = seen.clone();
    Box::new(move |id| {
        let seen = seen.clone();
        guest(move |call, _| {
            if let Call::Process { frame, .. } = call {
                seen.borrow_mut().push((id.task.0, numbers_of(frame)));
            }
            Ok(Returned::Done)
        })
    })
}

fn chain() -> Assignment {
    Graph::default()
        .spout("numbers", 1, number_schema())
        .bolt("repeat", 2, Some(number_schema()))
        .reads(0, Grouping::Shuffle)
        .bolt("sink", 1, None)
        .reads(1, Grouping::Global)
        .build()
}

#[test]
fn a_slow_sink_holds_up_the_spout() {
    let tuning = Tuning { frame_bytes: 2_000, whole_bytes: 500, window_bytes: 10_000, ..Tuning::default() };
    for seed in 0..4 {
        let seen = Seen::default();
        let plugins = vec![counting(50, 20_000), repeating(4), remembering(&seen)];
        let mut executor = Executor::new(&chain(), tuning, seed, plugins);
        executor.call_us.insert(2, 50_000);
        executor.run_until(200_000);
        // Two channels into the middle, two out of it, and what the middle's call in between emitted.
        assert!(executor.outstanding_max <= 4 * tuning.window_bytes, "{} bytes under way", executor.outstanding_max);
        let reports = [task(0, 0), task(1, 0), task(1, 1), task(2, 0)].map(|id| executor.report(id));
        assert!(reports[0].credit_blocked && !reports[0].calling, "the spout goes on: {:?}", reports[0]);
        assert!(reports[0].emitted_rows[0] < 10_000, "{} rows were emitted", reports[0].emitted_rows[0]);
        for report in &reports {
            assert!(report.queue_bytes <= 2 * tuning.window_bytes, "{report:?}");
            assert!(report.unsent_bytes <= 4 * 50 * 8 * 10, "{report:?}");
        }
        executor.call_us.clear();
        assert!(executor.run());
        let rows: usize = seen.borrow().iter().map(|(_, numbers)| numbers.len()).sum();
        assert_eq!(rows, 80_000);
    }
}

#[test]
fn a_frame_larger_than_the_window_gets_through_alone() {
    let tuning = Tuning { window_bytes: 100, slice_bytes: 1_000_000, ..Tuning::default() };
    let seen = Seen::default();
    let plugins = vec![counting(500, 2_000), repeating(1), remembering(&seen)];
    let mut executor = Executor::new(&chain(), tuning, 1, plugins);
    assert!(executor.run());
    assert_eq!(seen.borrow().iter().map(|(_, numbers)| numbers.len()).sum::<usize>(), 2_000);
}

#[test]
fn small_frames_are_joined_under_load_and_sent_at_once_when_idle() {
    let straight = || {
        Graph::default().spout("numbers", 1, number_schema()).bolt("sink", 1, None).reads(0, Grouping::Shuffle).build()
    };
    let run = |sink_us| {
        let seen = Seen::default();
        let mut executor =
            Executor::new(&straight(), Tuning::default(), 3, vec![counting(1, 4_000), remembering(&seen)]);
        executor.call_us.insert(0, 10);
        executor.call_us.insert(1, sink_us);
        assert!(executor.run());
        let got: Vec<i64> = seen.borrow().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
        assert_eq!(got, (0..4_000).collect::<Vec<_>>(), "a channel keeps its order");
        (executor.frames_sent, seen.borrow().len())
    };
    let (frames, calls) = run(1);
    assert!(frames > 3_500 && calls > 3_500, "idle: {frames} frames, {calls} calls");
    let (frames, calls) = run(5_000);
    assert!(frames < 200 && calls < 20, "busy: {frames} frames, {calls} calls");
}

#[test]
fn long_frames_are_processed_in_slices() {
    let tuning = Tuning { slice_bytes: 1_000, ..Tuning::default() };
    let seen = Seen::default();
    let graph =
        Graph::default().spout("numbers", 1, number_schema()).bolt("sink", 1, None).reads(0, Grouping::Global).build();
    let mut executor = Executor::new(&graph, tuning, 3, vec![counting(1_000, 1_000), remembering(&seen)]);
    assert!(executor.run());
    assert!(seen.borrow().iter().all(|(_, numbers)| numbers.len() <= 190), "a slice is too long");
    assert_eq!(seen.borrow().iter().flat_map(|(_, n)| n.clone()).collect::<Vec<_>>(), (0..1_000).collect::<Vec<_>>());
    assert_eq!(executor.report(task(1, 0)).executed_rows, 1_000);
}
