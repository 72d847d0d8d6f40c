//! A spout that emits what standard input has, a byte a tuple and a tuple a call, and never waits for more.

use petrel_sdk::host::{files, now};
use petrel_sdk::{Config, Context, Error, Next, Output, Spout, Tuple, spout};
use std::time::Duration;

#[derive(Config)]
struct Settings {
    /// Where the bytes come from.
    #[config(stdin)]
    #[allow(dead_code, reason = "it is named, not read")]
    stdin: bool,
}

#[derive(Tuple)]
struct Byte {
    byte: i64,
}

struct Hear {
    at: u64,
}

#[spout]
impl Spout for Hear {
    type Config = Settings;
    type Output = Output<Byte>;
    type Position = u64;

    fn open(_: &Context, _: Settings, position: Option<u64>) -> Result<Self, Error> {
        Ok(Hear { at: position.unwrap_or(0) })
    }

    fn next(&mut self, out: &mut Output<Byte>) -> Result<Next, Error> {
        match files::read_ready("stdin", 0, self.at, 1)?.as_deref() {
            None => Ok(Next::Idle(now() + Duration::from_millis(10))),
            Some([byte]) => {
                self.at += 1;
                out.emit(Byte { byte: i64::from(*byte) });
                Ok(Next::More)
            }
            Some(_) => Ok(Next::End),
        }
    }

    fn position(&self) -> u64 {
        self.at
    }
}
