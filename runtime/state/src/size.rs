//! How large a state is and may become.
//!
//! Sizes are counted, not measured: the same keys and values count the same on every machine, after every restart and
//! in whatever order they came. The weights are about what a key, a value and a timer take in memory.

use crate::error::StateError;
use crate::forecast::Forecast;
use crate::table::Table;
use crate::task::TaskState;

/// A key, beside its own bytes where it has more than fifteen.
pub(crate) const KEY_WEIGHT: usize = 64;
/// An entry of a map, beside its value and the subkey's bytes where it has more than ten.
pub(crate) const ENTRY_WEIGHT: usize = 80;
/// A value of eight bytes or less.
pub(crate) const FIXED_WEIGHT: usize = 16;
/// A value of any length, beside its own bytes.
pub(crate) const VARIABLE_WEIGHT: usize = 32;
/// A timer.
pub(crate) const TIMER_WEIGHT: usize = 48;

/// What the state of a task may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateLimits {
    /// Staged by one call, in bytes.
    pub staged_bytes: u64,
    /// The size of the whole state after a commit, in bytes as [`TaskState::size`] counts them.
    pub state_bytes: u64,
    /// Timers that wait after a commit.
    pub timers: u64,
}

impl Default for StateLimits {
    /// 64 MiB a call; state and timers without end.
    fn default() -> StateLimits {
        StateLimits { staged_bytes: 64 << 20, state_bytes: u64::MAX, timers: u64::MAX }
    }
}

impl TaskState {
    /// Sets the limits from now on. Not within a call.
    pub fn set_limits(&mut self, limits: StateLimits) {
        self.limits = limits;
        self.staging.set_limit(usize::try_from(limits.staged_bytes).unwrap_or(usize::MAX));
    }

    /// The size of what is committed, in bytes.
    pub fn size(&self) -> u64 {
        let keys = self.keys.interner.kept() * KEY_WEIGHT + self.keys.interner.kept_long();
        let tables: usize = self.tables.iter().map(Table::size).sum();
        let timers = (self.timers.waiting() + self.timers.taken().count()) * TIMER_WEIGHT;
        (keys + tables + timers) as u64
    }

    /// How many timers wait. Those that were taken for a call do not.
    pub fn timers(&self) -> usize {
        self.timers.waiting()
    }

    /// Whether what the call has staged may be committed. Nothing is changed, whatever the answer.
    ///
    /// # Errors
    ///
    /// [`StateError::StateTooLarge`] or [`StateError::TooManyTimers`]: the call is to be discarded.
    pub fn check_limits(&mut self) -> Result<(), StateError> {
        if self.size().saturating_add(self.most_growth()) <= self.limits.state_bytes
            && (self.timers.waiting() + self.staging.rows()) as u64 <= self.limits.timers
        {
            return Ok(());
        }
        let Forecast { size, timers } = self.forecast();
        // What is too large already may still shrink, a bit at a time.
        if size > self.limits.state_bytes && size > self.size() {
            return Err(StateError::StateTooLarge { bytes: size, limit: self.limits.state_bytes });
        }
        if timers > self.limits.timers && timers > self.timers.waiting() as u64 {
            return Err(StateError::TooManyTimers { timers, limit: self.limits.timers });
        }
        Ok(())
    }

    /// What the staged writes can add to the size at most: cheap to know, so that hardly any call needs a forecast.
    fn most_growth(&self) -> u64 {
        const ROW: usize = KEY_WEIGHT + ENTRY_WEIGHT + VARIABLE_WEIGHT + TIMER_WEIGHT;
        // A truth value in a list is a bit in a frame and a byte in the state.
        let content = self.staging.bytes().saturating_mul(8);
        let rows = self.staging.rows().saturating_mul(ROW);
        (content.saturating_add(rows).saturating_add(self.keys.interner.passing_long())) as u64
    }
}
