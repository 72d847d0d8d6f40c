//! An acker as a task: messages in, notices out, and time in ticks.

use crate::acker::{Acker, ToAcker};
use crate::spout::{STRETCH_MAX, TIMEOUT_TICKS, tick_us};
use crate::step::Output;
use crate::tracker::{lines, spout_tasks};
use alloc::vec::Vec;
use petrel_model::{Assignment, TaskId};

/// It forgets what its spout does not speak of any more after so many message timeouts: three of the longest that a spout
/// may make of them.
const FORGET_TIMEOUTS: u32 = 3 * STRETCH_MAX;

/// One acker of a topology.
#[derive(Debug)]
pub(crate) struct AckerTask {
    acker: Acker,
    /// The tasks of spouts, as lines count them.
    spouts: Vec<TaskId>,
    tick_us: i64,
    next_tick_us: i64,
    now_us: i64,
    notices: Vec<(crate::lineage::Line, crate::acker::Notice)>,
    lines: crate::lineage::Lines,
}

impl AckerTask {
    /// The acker of that number.
    ///
    /// # Panics
    /// If the assignment tracks nothing.
    pub(crate) fn new(assignment: &Assignment, number: u32, now_us: i64) -> AckerTask {
        let lines = lines(assignment).expect("only an assignment that tracks tuples has ackers");
        let tick_us = tick_us(assignment);
        AckerTask {
            acker: Acker::new(number, lines, TIMEOUT_TICKS * FORGET_TIMEOUTS),
            spouts: spout_tasks(assignment).collect(),
            tick_us,
            next_tick_us: now_us.saturating_add(tick_us),
            now_us,
            notices: Vec::new(),
            lines,
        }
    }

    /// From a task.
    pub(crate) fn take(&mut self, message: &ToAcker, outputs: &mut Vec<Output>) {
        self.acker.take(message);
        self.tell(outputs);
    }

    /// Time has passed.
    pub(crate) fn time(&mut self, now_us: i64, outputs: &mut Vec<Output>) {
        self.now_us = self.now_us.max(now_us);
        while self.next_tick_us <= self.now_us {
            self.next_tick_us = self.next_tick_us.saturating_add(self.tick_us);
            self.acker.tick();
        }
        self.tell(outputs);
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.now_us
    }

    /// When time has to be told, in µs.
    pub(crate) fn wake_us(&self) -> i64 {
        self.next_tick_us
    }

    fn tell(&mut self, outputs: &mut Vec<Output>) {
        self.acker.notices(&mut self.notices);
        for (line, notice) in self.notices.drain(..) {
            if let Some(to) = self.spouts.get(self.lines.spout(line) as usize) {
                outputs.push(Output::Notice { to: *to, line, notice });
            }
        }
    }
}
