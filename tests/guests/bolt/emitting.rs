//! What goes out. Frames are the bytes that came as state, so that tests decide on them.

use crate::Call;
use crate::petrel::plugin::bolt_output;
use petrel_test_guests::Command;

pub fn run(command: &Command, call: &Call) -> Option<Result<(), String>> {
    match command.verb() {
        // emit OUTPUT ANCHORS...
        "emit" => bolt_output::emit(command.number(0) as u32, &call.state, &command.numbers(1)),
        // The same bytes at an odd address.
        "emit-odd" => {
            let mut bytes = vec![0; call.state.len() + 8];
            let odd = 1 + (8 - bytes.as_ptr().addr() % 8) % 8;
            bytes[odd..][..call.state.len()].copy_from_slice(&call.state);
            bolt_output::emit(0, &bytes[odd..][..call.state.len()], &[]);
        }
        // emit-direct OUTPUT TASK
        "emit-direct" => bolt_output::emit_direct(command.number(0) as u32, command.number(1) as u32, &call.state, &[]),
        "emit-for-ever" => loop {
            bolt_output::emit(0, &call.state, &[]);
        },
        "echo" => bolt_output::emit(0, &call.frame, &[]),
        // reject ROW, retry ROW AFTER, hold ROWS...
        "reject" => bolt_output::reject(command.number(0) as u32, "bad"),
        "retry" => bolt_output::retry(command.number(0) as u32, command.number(1), "later"),
        "hold" => {
            let handle = bolt_output::hold(&command.numbers(0));
            bolt_output::reset_timeout(&[handle]);
            bolt_output::ack(&[handle]);
            bolt_output::fail(&[handle, 7]);
        }
        "reject-for-ever" => loop {
            bolt_output::reject(0, "");
        },
        _ => return None,
    }
    Some(Ok(()))
}
