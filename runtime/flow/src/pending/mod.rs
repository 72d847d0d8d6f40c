//! What a spout task waits for: the trees of rows that it emitted with a message id.
//!
//! ```text
//!   emit ──► a tree for each row ──┬── acked ───────────────────────► guest.ack(ids), the position moves on
//!              ▲                   └── failed, or timed out ────────► guest.fail(ids)
//!              └───────── the guest emits the id again ◄──────────────────┘
//! ```
//!
//! The message timeout is here, as it is in Storm (a rotating map in the spout's executor), and not in the ackers: so the loss of
//! any message, of an acker, or of everything an acker knows ends in a replay.
//!
//! # Position
//!
//! A frame comes with the position after it. [`Pending::position`] is that of the last frame up to which every row is
//! through: where a spout that is started elsewhere goes on. A failed row holds it back until its id was emitted again
//! and is through. An id that does not come again, because the guest ended without it, or for three message
//! timeouts, is given up and counted: whether to replay is the guest's decision, as it is in Storm.

mod positions;
#[cfg(test)]
mod tests;
mod wheel;

use crate::acker::Notice;
use crate::lineage::{Line, Lines, Tree};
use crate::numbered::Numbered;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use positions::Positions;
use wheel::Wheel;

/// A failed id that is not emitted again for so many message timeouts is given up.
const GIVE_UP_TIMEOUTS: u32 = 3;

/// The limits of [`Pending`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingLimits {
    /// Trees that may be open at a time. A single call of `next` may exceed it by what it emits. Bolts that together hold rows
    /// of so many trees until more rows come wait for ever, as they do in Storm.
    pub max_pending: u32,
    /// After so many ticks a tree has failed; at least one. A tick that is under way counts in full, so the time is up
    /// to one tick shorter.
    pub timeout_ticks: u32,
}

/// What a spout that has ended still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Nothing.
    Nothing,
    /// Only for bolts to be done with tuples they hold: the streams may end, so that they learn that nothing will come.
    Held,
    /// Trees that may fail, or failed rows that are to be emitted again: the streams have to stay open.
    Trees,
}

/// The trees of one spout task.
#[derive(Clone, Debug)]
pub struct Pending {
    lines: Lines,
    spout: u32,
    limits: PendingLimits,
    /// The acker that gets the next frame.
    turn: u32,
    /// By acker.
    trees: Vec<Numbered<Waiting>>,
    wheel: Wheel,
    tick: u32,
    positions: Positions,
    /// How many of the trees wait for held tuples only.
    parked: usize,
    /// Failed ids that have not come again, each with the frames it came with first.
    failed: BTreeMap<u64, Vec<Failed>>,
    /// What the guest is to be told.
    to_ack: Vec<u64>,
    to_fail: Vec<u64>,
    /// What ackers are to be told, by acker.
    to_forget: Vec<Vec<Range<u64>>>,
    is_closed: bool,
    /// Failed ids that do not come again for long are given up.
    gives_up: bool,
    /// Numbers that were given up, for whoever keeps something for them.
    given_up: Vec<u64>,
    counts: PendingReport,
}

/// A tree.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: u64,
    /// The frame that the id came with first.
    frame: u64,
    /// The tick at which it times out.
    due: u32,
    is_parked: bool,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    frame: u64,
    tick: u32,
}

/// Counters and gauges of one spout task's trees. Counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingReport {
    /// Trees that are through.
    pub acked: u64,
    /// Trees that failed, those that timed out included.
    pub failed: u64,
    /// Trees that timed out.
    pub timed_out: u64,
    /// Failed rows that were not replayed: the guest did not emit them again, or the streams had ended. Each is a loss.
    pub lost: u64,
    /// Gauge: trees that are open.
    pub pending: usize,
}

impl Pending {
    /// Of a spout task, counted over all spouts of the topology.
    pub fn new(spout: u32, lines: Lines, limits: PendingLimits) -> Pending {
        let ackers = lines.ackers() as usize;
        Pending {
            lines,
            spout,
            limits,
            // Spout tasks start at different ackers.
            turn: spout % lines.ackers(),
            trees: vec![Numbered::new(); ackers],
            wheel: Wheel::new(limits.timeout_ticks),
            tick: 0,
            positions: Positions::default(),
            parked: 0,
            failed: BTreeMap::new(),
            to_ack: Vec::new(),
            to_fail: Vec::new(),
            to_forget: vec![Vec::new(); ackers],
            is_closed: false,
            gives_up: true,
            given_up: Vec::new(),
            counts: PendingReport::default(),
        }
    }

