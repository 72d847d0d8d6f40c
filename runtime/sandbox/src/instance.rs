//! A running instance of a plugin: one store, one guest, one call at a time.

use crate::contract::{bolt, grouping, spout, types};
use crate::deadline::{Deadline, Over};
use crate::files::{PrintTarget, WriteError};
use crate::host::Host;
use crate::log::now_us;
use crate::trap::{self, Breach};
use crate::usage::{LOG_LIMIT, Usage};
use petrel_flow::{Attempt, Call, CallResult, Effects, Returned, Trap, TrapKind, Write};
use petrel_frame::FrameView;
use petrel_state::{StateLimits, TaskState};
use std::fmt;
use wasmtime::Store;

/// `on-end` may emit and stage so many times `emit_bytes`, and emit so many times `emit_rows`.
const EMIT_FACTOR_AT_END: u64 = 16;

/// What is told of an error that says nothing.
const NO_REASON: &str = "the plugin returned an error without a word of why";

/// An instance of a plugin, for one task.
///
/// It takes one call at a time. After a trap, a limit, or a call whose future was dropped, it is unusable for good:
/// what the guest left in its memory is anybody's guess. A new one takes microseconds.
pub struct Instance {
    store: Store<Host>,
    exports: Exports,
    context: types::Context,
    life: Life,
    /// A grouping is opened by its first use.
    opened: bool,
    /// What the guest says in its calls is known if they fail.
    again: bool,
    /// Since it was last taken.
    usage: Usage,
}

/// Looks at an instance while it is in a call.
#[derive(Clone, Debug)]
pub struct Silence(Deadline);

impl Silence {
    /// Whether the guest's call waits for a pipe or standard input, which may stay silent for ever.
    pub fn is_waiting(&self) -> bool {
        self.0.is_silent()
    }
}

/// The functions of the plugin's world.
pub(crate) enum Exports {
    Spout(spout::Guest),
    Bolt(bolt::Guest),
    Grouping(grouping::Guest),
}

enum Life {
    Ready,
    /// In a call. Seen by another call only if that one's future was dropped.
    Busy,
    Dead(String),
}

/// What an export answers: its value, or the error it returned, unless the call trapped.
type Answer<T> = wasmtime::Result<Result<T, String>>;

impl Instance {
    pub(crate) fn new(store: Store<Host>, exports: Exports, context: types::Context) -> Instance {
        Instance { store, exports, context, life: Life::Ready, opened: false, again: false, usage: Usage::default() }
    }

    /// Makes a call at a time of the host, in microseconds since 1970.
    ///
    /// `effects` takes what the call staged, in the vectors that are in it (they are cleared first); writes to state
    /// are staged in `state`. Unless the call returns ok, both are to be discarded. Dropping the future makes the
    /// instance unusable and loses what was staged.
    ///
    /// # Errors
    /// Why the call did not return ok. The instance can be used further only after [`TrapKind::Refused`].
    pub async fn call(&mut self, call: &Call, state: &mut TaskState, effects: &mut Effects, now_us: i64) -> CallResult {
        let rows = match call {
            Call::Process { frame, .. } => Some(frame.view().rows() as u32),
            _ => None,
        };
        self.begin(now_us)?;
        let staged = cleared(std::mem::take(effects));
        // At the end of an input a bolt gives away at once what it kept all along.
        let ends = matches!(call, Call::End { .. });
        self.store.data_mut().call.set_emit_factor(if ends { EMIT_FACTOR_AT_END } else { 1 });
        let limits = &self.store.data().limits;
        state.set_limits(StateLimits {
            staged_bytes: limits.host_call_bytes,
            state_bytes: limits.state_bytes,
            timers: limits.timers,
        });
        // SAFETY: `state` is borrowed until this function's future is gone, and `end` below removes it. Host
        // functions of the instance run only while that future is polled or dropped: if it is dropped in between,
        // the instance stays `Busy`, and `begin` lets no further call in.
        unsafe { self.store.data_mut().call.begin(rows, staged, Some(&mut *state)) };
        let deadline = self.store.data().deadline.clone();
        let answer = deadline.watch(dispatch(&mut self.store, &self.exports, &self.context, call)).await;
        if let Ok(Ok(Ok(_))) = answer {
            self.store.data_mut().call.keep_holds();
        }
        *effects = self.store.data_mut().call.end();
        let returned = self.end(call.name(), answer)?;
        // The guest is done with its state, but the state may not be done with the guest.
        match state.check_limits() {
            Ok(()) => Ok(returned),
            Err(error) => {
                let kind = trap::of_state(&error).unwrap_or(TrapKind::Contract);
                Err(self.die(trap::trap(kind, error.to_string(), Vec::new())))
            }
        }
    }

