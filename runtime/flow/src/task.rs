//! A task as a pure step machine.

use crate::acker_task::AckerTask;
use crate::bolt::Bolt;
use crate::report::TaskReport;
use crate::spout::Spout;
use crate::step::{Input, Output};
use crate::tuning::Tuning;
use alloc::boxed::Box;
use alloc::vec::Vec;
use petrel_model::{Assignment, TaskId, World};
use petrel_state::TaskState;

/// One task of a topology: one spout or bolt instance and everything that is decided around it.
#[derive(Debug)]
pub struct Task {
    role: Role,
    /// What the shell was last asked to wake it at.
    wake_us: i64,
}

#[derive(Debug)]
enum Role {
    Spout(Box<Spout>),
    Bolt(Box<Bolt>),
    Acker(Box<AckerTask>),
}

const NEVER: i64 = i64::MAX;

impl Task {
    /// The task `id` of an assignment, before its start. Ackers are tasks like others, without a guest.
    ///
    /// `now_us` is µs since 1970; `seed` keeps anybody from choosing keys that collide in hash tables.
    ///
    /// # Panics
    /// If the assignment has no such component, if it is a grouping plugin: those have no tasks, or if it is an acker of an
    /// assignment that tracks nothing.
    pub fn new(assignment: &Assignment, id: TaskId, tuning: Tuning, now_us: i64, seed: u64) -> Task {
        if id.is_acker() {
            let acker = Box::new(AckerTask::new(assignment, id.task.0, now_us));
            return Task { role: Role::Acker(acker), wake_us: NEVER };
        }
        let role = match assignment.component(id.component).world {
            World::Spout => Role::Spout(Box::new(Spout::new(assignment, id, tuning, now_us, seed))),
            World::Bolt => Role::Bolt(Box::new(Bolt::new(assignment, id, tuning, now_us, seed))),
            World::Grouping => panic!("{id} is a grouping plugin: it has no tasks"),
        };
        Task { role, wake_us: NEVER }
    }

    /// Takes what happened and appends what is to be done about it, in order.
    ///
    /// After `Finished` or `Failed` nothing is appended any more.
    pub fn step(&mut self, input: Input, outputs: &mut Vec<Output>) {
        if self.is_over() {
            return;
        }
        match &mut self.role {
            Role::Spout(spout) => step_spout(spout, input, outputs),
            Role::Bolt(bolt) => step_bolt(bolt, input, outputs),
            Role::Acker(acker) => step_acker(acker, input, outputs),
        }
        if !self.is_over() {
            match &mut self.role {
                Role::Spout(spout) => spout.announce(outputs),
                Role::Bolt(bolt) => bolt.announce(outputs),
                Role::Acker(_) => {}
            }
            self.ask_for_wake(outputs);
        }
    }

    /// Counters and gauges as they are now.
    pub fn report(&self) -> TaskReport {
        match &self.role {
            Role::Spout(spout) => spout.report(),
            Role::Bolt(bolt) => bolt.report(),
            Role::Acker(_) => TaskReport::default(),
        }
    }

    /// The state that the host keeps for a bolt, to look at its tables and timers. None for a spout, and while a call
    /// is under way; there also after the end.
    pub fn state_mut(&mut self) -> Option<&mut TaskState> {
        match &mut self.role {
            Role::Spout(_) | Role::Acker(_) => None,
            Role::Bolt(bolt) => bolt.state_mut(),
        }
    }

    fn is_over(&self) -> bool {
        match &self.role {
            Role::Spout(spout) => spout.is_over(),
            Role::Bolt(bolt) => bolt.is_over(),
            // It works as long as anybody sends to it.
            Role::Acker(_) => false,
        }
    }

    fn ask_for_wake(&mut self, outputs: &mut Vec<Output>) {
        let (wake_us, now_us) = match &self.role {
            Role::Spout(spout) => (spout.wake_us(), spout.now_us()),
            Role::Bolt(bolt) => (bolt.wake_us(), bolt.now_us()),
            Role::Acker(acker) => (Some(acker.wake_us()), acker.now_us()),
        };
        // A time that has come was told: the shell does not wait for it any more.
        if self.wake_us <= now_us {
            self.wake_us = NEVER;
        }
        let wake_us = wake_us.unwrap_or(NEVER);
        if wake_us != self.wake_us {
            self.wake_us = wake_us;
            outputs.push(Output::WakeAt(wake_us));
        }
    }
}

fn step_spout(spout: &mut Spout, input: Input, outputs: &mut Vec<Output>) {
    match input {
        Input::Start => spout.start(outputs),
        Input::Returned { call, result, effects, state, now_us } => {
            spout.set_now(now_us);
            spout.returned(&call, result, effects, state, outputs);
        }
        Input::Credit { channel, bytes } => {
            spout.egress().credit(channel, bytes, outputs);
            spout.go_on(outputs);
        }
        Input::Chosen { ticket, tasks } => spout.chosen(ticket, tasks, outputs),
        Input::Notice { line, notice } => spout.notice(line, &notice, outputs),
        Input::Restarted => spout.restarted(outputs),
        Input::Resume => spout.resume(outputs),
        Input::Time { now_us } => {
            spout.set_now(now_us);
            spout.time(outputs);
        }
        Input::Drain => spout.drain(outputs),
        // Nobody sends to a spout.
        Input::Message(_) | Input::Redeliver(_) | Input::ToAcker(_) => {}
    }
}

fn step_bolt(bolt: &mut Bolt, input: Input, outputs: &mut Vec<Output>) {
    match input {
        Input::Start => bolt.start(outputs),
        Input::Message(message) => bolt.message(message, outputs),
        Input::Returned { call, result, effects, state, now_us } => {
            bolt.set_now(now_us);
            bolt.returned(call, result, effects, state, outputs);
        }
        Input::Restarted => bolt.restarted(outputs),
        Input::Credit { channel, bytes } => {
            bolt.egress().credit(channel, bytes, outputs);
            bolt.go_on(outputs);
        }
        Input::Chosen { ticket, tasks } => bolt.chosen(ticket, tasks, outputs),
        Input::Resume => bolt.resume(outputs),
        Input::Redeliver(redelivery) => bolt.redeliver(*redelivery, outputs),
        Input::Time { now_us } => {
            bolt.set_now(now_us);
            bolt.egress().time(now_us, outputs);
            bolt.go_on(outputs);
        }
        Input::Drain | Input::ToAcker(_) | Input::Notice { .. } => {}
    }
}

fn step_acker(acker: &mut AckerTask, input: Input, outputs: &mut Vec<Output>) {
    match input {
        Input::ToAcker(message) => acker.take(&message, outputs),
        Input::Time { now_us } => acker.time(now_us, outputs),
        // Everything else is for tasks with a guest.
        _ => {}
    }
}
