//! Lineage against the plainest model: for each row a list of what it comes from.

use super::*;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use petrel_model::Generation;
use proptest::prelude::*;

/// The entries of every row.
fn rows_of(origins: &Origins) -> Vec<Vec<u32>> {
    let mut rows = Vec::new();
    for row in 0..origins.rows() {
        let mut entries = Vec::new();
        let one = origins.slice(row, row + 1);
        one.spans.iter().for_each(|span| one.entries(*span, &mut entries));
        rows.push(entries);
    }
    rows
}

/// The trees of every row.
fn trees_of(lineage: &Lineage) -> Vec<Vec<Tree>> {
    let (account, origins) = Account::of_rows(lineage);
    (0..origins.rows()).map(|row| account.trees(&origins.slice(row, row + 1))).collect()
}

fn tree() -> impl Strategy<Value = Tree> {
    (0u32..3, 0u64..12).prop_map(|(line, number)| Tree { line: Line(line), number })
}

/// Rows of a segment, each with its trees, as they may have come in.
fn segment() -> impl Strategy<Value = (u64, Vec<(u32, Vec<Tree>)>)> {
    let run = prop_oneof![
        4 => (1u32..5, prop::collection::vec(tree(), 1..2)),
        1 => (1u32..3, prop::collection::vec(tree(), 0..4)),
    ];
    (1u64.., prop::collection::vec(run, 1..10))
}

/// A batch of segments with different edge numbers.
fn batch() -> impl Strategy<Value = Lineage> {
    prop::collection::vec(segment(), 1..4).prop_map(|segments| {
        let mut lineage = Lineage::default();
        for (edge, runs) in segments {
            let mut segment = Segment::empty(EdgeNumber(edge), 0, Trail::default());
            for (rows, mut trees) in runs {
                trees.sort_unstable();
                trees.dedup();
                match trees[..] {
                    [] => segment.runs.push(Run { rows, of: Of::Nothing }),
                    [tree] if rows > 1 && tree.number % 2 == 0 => {
                        let Tree { line, number } = tree;
                        segment.runs.push(Run { rows, of: Of::Each { line, number } });
                    }
                    [tree] => segment.push(rows, tree),
                    _ => {
                        let (first, count) = (segment.several.len() as u32, trees.len() as u32);
                        segment.several.extend(trees);
                        segment.runs.push(Run { rows, of: Of::Several { first, count } });
                    }
                }
            }
            lineage.append(Lineage::of(segment));
        }
        lineage
    })
}

/// What is live of every tree, as receivers compute it.
fn live(lineages: &[Lineage]) -> BTreeMap<Tree, u64> {
    let mut values = BTreeMap::new();
    for entry in lineages.iter().flat_map(|lineage| Account::of_rows(lineage).0.entries) {
        *values.entry(entry.tree).or_default() ^= entry.xor;
    }
    values.retain(|_, value| *value != 0);
    values
}