    /// How the next calls are made. Before that: with all the time, for the first time.
    pub fn set_attempt(&mut self, attempt: Attempt) {
        self.store.data_mut().share = attempt.share;
        self.again = attempt.again;
    }

    /// Tells from outside whether the guest waits for a pipe or standard input.
    pub fn silence(&self) -> Silence {
        Silence(self.store.data().deadline.clone())
    }

    /// Sets where prints go; without it, to standard output.
    pub fn print_to(&mut self, target: PrintTarget) {
        self.store.data_mut().writable.print_to(target);
    }

    /// Performs the writes that a call staged, in order: appends to files, prints.
    ///
    /// # Errors
    /// The first write that the operating system refused; those before it are done.
    pub async fn write(&mut self, writes: Vec<Write>) -> Result<(), WriteError> {
        self.store.data().writable.write(writes).await
    }

    /// Asks a grouping for the task of each row of a frame.
    ///
    /// # Errors
    /// As for [`Instance::call`]; also when the answer is not a task for each row.
    pub async fn choose(&mut self, frame: &[u8], tasks: u32) -> Result<Vec<u32>, Trap> {
        self.begin(now_us())?;
        // SAFETY: there is no state.
        unsafe { self.store.data_mut().call.begin(None, Effects::default(), None) };
        let deadline = self.store.data().deadline.clone();
        let (store, context, opened) = (&mut self.store, &self.context, &mut self.opened);
        let answer = match &self.exports {
            Exports::Grouping(guest) => {
                let ask = async {
                    if !*opened {
                        if let Err(message) = guest.call_open(&mut *store, context).await? {
                            return Ok(Err(message));
                        }
                        *opened = true;
                    }
                    guest.call_choose(&mut *store, frame, tasks).await
                };
                deadline.watch(ask).await
            }
            _ => Ok(Err(not_exported("choose"))),
        };
        let chosen = self.end("choose", answer)?;
        check_choice(&chosen, frame, tasks).map_err(|message| trap::trap(TrapKind::Contract, message, Vec::new()))?;
        Ok(chosen)
    }

    /// What the instance's memories and tables take together, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.store.data().limiter.used()
    }

    /// What it has used since this was last asked.
    pub fn take_usage(&mut self) -> Usage {
        let mut usage = std::mem::take(&mut self.usage);
        usage.memory_bytes = self.memory_bytes();
        // What was dropped between two calls, at the end of a line, belongs to nobody else.
        usage.dropped_log_lines += self.store.data().logger().take_dropped();
        usage.metrics = std::mem::take(&mut self.store.data_mut().metrics);
        usage
    }

    /// Whether calls are possible.
    pub fn is_usable(&self) -> bool {
        matches!(self.life, Life::Ready)
    }

    fn begin(&mut self, now_us: i64) -> Result<(), Trap> {
        let reason = match &self.life {
            Life::Ready => None,
            Life::Busy => Some("its last call was abandoned"),
            Life::Dead(reason) => Some(reason.as_str()),
        };
        if let Some(reason) = reason {
            let message = format!("the instance cannot be used any more: {reason}");
            return Err(trap::trap(TrapKind::Trapped, message, Vec::new()));
        }
        self.life = Life::Busy;
        // The first interruption comes within two ticks; calls that are over by then never notice.
        self.store.set_epoch_deadline(2);
        let host = self.store.data_mut();
        host.deadline.begin(host.allowed());
        host.clock.begin(now_us);
        host.limiter.begin_call();
        let mut logger = host.logger();
        logger.begin_call();
        if self.again {
            logger.hold();
        }
        drop(logger);
        Ok(())
    }

    fn end<T>(&mut self, name: &str, answer: Result<Answer<T>, Over>) -> Result<T, Trap> {
        self.count();
        let ended = self.explain(name, answer);
        self.store.data().logger().release(ended.is_ok());
        ended
    }

    fn explain<T>(&mut self, name: &str, answer: Result<Answer<T>, Over>) -> Result<T, Trap> {
        let host = self.store.data();
        let trap = match answer {
            // Nobody could stop it in time, but that it took too long is as true.
            Ok(Ok(_)) if host.deadline.is_over() => trap::of_breach(Breach::Running, name, host, Vec::new()),
            Ok(Ok(Ok(value))) => {
                self.life = Life::Ready;
                return Ok(value);
            }
            Ok(Ok(Err(message))) => {
                self.life = Life::Ready;
                let message = if message.trim().is_empty() { NO_REASON.to_owned() } else { message };
                return Err(trap::trap(TrapKind::Refused, message, Vec::new()));
            }
            Ok(Err(error)) => trap::explain(&error, name, host),
            Err(over) => trap::of_breach(over.into(), name, host, Vec::new()),
        };
        Err(self.die(trap))
    }

    /// The instance is of no use any more.
    fn die(&mut self, trap: Trap) -> Trap {
        self.life = Life::Dead(trap.message.clone());
        // Memory was counted with the call, whether the guest lived on without it or not.
        if trap.kind.is_limit() && trap.kind != TrapKind::MemoryLimit {
            self.usage.hit(trap.kind.name());
        }
        trap
    }

    /// Counts what the call used.
    fn count(&mut self) {
        let host = self.store.data();
        self.usage.cpu += host.deadline.ran();
        self.usage.io += host.deadline.waited();
        let dropped = host.logger().take_dropped();
        if dropped > 0 {
            self.usage.dropped_log_lines += dropped;
            self.usage.hit(LOG_LIMIT);
        }
        if host.limiter.refused().is_some() {
            self.usage.hit(TrapKind::MemoryLimit.name());
        }
    }
}

