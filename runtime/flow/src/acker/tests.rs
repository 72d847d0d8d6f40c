//! One acker, told things by hand. Whole topologies with loss and disorder are in `tests/acking`.

use super::*;
use crate::lineage::{Entry, Tree};
use alloc::vec;
use core::num::NonZeroU32;
use petrel_model::{ComponentIndex, Generation, TaskId, TaskIndex};

/// An acker and its senders, which count their messages.
struct Told {
    acker: Acker,
    sequences: [u64; 2],
}

const SPOUT: u32 = 0;
const BOLT: u32 = 1;

fn message(from: u32, generation: u64, sequence: u64, report: Report) -> ToAcker {
    let from = TaskId { component: ComponentIndex(from), task: TaskIndex(0) };
    ToAcker { from, to: 0, generation: Generation(generation), sequence, report }
}

fn roots(first: u64, xors: &[u64]) -> Report {
    Report::Roots { line: Line(0), first, xors: xors.to_vec() }
}

fn entries(entries: &[(u64, u64)]) -> Vec<Entry> {
    entries.iter().map(|(number, xor)| Entry { tree: Tree { line: Line(0), number: *number }, xor: *xor }).collect()
}

fn settled(of: &[(u64, u64)]) -> Report {
    Report::Settled(Settlement { entries: entries(of), ..Settlement::default() })
}

impl Told {
    fn new() -> Told {
        Told { acker: Acker::new(0, Lines::new(1, NonZeroU32::MIN), 3), sequences: [0; 2] }
    }

    /// The next message of a sender.
    fn tell(&mut self, from: u32, report: Report) -> Notice {
        let sequence = self.sequences[from as usize];
        self.sequences[from as usize] += 1;
        self.acker.take(&message(from, 1, sequence, report));
        self.heard()
    }

    fn heard(&mut self) -> Notice {
        let mut notices = Vec::new();
        self.acker.notices(&mut notices);
        assert!(notices.len() <= 1 && notices.iter().all(|(line, _)| *line == Line(0)));
        notices.pop().map(|(_, notice)| notice).unwrap_or_default()
    }
}

fn acked(numbers: core::ops::Range<u64>) -> Notice {
    Notice { acked: vec![numbers], ..Notice::default() }
}

#[test]
fn a_tree_is_acked_when_all_of_it_is_processed_in_any_order() {
    let mut told = Told::new();
    // 1 becomes 2 and 3; tree 1 is told of by bolts before the spout does.
    assert!(told.tell(BOLT, settled(&[(0, 1 ^ 2 ^ 3), (1, 8 ^ 9)])).is_empty());
    assert!(told.tell(BOLT, settled(&[(1, 9)])).is_empty());
    assert_eq!(told.tell(SPOUT, roots(0, &[1, 8])), acked(1..2));
    assert!(told.tell(BOLT, settled(&[(0, 3)])).is_empty());
    assert_eq!(told.tell(BOLT, settled(&[(0, 2)])), acked(0..1));
    assert_eq!(told.acker.report().open_trees, 0);
    // What nobody reads is through at once; what is through is so for good.
    assert_eq!(told.tell(SPOUT, roots(2, &[0, 0, 5])), acked(2..4));
    assert!(told.tell(BOLT, settled(&[(2, 7), (2, 7)])).is_empty());
}

#[test]
fn a_message_counts_once_and_in_order() {
    let mut told = Told::new();
    told.tell(SPOUT, roots(0, &[1, 2, 3]));
    // Again, it would cancel the roots.
    told.acker.take(&message(SPOUT, 1, 0, roots(0, &[1, 2, 3])));
    assert!(told.heard().is_empty());
    // The third overtakes the second, which then counts as lost.
    told.acker.take(&message(BOLT, 1, 0, settled(&[(0, 1)])));
    told.acker.take(&message(BOLT, 1, 2, settled(&[(2, 3)])));
    told.acker.take(&message(BOLT, 1, 1, settled(&[(1, 2)])));
    assert_eq!(told.heard(), Notice { acked: vec![0..1, 2..3], ..Notice::default() });
    let AckerReport { repeated_messages, missing_messages, open_trees, .. } = told.acker.report();
    assert_eq!((repeated_messages, missing_messages, open_trees), (2, 1, 1));
}

#[test]
fn a_sender_that_starts_again_counts_from_0() {
    let mut told = Told::new();
    told.tell(BOLT, settled(&[(0, 1)]));
    told.tell(SPOUT, roots(0, &[1]));
    // A new life of the bolt: its messages count, those of the old one do not.
    told.tell(SPOUT, roots(1, &[4, 4]));
    told.acker.take(&message(BOLT, 2, 0, settled(&[(1, 4)])));
    told.acker.take(&message(BOLT, 1, 1, settled(&[(2, 4)])));
    assert_eq!(told.heard(), acked(1..2));
    // A new life of the spout: its trees are others.
    told.acker.take(&message(SPOUT, 2, 0, roots(0, &[6])));
    told.acker.take(&message(BOLT, 2, 1, settled(&[(0, 6)])));
    assert_eq!(told.heard(), acked(0..1));
}