proptest! {
    #[test]
    fn rows_keep_what_they_come_from(
        lineage in batch(),
        cut in (0u32..40, 0u32..40),
        picks in prop::collection::vec(0u32..40, 0..40),
        counts in prop::collection::vec(0u32..4, 120),
        lists in prop::collection::vec(prop::collection::vec(0u32..40, 0..4), 0..10),
    ) {
        let (_, origins) = Account::of_rows(&lineage);
        let rows = rows_of(&origins);
        prop_assert_eq!(rows.len() as u32, lineage.rows());
        let count = rows.len();
        let (from, to) = (cut.0.min(cut.1).min(count as u32), cut.0.max(cut.1).min(count as u32));
        prop_assert_eq!(rows_of(&origins.slice(from, to)), &rows[from as usize..to as usize]);

        let picks: Vec<u32> = picks.into_iter().filter(|row| (*row as usize) < count).collect();
        let taken: Vec<Vec<u32>> = picks.iter().map(|row| rows[*row as usize].clone()).collect();
        prop_assert_eq!(&rows_of(&origins.take(picks.iter().copied())), &taken);
        let words: Vec<u32> = [1].into_iter().chain(picks.iter().copied()).collect();
        prop_assert_eq!(rows_of(&origins.anchored(&words, picks.len() as u32)), taken);

        let mut sorted = picks.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let left = (0..).zip(&rows).filter(|(row, _)| !sorted.contains(row)).map(|(_, row)| row.clone());
        prop_assert_eq!(rows_of(&origins.except(&sorted)), left.collect::<Vec<_>>());

        let counts = &counts[..count];
        let repeated: Vec<_> = rows.iter().zip(counts).flat_map(|(row, count)| vec![row.clone(); *count as usize]).collect();
        let words: Vec<u32> = [0].iter().chain(counts).copied().collect();
        prop_assert_eq!(&rows_of(&origins.anchored(&words, repeated.len() as u32)), &repeated);

        let lists: Vec<Vec<u32>> =
            lists.into_iter().map(|list| list.into_iter().filter(|row| (*row as usize) < count).collect()).collect();
        let mut words = vec![2, 0];
        let mut end = 0;
        lists.iter().for_each(|list| { end += list.len() as u32; words.push(end); });
        words.extend(lists.iter().flatten());
        let union = |list: &Vec<u32>| {
            let mut entries: Vec<u32> = list.iter().flat_map(|row| rows[*row as usize].clone()).collect();
            entries.sort_unstable();
            entries.dedup();
            entries
        };
        let merged: Vec<Vec<u32>> = lists.iter().map(union).collect();
        prop_assert_eq!(rows_of(&origins.anchored(&words, lists.len() as u32)), merged);

        let everything = union(&(0..count as u32).collect());
        prop_assert_eq!(rows_of(&origins.anchored(&[], 3)), vec![everything; 3]);
    }

    #[test]
    fn anchors_that_do_not_fit_give_the_right_number_of_rows(
        lineage in batch(),
        words in prop::collection::vec(0u32..5, 0..20),
        rows in 0u32..20,
    ) {
        let (_, origins) = Account::of_rows(&lineage);
        prop_assert_eq!(origins.anchored(&words, rows).rows(), rows);
    }

    #[test]
    fn a_batch_takes_out_what_it_was_and_puts_in_what_it_became(
        lineage in batch(),
        counts in prop::collection::vec(0u32..4, 120),
        targets in prop::collection::vec(0u32..3, 480),
        kept in prop::collection::vec(any::<bool>(), 120),
    ) {
        let mut edges = EdgeNumbers::new(1, Generation(1));
        let lines = Lines::new(3, NonZeroU32::new(2).unwrap());
        let before = live(core::slice::from_ref(&lineage));
        let (mut account, origins) = Account::of_rows(&lineage);
        let emitted = origins.repeat(&counts[..lineage.rows() as usize]);
        // To a consumer row by row, to another one whole, to all tasks of a third.
        let parts = account.spread(&emitted, 3, |row| targets[row], &mut edges);
        let trees = |origins: &Origins| (0..origins.rows()).map(|row| account.trees(&origins.slice(row, row + 1))).collect();
        let expected: Vec<Vec<Tree>> = trees(&emitted);
        for target in 0..3u32 {
            let part = &parts[target as usize];
            let of_target: Vec<Vec<Tree>> =
                expected.iter().zip(&targets).filter(|(_, of)| **of == target).map(|(row, _)| row.clone()).collect();
            prop_assert_eq!(part.clone().map_or(vec![], |part| trees_of(&Lineage::of(part))), of_target);
        }
        let mut after: Vec<Lineage> = parts.into_iter().flatten().map(Lineage::of).collect();
        for _ in 0..3 {
            let whole = Lineage::of(account.send(&emitted, edges.draw()));
            prop_assert_eq!(&trees_of(&whole), &expected);
            after.push(whole);
        }
        let held: Vec<u32> = (0..lineage.rows()).filter(|row| kept[*row as usize]).collect();
        let held = Lineage::of(account.hold(&origins.take(held), edges.draw()));
        after.push(held.clone());

        let mut settlements = vec![Settlement::default(); 2];
        account.settle(lines, &mut settlements);
        let mut change = before;
        let mut changes_of_held = BTreeMap::new();
        for (acker, settlement) in (0..).zip(settlements) {
            for entry in settlement.entries {
                prop_assert_eq!(lines.acker(entry.tree.line), acker);
                *change.entry(entry.tree).or_default() ^= entry.xor;
            }
            for entry in settlement.held {
                prop_assert_eq!(lines.acker(entry.tree.line), acker);
                *changes_of_held.entry(entry.tree).or_default() ^= entry.xor;
            }
        }
        change.retain(|_, value| *value != 0);
        prop_assert_eq!(change, live(&after));
        prop_assert_eq!(changes_of_held, live(core::slice::from_ref(&held)));
    }
}

