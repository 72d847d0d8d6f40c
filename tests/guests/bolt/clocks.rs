//! Time and randomness.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub fn run(verb: &str) -> Option<Result<(), String>> {
    match verb {
        "sleep" => sleep(Duration::from_secs(3600)),
        "wait-by-looking" => {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(10) {}
        }
        "naps" => {
            // With clocks that do not move in a sleep, this takes a minute.
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(30) {
                sleep(Duration::from_millis(1));
            }
        }
        "now" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
            return Some(Err(now.as_micros().to_string()));
        }
        "random" => return Some(Err(format!("{:x}", RandomState::new().hash_one(1)))),
        _ => return None,
    }
    Some(Ok(()))
}
