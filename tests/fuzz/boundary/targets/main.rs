//! The boundary between host and guest: whatever a guest does, its call returns ok or with a reason, the host goes on, and
//! what it took from the guest is as it should be.
//!
//! The first byte of an input says which guest is driven and through which call; the rest is the script that the guest
//! carries out (`tests/guests/script`).

mod bench;
mod bolt;
mod corpus;
mod describe;
mod effects;
mod grouping;
mod script;
mod spout;

use petrel_flow::{Trap, TrapKind};

/// Pieces of scripts: an operation and its operands.
const WORDS: &[&[u8]] = &[
    &[0, 0, 2, 0],
    &[0, 0, 4],
    &[4, 2, 0, 1],
    &[5, 0],
    &[8, 0],
    &[9, 0, 2],
    &[10, 0, 2],
    &[11, 1, 2],
    &[12, 0, 0, 251],
    &[13, 2, 2],
    &[14, 0, 0, 2, 2, 1, 5],
    &[15, 0, 1, 2, 0, 1, 2, 5, 9],
    &[27, 6, 253, 0, 0, 0, 1],
    &[29, 0],
    &[31, 251],
    &[251],
    &[255],
    b"PTF1",
];

#[test]
fn boundary() {
    petrel_fuzz::check!("boundary", 1_500, WORDS, check);
}

fn check(input: &[u8]) {
    let (&first, script) = input.split_first().unwrap_or((&0, &[]));
    match first % 8 {
        0..=4 => bolt::check(first % 8, script),
        5 => spout::check(script),
        6 => grouping::check(script),
        _ => describe::check(script),
    }
}

/// A reason is for people: it says something, and is not as long as a guest likes.
fn told(trap: &Trap) {
    assert!(!trap.message.trim().is_empty(), "{trap:?}");
    assert!(trap.message.len() <= 20_000, "a reason of {} bytes ({})", trap.message.len(), trap.kind.name());
    assert!(trap.backtrace.len() <= 100 && trap.backtrace.iter().all(|name| name.len() <= 10_000), "{trap:?}");
    // Which of the others it is depends on the script; that an error is one, only the guest decides.
    assert!(trap.kind != TrapKind::Refused || trap.backtrace.is_empty(), "{trap:?}");
}
