//! A bolt with state: what it does counts whole or not at all.

use crate::bench::{NOW_US, bench, frame, state};
use crate::{effects, told};
use petrel_flow::{Call, Effects, Frame, TrapKind};
use petrel_frame::{FrameBuf, FrameView};
use petrel_state::{Clock, Passed, TaskState};

const BATCH: [&str; 3] = ["a", "b", "a"];
const TABLES: u32 = 4;

/// Runs a script in a batch, a timer, a tick, an end of input, or after an earlier call.
pub(crate) fn check(which: u8, script: &[u8]) {
    let mut instance = bench().instance(&bench().bolt, b"");
    let mut state = state();
    let mut staged = Effects::default();
    let (call, rows, factor) = call(which, script, &mut state);
    let before = everything(&mut state);
    let outcome = bench().block_on(instance.call(&call, &mut state, &mut staged, NOW_US));
    match &outcome {
        Ok(_) => {
            effects::check(&staged, rows, factor);
            state.commit();
        }
        Err(trap) => {
            told(trap);
            state.discard();
            assert_eq!(everything(&mut state), before, "a call that failed left a trace");
            assert_eq!(instance.is_usable(), trap.kind == TrapKind::Refused, "{trap:?}");
        }
    }
    everything(&mut state);
    due(&mut state);
    // The instance takes another call, or says why it does not.
    let again = bench().block_on(instance.call(&tick(b""), &mut state, &mut staged, NOW_US));
    state.discard();
    assert_eq!(again.is_ok(), instance.is_usable(), "{again:?}");
    assert_eq!(instance.is_usable(), outcome.as_ref().map_or_else(|trap| trap.kind == TrapKind::Refused, |_| true));
}

fn call(which: u8, script: &[u8], state: &mut TaskState) -> (Call, u32, u64) {
    let batch = Frame::validate(frame(&BATCH)).expect("it was built");
    let mut passed = Passed::default();
    match which {
        0 | 1 => {
            state.pass_frame(&batch.view(), &[0], &mut passed).expect("it is small");
            passed.block = FrameBuf::from_slice(script);
            (Call::Process { input: 0, frame: batch, state: passed }, BATCH.len() as u32, 1)
        }
        2 => {
            let keys = frame(&["a", "b"]);
            state.pass_frame(&FrameView::parse(&keys).expect("it was built"), &[0], &mut passed).expect("it is small");
            passed.block = FrameBuf::from_slice(script);
            (Call::Timer { table: 0, keys, times: vec![1, 2], state: passed }, 0, 1)
        }
        3 => (tick(script), 0, 1),
        _ => {
            let passed = Passed { block: FrameBuf::from_slice(script), keys: 0 };
            // At an end it may give away at once what it kept.
            (Call::End { input: 0, state: passed }, 0, 16)
        }
    }
}

fn tick(script: &[u8]) -> Call {
    Call::Tick { now_us: NOW_US, state: Passed { block: FrameBuf::from_slice(script), keys: 0 } }
}

/// All rows of all tables, each read again by the checks for strangers.
fn everything(state: &mut TaskState) -> Vec<String> {
    let mut all = Vec::new();
    for table in 0..TABLES {
        let mut from = 0;
        loop {
            let mut rows = FrameBuf::new();
            from = state.scan(table, from, u32::MAX, &mut rows).expect("the tables are there");
            let view = FrameView::parse(&rows).expect("what the host keeps makes frames");
            if view.rows() == 0 {
                break;
            }
            let columns = (0..view.columns()).map(|index| view.column(index));
            let columns: Vec<_> = columns.collect();
            all.extend((0..view.rows()).map(|row| {
                let values = columns.iter().map(|column| format!("{:?}", column.value(row)));
                format!("{table}: {:?}", values.collect::<Vec<_>>())
            }));
        }
    }
    all
}

/// Timers that were set come, whatever they were set to.
fn due(state: &mut TaskState) {
    for clock in [Clock::Processing, Clock::Event] {
        let mut rounds = 0;
        while let Some(due) = state.take_due(clock, i64::MAX, 1000) {
            let keys = FrameView::parse(&due.keys).expect("what the host keeps makes frames");
            assert_eq!(keys.rows(), due.times.len());
            assert!(due.times.is_sorted());
            state.commit();
            rounds += 1;
            assert!(rounds < 1_000_000, "timers without an end");
        }
        assert_eq!(state.next_due(clock), None);
    }
}
