//! A bolt that means harm: at every so many numbers it does what its configuration says, without an end where it can.

use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::host::{Clock, Level, configuration, emit, files, log, metrics};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream,
    OutputStream, Scalar, Schema, TableSpec, frame, serde_json,
};
use petrel_system_guests::{numbers, spin};
use std::hint::black_box;
use std::time::Duration;

struct Hostile {
    how: String,
    /// It is hostile at the numbers that this divides.
    every: i64,
}

impl BatchBolt for Hostile {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional("how", ConfigKind::Text, "what it does"),
            ConfigKey::with_default("every", ConfigKind::Integer, 1, "at the multiples of this number"),
            ConfigKey::optional("path", ConfigKind::PathRead, "what it reads"),
        ]
    }

    fn describe(configuration: &serde_json::Value, _: &[InputStream]) -> Result<Description, ConfigError> {
        if configuration["how"] == "describe-trap" {
            panic!("no description today");
        }
        if configuration["how"] == "describe-loop" {
            spin();
        }
        let schema = Schema { fields: vec![Field::new("number", Scalar::I64)] };
        Ok(Description {
            inputs: vec![schema.clone()],
            outputs: vec![OutputStream::default_stream(schema)],
            tables: vec![TableSpec::value("seen", Scalar::I64)],
            state_key: vec!["number".into()],
            ..Description::default()
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let how = context.configuration["how"].as_str().unwrap_or_default().to_owned();
        match how.as_str() {
            "open-trap" => panic!("the door is stuck"),
            "open-loop" => spin(),
            _ => {}
        }
        Ok(Hostile { how, every: context.configuration["every"].as_i64().unwrap_or(1) })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        state: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let keys = state.key_of_row();
        for (row, number) in numbers(frame)?.iter().enumerate() {
            if number % self.every == 0 {
                self.harm(keys[row], state, out)?;
            }
            out.stream(0).builder().column(0).push_i64(*number);
            out.stream(0).builder().end_row();
            out.stream(0).anchor(row);
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        _: usize,
        keys: &FrameView<'_>,
        _: &[i64],
        _: &mut BatchState<'_>,
        _: &mut Outputs,
    ) -> Result<(), Error> {
        match numbers(keys)?.iter().find(|number| *number % self.every == 0) {
            Some(number) => panic!("the alarm of {number}"),
            None => Ok(()),
        }
    }
}

impl Hostile {
    fn harm(&self, key: u32, state: &mut BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        match self.how.as_str() {
            "trap" => panic!("out of spite"),
            "long-panic" => panic!("{}", "ten million of these ".repeat(500_000)),
            "recurse" => {
                black_box(recurse(black_box(u64::MAX)));
            }
            // Time.
            "loop" => spin(),
            "loop-over-copies" => loop {
                black_box(configuration::current());
            },
            "loop-over-reads" => loop {
                black_box(files::read("path", 0, 0, 1 << 20)?);
            },
            "loop-over-metrics" => {
                for name in 0u64.. {
                    metrics::add(&format!("{name}"), 1);
                }
            }
            "log" => {
                let line = "x".repeat(10_000);
                loop {
                    log::write(Level::Error, &line);
                }
            }
            "sleep" => std::thread::sleep(Duration::from_secs(3_600)),
            "naps" => loop {
                std::thread::sleep(Duration::from_micros(10));
            },
            // Memory, its own and the host's.
            "memory" => {
                let mut kept = Vec::new();
                loop {
                    kept.push(black_box(vec![1u8; 1 << 20]));
                }
            }
            "emit" => loop {
                out.stream(0).builder().column(0).push_i64(0);
                out.stream(0).builder().end_row();
                out.stream(0).anchor(0);
                out.stream(0).flush_if_large();
            },
            "emit-nothing" => {
                let nothing = frame::FrameBuilder::new(&number()).finish()?.to_vec();
                loop {
                    out.emit_frame(0, &nothing, Anchors::All);
                }
            }
            "print" => loop {
                files::print(&[b'x'; 1_000])?;
            },
            "reject" => {
                let reason = "because ".repeat(1_000);
                loop {
                    out.reject(0, &reason);
                }
            }
            "hold" => loop {
                out.hold(&[0]);
            },
            // More than it may keep, and in one call more than it may hand over.
            "state" | "more-state" => {
                for many in 0..if self.how == "state" { 100 } else { i64::MAX } {
                    let keys = frame_of(&number(), many * 1_000..(many + 1) * 1_000)?;
                    state.set(0, &keys, &keys);
                }
            }
            "timers" | "more-timers" => {
                for time in 1..if self.how == "timers" { 20_000 } else { i64::MAX } {
                    state.set_timers_of_keys(0, Clock::Event, &[key], &[time]);
                }
            }
            "timer" => state.set_timers_of_keys(0, Clock::Processing, &[key], &[1]),
            "handles" => {
                let mut kept = Vec::new();
                loop {
                    kept.push(std::fs::File::open("readable/file.txt").map_err(|error| Error::new(error.to_string()))?);
                }
            }
            // Standard output.
            "lines" => loop {
                println!("\x1b[2J all your screens belong to me");
            },
            "one-line" => loop {
                print!("{}", "no end in sight ".repeat(1_000));
            },
            // What is no frame, and what is none of its business.
            "no-frame" => out.emit_frame(0, b"this is no frame, whichever way it is looked at", Anchors::All),
            "broken-frame" => {
                let mut bytes = frame_of(&number(), 0..1_000)?;
                let length = bytes.len();
                bytes[8..40].fill(0xff);
                out.emit_frame(0, &bytes[..length - 8], Anchors::All);
            }
            "forged-columns" => {
                let schema = Schema { fields: vec![Field::new("number", Scalar::I64), Field::new("root", Scalar::I64)] };
                let mut builder = frame::FrameBuilder::new(&schema);
                builder.column(0).push_i64(1);
                builder.column(1).push_i64(2);
                builder.end_row();
                out.emit_frame(0, builder.finish()?, Anchors::All);
            }
            // The SDK would not let it.
            "forged-stream" => emit::from_bolt(1, None, &frame_of(&number(), 0..1)?, &[]),
            "forged-anchors" => out.emit_frame(0, &frame_of(&number(), 0..1)?, Anchors::PerRow(&[u32::MAX])),
            other => panic!("unknown harm: {other:?}"),
        }
        Ok(())
    }
}

fn number() -> Schema {
    Schema { fields: vec![Field::new("number", Scalar::I64)] }
}

fn frame_of(schema: &Schema, numbers: std::ops::Range<i64>) -> Result<Vec<u8>, Error> {
    let mut builder = frame::FrameBuilder::new(schema);
    numbers.for_each(|number| builder.column(0).push_i64(number));
    Ok(builder.finish()?.to_vec())
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == 0 { 0 } else { black_box(recurse(black_box(depth - 1))).wrapping_mul(3) + black_box(depth) }
}

petrel_sdk::export_batch_bolt!(Hostile);
