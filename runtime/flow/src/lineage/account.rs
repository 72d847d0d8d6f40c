//! What is settled when a batch is done with.

use super::edge::EdgeNumber;
use super::origins::{Origins, Source};
use super::segment::{Lineage, Of, Run, Segment};
use super::trail::Trail;
use super::tree::{Line, Lines, Tree};
use alloc::vec::Vec;

/// For every run of a batch: the XOR of its own value, of those of everything emitted from it, and of those of
/// what is kept of it.
///
/// An acker that applies an entry takes one value out of a tree and puts in those that replace it, at once. So
/// there is no moment at which a tree looks done while something of it is left, and no need for a number of open rows.
/// An entry that is lost leaves a value in its tree for ever: the spout's message timeout notices.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub(super) entries: Vec<Entry>,
    /// The same for held rows alone, for the entries that have any.
    held: Vec<(u32, u64)>,
    failed: Vec<u32>,
    /// The trails of stretches of entries, each with the number of its first.
    trails: Vec<(u32, Trail)>,
}

/// A tree, and what changes in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The tree.
    pub tree: Tree,
    /// What its value is to be combined with.
    pub xor: u64,
}

/// What an acker is told when a batch, or a held tuple, is done with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Changes of values. A tree may come several times: each change is whole by itself.
    pub entries: Vec<Entry>,
    /// Changes of the values of what is held.
    pub held: Vec<Entry>,
    /// Trees that failed.
    pub failed: Vec<Tree>,
    /// Trees whose message timeout starts anew.
    pub reset: Vec<Tree>,
}

impl Account {
    /// Of rows that a spout emits, which begin consecutive trees. [`into_roots`](Self::into_roots) ends it.
    pub fn of_roots(first: Tree, rows: u32) -> (Account, Origins) {
        let tree = |row| Tree { number: first.number + u64::from(row), ..first };
        let entries = (0..rows).map(|row| Entry { tree: tree(row), xor: 0 }).collect();
        let mut origins = Origins::default();
        origins.push(rows, Source::Each(0));
        (Account { entries, ..Account::default() }, origins)
    }

    /// Of rows that came in, or were kept for a retry. [`settle`](Self::settle) ends it.
    pub fn of_rows(lineage: &Lineage) -> (Account, Origins) {
        let mut account = Account::default();
        let mut origins = Origins::default();
        let runs = lineage.segments.iter().map(|segment| segment.runs.len()).sum();
        account.entries.reserve(runs);
        origins.spans.reserve(runs);
        let mut list = Vec::new();
        for segment in &lineage.segments {
            account.enter(&segment.trail);
            let mut row = 0;
            for run in &segment.runs {
                account.open(segment, run, row, &mut origins, &mut list);
                row += run.rows;
            }
        }
        (account, origins)
    }

    /// Of rows that were held. Those that are to be held on, because only something was emitted from them, have to be
    /// held again: their old value is taken out.
    pub fn of_held(lineage: &Lineage) -> (Account, Origins) {
        let (mut account, origins) = Account::of_rows(lineage);
        account.held = (0..).zip(&account.entries).map(|(number, entry)| (number, entry.xor)).collect();
        (account, origins)
    }

    /// Rows go to one task under an edge number that was never used, or are kept for a retry.
    pub fn send(&mut self, origins: &Origins, edge: EdgeNumber) -> Segment {
        self.put(origins, edge, false)
    }

    /// Rows are held: only their bolt knows when they will be done with.
    pub fn hold(&mut self, origins: &Origins, edge: EdgeNumber) -> Segment {
        self.put(origins, edge, true)
    }

    /// Rows failed: their trees are to be replayed.
    pub fn fail(&mut self, origins: &Origins) {
        origins.spans.iter().for_each(|span| origins.entries(*span, &mut self.failed));
    }

    /// Everything is emitted and kept. Adds what is to be told to each acker to its place of the list, which has one for
    /// each; those that are not concerned stay as they are.
    pub fn settle(mut self, lines: Lines, settlements: &mut [Settlement]) {
        let acker = |line: Line| lines.acker(line) as usize;
        for (number, xor) in self.held {
            let tree = self.entries[number as usize].tree;
            settlements[acker(tree.line)].held.push(Entry { tree, xor });
        }
        self.failed.sort_unstable();
        self.failed.dedup();
        for number in self.failed {
            let tree = self.entries[number as usize].tree;
            settlements[acker(tree.line)].failed.push(tree);
        }
        if let [only] = settlements
            && only.entries.is_empty()
        {
            only.entries = self.entries;
            return;
        }
        // A frame of a spout is of one line, and what comes of it stays together.
        for stretch in self.entries.chunk_by(|one, next| one.tree.line == next.tree.line) {
            settlements[acker(stretch[0].tree.line)].entries.extend_from_slice(stretch);
        }
    }

    /// Everything of a spout's rows is emitted: the values with which their trees begin, in order.
    pub fn into_roots(self) -> Vec<u64> {
        self.entries.into_iter().map(|entry| entry.xor).collect()
    }

    /// The trees of rows, each once: for a message timeout that starts anew, and for telling a person.
    pub fn trees(&self, origins: &Origins) -> Vec<Tree> {
        let mut numbers = Vec::new();
        origins.spans.iter().for_each(|span| origins.entries(*span, &mut numbers));
        let mut trees: Vec<Tree> = numbers.into_iter().map(|number| self.entries[number as usize].tree).collect();
        trees.sort_unstable();
        trees.dedup();
        trees
    }

    /// The same account, all of whose rows came on this trail.
    pub fn on_trail(self, trail: Trail) -> Account {
        Account { trails: Vec::from([(0, trail)]), ..self }
    }

