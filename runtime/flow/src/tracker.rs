//! One task's part in acking: it numbers what it sends, and tells ackers what is done with.

use crate::acker::{Reports, ToAcker};
use crate::dead_letter::Root;
use crate::lineage::{Account, EdgeNumbers, Holds, Line, Lineage, Lines, Origins, Path, Segment, Trails, Tree};
use crate::routing::{Delivery, Spread};
use crate::step::Output;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::ops::Range;
use petrel_model::{Assignment, Guarantee, TaskId, World};

/// What a task needs to follow rows.
#[derive(Debug)]
pub(crate) struct Tracker {
    lines: Lines,
    /// The tasks of spouts, as lines count them.
    spouts: Vec<TaskId>,
    edges: EdgeNumbers,
    reports: Reports,
    trails: Trails,
    /// Messages on their way out; empty between two steps.
    messages: Vec<ToAcker>,
}

/// So many tuples of spouts are told of a dead letter.
const ROOTS_MAX: usize = 100;

/// Whether tuples of an assignment are tracked.
pub(crate) fn is_tracked(assignment: &Assignment) -> bool {
    ackers(assignment).is_some()
}

/// How many ackers an assignment has whose tuples are tracked.
fn ackers(assignment: &Assignment) -> Option<NonZeroU32> {
    NonZeroU32::new(assignment.acking.ackers).filter(|_| assignment.guarantee == Guarantee::AtLeastOnce)
}

/// The lines of an assignment whose tuples are tracked.
pub(crate) fn lines(assignment: &Assignment) -> Option<Lines> {
    let ackers = ackers(assignment)?;
    Some(Lines::new(spout_tasks(assignment).count() as u32, ackers))
}

/// The tasks of spouts in the order in which lines count them.
pub(crate) fn spout_tasks(assignment: &Assignment) -> impl Iterator<Item = TaskId> {
    all_tasks(assignment).filter(|id| assignment.component(id.component).world == World::Spout)
}

fn all_tasks(assignment: &Assignment) -> impl Iterator<Item = TaskId> {
    (0..).zip(&assignment.components).flat_map(|(component, it)| {
        (0..it.parallelism).map(move |task| TaskId {
            component: petrel_model::ComponentIndex(component),
            task: petrel_model::TaskIndex(task),
        })
    })
}

impl Tracker {
    /// Of a task; none where nothing is tracked.
    pub(crate) fn new(assignment: &Assignment, id: TaskId) -> Option<Tracker> {
        let lines = lines(assignment)?;
        let number = all_tasks(assignment).position(|task| task == id).unwrap_or(0) as u32;
        Some(Tracker {
            lines,
            spouts: spout_tasks(assignment).collect(),
            edges: EdgeNumbers::new(number, assignment.generation),
            reports: Reports::new(id, assignment.generation, lines),
            trails: Trails::new(id),
            messages: Vec::new(),
        })
    }

    /// The tuples of spouts that rows come from, the first of them: the result of a window may come from very many. And the paths
    /// on which the rows came here.
    pub(crate) fn descent(&mut self, account: &Account, origins: &Origins) -> (Vec<Root>, Vec<Path>) {
        let trail = self.trails.through(account.trail_of(origins));
        let root = |tree: Tree| {
            let spout = *self.spouts.get(self.lines.spout(tree.line) as usize)?;
            Some(Root { spout, tree, position: trail.position(tree).map(<[u8]>::to_vec) })
        };
        let roots = account.trees(origins).into_iter().filter_map(root).take(ROOTS_MAX).collect();
        (roots, trail.paths().to_vec())
    }

    /// The account of a spout's rows, which begin consecutive trees, with the position that the spout gave with them.
    pub(crate) fn begin(&self, first: Tree, rows: u32, position: &[u8]) -> (Account, Origins) {
        let (account, origins) = Account::of_roots(first, rows);
        (account.on_trail(self.trails.begin(first, rows, position)), origins)
    }

    pub(crate) fn lines(&self) -> Lines {
        self.lines
    }

    /// Rows of an account are sent: a lineage for each of the deliveries, in order.
    pub(crate) fn send(
        &mut self,
        account: &mut Account,
        origins: &Origins,
        spread: &Spread,
        deliveries: &[Delivery],
        targets: usize,
    ) -> Vec<Lineage> {
        match spread {
            Spread::All => deliveries.iter().map(|_| self.keep(account, origins)).collect(),
            Spread::Parts(parts) => {
                let mut first = 0;
                let lineage = |rows: &u32| {
                    let part = origins.slice(first, first + rows);
                    first += rows;
                    self.keep(account, &part)
                };
                parts.iter().map(lineage).collect()
            }
            Spread::ByRow(targets_of_rows) => {
                let target_of = |row: usize| targets_of_rows[row];
                let segments = account.spread(origins, targets, target_of, &mut self.edges);
                segments.into_iter().flatten().map(|segment| self.sent(segment)).collect()
            }
        }
    }

    /// Rows of an account go on together: to one task, or to this one, for another try or for an answer.
    pub(crate) fn keep(&mut self, account: &mut Account, origins: &Origins) -> Lineage {
        let segment = account.send(origins, self.edges.draw());
        self.sent(segment)
    }

    /// The lineage of rows that come through this task.
    fn sent(&mut self, segment: Segment) -> Lineage {
        Lineage::of(Segment { trail: self.trails.through(segment.trail), ..segment })
    }

    /// Rows of an account are held by their bolt.
    pub(crate) fn hold(&mut self, holds: &mut Holds, handle: u64, account: &mut Account, origins: &Origins) {
        holds.hold(handle, account, origins, self.edges.draw());
    }

    /// An account is complete: ackers are told.
    pub(crate) fn settle(&mut self, account: Account, outputs: &mut Vec<Output>) {
        self.reports.settle(account);
        self.reports.flush(&mut self.messages);
        self.send_messages(outputs);
    }

    /// The message timeout of these trees starts anew.
    pub(crate) fn reset(&mut self, trees: Vec<Tree>, outputs: &mut Vec<Output>) {
        self.reports.reset(trees);
        self.reports.flush(&mut self.messages);
        self.send_messages(outputs);
    }

    /// A spout has sent rows that begin trees, from that one on.
    pub(crate) fn roots(&mut self, first: Tree, account: Account, outputs: &mut Vec<Output>) {
        let message = self.reports.roots(first, account);
        self.messages.push(message);
        self.send_messages(outputs);
    }

    /// A spout does not wait for these trees any more.
    pub(crate) fn forget(&mut self, line: Line, numbers: Vec<Range<u64>>, outputs: &mut Vec<Output>) {
        let message = self.reports.forget(line, numbers);
        self.messages.push(message);
        self.send_messages(outputs);
    }

    /// The spout task of that number has ended: it wants to know which trees wait for held tuples only.
    pub(crate) fn ending(&mut self, spout: u32, outputs: &mut Vec<Output>) {
        self.reports.ending(spout, &mut self.messages);
        self.send_messages(outputs);
    }

    fn send_messages(&mut self, outputs: &mut Vec<Output>) {
        outputs.extend(self.messages.drain(..).map(|message| Output::ToAcker(Box::new(message))));
    }
}
