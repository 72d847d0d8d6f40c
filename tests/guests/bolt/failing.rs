//! Ways not to return.

use crate::petrel::plugin::bolt_output;
use std::hint::black_box;

pub fn run(verb: &str) -> Option<Result<(), String>> {
    match verb {
        "panic" => cause(black_box(7)),
        "panic-at-1" => {
            bolt_output::at_row(1);
            cause(black_box(7));
        }
        "at-a-row-that-is-not" => bolt_output::at_row(2),
        "unreachable" => std::process::abort(),
        "recurse" => {
            black_box(recurse(black_box(u64::MAX)));
        }
        "exit" => std::process::exit(3),
        "refuse-silently" => return Some(Err(" ".into())),
        "refuse" => return Some(Err("I do not like this batch".into())),
        "spin" => loop {
            black_box(0);
        },
        "memory" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1u8; 1 << 20]));
            }
        }
        "memory-handled" => {
            let mut kept: Vec<u8> = Vec::new();
            let refused = kept.try_reserve_exact(1 << 30).is_err();
            return Some(if refused { Ok(()) } else { Err("a gigabyte was there".into()) });
        }
        "flood" => {
            for i in 0..20_000 {
                println!("line {i} \x1b[31m of a flood");
            }
            for _ in 0..1000 {
                print!("{}", "x".repeat(10_000));
            }
        }
        _ => return None,
    }
    Some(Ok(()))
}

#[inline(never)]
fn cause(index: usize) {
    let rows = black_box(vec![1, 2, 3]);
    println!("row {}", rows[index]);
}

/// Each level needs the result of the next, so that this is no loop.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == 0 { 0 } else { black_box(recurse(black_box(depth - 1))).wrapping_mul(3) + black_box(depth) }
}
