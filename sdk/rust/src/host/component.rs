//! The host's functions as imports of the component.

use super::{Clock, Level};
use crate::bindings::bolt::petrel::plugin as bolt;
use crate::bindings::common::petrel::plugin as common;
use crate::bindings::spout::petrel::plugin as spout;
use crate::time::Timestamp;

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_micros() as i64))
}

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Trace => common::log::Level::Trace,
        Level::Debug => common::log::Level::Debug,
        Level::Info => common::log::Level::Info,
        Level::Warn => common::log::Level::Warn,
        Level::Error => common::log::Level::Error,
    };
    common::log::write(level, message);
}

pub(crate) use common::configuration::{current as configuration, secret};
pub(crate) use common::files::{
    append as append_file, create as create_file, list_files, list_written, open as open_file, print,
    read as read_file, read_ready as read_ready_file, remove as remove_file,
};
pub(crate) use common::metrics::{add as metric_add, set as metric_set};

pub(crate) fn emit_from_bolt(output: u32, task: Option<u32>, frame: &[u8], anchors: &[u32]) {
    match task {
        None => bolt::bolt_output::emit(output, frame, anchors),
        Some(task) => bolt::bolt_output::emit_direct(output, task, frame, anchors),
    }
}

pub(crate) fn emit_from_spout(output: u32, task: Option<u32>, frame: &[u8], ids: &[u64], position: &[u8]) {
    match task {
        None => spout::source_output::emit(output, frame, ids, position),
        Some(task) => spout::source_output::emit_direct(output, task, frame, ids, position),
    }
}

pub(crate) use bolt::bolt_output::{ack, at_row, fail, hold, reject, reset_timeout, retry};
pub(crate) use bolt::state::{append, entries, get, put, scan, set};

pub(crate) fn set_timers(table: u32, clock: Clock, keys: &[u8], times: &[i64]) {
    bolt::timers::set(table, convert(clock), keys, times);
}

pub(crate) fn set_timers_passed(table: u32, clock: Clock, keys: &[u32], times: &[i64]) {
    bolt::timers::set_passed(table, convert(clock), keys, times);
}

pub(crate) fn cancel_timers(table: u32, clock: Clock, keys: &[u8], times: &[i64]) {
    bolt::timers::cancel(table, convert(clock), keys, times);
}

fn convert(clock: Clock) -> bolt::timers::Clock {
    match clock {
        Clock::Processing => bolt::timers::Clock::Processing,
        Clock::Event => bolt::timers::Clock::Event,
    }
}
