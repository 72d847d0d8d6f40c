//! Tuples that wait longer than the message timeout.

use crate::at_least_once::{LIMIT, counts, graph, positioned};
use crate::executor::{Executor, Plugin, guest};
use crate::graph::{emit, task};
use crate::pressure::{Seen, remembering};
use petrel_flow::{Call, Returned, RowFault, Tuning};

#[test]
fn a_bolt_that_is_stuck_for_many_timeouts_loses_nothing() {
    let stuck: Plugin<'_> = Box::new(move |_| {
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                if host.now_us < 2_500_000 {
                    let later = |row| RowFault { row, reason: "later".to_string(), retry_after_ms: Some(500) };
                    host.effects.faults.extend((0..frame.view().rows() as u32).map(later));
                }
                host.effects.emitted.push(emit(0, frame.clone()));
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    // What waits fills the window: nothing that times out can be emitted again for a long time.
    let tuning = Tuning { window_bytes: 800, retries: 100, ..Tuning::default() };
    let mut executor = Executor::new(&graph(1), tuning, 1, vec![positioned(), stuck, remembering(&seen)]);
    assert!(executor.run(), "{:?}", executor.failures);
    let counts = counts(&seen);
    assert!((0..LIMIT).all(|n| counts.contains_key(&n)), "{} came", counts.len());
    let report = executor.report(task(0, 0));
    assert!(report.timed_out_rows > 0 && report.lost_rows == 0, "{report:?}");
}

#[test]
fn a_bolt_that_is_slower_than_the_timeout_gets_on() {
    let slow: Plugin<'_> = Box::new(move |_| {
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                host.effects.emitted.push(emit(0, frame.clone()));
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    // Seven rows a call, and each call takes longer than the timeout.
    let tuning = Tuning { frame_bytes: 150, whole_bytes: 50, ..Tuning::default() };
    let mut executor = Executor::new(&graph(1), tuning, 1, vec![positioned(), slow, remembering(&seen)]);
    executor.call_us.insert(1, 400_000);
    assert!(executor.run(), "{:?}", executor.failures);
    let counts = counts(&seen);
    assert!((0..LIMIT).all(|n| counts.contains_key(&n)), "{} came", counts.len());
    let report = executor.report(task(0, 0));
    assert!(report.timed_out_rows > 0 && report.lost_rows == 0, "{report:?}");
    let times: usize = counts.values().sum();
    assert!(times < 12 * LIMIT as usize, "{times} for {LIMIT}");
}