#[test]
fn a_line_of_ten_words_is_one_run_for_each_target() {
    let mut edges = EdgeNumbers::new(0, Generation(1));
    let (mut account, origins) = Account::of_roots(Tree { line: Line(0), number: 5 }, 100);
    let sent = account.send(&origins, edges.draw());
    assert_eq!(sent.runs.len(), 1, "the frame of a spout is one run");
    let (mut account, origins) = Account::of_rows(&Lineage::of(sent));
    let words = origins.repeat(&[10; 100]);
    for part in account.spread(&words, 2, |row| row as u32 % 2, &mut edges) {
        assert_eq!(part.unwrap().runs.len(), 100);
    }
    // One to one stays one run, however many bolts follow each other.
    let (mut account, origins) = Account::of_roots(Tree { line: Line(0), number: 5 }, 100);
    let mapped = origins.repeat(&[1; 100]);
    assert_eq!(account.send(&mapped, edges.draw()).runs.len(), 1);
}

#[test]
fn many_targets_and_long_lines_are_spread_as_few_and_short_ones() {
    for (targets, words) in [(1, 10), (8, 255), (8, 256), (9, 10), (200, 600)] {
        let mut edges = EdgeNumbers::new(0, Generation(1));
        let (mut account, origins) = Account::of_roots(Tree { line: Line(0), number: 0 }, 20);
        let target_of = |row: usize| (row * row / 7 % targets) as u32;
        let parts = account.spread(&origins.repeat(&[words; 20]), targets, target_of, &mut edges);
        let mut expected = vec![vec![]; targets];
        for row in 0..20 * words as usize {
            expected[target_of(row) as usize].push(vec![Tree { line: Line(0), number: row as u64 / u64::from(words) }]);
        }
        let parts: Vec<Lineage> = parts.into_iter().map(|part| part.map(Lineage::of).unwrap_or_default()).collect();
        assert_eq!(parts.iter().map(trees_of).collect::<Vec<_>>(), expected);
        let live: Vec<u64> = live(&parts).into_values().collect();
        assert_eq!(account.into_roots(), live);
    }
}

#[test]
fn a_row_of_two_runs_of_one_tree_takes_its_value_once() {
    let mut edges = EdgeNumbers::new(0, Generation(1));
    let (mut account, origins) = Account::of_roots(Tree { line: Line(0), number: 0 }, 1);
    let mut twice = Lineage::of(account.send(&origins, edges.draw()));
    twice.append(Lineage::of(account.send(&origins, edges.draw())));
    let root = account.into_roots()[0];
    let (mut account, origins) = Account::of_rows(&twice);
    let joined = account.send(&origins.all(1), edges.draw());
    assert_eq!(joined.runs, [Run { rows: 1, of: Of::One { line: Line(0), number: 0 } }]);
    let left = account.entries.iter().fold(root, |all, entry| all ^ entry.xor);
    assert_eq!(left, joined.edge.value(0));
}

#[test]
fn what_is_held_is_taken_out_by_its_handle() {
    let lines = Lines::new(3, NonZeroU32::MIN);
    let mut edges = EdgeNumbers::new(0, Generation(1));
    let tree = |number| Tree { line: Line(0), number };
    let (mut account, origins) = Account::of_roots(tree(0), 4);
    let batch = Lineage::of(account.send(&origins, edges.draw()));
    let roots = account.into_roots();

    let mut holds = Holds::default();
    let (mut account, origins) = Account::of_rows(&batch);
    holds.hold(7, &mut account, &origins.take([0, 2]), edges.draw());
    holds.hold(8, &mut account, &origins.take([3]), edges.draw());
    assert_eq!((holds.rows(), holds.handles()), (3, vec![7, 8]));
    assert_eq!(holds.trees(&[8, 7]), Ok(vec![tree(0), tree(2), tree(3)]));
    let mut told = [Settlement::default()];
    account.settle(lines, &mut told);

    let (mut account, origins) = holds.emit(7, edges.draw()).unwrap();
    let sent = account.send(&origins.all(1), edges.draw());
    account.settle(lines, &mut told);
    Account::of_rows(&Lineage::of(sent)).0.settle(lines, &mut told);
    assert_eq!(holds.ack(&[7, 9]).unwrap_err(), UnknownHandle(9));
    holds.ack(&[7, 7]).unwrap().settle(lines, &mut told);
    assert_eq!(holds.ack(&[7]).unwrap_err(), UnknownHandle(7));
    holds.fail(&[8]).unwrap().settle(lines, &mut told);
    assert_eq!((holds.rows(), holds.handles()), (0, vec![]));

    let [Settlement { entries, held, failed, .. }] = told;
    let left = |entries: &[Entry], number| {
        entries.iter().filter(|entry| entry.tree == tree(number)).fold(0, |all, entry| all ^ entry.xor)
    };
    assert_eq!((0..4).map(|number| left(&entries, number)).collect::<Vec<_>>(), roots);
    assert!((0..4).all(|number| left(&held, number) == 0) && held.len() == 10, "{held:?}");
    assert_eq!(failed, [tree(3)]);
}
