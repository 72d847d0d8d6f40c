//! Plugins that never return: computing, in functions of the host, asleep.

use crate::beside::{Beside, Harm, hostile_spout};

#[test]
fn a_loop() {
    Beside::of(&Harm::always("loop")).assert_limit("time-limit", &["`process` took longer than 100 ms"]);
}

#[test]
fn a_loop_on_every_thread() {
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get() as u32);
    let beside = Beside::of(&Harm { parallelism: threads, ..Harm::always("loop") });
    beside.assert_limit("time-limit", &["`process` took longer than 100 ms"]);
}

#[test]
fn loops_over_functions_of_the_host() {
    for how in ["loop-over-copies", "loop-over-metrics"] {
        Beside::of(&Harm::always(how)).assert_limit("time-limit", &["`process` took longer than 100 ms"]);
    }
}

#[test]
fn a_loop_over_reads() {
    // It runs and it waits: whichever of the two is too much first.
    Beside::of(&Harm::always("loop-over-reads")).assert_letter_of(&["time-limit", "io-limit"], &["longer than 100 ms"]);
}

#[test]
fn a_long_sleep_and_many_short_ones() {
    for how in ["sleep", "naps"] {
        Beside::of(&Harm::always(how)).assert_limit("io-limit", &["`process` waited longer than 100 ms"]);
    }
}

#[test]
fn recursion() {
    Beside::of(&Harm::always("recurse")).assert_limit("stack-limit", &["recursion without an end"]);
}

#[test]
fn a_spout_that_never_returns() {
    let beside = Beside::of_topology("spout loop", &hostile_spout("loop"));
    assert!(beside.stderr.contains("`next` took longer than 100 ms"), "{}", beside.stderr);
}

#[test]
fn a_spout_that_never_has_anything() {
    let beside = Beside::of_topology("spout nothing", &hostile_spout("nothing"));
    assert_eq!((&beside.report["status"], &beside.figures()["emitted"]), (&"drained".into(), &0.into()));
}
