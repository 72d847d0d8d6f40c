use crate::bench::{Bench, NOW_US, With};
use petrel_flow::{Call, Returned, Trap, TrapKind};
use petrel_model::Limits;
use petrel_sandbox::LogLine;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

fn limited(configuration: &str) -> Bench {
    let limits = Limits { memory_bytes: 64 << 20, batch_ms: 100, emit_bytes: 1 << 20, ..Limits::default() };
    Bench::with(configuration, With { limits, ..With::default() })
}

fn trap(configuration: &str) -> (Trap, Bench) {
    let mut bench = limited(configuration);
    let trap = bench.process().unwrap_err();
    (trap, bench)
}

#[test]
fn a_call_returns() {
    let mut bench = Bench::new("nothing");
    for _ in 0..3 {
        assert_eq!(bench.process(), Ok(Returned::Done));
    }
    assert!(bench.instance.memory_bytes() >= 1 << 20);
}

#[test]
fn every_call_of_a_bolt_arrives() {
    let mut bench = Bench::new("count");
    let state = || petrel_state::Passed { block: petrel_frame::FrameBuf::from_slice(&[1; 16]), keys: 0 };
    assert_eq!(bench.call(Call::Open { position: None }), Ok(Returned::Done));
    let keys = crate::bench::frame(&["k"]);
    let bytes = keys.len();
    let calls = [
        (Call::End { input: 5, state: state() }, "input 5 frame 0 state 16".to_string()),
        (Call::Tick { now_us: 9, state: state() }, "input 0 frame 0 state 16".into()),
        (Call::Timer { table: 0, keys, times: vec![3], state: state() }, format!("input 0 frame {bytes} state 16")),
    ];
    for (call, says) in calls {
        assert_eq!(bench.call(call).unwrap_err().message, says);
    }
}

#[test]
fn a_guest_may_say_at_which_row_it_failed() {
    let (failed, bench) = trap("panic-at-1");
    assert_eq!((failed.kind, bench.effects.at_row), (TrapKind::Trapped, Some(1)));
    let (failed, bench) = trap("panic");
    assert_eq!((failed.kind, bench.effects.at_row), (TrapKind::Trapped, None));
    let (failed, bench) = trap("at-a-row-that-is-not");
    assert_eq!((failed.kind, bench.effects.at_row), (TrapKind::Contract, None));
    assert!(failed.message.contains("row 2") && failed.message.contains("at-row"), "{}", failed.message);
}