async fn dispatch(
    store: &mut Store<Host>,
    exports: &Exports,
    context: &types::Context,
    call: &Call,
) -> Answer<Returned> {
    match exports {
        Exports::Spout(guest) => on_spout(store, guest, context, call).await,
        Exports::Bolt(guest) => on_bolt(store, guest, context, call).await,
        Exports::Grouping(guest) => match call {
            Call::Open { .. } => done(guest.call_open(store, context).await),
            _ => Err(not_exported(call.name())),
        },
    }
}

async fn on_spout(
    store: &mut Store<Host>,
    guest: &spout::Guest,
    context: &types::Context,
    call: &Call,
) -> Answer<Returned> {
    match call {
        Call::Open { position } => done(guest.call_open(store, context, position.as_deref()).await),
        Call::Next { max_rows, max_bytes } => {
            Ok(guest.call_next(store, *max_rows, *max_bytes).await?.map(|status| match status {
                spout::Status::More => Returned::More,
                spout::Status::Idle(until_us) => Returned::Idle(until_us),
                spout::Status::End => Returned::End,
            }))
        }
        Call::Ack(ids) => done(guest.call_ack(store, ids).await.map(Ok)),
        Call::Fail(ids) => done(guest.call_fail(store, ids).await.map(Ok)),
        Call::Activate => done(guest.call_activate(store).await.map(Ok)),
        Call::Deactivate => done(guest.call_deactivate(store).await.map(Ok)),
        _ => Err(not_exported(call.name())),
    }
}

async fn on_bolt(
    store: &mut Store<Host>,
    guest: &bolt::Guest,
    context: &types::Context,
    call: &Call,
) -> Answer<Returned> {
    match call {
        Call::Open { .. } => done(guest.call_open(store, context).await),
        Call::Process { input, frame, state } => done(guest.call_process(store, *input, frame, &state.block).await),
        Call::Timer { table, keys, times, state } => {
            done(guest.call_on_timer(store, *table, keys, times, &state.block).await)
        }
        Call::Tick { now_us, state } => done(guest.call_on_tick(store, *now_us, &state.block).await),
        Call::End { input, state } => done(guest.call_on_end(store, *input, &state.block).await),
        _ => Err(not_exported(call.name())),
    }
}

fn done(answer: Answer<()>) -> Answer<Returned> {
    Ok(answer?.map(|()| Returned::Done))
}

fn not_exported(name: &str) -> wasmtime::Error {
    Breach::Contract(format!("`{name}` was asked of a plugin whose world does not have it")).into()
}

fn cleared(mut effects: Effects) -> Effects {
    effects.emitted.clear();
    effects.faults.clear();
    effects.at_row = None;
    effects.holds.clear();
    effects.writes.clear();
    effects
}

fn check_choice(chosen: &[u32], frame: &[u8], tasks: u32) -> Result<(), String> {
    let rows =
        FrameView::parse(frame).map_err(|error| format!("`choose` was given a malformed frame: {error}"))?.rows();
    if chosen.len() != rows {
        return Err(format!("`choose` names a task for each row: {} tasks for {rows} rows", chosen.len()));
    }
    match chosen.iter().find(|&&task| task >= tasks) {
        Some(task) => Err(format!("`choose` named task {task} of {tasks}, numbered from 0")),
        None => Ok(()),
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({} task {})", self.context.component, self.context.task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task moves between the threads of its runtime, and its call with it. Checked by compiling.
    #[test]
    fn a_call_can_move_between_threads() {
        fn is_send<T: Send>(_: impl FnOnce(&'static mut Instance) -> T) {}
        let call: &'static Call = &Call::Activate;
        is_send(move |instance| {
            let (state, effects) =
                (Box::leak(Box::new(TaskState::new(Default::default(), &[], 0))), Box::leak(Box::default()));
            instance.call(call, state, effects, 0)
        });
        is_send(|instance| instance.write(Vec::new()));
        is_send(|instance| instance.choose(&[], 1));
    }
}
