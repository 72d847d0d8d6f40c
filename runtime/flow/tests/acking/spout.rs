//! A spout that replays what fails, and checks what it is told.

use crate::oracle::Row;
use crate::task::{Scene, Sender};
use crate::world::Mutation;
use petrel_flow::acker::Report;
use petrel_flow::lineage::{Account, Entry, Origins, Settlement, Tree};
use petrel_flow::pending::{Awaited, Pending, PendingLimits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

pub(crate) const MAX_PENDING: u32 = 30;

#[derive(Debug)]
pub(crate) struct Spout {
    /// Counted over all spouts.
    pub(crate) number: usize,
    sender: Sender,
    pub(crate) pending: Pending,
    /// Ids are 0, 1, 2, … up to this.
    ids: u64,
    next_id: u64,
    replay: VecDeque<u64>,
    /// For each frame the ids that came with it first: its position is the number of it.
    frames: Vec<Vec<u64>>,
    /// Frames that the position has passed.
    passed: usize,
    /// Trees that are open, by id.
    open: BTreeMap<u64, Tree>,
    pub(crate) acked: BTreeSet<u64>,
    pub(crate) replayed: u64,
    has_ended: bool,
    pub(crate) is_closed: bool,
    /// Open trees when the streams ended.
    pub(crate) parked_at_end: usize,
}

impl Spout {
    pub(crate) fn new(number: usize, sender: Sender, ids: u64, timeout_ticks: u32, scene: &Scene) -> Spout {
        let limits = PendingLimits { max_pending: MAX_PENDING, timeout_ticks };
        Spout {
            number,
            sender,
            pending: Pending::new(number as u32, scene.lines, limits),
            ids,
            next_id: 0,
            replay: VecDeque::new(),
            frames: Vec::new(),
            passed: 0,
            open: BTreeMap::new(),
            acked: BTreeSet::new(),
            replayed: 0,
            has_ended: false,
            is_closed: false,
            parked_at_end: 0,
        }
    }

    /// The guest is called: `ack`, `fail`, `next`.
    pub(crate) fn step(&mut self, scene: &mut Scene) -> Result<(), String> {
        for id in self.pending.take_acked() {
            self.open.remove(&id);
            if !self.acked.insert(id) {
                return Err(format!("id {id} was acked twice"));
            }
        }
        for id in self.pending.take_failed() {
            self.open.remove(&id);
            if scene.mutation != Mutation::FailuresAreNotReplayed {
                self.replay.push_back(id);
            }
        }
        self.check_position()?;
        if self.is_closed {
            return Ok(());
        }
        self.next(scene);
        if self.pending.report().lost > 0 {
            return Err(String::from("a row was lost although the streams are open"));
        }
        if self.has_ended && self.pending.awaited() != Awaited::Trees {
            for tree in self.open.values() {
                scene.oracle.check_parked(*tree)?;
            }
            self.parked_at_end = self.pending.report().pending;
            self.pending.close();
            self.is_closed = true;
        }
        Ok(())
    }

    fn next(&mut self, scene: &mut Scene) {
        let room = self.pending.room() as usize;
        if room == 0 {
            return;
        }
        if scene.chance.hits(50) {
            // Nobody waits for these.
            let row = Row { roots: Rc::from([]), is_excused: false };
            self.frames.push(Vec::new());
            self.pending.emit(&[], self.frames.len().to_le_bytes().to_vec());
            let rows = vec![row; 1 + scene.chance.below(3)];
            self.sender.route(&rows, &Origins::nothing(rows.len() as u32), &mut Account::default(), scene);
            return;
        }
        let count = room.min(1 + scene.chance.below(6));
        let mut ids = Vec::new();
        let mut first = Vec::new();
        while ids.len() < count {
            if let Some(id) = self.replay.pop_front() {
                self.replayed += 1;
                ids.push(id);
            } else if self.next_id < self.ids {
                ids.push(self.next_id);
                first.push(self.next_id);
                self.next_id += 1;
            } else {
                break;
            }
        }
        self.has_ended = ids.is_empty();
        if self.has_ended {
            return self.pending.guest_ended();
        }
        self.frames.push(first);
        let position = self.frames.len().to_le_bytes().to_vec();
        let first = self.pending.emit(&ids, position).expect("the rows have ids");
        let Tree { line, number } = first;
        let trees = (number..).zip(&ids).map(|(number, id)| (*id, Tree { line, number }));
        self.open.extend(trees.clone());
        let rows: Vec<Row> = trees.map(|(_, tree)| Row { roots: Rc::from([tree]), is_excused: false }).collect();
        let (mut account, origins) = Account::of_roots(first, ids.len() as u32);
        self.sender.route(&rows, &origins, &mut account, scene);
        let roots = self.sender.reports.roots(first, account);
        let (to, report) = (roots.to, roots.report.clone());
        self.sender.tell(roots, scene);
        if let Report::Roots { xors, .. } = report
            && scene.mutation == Mutation::EverythingIsTakenForHeld
        {
            let entry = |(number, xor)| Entry { tree: Tree { line, number }, xor };
            let held = (number..).zip(xors).map(entry).collect();
            let held = Report::Settled(Settlement { held, ..Settlement::default() });
            let held = self.sender.reports.tell(to, held);
            self.sender.tell(held, scene);
        }
    }

    /// Time passes.
    pub(crate) fn tick(&mut self, scene: &mut Scene) {
        if scene.mutation != Mutation::NothingTimesOut {
            self.pending.tick();
        }
        let mut messages = Vec::new();
        for (line, numbers) in self.pending.take_forgotten() {
            messages.push(self.sender.reports.forget(line, numbers));
        }
        if self.has_ended {
            self.sender.reports.ending(self.number as u32, &mut messages);
        }
        messages.into_iter().for_each(|message| self.sender.tell(message, scene));
    }

    /// Everything up to the position is through.
    fn check_position(&mut self) -> Result<(), String> {
        let Some(position) = self.pending.position() else { return Ok(()) };
        let position = u64::from_le_bytes(position.try_into().map_err(|_| "a position is not the guest's")?) as usize;
        if position < self.passed {
            return Err(format!("the position went back from {} to {position}", self.passed));
        }
        for frame in &self.frames[self.passed..position] {
            if let Some(id) = frame.iter().find(|id| !self.acked.contains(id)) {
                return Err(format!("the position passed id {id}, which is not through"));
            }
        }
        self.passed = position;
        Ok(())
    }

    /// What must be so when nothing is awaited any more.
    pub(crate) fn check_end(&self) -> Result<(), String> {
        let missing = self.ids - self.acked.len() as u64;
        let lost = self.pending.report().lost;
        // Only what was held at the end, and failed then.
        (missing == lost && lost <= self.parked_at_end as u64)
            .then_some(())
            .ok_or_else(|| format!("{missing} ids are not through, {lost} are known to be lost"))?;
        if missing == 0 && self.passed != self.frames.len() {
            return Err(format!(
                "everything is through, but the position stays at {} of {}",
                self.passed,
                self.frames.len()
            ));
        }
        Ok(())
    }
}
