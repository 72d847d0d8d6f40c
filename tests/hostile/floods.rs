//! Plugins that want more and more: of memory, of the queues, of the log, of everything that the host keeps for them.

use crate::beside::{Beside, Harm, hostile_spout};

/// With the usual limits of time, so that another one is reached first.
fn patient(how: &str) -> Harm<'_> {
    Harm { limits: "emit_bytes = 8_388_608", ..Harm::always(how) }
}

#[test]
fn memory() {
    Beside::of(&patient("memory")).assert_limit("memory-limit", &["67108864", "`memory_bytes`"]);
}

#[test]
fn emissions() {
    Beside::of(&patient("emit")).assert_limit("emit-limit", &["8388608", "`emit_bytes`"]);
    let rows = Harm { limits: "emit_rows = 100_000", ..Harm::always("emit") };
    Beside::of(&rows).assert_limit("row-limit", &["100000", "`emit_rows`"]);
}

#[test]
fn emissions_of_nothing() {
    Beside::of(&patient("emit-nothing")).assert_limit("emit-limit", &["8388608", "`emit_bytes`"]);
}

#[test]
fn emissions_of_a_spout() {
    let beside = Beside::of_topology("spout emit", &hostile_spout("emit"));
    assert!(beside.figures()["limits_hit"]["emit-limit"].as_u64() >= Some(1), "{}", beside.figures());
    assert_eq!(beside.figures()["emitted"], 0, "nothing of such a call counts");
}

#[test]
fn prints_rejections_and_holds() {
    for how in ["print", "reject"] {
        Beside::of(&patient(how)).assert_limit("emit-limit", &["8388608", "`emit_bytes`"]);
    }
    let hold = Harm { limits: "held_tuples = 10_000", guarantee: "at-least-once", ..Harm::always("hold") };
    Beside::of(&hold).assert_limit("hold-limit", &["10000", "`held_tuples`"]);
}

#[test]
fn state_and_timers() {
    let state = Harm { limits: "state_bytes = 5_000_000", ..Harm::always("state") };
    Beside::of(&state).assert_limit("state-limit", &["5000000", "`state_bytes`"]);
    Beside::of(&patient("more-state")).assert_limit("host-call-limit", &["67108864", "`host_call_bytes`"]);
    let timers = Harm { limits: "timers = 10_000", ..Harm::always("timers") };
    Beside::of(&timers).assert_limit("timer-limit", &["10000", "`timers`"]);
    Beside::of(&patient("more-timers")).assert_limit("host-call-limit", &["67108864", "`host_call_bytes`"]);
}

#[test]
fn handles() {
    let harm = Harm { more: "grants = { dirs = [\"readable\"] }", ..patient("handles") };
    Beside::of(&harm).assert_limit("handle-limit", &["1000", "`handles`"]);
}

#[test]
fn log_lines_and_standard_output() {
    for (how, limit) in [("log", "host-call-limit"), ("lines", "time-limit"), ("one-line", "time-limit")] {
        let beside = Beside::of(&if limit == "time-limit" { Harm::always(how) } else { patient(how) });
        beside.assert_limit(limit, &["`process` "]);
        let figures = beside.figures();
        // A line without an end is one line.
        if how != "one-line" {
            assert!(figures["dropped_log_lines"].as_u64() >= Some(1_000), "{figures}");
            assert!(figures["limits_hit"]["log-limit"].as_u64() >= Some(1), "{figures}");
        }
        assert!(beside.stderr.len() < 16 << 20, "{how}: {} bytes were shown", beside.stderr.len());
        assert!(!beside.stderr.contains('\x1b'), "{how}: it plays with the terminal");
    }
}