    /// The trail of rows: where one of them came from, any of them may have come from.
    pub fn trail_of(&self, origins: &Origins) -> Trail {
        match &self.trails[..] {
            [] => return Trail::default(),
            [(_, only)] => return only.clone(),
            _ => {}
        }
        // Entries come in stretches, and so do the rows that come from them.
        let stretch = |entry: u32| self.trails.partition_point(|(first, _)| *first <= entry).checked_sub(1);
        let mut touched = alloc::vec![false; self.trails.len()];
        for span in &origins.spans {
            let entries = match span.source {
                Source::Nothing => continue,
                Source::One(entry) => entry..=entry,
                Source::Each(first) => first..=first + span.rows.saturating_sub(1),
                several => {
                    let entries = origins.list(several);
                    entries.iter().filter_map(|entry| stretch(*entry)).for_each(|it| touched[it] = true);
                    continue;
                }
            };
            let (Some(from), Some(to)) = (stretch(*entries.start()), stretch(*entries.end())) else { continue };
            touched[from..=to].fill(true);
        }
        let found = self.trails.iter().zip(&touched).filter(|(_, touched)| **touched);
        Trail::join(found.map(|((_, trail), _)| trail))
    }

    /// The entries that are opened from now on came on this trail.
    fn enter(&mut self, trail: &Trail) {
        if self.trails.last().is_none_or(|(_, last)| !last.is(trail)) {
            self.trails.push((self.entries.len() as u32, trail.clone()));
        }
    }

    /// Opens entries for a run that starts at that row of its segment.
    fn open(&mut self, segment: &Segment, run: &Run, row: u32, origins: &mut Origins, list: &mut Vec<u32>) {
        let next = self.entries.len() as u32;
        match run.of {
            Of::Nothing => origins.push(run.rows, Source::Nothing),
            Of::One { line, number } => {
                self.entries.push(Entry { tree: Tree { line, number }, xor: segment.edge.value(row) });
                origins.push_new(run.rows, next);
            }
            Of::Each { line, number } => {
                self.entries.extend((0..run.rows).map(|i| Entry {
                    tree: Tree { line, number: number + u64::from(i) },
                    xor: segment.edge.value(row + i),
                }));
                origins.push(run.rows, Source::Each(next));
            }
            Of::Several { first, count } => {
                let trees = &segment.several[first as usize..][..count as usize];
                let xor = segment.edge.value(row);
                self.entries.extend(trees.iter().map(|tree| Entry { tree: *tree, xor }));
                list.clear();
                list.extend(next..next + count);
                origins.push_list(run.rows, list);
            }
        }
    }

    fn put(&mut self, origins: &Origins, edge: EdgeNumber, held: bool) -> Segment {
        let mut segment = Segment::empty(edge, origins.spans.len(), self.trail_of(origins));
        let mut row = 0;
        for span in &origins.spans {
            match span.source {
                Source::Nothing => segment.runs.push(Run { rows: span.rows, of: Of::Nothing }),
                Source::One(entry) => self.put_one(&mut segment, row, span.rows, entry, held),
                Source::Each(first) => self.put_each(&mut segment, row, span.rows, first, held),
                source => self.put_several(&mut segment, row, span.rows, origins.list(source), held),
            }
            row += span.rows;
        }
        segment
    }

    /// Adds rows of one entry to a segment.
    #[inline]
    pub(super) fn put_one(&mut self, segment: &mut Segment, row: u32, rows: u32, entry: u32, held: bool) {
        let value = segment.edge.value(row);
        let changed = &mut self.entries[entry as usize];
        changed.xor ^= value;
        segment.push(rows, changed.tree);
        if held {
            self.held.push((entry, value));
        }
    }

    /// Adds rows of an entry each to a segment.
    fn put_each(&mut self, segment: &mut Segment, row: u32, rows: u32, first: u32, held: bool) {
        let edge = segment.edge;
        let entries = &mut self.entries[first as usize..][..rows as usize];
        for (row, entry) in (row..).zip(&mut *entries) {
            entry.xor ^= edge.value(row);
        }
        let is_next =
            |one: &Entry, next: &Entry| one.tree.line == next.tree.line && one.tree.number + 1 == next.tree.number;
        for trees in entries.chunk_by(is_next) {
            segment.push_each(trees.len() as u32, trees[0].tree);
        }
        if held {
            self.held.extend((row..row + rows).zip(first..).map(|(row, entry)| (entry, edge.value(row))));
        }
    }

    /// Adds rows of several entries to a segment.
    pub(super) fn put_several(&mut self, segment: &mut Segment, row: u32, rows: u32, entries: &[u32], held: bool) {
        let with_tree = |entry: &u32| (self.entries[*entry as usize].tree, *entry);
        let mut trees: Vec<(Tree, u32)> = entries.iter().map(with_tree).collect();
        trees.sort_unstable();
        // Where several entries are of one tree, the first stands for all: a tree takes the value once.
        trees.dedup_by_key(|(tree, _)| *tree);
        let of = match trees[..] {
            [(Tree { line, number }, _)] => Of::One { line, number },
            _ => {
                let first = segment.several.len() as u32;
                segment.several.extend(trees.iter().map(|(tree, _)| *tree));
                Of::Several { first, count: trees.len() as u32 }
            }
        };
        segment.runs.push(Run { rows, of });
        let value = segment.edge.value(row);
        for (_, entry) in trees {
            self.entries[entry as usize].xor ^= value;
            if held {
                self.held.push((entry, value));
            }
        }
    }
}

impl Settlement {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.held.is_empty() && self.failed.is_empty() && self.reset.is_empty()
    }
}
