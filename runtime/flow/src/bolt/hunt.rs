//! A batch failed: which row is it?
//!
//! Every try has an instance of its own, the state as it was before the batch, and leaves nothing behind. In the
//! best-effort guarantee the answer goes into the failure that ends the task.

use super::{Bolt, Doing};
use crate::call::{Call, Trap};
use crate::failure::{Fields, Place};
use crate::search::{Found, Search};
use crate::step::Output;
use alloc::vec::Vec;

/// A hunt for the row that fails.
#[derive(Debug)]
pub(super) struct Hunt {
    search: Search,
    /// The trap of the smallest prefix that failed so far: the one to report.
    trap: Trap,
    until_us: i64,
    /// The instance is there, but `open` was not called yet.
    opening: bool,
}

impl Bolt {
    /// `process` did not return ok.
    pub(super) fn hunt(&mut self, name: &'static str, trap: Trap, outputs: &mut Vec<Output>) {
        self.state().discard();
        let rows = self.part.as_ref().map_or(0, |part| part.view().rows() as u32);
        if rows == 0 {
            return self.fail(name, Place::NoBatch, trap, outputs);
        }
        let until_us = self.now_us.saturating_add(self.tuning.search_us);
        self.hunt = Some(Hunt { search: Search::new(rows), trap, until_us, opening: true });
        self.doing = Doing::Hunting;
        outputs.push(Output::Restart);
    }

    /// A fresh instance exists.
    pub(crate) fn restarted(&mut self, outputs: &mut Vec<Output>) {
        if let (Doing::Hunting, Some(hunt)) = (self.doing, &mut self.hunt) {
            hunt.opening = true;
            self.call(Doing::Hunting, Call::Open { position: None }, outputs);
        }
    }

    /// A call of a hunt is over: `open`, or a try.
    pub(super) fn tried(&mut self, name: &'static str, failed: Option<Trap>, outputs: &mut Vec<Output>) {
        self.state().discard();
        let (Some(hunt), Some(part)) = (&mut self.hunt, &self.part) else { return };
        if hunt.opening {
            hunt.opening = false;
            if let Some(trap) = failed {
                return self.fail(name, Place::NoBatch, trap, outputs);
            }
            let prefix = hunt.search.next().unwrap_or(0) as usize;
            let rows = part.slice(0..prefix);
            return self.process_rows(Doing::Hunting, rows, outputs);
        }
        hunt.search.tried(failed.is_some());
        if let Some(trap) = failed {
            hunt.trap = trap;
        }
        let rows = hunt.search.rows();
        let place = match hunt.search.found() {
            Some(Found::Row(row)) => {
                let schema = &self.ingress.ports()[self.batch.as_ref().map_or(0, |batch| batch.port)].schema;
                Place::Row { row, rows, fields: Fields::of(&part.view(), row as usize, schema) }
            }
            Some(Found::Nothing) => Place::NotAgain { rows },
            None if self.now_us >= hunt.until_us => Place::Within { suspects: hunt.search.suspects(), rows },
            None => return outputs.push(Output::Restart),
        };
        let trap = hunt.trap.clone();
        self.fail(name, place, trap, outputs);
    }
}
