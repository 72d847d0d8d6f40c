//! Plugins that trap: at some tuples, at all, in every export.

use crate::beside::{Beside, Harm, hostile_spout, refused};

#[test]
fn a_trap_at_one_tuple_in_a_thousand() {
    let beside = Beside::of(&Harm { every: 1_000, ..Harm::always("trap") });
    let letter = beside.assert_letter("trap", &["out of spite"]);
    assert_eq!(letter["values"]["number"].as_i64().map(|number| number % 1_000), Some(0), "{letter}");
    let figures = beside.figures();
    let (executed, letters) = (figures["executed"].as_u64().unwrap(), figures["dead_letters"].as_u64().unwrap());
    assert_eq!(letters, (executed + letters).div_ceil(1_000), "one in a thousand, and no other: {figures}");
    let numbers = beside.read("hostile.tsv");
    let mut numbers: Vec<u64> = numbers.lines().map(|line| line.parse().expect("a number")).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq((0..executed + letters).filter(|number| number % 1_000 > 0)), "each other once");
}

#[test]
fn a_trap_at_every_tuple_pauses() {
    let beside = Beside::of(&Harm::always("trap"));
    beside.assert_letter("trap", &["out of spite"]);
    let failure = &beside.report["failure"];
    assert_eq!(
        (&failure["component"], &failure["call"], &failure["kind"]),
        (&"hostile".into(), &"process".into(), &"trap".into())
    );
    // Whether it was paused before the run drained or after that: then nobody is told how to resume it.
    let words = "hostile[0] was paused, because it fails again and again, at last in `process`";
    assert!(beside.stderr.contains(words), "{words:?}: {}", beside.stderr);
}

#[test]
fn a_panic_with_ten_megabytes_of_words() {
    let beside = Beside::of(&Harm::always("long-panic"));
    let letter = beside.assert_letter("trap", &["ten million of these", "more bytes"]);
    assert!(letter["reason"].as_str().is_some_and(|reason| reason.len() < 20_000), "{letter}");
}

#[test]
fn a_trap_in_describe_starts_nothing() {
    let (sandbox, finished) = refused(&Harm::always("describe-trap").topology());
    finished.fails(2, &["no description today"]);
    assert!(!sandbox.path().join("neighbour.tsv").exists(), "nothing has started");
}

#[test]
fn a_loop_in_describe_starts_nothing() {
    let (sandbox, finished) = refused(&Harm::always("describe-loop").topology());
    finished.fails(2, &["`describe` took longer than 5000 ms"]);
    assert!(!sandbox.path().join("neighbour.tsv").exists(), "nothing has started");
}

#[test]
fn a_trap_in_open_fails_its_topology_alone() {
    let beside = Beside::of(&Harm::always("open-trap"));
    let failure = &beside.report["failure"];
    assert_eq!(
        (&beside.report["status"], &failure["call"], &failure["kind"]),
        (&"failed".into(), &"open".into(), &"trap".into())
    );
    assert!(failure["message"].as_str().is_some_and(|message| message.contains("the door is stuck")), "{failure}");
}

#[test]
fn a_loop_in_open_fails_its_topology_alone() {
    let beside = Beside::of(&Harm::always("open-loop"));
    let failure = &beside.report["failure"];
    assert_eq!(
        (&beside.report["status"], &failure["call"], &failure["kind"]),
        (&"failed".into(), &"open".into(), &"time-limit".into())
    );
}

#[test]
fn a_trap_in_a_timer_costs_the_timer() {
    let beside = Beside::of(&Harm { every: 100_000, ..Harm::always("timer") });
    let letter = beside.assert_letter("trap", &["the alarm of"]);
    assert_eq!(letter["call"], "on-timer", "{letter}");
    assert_eq!(letter["values"]["number"].as_i64().map(|number| number % 100_000), Some(0), "{letter}");
}

#[test]
fn a_spout_that_always_traps_is_asked_less_and_less() {
    let beside = Beside::of_topology("spout trap", &hostile_spout("trap"));
    let figures = beside.figures();
    assert!((3..100).contains(&figures["faults"].as_u64().unwrap()), "{figures}");
    assert!(beside.stderr.contains("`next` failed, a fresh instance takes over: trap: "), "{}", beside.stderr);
}
