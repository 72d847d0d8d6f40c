//! A bolt that does everything that a bolt may do with rows, by chance.

use crate::network::Data;
use crate::oracle::Row;
use crate::task::{Scene, Sender};
use crate::world::Mutation;
use petrel_flow::acker::Report;
use petrel_flow::lineage::{Account, Lineage, Origins, Settlement};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug)]
pub(crate) struct Bolt {
    pub(crate) sender: Sender,
    pub(crate) queue: VecDeque<Data>,
    retries: VecDeque<Data>,
    held: BTreeMap<u64, Held>,
    next_handle: u64,
    pub(crate) did: Did,
}

#[derive(Debug)]
struct Held {
    data: Data,
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
            held: BTreeMap::new(),
            next_handle: 0,
            did: Did::default(),
        }
    }

    /// Everything that it had is lost.
    pub(crate) fn crash(&mut self) {
        let did = Did { crashes: self.did.crashes + 1, ..self.did };
        *self = Bolt { did, ..Bolt::new(self.sender.again()) };
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
            let until_end = scene.chance.hits(300);
            self.hold(rows, &part, until_end, &mut account, &batch.lineage, scene);
        }
        self.settle(account, &batch.lineage, scene);
    }

    fn hold(
        &mut self,
        rows: Vec<Row>,
        origins: &Origins,
        until_end: bool,
        account: &mut Account,
        lineage: &Lineage,
        scene: &mut Scene,
    ) {
        self.did.held += 1;
        let edge = self.sender.edges.draw();
        let segment = match scene.mutation {
            Mutation::HeldRowsAreNotKept => Account::of_rows(lineage).0.hold(origins, edge),
            Mutation::HeldRowsAreNotToldApart => account.send(origins, edge),
            _ => account.hold(origins, edge),
        };
        let data = Data { rows, lineage: Lineage::of(segment) };
        self.held.insert(self.next_handle, Held { data, until_end });
        self.next_handle += 1;
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
        let Held { data, until_end } = self.held.remove(&handle).expect("it is held");
        let (mut account, origins) = Account::of_held(&data.lineage);
        match scene.chance.below(4) {
            0 if scene.network.is_faulty => {
                self.did.failed += 1;
                if scene.mutation == Mutation::FailuresAreNotTold {
                    return self.settle(account, &data.lineage, scene);
                }
                account.fail(&origins);
            }
            1 if !scene.has_ended => {
                self.did.emitted_from_held += 1;
                let row = descend(data.rows.iter());
                self.sender.route(&[row], &origins.all(1), &mut account, scene);
                self.hold(data.rows, &origins, until_end, &mut account, &data.lineage, scene);
            }
            _ => data.rows.iter().for_each(|row| scene.oracle.done(row)),
        }
        self.settle(account, &data.lineage, scene);
    }

    /// Time passes: what is held for long does not time out.
    pub(crate) fn tick(&mut self, scene: &mut Scene) {
        let mut trees = BTreeSet::new();
        for held in self.held.values().filter(|held| held.until_end) {
            let (account, origins) = Account::of_held(&held.data.lineage);
            trees.extend(account.trees(&origins));
        }
        let mut settlements = vec![Settlement::default(); scene.lines.ackers() as usize];
        trees.into_iter().for_each(|tree| settlements[scene.lines.acker(tree.line) as usize].reset.push(tree));
        self.tell(settlements, scene);
    }

    fn settle(&mut self, account: Account, lineage: &Lineage, scene: &mut Scene) {
        let ackers = scene.lines.ackers() as usize;
        let mut settlements = vec![Settlement::default(); ackers];
        account.settle(scene.lines, &mut settlements);
        if scene.mutation == Mutation::SettledInTwoMessages {
            // First what is taken out, then what is put in.
            let mut out = vec![Settlement::default(); ackers];
            Account::of_rows(lineage).0.settle(scene.lines, &mut out);
            for (whole, out) in settlements.iter_mut().zip(&out) {
                whole.entries.extend_from_slice(&out.entries);
            }
            self.tell(out, scene);
        }
        if scene.mutation == Mutation::EverythingIsTakenForHeld {
            settlements.iter_mut().for_each(|settlement| settlement.held = settlement.entries.clone());
        }
        self.tell(settlements, scene);
    }

    fn tell(&mut self, settlements: Vec<Settlement>, scene: &mut Scene) {
        for (acker, settlement) in settlements.into_iter().enumerate() {
            if !settlement.is_empty() {
                self.sender.tell(acker, Report::Settled(settlement), scene);
            }
        }
    }
}

/// A row that comes from these.
fn descend<'a>(inputs: impl Iterator<Item = &'a Row> + Clone) -> Row {
    let roots: BTreeSet<_> = inputs.clone().flat_map(|row| row.roots.iter().copied()).collect();
    // Whoever told that a tree waits for a held row did not know yet what was emitted from it.
    Row { roots: roots.into_iter().collect(), is_excused: inputs.clone().any(|row| row.is_excused) }
}
