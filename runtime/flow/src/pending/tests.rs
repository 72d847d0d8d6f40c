//! One spout task's trees, told things by hand. Whole topologies are in `tests/acking`.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

fn pending(max_pending: u32, timeout_ticks: u32) -> Pending {
    let lines = Lines::new(2, NonZeroU32::new(2).unwrap());
    Pending::new(1, lines, PendingLimits { max_pending, timeout_ticks })
}

fn tree(line: u32, number: u64) -> Option<Tree> {
    Some(Tree { line: Line(line), number })
}

fn acked(numbers: Range<u64>) -> Notice {
    Notice { acked: Vec::from([numbers]), ..Notice::default() }
}

fn forgotten(numbers: Range<u64>) -> Vec<(Line, Vec<Range<u64>>)> {
    vec![(Line(3), Vec::from([numbers]))]
}

fn failed(number: u64) -> Notice {
    Notice { failed: vec![number], ..Notice::default() }
}

#[test]
fn frames_go_to_the_ackers_in_turn_and_rows_are_numbered_without_gaps() {
    let mut pending = pending(10, 5);
    let firsts = [2, 3, 1, 1].map(|rows| pending.emit(&vec![0; rows], Vec::new()));
    assert_eq!(firsts, [tree(3, 0), tree(2, 0), tree(3, 2), tree(2, 3)]);
    assert_eq!(pending.emit(&[], Vec::new()), None);
    assert_eq!(pending.room(), 3);
    pending.emit(&[0; 9], Vec::new());
    assert_eq!(pending.room(), 0);
    pending.notice(Line(3), &acked(0..3));
    assert_eq!(pending.report().pending, 13);
    // Not its own line, and trees that are not there.
    pending.notice(Line(0), &acked(0..1));
    pending.notice(Line(3), &acked(0..3));
    pending.notice(Line(3), &failed(1_000));
    assert_eq!((pending.report().pending, pending.report().acked, pending.report().failed), (13, 3, 0));
}

#[test]
fn a_failed_row_holds_the_position_back_until_its_replay_is_through() {
    let mut pending = pending(100, 5);
    pending.emit(&[10, 11], vec![1]);
    pending.emit(&[12], vec![2]);
    pending.notice(Line(3), &acked(0..1));
    pending.notice(Line(3), &failed(1));
    pending.notice(Line(2), &acked(0..1));
    assert_eq!((pending.take_acked(), pending.take_failed()), (vec![10, 12], vec![11]));
    assert_eq!((pending.position(), pending.awaited()), (None, Awaited::Trees));
    // It comes again with something new.
    assert_eq!(pending.emit(&[11, 13], vec![3]), tree(3, 2));
    pending.notice(Line(3), &acked(2..3));
    assert_eq!(pending.position(), Some(&[2][..]));
    pending.notice(Line(3), &acked(3..4));
    assert_eq!((pending.position(), pending.awaited()), (Some(&[3][..]), Awaited::Nothing));
}

#[test]
fn what_waits_too_long_has_failed_and_the_acker_is_told() {
    let mut pending = pending(100, 2);
    pending.emit(&[1, 2, 3], Vec::new());
    pending.tick();
    pending.notice(Line(3), &Notice { reset: vec![2], ..acked(1..2) });
    assert!(pending.take_failed().is_empty());
    pending.tick();
    assert_eq!((pending.take_failed(), pending.take_forgotten()), (vec![1], forgotten(0..1)));
    // Its ack comes too late.
    pending.notice(Line(3), &acked(0..1));
    pending.tick();
    assert_eq!((pending.take_failed(), pending.take_forgotten()), (vec![3], forgotten(2..3)));
    assert_eq!(pending.take_acked(), [2]);
    let PendingReport { failed, timed_out, lost, .. } = pending.report();
    assert_eq!((failed, timed_out, lost), (2, 2, 0));
}

#[test]
fn an_id_that_is_not_replayed_is_given_up_and_counted() {
    let mut pending = pending(100, 2);
    pending.emit(&[1], vec![1]);
    pending.emit(&[2], vec![2]);
    pending.notice(Line(3), &failed(0));
    // The guest has not been told yet: it may have more to say than it thinks.
    pending.guest_ended();
    assert_eq!((pending.take_failed(), pending.awaited()), (vec![1], Awaited::Trees));
    pending.guest_ended();
    assert_eq!((pending.report().lost, pending.position()), (1, Some(&[1][..])));
    // By itself after three timeouts.
    pending.notice(Line(2), &failed(0));
    (0..5).for_each(|_| pending.tick());
    assert_eq!((pending.awaited(), pending.report().lost), (Awaited::Trees, 1));
    pending.tick();
    assert_eq!((pending.awaited(), pending.report().lost), (Awaited::Nothing, 2));
    assert_eq!(pending.position(), Some(&[2][..]));
}

#[test]
fn the_streams_may_end_when_all_that_is_left_is_held() {
    let mut pending = pending(100, 9);
    pending.emit(&[1, 2], vec![1]);
    let notice = |parked: &[u64], resumed: &[u64]| Notice {
        parked: parked.to_vec(),
        resumed: resumed.to_vec(),
        ..Notice::default()
    };
    pending.notice(Line(3), &notice(&[0], &[]));
    pending.notice(Line(3), &notice(&[0], &[]));
    assert_eq!(pending.awaited(), Awaited::Trees);
    pending.notice(Line(3), &notice(&[1], &[]));
    assert_eq!(pending.awaited(), Awaited::Held);
    pending.notice(Line(3), &notice(&[], &[0]));
    assert_eq!(pending.awaited(), Awaited::Trees);
    pending.notice(Line(3), &notice(&[0], &[]));
    pending.close();
    pending.notice(Line(3), &acked(0..1));
    assert_eq!(pending.awaited(), Awaited::Held);
    // It cannot be replayed any more, and so the position stays before it.
    pending.notice(Line(3), &failed(1));
    assert_eq!((pending.awaited(), pending.report().lost, pending.position()), (Awaited::Nothing, 1, None));
}
