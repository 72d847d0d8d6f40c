//! Rows that the guest will not have: the call is discarded and made again without them.

use super::{Bolt, Doing};
use crate::call::{RowFault, Trap};
use crate::failure::{Fields, Place, Rejected};
use crate::frame::Frame;
use crate::retry::Waiting;
use crate::step::Output;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_model::InputIndex;

/// The longest time after which a tuple may come again: a topology cannot end before that.
const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

impl Bolt {
    /// `process` returned ok but will not have some rows: rejects them or keeps them for later, and calls it again
    /// with the others.
    pub(super) fn put_aside(&mut self, faults: Vec<RowFault>, outputs: &mut Vec<Output>) {
        self.state().discard();
        self.doing = Doing::Idle;
        let (Some(frame), Some(batch)) = (self.part.take(), &self.batch) else { return };
        let (port, tried) = (batch.port, batch.tried + 1);
        let rows = frame.view().rows() as u32;
        // What the guest says first about a row counts.
        let mut by_row = BTreeMap::new();
        for RowFault { row, reason, retry_after_ms } in faults {
            if row >= rows {
                let message = format!("reject or retry named row {row} of a batch of {rows} rows, numbered from 0");
                return self.fail("process", Place::NoBatch, Trap::contract(message), outputs);
            }
            if let Some(after_ms) = retry_after_ms.filter(|after_ms| *after_ms > RETRY_AFTER_MS_MAX) {
                let message = format!(
                    "retry asked for row {row} again after {after_ms} ms; the longest time is {RETRY_AFTER_MS_MAX} ms, a day"
                );
                return self.fail("process", Place::NoBatch, Trap::contract(message), outputs);
            }
            by_row.entry(row).or_insert((reason, retry_after_ms));
        }
        let others: Vec<u32> = (0..rows).filter(|row| !by_row.contains_key(row)).collect();
        let mut later: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (row, (reason, retry_after_ms)) in by_row {
            match retry_after_ms {
                Some(after_ms) if tried <= self.tuning.retries => {
                    let after_us = i64::try_from(after_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
                    later.entry(self.now_us.saturating_add(after_us)).or_default().push(row);
                }
                _ => self.reject(port, &frame, row, reason, tried, outputs),
            }
        }
        for (due_us, rows) in later {
            self.retried_rows += rows.len() as u64;
            self.retries.push(due_us, Waiting { port, frame: frame.take(&rows), tried });
        }
        if others.is_empty() {
            self.batch_part_over(outputs);
            return self.go_on(outputs);
        }
        let rest = frame.take(&others);
        self.part = Some(rest.clone());
        self.process_rows(Doing::Processing, rest, outputs);
    }

    fn reject(
        &mut self,
        port: usize,
        frame: &Frame,
        row: u32,
        reason: String,
        attempts: u32,
        outputs: &mut Vec<Output>,
    ) {
        self.rejected_rows += 1;
        let input = &self.ingress.ports()[port];
        outputs.push(Output::Rejected(Rejected {
            task: self.id,
            component: self.component.clone(),
            input: InputIndex(port as u32),
            stream: input.stream.clone(),
            tuple: frame.slice(row as usize..row as usize + 1),
            fields: Fields::of(&frame.view(), row as usize, &input.schema),
            reason,
            attempts,
        }));
    }
}