    /// How many rows may be emitted now: `next` is not called while there are none.
    pub fn room(&self) -> u32 {
        self.limits.max_pending.saturating_sub(self.len() as u32)
    }

    /// A frame is emitted. With ids, one for each row, each row begins a tree: the line and the number of the first. Without,
    /// nobody waits for its rows.
    pub fn emit(&mut self, ids: &[u64], position: Vec<u8>) -> Option<Tree> {
        if ids.is_empty() {
            self.positions.push(0, position);
            return None;
        }
        let acker = self.turn as usize;
        self.turn = (self.turn + 1) % self.lines.ackers();
        let line = self.lines.line(self.spout, acker as u32);
        let number = self.trees[acker].end();
        let due = self.wheel.push(line, number..number + ids.len() as u64);
        let own = self.positions.next();
        if self.failed.is_empty() {
            self.trees[acker].extend(ids.iter().map(|id| Waiting { id: *id, frame: own, due, is_parked: false }));
            self.positions.push(ids.len() as u32, position);
        } else {
            let mut open = 0;
            for &id in ids {
                let frame = self.replayed(id).unwrap_or_else(|| {
                    open += 1;
                    own
                });
                self.trees[acker].push(Waiting { id, frame, due, is_parked: false });
            }
            self.positions.push(open, position);
        }
        Some(Tree { line, number })
    }

    /// An acker has something to say about a line of this task. What it says of trees that are not there any more is ignored.
    pub fn notice(&mut self, line: Line, notice: &Notice) {
        if self.lines.spout(line) != self.spout {
            return;
        }
        let acker = self.lines.acker(line) as usize;
        notice.acked.iter().for_each(|numbers| self.ack(acker, numbers.clone()));
        for &number in &notice.failed {
            if let Some(waiting) = self.remove(acker, number) {
                self.fail(waiting);
            }
        }
        for &number in &notice.reset {
            if let Some(waiting) = self.trees[acker].get_mut(number) {
                waiting.due = self.wheel.push_tree(Tree { line, number });
            }
        }
        for (numbers, parks) in [(&notice.parked, true), (&notice.resumed, false)] {
            for &number in numbers {
                if let Some(waiting) = self.trees[acker].get_mut(number)
                    && core::mem::replace(&mut waiting.is_parked, parks) != parks
                {
                    self.parked = if parks { self.parked + 1 } else { self.parked - 1 };
                }
            }
        }
    }

    /// Whoever emits failed ids again is sure to do it: however long that takes, none is given up for its time.
    pub fn set_patient(&mut self, patient: bool) {
        self.gives_up = !patient;
    }

