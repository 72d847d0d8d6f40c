//! A bolt that does everything that a bolt may do with rows, by chance.

use crate::network::Data;
use crate::oracle::Row;
use crate::task::{Scene, Sender};
use crate::world::Mutation;
use petrel_flow::lineage::{Account, Holds, Lineage, Lines, Origins};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug)]
pub(crate) struct Bolt {
    pub(crate) sender: Sender,
    pub(crate) queue: VecDeque<Data>,
    retries: VecDeque<Data>,
    holds: Holds,
    held: BTreeMap<u64, Held>,
    next_handle: u64,
    pub(crate) did: Did,
}

#[derive(Debug)]
struct Held {
    rows: Vec<Row>,
    until_end: bool,
}

/// What bolts did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Did {
    pub(crate) batches: u64,
    pub(crate) joined: u64,
    pub(crate) merged: u64,
    pub(crate) retried: u64,
    pub(crate) held: u64,
    pub(crate) failed: u64,
    pub(crate) emitted_from_held: u64,
    pub(crate) crashes: u64,
}

impl Bolt {
    pub(crate) fn new(sender: Sender) -> Bolt {
        Bolt {
            sender,
            queue: VecDeque::new(),
            retries: VecDeque::new(),
            holds: Holds::default(),
            held: BTreeMap::new(),
            next_handle: 0,
            did: Did::default(),
        }
    }

    /// Everything that it had is lost.
    pub(crate) fn crash(&mut self, lines: Lines) {
        let did = Did { crashes: self.did.crashes + 1, ..self.did };
        *self = Bolt { did, ..Bolt::new(self.sender.again(lines)) };
    }

    pub(crate) fn step(&mut self, scene: &mut Scene) {
        if !self.held.is_empty() && (scene.chance.hits(100) || self.queue.is_empty() && self.retries.is_empty()) {
            return self.handle(scene);
        }
        let mut batch = Data::default();
        if scene.chance.hits(500)
            && let Some(again) = self.retries.pop_front()
        {
            batch = again;
        } else {
            let count = 1 + scene.chance.below(6).min(self.queue.len().saturating_sub(1));
            self.queue.drain(..count.min(self.queue.len())).for_each(|data| batch.append(data));
            self.did.joined += u64::from(batch.lineage.segments.len() > 1);
        }
        if !batch.rows.is_empty() {
            self.process(batch, scene);
        }
    }

    fn process(&mut self, batch: Data, scene: &mut Scene) {
        self.did.batches += 1;
        let (mut account, origins) = Account::of_rows(&batch.lineage);
        assert_eq!(origins.rows() as usize, batch.rows.len());
        let [mut passed, mut held, mut retried, mut failed] = [const { Vec::<u32>::new() }; 4];
        for row in 0..batch.rows.len() as u32 {
            match scene.chance.below(1_000) {
                0..30 => held.push(row),
                30..60 => retried.push(row),
                60..63 if scene.network.is_faulty => failed.push(row),
                _ => passed.push(row),
            }
        }
        let rows_of = |rows: &[u32]| -> Vec<Row> { rows.iter().map(|row| batch.rows[*row as usize].clone()).collect() };
        // The guest sees the rest, in slices.
        let rows = rows_of(&passed);
        let mut others: Vec<u32> = [&held, &retried, &failed].into_iter().flatten().copied().collect();
        others.sort_unstable();
        let origins_passed = origins.except(&others);
        let mut from = 0;
        while from < rows.len() {
            let to = (from + 1 + scene.chance.below(8)).min(rows.len());
            self.call(&rows[from..to], &origins_passed.slice(from as u32, to as u32), &mut account, scene);
            from = to;
        }
        rows.iter().for_each(|row| scene.oracle.done(row));
        if !failed.is_empty() {
            self.did.failed += 1;
            if scene.mutation != Mutation::FailuresAreNotTold {
                account.fail(&origins.take(failed));
            }
        }
        if !retried.is_empty() {
            self.did.retried += 1;
            let part = origins.take(retried.iter().copied());
            let segment = if scene.mutation == Mutation::RetriesAreNotKept {
                Account::of_rows(&batch.lineage).0.send(&part, self.sender.edges.draw())
            } else {
                account.send(&part, self.sender.edges.draw())
            };
            self.retries.push_back(Data { rows: rows_of(&retried), lineage: Lineage::of(segment) });
        }
        if !held.is_empty() {
            let mut rows = rows_of(&held);
            rows.iter_mut().for_each(|row| scene.oracle.held(row));
            let part = origins.take(held);
            self.did.held += 1;
            let (handle, edge) = (self.next_handle, self.sender.edges.draw());
            self.next_handle += 1;
            if scene.mutation == Mutation::HeldRowsAreNotKept {
                self.holds.hold(handle, &mut Account::of_rows(&batch.lineage).0, &part, edge);
            } else {
                self.holds.hold(handle, &mut account, &part, edge);
            }
            self.held.insert(handle, Held { rows, until_end: scene.chance.hits(300) });
        }
        if scene.mutation == Mutation::SettledInTwoMessages {
            // First what is taken out, then what is put in.
            self.settle(Account::of_rows(&batch.lineage).0, scene);
            self.sender.reports.settle(Account::of_rows(&batch.lineage).0);
        }
        self.settle(account, scene);
    }