#[test]
fn open_tells_where_the_instance_is() {
    let mut bench = Bench::new("context");
    let message = bench.call(Call::Open { position: None }).unwrap_err().message;
    for part in ["topology: \"topology\"", "component: \"component\"", "generation: 7", "tracking: true", "tasks: 3"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn an_error_without_a_word_is_told_as_one() {
    let trap = Bench::new("refuse-silently").process().unwrap_err();
    assert_eq!(trap.kind, TrapKind::Refused);
    assert!(trap.message.contains("without a word of why"), "{}", trap.message);
}

#[test]
fn an_error_leaves_the_instance_as_it_was() {
    let mut bench = Bench::new("refuse");
    for _ in 0..2 {
        let trap = bench.process().unwrap_err();
        assert_eq!((trap.kind, trap.message.as_str()), (TrapKind::Refused, "I do not like this batch"));
    }
    assert!(bench.instance.is_usable());
}

#[test]
fn a_panic_is_told_in_the_guests_words_with_its_functions() {
    let (trap, mut bench) = trap("panic");
    assert_eq!(trap.kind, TrapKind::Trapped);
    assert!(trap.message.starts_with("panicked at"), "{}", trap.message);
    assert!(trap.message.contains("failing.rs"), "{}", trap.message);
    assert!(trap.message.ends_with("index out of bounds: the len is 3 but the index is 7"), "{}", trap.message);
    assert!(trap.backtrace[0].ends_with("failing::cause"), "{:?}", trap.backtrace);
    assert!(bench.log().iter().any(|line| line.contains("index out of bounds")));
    // What is left in its memory is anybody's guess, so nothing more is asked of it.
    assert!(!bench.instance.is_usable());
    let again = bench.process().unwrap_err();
    assert!(again.message.contains("cannot be used any more: panicked at"), "{}", again.message);
}

#[test]
fn other_ways_to_stop_are_explained() {
    for (configuration, expected) in
        [("unreachable", "stopped itself"), ("exit", "as a program is ended"), ("no-such", "no such verb")]
    {
        let (trap, _) = trap(configuration);
        assert_eq!(trap.kind, TrapKind::Trapped, "{configuration}: {}", trap.message);
        assert!(trap.message.contains(expected), "{configuration}: {}", trap.message);
    }
}

#[test]
fn others_run_while_a_guest_spins() {
    let mut bench = limited("spin");
    bench.block_on(async |instance| {
        let mut state = petrel_state::TaskState::new(petrel_state::KeySpec::default(), &[], 1);
        let mut effects = petrel_flow::Effects::default();
        let call = Call::Tick { now_us: 0, state: petrel_state::Passed::default() };
        let ticks = async {
            for tick in 0.. {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if tick == 5 {
                    return;
                }
            }
        };
        // Both on one thread: the ticks only come if the guest is interrupted.
        tokio::select! {
            biased;
            () = ticks => {}
            result = instance.call(&call, &mut state, &mut effects, NOW_US) => panic!("{result:?}"),
        }
    });
    let trap = bench.process().unwrap_err();
    assert!(trap.message.contains("its last call was abandoned"), "{}", trap.message);
}

#[test]
fn an_abandoned_call_leaves_the_instance_unusable() {
    let mut bench = Bench::new("sleep");
    bench.block_on(async |instance| {
        let mut state = petrel_state::TaskState::new(petrel_state::KeySpec::default(), &[], 1);
        let mut effects = petrel_flow::Effects::default();
        let call = Call::Tick { now_us: 0, state: petrel_state::Passed::default() };
        let mut abandoned = pin!(instance.call(&call, &mut state, &mut effects, NOW_US));
        assert!(abandoned.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    assert!(!bench.instance.is_usable());
    assert!(bench.process().unwrap_err().message.contains("abandoned"));
}

#[test]
fn a_guest_that_handles_having_no_memory_goes_on() {
    let mut bench = limited("memory-handled");
    assert_eq!(bench.process(), Ok(Returned::Done));
    assert_eq!(bench.process(), Ok(Returned::Done));
}

#[test]
fn a_memory_limit_below_the_first_memory_is_told_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limits = Limits { memory_bytes: 64 << 10, ..Limits::default() };
    let (spec, _lines) = crate::bench::spec("nothing", With { limits, ..With::default() });
    let error = runtime.block_on(crate::bench::plugin("bolt").instantiate(&spec)).unwrap_err().to_string();
    assert!(error.contains("the limit is 65536"), "{error}");
}

#[test]
fn a_flood_of_lines_neither_blocks_nor_breaks() {
    let mut bench = Bench::new("flood");
    assert_eq!(bench.process(), Ok(Returned::Done));
    let lines: Vec<LogLine> = std::iter::from_fn(|| bench.logs.try_next()).collect();
    assert!((1000..=5000).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines[0].message, "line 0 [31m of a flood");
    drop(bench.instance);
    let longest = lines.iter().map(|line| line.message.len()).max().unwrap();
    assert!(longest <= 4096);
}

#[test]
fn the_clocks_are_the_calls_and_move() {
    let mut bench = limited("now");
    let now = bench.says().parse::<i64>().unwrap();
    assert!((NOW_US..NOW_US + 100).contains(&now), "{now}");
    assert_eq!(limited("wait-by-looking").process(), Ok(Returned::Done));
    let limits = Limits { batch_ms: 5_000, ..Limits::default() };
    let mut bench = Bench::with("naps", With { limits, ..With::default() });
    assert_eq!(bench.process(), Ok(Returned::Done));
}

#[test]
fn randomness_comes_from_the_seed() {
    let draw = |seed| Bench::with("random", With { seed, ..With::default() }).says();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}
