//! Timers below the levels of this crate. Each belongs to a key of a table; times are microseconds since 1970.
//! Staged as writes to state are.

use super::{Clock, imports};

/// Sets a timer for each row of a keys frame.
pub fn set(table: usize, clock: Clock, keys: &[u8], times: &[i64]) {
    imports::set_timers(table as u32, clock, keys, times);
}

/// Sets timers for keys that were passed with the call, by their number in it.
pub fn set_passed(table: usize, clock: Clock, keys: &[u32], times: &[i64]) {
    imports::set_timers_passed(table as u32, clock, keys, times);
}

/// Removes timers; those that are not there are ignored.
pub fn cancel(table: usize, clock: Clock, keys: &[u8], times: &[i64]) {
    imports::cancel_timers(table as u32, clock, keys, times);
}
