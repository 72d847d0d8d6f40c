//! Every limit, reached in the shortest way.

use crate::Call;
use crate::petrel::plugin::{bolt_output, configuration, files, log, state};
use petrel_test_guests::Command;
use std::hint::black_box;
use std::io::Read;
use std::mem::forget;
use std::time::{Duration, Instant};

const MEGABYTE: usize = 1 << 20;

pub fn run(command: &Command, call: &Call) -> Option<Result<(), String>> {
    let first = command.text(0);
    match command.verb() {
        // Time in functions of the host.
        "spin-in-host" => loop {
            black_box(Instant::now());
        },
        "copy-from-host" => loop {
            black_box(configuration::current());
        },
        "scan-once" => drop(black_box(state::scan(0, 0, u32::MAX))),
        // Waiting.
        "nap-for-ever" => loop {
            std::thread::sleep(Duration::from_millis(1));
        },
        "wait-for-peer" => {
            let read = std::net::TcpStream::connect(first).and_then(|mut peer| peer.read(&mut [0; 10]));
            return Some(Err(format!("{read:?}")));
        }
        // What functions of the host are given.
        "log-for-ever" => {
            let line = "x".repeat(MEGABYTE);
            loop {
                log::write(log::Level::Debug, &line);
            }
        }
        "log-once" => log::write(log::Level::Debug, &"x".repeat(80 * MEGABYTE)),
        "log-lines" => (0..command.number(0)).for_each(|line| log::write(log::Level::Info, &line.to_string())),
        "set-for-ever" => loop {
            state::set(0, &call.frame, &call.state);
        },
        "hold-for-ever" => loop {
            bolt_output::hold(&[0]);
        },
        // keep ROWS...
        "keep" => drop(bolt_output::hold(&command.numbers(0))),
        // Handles.
        "open-files" => loop {
            forget(std::fs::File::open(first).map_err(|error| error.to_string()));
        },
        "open-sockets" => loop {
            forget(std::net::UdpSocket::bind("0.0.0.0:0").map_err(|error| error.to_string()));
        },
        "create-files" => {
            for number in 0.. {
                if let Err(error) = files::create(first, &number.to_string()) {
                    return Some(Err(error));
                }
            }
        }
        // Stacks.
        "recurse-wide" => {
            black_box(recurse(black_box(u64::MAX)));
        }
        // Words.
        "panic-at-length" => panic!("{}", "ä".repeat(5 * MEGABYTE)),
        "panic-in-lines" => panic!("{}", "a line of a panic\n".repeat(MEGABYTE / 2)),
        "refuse-at-length" => return Some(Err("ä".repeat(5 * MEGABYTE))),
        "reject-at-length" => bolt_output::reject(0, &"ä".repeat(5 * MEGABYTE)),
        _ => return None,
    }
    Some(Ok(()))
}

/// Its values do not fit into the registers, so that they lie in memory.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let mut values = black_box([depth; 512]);
    if depth > 0 {
        values[7] = recurse(black_box(depth - 1));
    }
    black_box(&mut values).iter().sum()
}
