//! Rows that the guest will not have: the call is discarded and made again without them.

use super::{Bolt, Doing};
use crate::batch::{Source, Whole};
use crate::call::{RowFault, Trap};
use crate::dead_letter::{Cause, DeadLetter};
use crate::fields::Fields;
use crate::followed::Following;
use crate::frame::Frame;
use crate::lineage::{Account, Lineage, Origins};
use crate::parcel::Parcel;
use crate::retry::Waiting;
use crate::step::Output;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

/// The longest time after which a tuple may come again: a topology cannot end before that.
const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

impl Bolt {
    /// `process` returned ok but will not have some rows: rejects them or keeps them for later, and leaves them out of
    /// the batch. Nothing of the call counts.
    ///
    /// # Errors
    /// If it named rows or times that cannot be.
    pub(super) fn put_aside(&mut self, faults: Vec<RowFault>, outputs: &mut Vec<Output>) -> Result<(), Trap> {
        let rows = self.part.as_ref().map_or(0, |part| part.view().rows()) as u32;
        // What the guest says first about a row counts.
        let mut by_row = BTreeMap::new();
        for RowFault { row, reason, retry_after_ms } in faults {
            if row >= rows {
                let message = format!("reject or retry named row {row} of a batch of {rows} rows, numbered from 0");
                return Err(Trap::contract(message));
            }
            if let Some(after_ms) = retry_after_ms.filter(|after_ms| *after_ms > RETRY_AFTER_MS_MAX) {
                let message = format!(
                    "retry asked for row {row} again after {after_ms} ms; the longest time is {RETRY_AFTER_MS_MAX} ms, a day"
                );
                return Err(Trap::contract(message));
            }
            by_row.entry(row).or_insert((reason, retry_after_ms));
        }
        self.state().discard();
        // It is well: it only will not have these.
        self.breaker.passed();
        self.doing = Doing::Idle;
        let (Some(part), Some(batch)) = (self.part.take(), &self.batch) else { return Ok(()) };
        let (port, tried, letter) = (batch.port, batch.tried + 1, batch.letter);
        let unwanted: Vec<u32> = by_row.keys().copied().collect();
        let mut later: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (row, (reason, retry_after_ms)) in by_row {
            match retry_after_ms {
                Some(after_ms) if tried <= self.tuning.retries => {
                    let after_us = i64::try_from(after_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
                    later.entry(self.now_us.saturating_add(after_us)).or_default().push(row);
                }
                _ => {
                    self.rejected_rows += 1;
                    self.bury_row(&part, row as usize, Cause::Rejected(reason), outputs);
                }
            }
        }
        for (due_us, rows) in later {
            self.retried_rows += rows.len() as u64;
            let rows = self.rows_of(&part, &rows);
            self.retries.push(due_us, Waiting { port, rows, tried, letter });
        }
        if let Some(batch) = &mut self.batch {
            batch.leave_out(&part, rows as usize, &unwanted);
        }
        self.pay(outputs);
        Ok(())
    }

    /// Rows of the next part as a frame of their own that knows where they came from.
    fn rows_of(&mut self, part: &Frame, rows: &[u32]) -> Whole {
        let all = part.view().rows();
        let lineage = match (&mut self.tracker, self.batch.as_mut().and_then(|batch| batch.tracked(all))) {
            (Some(tracker), Some((account, input))) => tracker.keep(account, &input.take(rows.iter().copied())),
            _ => Lineage::default(),
        };
        let origin = |row: &u32| self.batch.as_ref()?.origin(*row as usize);
        let sources = rows.iter().filter_map(|row| Some(Source { origin: origin(row)?, rows: 1 }));
        Whole { parcel: Parcel { frame: part.take(rows), lineage }, sources: sources.collect() }
    }

    /// A row of the batch's next part goes to the dead letters.
    pub(super) fn bury_row(&mut self, part: &Frame, row: usize, cause: Cause, outputs: &mut Vec<Output>) {
        let Some(batch) = &mut self.batch else { return };
        let (roots, paths) = match (&mut self.tracker, batch.tracked(row + 1)) {
            (Some(tracker), Some((account, input))) => {
                tracker.descent(account, &input.slice(row as u32, row as u32 + 1))
            }
            _ => Default::default(),
        };
        let letter = DeadLetter {
            task: self.id,
            component: self.component.clone(),
            call: "process",
            input: Some(self.ingress.input(batch.port, batch.origin(row))),
            timer: None,
            tuple: part.slice(row..row + 1),
            fields: Fields::of(&part.view(), row, &self.ingress.ports()[batch.port].schema),
            roots,
            paths,
            cause,
            attempts: batch.letter.map_or(0, |letter| letter.attempts) + batch.tried + 1,
            redelivery: batch.letter.map(|letter| letter.ticket),
        };
        self.bury(letter, Some(row), outputs);
    }

    /// To the stream of dead letters where the component has one, or to the run's store. One that came from the store goes
    /// back there, to take its place.
    ///
    /// In the stream it comes from that row of the batch's next part, if it comes from one.
    pub(super) fn bury(&mut self, letter: DeadLetter, row: Option<usize>, outputs: &mut Vec<Output>) {
        let stream = self.letters.as_ref().filter(|_| letter.redelivery.is_none());
        if let Some(emitted) = stream.and_then(|letters| letters.row(&letter, self.now_us))
            && self.egress.prepare(Vec::from([emitted]), false).is_ok()
        {
            let tracked = row.and_then(|row| Some((row, self.batch.as_mut()?.tracked(row + 1)?)));
            let following = match (&mut self.tracker, tracked) {
                (Some(tracker), Some((row, (account, input)))) => Following::Tracker {
                    tracker,
                    origins: &[(0, input.slice(row as u32, row as u32 + 1))],
                    accounts: core::slice::from_mut(account),
                },
                (Some(tracker), None) => Following::Tracker {
                    tracker,
                    origins: &[(0, Origins::nothing(1))],
                    accounts: &mut [Account::default()],
                },
                (None, _) => Following::Nobody,
            };
            self.egress.release(following, self.now_us, outputs);
        } else {
            outputs.push(Output::DeadLetter(Box::new(letter)));
        }
    }
}
