//! A spout's part in acking: it begins trees, waits for them, and has replayed what failed.

use super::kept::Kept;
use super::patience::Patience;
use crate::acker::Notice;
use crate::call::{Emitted, Origin};
use crate::egress::Egress;
use crate::followed::Following;
use crate::lineage::{Account, Line, Origins};
use crate::pending::{Awaited, Pending, PendingLimits, PendingReport};
use crate::step::Output;
use crate::tracker::{Tracker, spout_tasks};
use alloc::vec::Vec;
use petrel_model::{Assignment, TaskId};

/// The message timeout is measured in so many ticks.
pub(crate) const TIMEOUT_TICKS: u32 = 30;

/// How long a tick of an assignment's ackers and spouts is, in µs.
pub(crate) fn tick_us(assignment: &Assignment) -> i64 {
    let timeout_us = i64::try_from(assignment.acking.message_timeout_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
    (timeout_us / i64::from(TIMEOUT_TICKS)).max(1)
}

/// What a spout's task keeps of the tuples that are under way.
#[derive(Debug)]
pub(super) struct Acking {
    pub(super) tracker: Tracker,
    /// The number of the task among those of spouts.
    number: u32,
    pending: Pending,
    kept: Kept,
    tick_us: i64,
    next_tick_us: i64,
    patience: Patience,
    /// Where the guest is after what it emitted last.
    position: Vec<u8>,
}

/// What is to be done before the guest is asked for more.
pub(super) enum Duty {
    /// Tell it that these are through.
    Ack(Vec<u64>),
    /// Tell it to emit these again.
    Fail(Vec<u64>),
}

/// A frame that is about to be emitted: under which numbers its rows are pending, and where the guest is after it.
pub(super) struct Admitted {
    numbers: Vec<u64>,
    rows: u32,
    position: Vec<u8>,
    /// What the guest said with the frame itself.
    own_position: Vec<u8>,
}

impl Acking {
    /// None where nothing is tracked.
    pub(super) fn new(assignment: &Assignment, id: TaskId, now_us: i64) -> Option<Acking> {
        let tracker = Tracker::new(assignment, id)?;
        let number = spout_tasks(assignment).position(|task| task == id)? as u32;
        let limits = PendingLimits { max_pending: assignment.acking.max_pending, timeout_ticks: TIMEOUT_TICKS };
        let tick_us = tick_us(assignment);
        Some(Acking {
            pending: Pending::new(number, tracker.lines(), limits),
            tracker,
            number,
            kept: Kept::default(),
            tick_us,
            next_tick_us: now_us.saturating_add(tick_us),
            patience: Patience::default(),
            position: Vec::new(),
        })
    }

    /// How many rows the guest may be asked for.
    pub(super) fn room(&self) -> u32 {
        self.pending.room()
    }

    /// Looks at what a call emitted, before it is given away.
    pub(super) fn admit(&mut self, emitted: &[Emitted]) -> Vec<Admitted> {
        emitted.iter().map(|emitted| self.admit_one(emitted)).collect()
    }

    fn admit_one(&mut self, emitted: &Emitted) -> Admitted {
        let own_position = if let Origin::Source { position, .. } = &emitted.origin { &position[..] } else { &[] };
        if !own_position.is_empty() {
            self.position = own_position.to_vec();
        }
        let rows = emitted.frame.view().rows() as u32;
        let (numbers, own_position) = (self.kept.admit(emitted), own_position.to_vec());
        Admitted { numbers, rows, position: self.position.clone(), own_position }
    }

    /// Sends what is prepared, and begins its trees.
    pub(super) fn release(
        &mut self,
        admitted: Vec<Admitted>,
        egress: &mut Egress,
        now_us: i64,
        outputs: &mut Vec<Output>,
    ) {
        let (mut roots, mut accounts, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        for (i, Admitted { numbers, rows, position, own_position }) in admitted.into_iter().enumerate() {
            let tree = self.pending.emit(&numbers, position);
            let (account, of_rows) = match tree {
                Some(tree) => self.tracker.begin(tree, rows, &own_position),
                None => (Account::default(), Origins::nothing(rows)),
            };
            roots.push(tree);
            accounts.push(account);
            origins.push((i, of_rows));
        }
        let following = Following::Tracker { tracker: &mut self.tracker, origins: &origins, accounts: &mut accounts };
        egress.release(following, now_us, outputs);
        for (tree, account) in roots.into_iter().zip(accounts) {
            if let Some(tree) = tree {
                self.tracker.roots(tree, account, outputs);
            }
        }
    }

    /// An acker has something to say.
    pub(super) fn notice(&mut self, line: Line, notice: &Notice) {
        self.pending.notice(line, notice);
        self.sort();
    }

    /// When time is to be told, in µs.
    pub(super) fn wake_us(&self) -> i64 {
        self.next_tick_us
    }

    /// Time has passed. `is_ending`: nothing new will come.
    pub(super) fn time(&mut self, now_us: i64, is_ending: bool, outputs: &mut Vec<Output>) {
        let ticks = now_us.saturating_sub(self.next_tick_us).checked_div(self.tick_us).unwrap_or(0) + 1;
        if now_us < self.next_tick_us {
            return;
        }
        self.next_tick_us = self.next_tick_us.saturating_add(self.tick_us.saturating_mul(ticks));
        // What the host has kept it emits again as soon as consumers take it.
        self.pending.set_patient(!self.kept.has_ids());
        for _ in 0..ticks.min(i64::from(TIMEOUT_TICKS)) {
            if self.patience.is_a_tick() {
                let before = self.pending.report().timed_out;
                self.pending.tick();
                self.patience.ticked(self.pending.report().timed_out > before);
            }
        }
        self.forget(outputs);
        if is_ending {
            self.ask_who_is_held(outputs);
        }
        self.sort();
    }

    /// Asks ackers which trees wait for held tuples only.
    pub(super) fn ask_who_is_held(&mut self, outputs: &mut Vec<Output>) {
        if self.pending.awaited() == Awaited::Trees {
            self.tracker.ending(self.number, outputs);
        }
    }

    /// What the guest is to be told, failures first.
    pub(super) fn duty(&mut self) -> Option<Duty> {
        let fails = self.kept.take_fails();
        if !fails.is_empty() {
            return Some(Duty::Fail(fails));
        }
        let acks = self.kept.take_acks();
        (!acks.is_empty()).then_some(Duty::Ack(acks))
    }

    /// Emits rows again that failed and that the host has kept, as long as consumers take them.
    pub(super) fn replay(&mut self, egress: &mut Egress, now_us: i64, outputs: &mut Vec<Output>) {
        while !egress.is_blocked()
            && let Some((emitted, numbers)) = self.kept.next_replay()
        {
            let rows = numbers.len() as u32;
            let own_position = match &emitted.origin {
                Origin::Source { position, .. } => position.clone(),
                Origin::Anchors(_) => Vec::new(),
            };
            // It was prepared before: what was wrong with it was found out then.
            if egress.prepare(Vec::from([emitted]), false).is_ok() {
                let admitted = Admitted { numbers, rows, position: self.position.clone(), own_position };
                self.release(Vec::from([admitted]), egress, now_us, outputs);
            }
        }
    }

    /// The guest has said that nothing will come any more: what is still waited for.
    pub(super) fn awaited(&mut self) -> Awaited {
        if self.kept.has_replays() {
            return Awaited::Trees;
        }
        self.pending.guest_ended();
        self.sort();
        self.pending.awaited()
    }

    /// The streams end.
    pub(super) fn close(&mut self) {
        self.pending.close();
    }

    /// Whether every tree is through, or given up.
    pub(super) fn is_through(&self) -> bool {
        self.pending.awaited() == Awaited::Nothing
    }

    /// A fresh instance is to take over: where it goes on. What the old one had ids for it has to emit again from there;
    /// what the host has kept it has not.
    pub(super) fn reopen(&mut self, outputs: &mut Vec<Output>) -> Option<Vec<u8>> {
        let position = if self.kept.has_ids() {
            self.kept.forget_guest();
            self.pending.abandon();
            self.forget(outputs);
            self.position = self.pending.position().unwrap_or_default().to_vec();
            &self.position
        } else {
            &self.position
        };
        (!position.is_empty()).then(|| position.clone())
    }

    pub(super) fn report(&self) -> PendingReport {
        self.pending.report()
    }

    fn forget(&mut self, outputs: &mut Vec<Output>) {
        for (line, numbers) in self.pending.take_forgotten() {
            self.tracker.forget(line, numbers, outputs);
        }
    }

    fn sort(&mut self) {
        let (acked, failed) = (self.pending.take_acked(), self.pending.take_failed());
        self.kept.acked(&acked);
        self.kept.failed(&failed);
        self.kept.given_up(&self.pending.take_given_up());
    }
}
