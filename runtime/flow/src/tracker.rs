//! One task's part in acking: it numbers what it sends, and tells ackers what is done with.

use crate::acker::{Report, ToAcker};
use crate::lineage::{Account, EdgeNumbers, Line, Lineage, Lines, Origins, Settlement};
use crate::routing::{Delivery, Spread};
use crate::step::Output;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use petrel_model::{Assignment, Generation, Guarantee, TaskId, World};

/// What a task needs to follow rows.
#[derive(Debug)]
pub(crate) struct Tracker {
    id: TaskId,
    generation: Generation,
    lines: Lines,
    edges: EdgeNumbers,
    /// The number of the next message, by acker.
    sequences: Vec<u64>,
    /// What is to be told, by acker. Empty between two steps.
    settlements: Vec<Settlement>,
}

/// The lines of an assignment whose tuples are tracked.
pub(crate) fn lines(assignment: &Assignment) -> Option<Lines> {
    let ackers = NonZeroU32::new(assignment.acking.ackers).filter(|_| assignment.guarantee == Guarantee::AtLeastOnce)?;
    Some(Lines::new(ackers))
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
        let ackers = lines.ackers() as usize;
        Some(Tracker {
            id,
            generation: assignment.generation,
            lines,
            edges: EdgeNumbers::new(number, assignment.generation),
            sequences: vec![0; ackers],
            settlements: vec![Settlement::default(); ackers],
        })
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
            Spread::All => {
                deliveries.iter().map(|_| Lineage::of(account.send(origins, self.edges.draw()))).collect()
            }
            Spread::Parts(parts) => {
                let mut first = 0;
                let lineage = |rows: &u32| {
                    let part = origins.slice(first, first + rows);
                    first += rows;
                    Lineage::of(account.send(&part, self.edges.draw()))
                };
                parts.iter().map(lineage).collect()
            }
            Spread::ByRow(targets_of_rows) => {
                let target_of = |row: usize| targets_of_rows[row];
                let segments = account.spread(origins, targets, target_of, &mut self.edges);
                segments.into_iter().flatten().map(Lineage::of).collect()
            }
        }
    }

    /// Rows of an account are kept, for another try or for an answer: they come again with this lineage.
    pub(crate) fn keep(&mut self, account: &mut Account, origins: &Origins) -> Lineage {
        Lineage::of(account.send(origins, self.edges.draw()))
    }

    /// Rows of an account are held by their bolt.
    pub(crate) fn hold(&mut self, account: &mut Account, origins: &Origins) -> Lineage {
        Lineage::of(account.hold(origins, self.edges.draw()))
    }

    /// An account is complete: ackers are told.
    pub(crate) fn settle(&mut self, account: Account, outputs: &mut Vec<Output>) {
        account.settle(self.lines, &mut self.settlements);
        for acker in 0..self.settlements.len() {
            if !self.settlements[acker].is_empty() {
                let settlement = core::mem::take(&mut self.settlements[acker]);
                self.tell(acker, Report::Settled(settlement), outputs);
            }
        }
    }

    /// The message timeout of the trees of held rows starts anew.
    pub(crate) fn reset(&mut self, lineage: &Lineage, outputs: &mut Vec<Output>) {
        let (account, origins) = Account::of_rows(lineage);
        for tree in account.trees(&origins) {
            self.settlements[self.lines.acker(tree.line) as usize].reset.push(tree);
        }
        // Nothing else of the account is told: its rows stay where they are.
        self.settle(Account::default(), outputs);
    }

    /// A spout speaks of one of its lines.
    pub(crate) fn tell_of_line(&mut self, line: Line, report: Report, outputs: &mut Vec<Output>) {
        self.tell(self.lines.acker(line) as usize, report, outputs);
    }

    fn tell(&mut self, acker: usize, report: Report, outputs: &mut Vec<Output>) {
        let sequence = self.sequences[acker];
        self.sequences[acker] += 1;
        let message = ToAcker { from: self.id, generation: self.generation, sequence, report };
        outputs.push(Output::ToAcker { acker: acker as u32, message: Box::new(message) });
    }
}