    /// The guest emits for a slice of a batch.
    fn call(&mut self, inputs: &[Row], origins: &Origins, account: &mut Account, scene: &mut Scene) {
        let count = inputs.len();
        let chance = &mut scene.chance;
        let mut anchors = Vec::new();
        // For each output row its input rows.
        let mut outputs: Vec<Vec<usize>> = Vec::new();
        match chance.below(8) {
            0..4 => {
                anchors.push(0);
                for row in 0..count {
                    let times = chance.below(4) * chance.below(2);
                    anchors.push(times as u32);
                    outputs.extend(vec![vec![row]; times]);
                }
            }
            4 => {
                anchors.push(1);
                for _ in 0..chance.below(count + 1) {
                    let row = chance.below(count);
                    anchors.push(row as u32);
                    outputs.push(vec![row]);
                }
            }
            5..7 => {
                outputs =
                    (0..chance.below(3)).map(|_| (0..chance.below(4)).map(|_| chance.below(count)).collect()).collect();
                let mut end = 0;
                anchors.extend([2, 0]);
                for output in &outputs {
                    end += output.len() as u32;
                    anchors.push(end);
                }
                anchors.extend(outputs.iter().flatten().map(|row| *row as u32));
            }
            _ => outputs = vec![(0..count).collect(); chance.below(3)],
        }
        self.did.merged += outputs.iter().filter(|inputs| inputs.len() > 1).count() as u64;
        let rows: Vec<Row> = outputs.iter().map(|output| descend(output.iter().map(|row| &inputs[*row]))).collect();
        self.sender.route(&rows, &origins.anchored(&anchors, rows.len() as u32), account, scene);
    }

    /// The guest does something with what it holds.
    fn handle(&mut self, scene: &mut Scene) {
        let place = scene.chance.below(self.held.len());
        let handle = *self.held.keys().nth(place).expect("something is held");
        if self.held[&handle].until_end && !scene.has_ended && !scene.is_full {
            return;
        }
        let mut remove = || self.held.remove(&handle).expect("it is held").rows;
        let account = match scene.chance.below(4) {
            0 if scene.network.is_faulty => {
                self.did.failed += 1;
                remove();
                if scene.mutation == Mutation::FailuresAreNotTold {
                    self.holds.ack(&[handle])
                } else {
                    self.holds.fail(&[handle])
                }
            }
            1 if !scene.has_ended => {
                self.did.emitted_from_held += 1;
                let row = descend(self.held[&handle].rows.iter());
                self.holds.emit(handle, self.sender.edges.draw()).map(|(mut account, origins)| {
                    self.sender.route(&[row], &origins.all(1), &mut account, scene);
                    account
                })
            }
            _ => {
                remove().iter().for_each(|row| scene.oracle.done(row));
                self.holds.ack(&[handle])
            }
        };
        self.settle(account.expect("the handle is in use"), scene);
    }

    /// Time passes: what is held for long does not time out.
    pub(crate) fn tick(&mut self, scene: &mut Scene) {
        let held: u64 = self.held.values().map(|held| held.rows.len() as u64).sum();
        assert_eq!(self.holds.rows(), held);
        let long: Vec<u64> = self.held.iter().filter(|(_, held)| held.until_end).map(|(handle, _)| *handle).collect();
        self.sender.reports.reset(self.holds.trees(&long).expect("the handles are in use"));
        self.sender.flush(scene);
    }

    fn settle(&mut self, account: Account, scene: &mut Scene) {
        self.sender.reports.settle(account);
        self.sender.flush(scene);
    }
}

/// A row that comes from these.
fn descend<'a>(inputs: impl Iterator<Item = &'a Row> + Clone) -> Row {
    let roots: BTreeSet<_> = inputs.clone().flat_map(|row| row.roots.iter().copied()).collect();
    // Whoever told that a tree waits for a held row did not know yet what was emitted from it.
    Row { roots: roots.into_iter().collect(), is_excused: inputs.clone().any(|row| row.is_excused) }
}