    /// Ids that were given up since the last time.
    pub fn take_given_up(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.given_up)
    }

    /// A tick has passed: all times are counted in them. What has waited too long has failed.
    pub fn tick(&mut self) {
        let (tick, due) = self.wheel.tick();
        self.tick = tick;
        for (line, numbers) in due {
            let acker = self.lines.acker(line) as usize;
            // Those that were reset are due at another time.
            let late = self.trees[acker].range(numbers).filter(|(_, waiting)| waiting.due == tick);
            let late: Vec<u64> = late.map(|(number, _)| number).collect();
            for number in late {
                let Some(waiting) = self.remove(acker, number) else { continue };
                match self.to_forget[acker].last_mut() {
                    Some(range) if range.end == number => range.end += 1,
                    _ => self.to_forget[acker].push(number..number + 1),
                }
                self.counts.timed_out += 1;
                self.fail(waiting);
            }
        }
        if self.gives_up {
            let patience = self.limits.timeout_ticks.saturating_mul(GIVE_UP_TIMEOUTS);
            self.give_up(|failed| tick - failed.tick >= patience);
        }
    }

    /// The guest has said that nothing will come any more: what failed and it was told of, and it has not emitted again, it
    /// never will. What it has not been told of yet may make it say more.
    pub fn guest_ended(&mut self) {
        if self.to_fail.is_empty() {
            self.give_up(|_| true);
        }
    }

    /// What the guest is to be told with `ack`.
    pub fn take_acked(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.to_ack)
    }

    /// What the guest is to be told with `fail`, so that it emits it again.
    pub fn take_failed(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.to_fail)
    }

    /// What ackers are to be told with [`Report::Forget`](crate::acker::Report::Forget).
    pub fn take_forgotten(&mut self) -> Vec<(Line, Vec<Range<u64>>)> {
        let spoken = (0..).zip(&mut self.to_forget).filter(|(_, numbers)| !numbers.is_empty());
        let (lines, spout) = (self.lines, self.spout);
        spoken.map(|(acker, numbers)| (lines.line(spout, acker), core::mem::take(numbers))).collect()
    }

    /// The guest that gave the ids is gone, and another one will emit everything from [`position`](Self::position) on:
    /// nobody waits any more for what is open.
    pub fn abandon(&mut self) {
        for (acker, trees) in self.trees.iter_mut().enumerate() {
            let end = trees.end();
            let open: Vec<u64> = trees.range(0..end).map(|(number, _)| number).collect();
            for number in open {
                trees.remove(number);
                match self.to_forget[acker].last_mut() {
                    Some(range) if range.end == number => range.end += 1,
                    _ => self.to_forget[acker].push(number..number + 1),
                }
            }
        }
        self.parked = 0;
        self.failed.clear();
        self.to_ack.clear();
        self.to_fail.clear();
        self.positions.abandon();
    }

    /// What is still waited for.
    pub fn awaited(&self) -> Awaited {
        let pending = self.len();
        if !self.failed.is_empty() || self.parked < pending {
            Awaited::Trees
        } else if pending > 0 {
            Awaited::Held
        } else {
            Awaited::Nothing
        }
    }

    /// The streams have ended: what fails from now on is lost, because it cannot be emitted again.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Where a spout that is started elsewhere has to go on; none while that is the beginning.
    pub fn position(&self) -> Option<&[u8]> {
        self.positions.current()
    }

    /// Its counters.
    pub fn report(&self) -> PendingReport {
        PendingReport { pending: self.len(), ..self.counts }
    }

    fn len(&self) -> usize {
        self.trees.iter().map(Numbered::len).sum()
    }

    fn ack(&mut self, acker: usize, numbers: Range<u64>) {
        // Most come in order: one look at the position for all rows of a frame.
        let (mut frame, mut rows) = (0, 0);
        for number in numbers {
            let Some(waiting) = self.remove(acker, number) else { continue };
            if waiting.frame != frame {
                self.positions.through(frame, core::mem::take(&mut rows));
                frame = waiting.frame;
            }
            rows += 1;
            self.counts.acked += 1;
            self.to_ack.push(waiting.id);
        }
        self.positions.through(frame, rows);
    }

    fn fail(&mut self, waiting: Waiting) {
        let Waiting { id, frame, .. } = waiting;
        self.counts.failed += 1;
        if self.is_closed {
            // The position stays before it: a later run may still replay it.
            self.counts.lost += 1;
        } else {
            self.failed.entry(id).or_default().push(Failed { frame, tick: self.tick });
        }
        self.to_fail.push(id);
    }

    #[inline]
    fn remove(&mut self, acker: usize, number: u64) -> Option<Waiting> {
        let waiting = self.trees[acker].remove(number)?;
        self.parked -= usize::from(waiting.is_parked);
        Some(waiting)
    }

    /// Whether an id is emitted again, and with which frame it came first.
    #[inline]
    fn replayed(&mut self, id: u64) -> Option<u64> {
        let failed = self.failed.get_mut(&id)?;
        let frame = failed.remove(0).frame;
        if failed.is_empty() {
            self.failed.remove(&id);
        }
        Some(frame)
    }

    /// Waits no more for these failed ids to come again.
    fn give_up(&mut self, which: impl Fn(&Failed) -> bool) {
        let (positions, lost, given_up) = (&mut self.positions, &mut self.counts.lost, &mut self.given_up);
        self.failed.retain(|id, failed| {
            failed.retain(|failed| {
                let gives_up = which(failed);
                if gives_up {
                    *lost += 1;
                    given_up.push(*id);
                    positions.through(failed.frame, 1);
                }
                !gives_up
            });
            !failed.is_empty()
        });
    }
}