#[test]
fn the_first_failure_is_told_and_the_rest_of_the_tree_is_ignored() {
    let mut told = Told::new();
    let tree = Tree { line: Line(0), number: 1 };
    let fails = Settlement { failed: vec![tree], entries: entries(&[(1, 2)]), ..Settlement::default() };
    // Before its root is told.
    let failed = Notice { failed: vec![1], ..Notice::default() };
    assert_eq!(told.tell(BOLT, Report::Settled(fails.clone())), failed);
    assert_eq!(told.tell(SPOUT, roots(0, &[1, 2])), Notice::default());
    assert!(told.tell(BOLT, Report::Settled(fails)).is_empty());
    assert_eq!(told.acker.report().open_trees, 1);
    // The row that fails is the last one of its tree.
    let last =
        Settlement { failed: vec![Tree { number: 0, ..tree }], entries: entries(&[(0, 1)]), ..Settlement::default() };
    assert_eq!(told.tell(BOLT, Report::Settled(last)), Notice { failed: vec![0], ..Notice::default() });
}

#[test]
fn trees_that_wait_for_held_tuples_are_told_after_the_end() {
    let mut told = Told::new();
    told.tell(SPOUT, roots(0, &[1, 2]));
    let hold = |of: &[(u64, u64)], held: &[(u64, u64)]| {
        Report::Settled(Settlement { entries: entries(of), held: entries(held), ..Settlement::default() })
    };
    assert!(told.tell(BOLT, hold(&[(0, 1 ^ 7)], &[(0, 7)])).is_empty());
    let ending = || Report::Ending { line: Line(0) };
    assert_eq!(told.tell(SPOUT, ending()), Notice { parked: vec![0], ..Notice::default() });
    assert_eq!(told.tell(BOLT, hold(&[(1, 2 ^ 9)], &[(1, 9)])), Notice { parked: vec![1], ..Notice::default() });
    assert_eq!(told.tell(SPOUT, ending()), Notice { parked: vec![0, 1], ..Notice::default() });
    // Something is emitted from what is held, which is held on under another value.
    assert_eq!(
        told.tell(BOLT, hold(&[(0, 7 ^ 4 ^ 8)], &[(0, 7 ^ 8)])),
        Notice { resumed: vec![0], ..Notice::default() }
    );
    assert_eq!(told.tell(BOLT, settled(&[(0, 4)])), Notice { parked: vec![0], ..Notice::default() });
    assert_eq!(told.tell(BOLT, hold(&[(0, 8)], &[(0, 8)])), acked(0..1));
}

#[test]
fn what_nobody_asks_for_any_more_is_forgotten() {
    let mut told = Told::new();
    told.tell(SPOUT, roots(0, &[1, 1, 1, 1, 1]));
    told.tell(SPOUT, Report::Forget { line: Line(0), numbers: vec![0..2, 4..9] });
    assert_eq!(told.acker.report().open_trees, 2);
    told.acker.tick();
    // Only of what is held can the timeout start anew.
    let tree = |number| Tree { line: Line(0), number };
    let reset = Settlement {
        entries: entries(&[(3, 1 ^ 9)]),
        held: entries(&[(3, 9)]),
        reset: vec![tree(2), tree(3), tree(7)],
        ..Settlement::default()
    };
    assert_eq!(told.tell(BOLT, Report::Settled(reset)), Notice { reset: vec![3], ..Notice::default() });
    told.acker.tick();
    told.acker.tick();
    assert_eq!((told.acker.report().open_trees, told.acker.report().forgotten_trees), (1, 1));
    told.acker.tick();
    assert_eq!((told.acker.report().open_trees, told.acker.report().forgotten_trees), (0, 2));
    assert!(told.tell(BOLT, settled(&[(3, 9)])).is_empty());
}

#[test]
fn roots_that_were_lost_take_no_memory() {
    let mut told = Told::new();
    // The first message of the spout is lost, a bolt is heard of its trees, and of one that cannot be.
    told.sequences[SPOUT as usize] = 1;
    told.tell(BOLT, settled(&[(5, 1), (u64::MAX, 1), (5_000_000_000, 1)]));
    assert_eq!(told.acker.report().open_trees, 6);
    told.tell(SPOUT, roots(10_000_000, &[1]));
    assert_eq!(told.acker.report().open_trees, 1);
    assert_eq!(told.tell(BOLT, settled(&[(10_000_000, 1)])), acked(10_000_000..10_000_001));
}
