//! State and timers. Bytes come as state, so that tests decide on them.

use crate::Call;
use crate::petrel::plugin::{state, timers};
use petrel_test_guests::Command;

pub fn run(command: &Command, call: &Call) -> Option<Result<(), String>> {
    let table = || command.number(0) as u32;
    match command.verb() {
        "put" => state::put(table(), &call.state),
        "get" => return Some(Err(format!("{:?}", state::get(table(), &call.state)))),
        "set" => state::set(table(), &call.frame, &call.state),
        "append" => state::append(table(), &call.frame, &call.state),
        "scan" => return Some(Err(format!("{:?}", state::scan(table(), 0, 100)))),
        "entries" => return Some(Err(format!("{:?}", state::entries(table(), &call.state)))),
        "timer" => timers::set(table(), timers::Clock::Processing, &call.state, &[5]),
        "timer-passed" => timers::set_passed(table(), timers::Clock::Event, &[0], &[5]),
        "timer-cancel" => timers::cancel(table(), timers::Clock::Processing, &call.state, &[5]),
        _ => return None,
    }
    Some(Ok(()))
}
