//! `bench-constant`: frames of numbers that all have the same number of rows, as fast as the topology takes them.
//!
//! `count` numbers from 0 on, `rows` (1,000) in each frame but the last. Task *t* of *p* emits its part of them. For
//! `petrel bench`: the cost of making a tuple is next to nothing, so what is measured is everything else.

use petrel_sdk::batch::{BatchSpout, Next, SourceOutputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, OutputStream, Scalar, Schema, serde_json,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Config {
    count: i64,
    rows: Option<i64>,
}

/// The spout.
#[derive(Debug)]
pub struct Constant {
    next: i64,
    end: i64,
    rows: i64,
}

impl Config {
    fn read(configuration: &serde_json::Value) -> Result<Config, ConfigError> {
        let config = Config::deserialize(configuration).map_err(|error| ConfigError::general(error.to_string()))?;
        if config.count < 0 {
            return Err(ConfigError::new("count", "less than nothing cannot be emitted"));
        }
        if !(1..=1_000_000).contains(&config.rows()) {
            return Err(ConfigError::new("rows", "a frame has 1 to 1,000,000 rows here"));
        }
        Ok(config)
    }

    fn rows(&self) -> i64 {
        self.rows.unwrap_or(1_000)
    }
}

impl BatchSpout for Constant {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::required("count", ConfigKind::Integer, "how many numbers to emit over all tasks"),
            ConfigKey::with_default("rows", ConfigKind::Integer, 1_000, "how many rows a frame has"),
        ]
    }

    fn describe(configuration: &serde_json::Value) -> Result<Description, ConfigError> {
        Config::read(configuration)?;
        let schema = Schema::new([Field::new("number", Scalar::I64)]);
        Ok(Description { outputs: vec![OutputStream::default_stream(schema)], ..Description::default() })
    }

    fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let config = Config::read(&context.configuration)?;
        let share =
            |task: u32| (i128::from(config.count) * i128::from(task) / i128::from(context.parallelism.max(1))) as i64;
        let next = match position {
            Some(position) => i64::from_le_bytes(position.try_into()?),
            None => share(context.task),
        };
        Ok(Constant { next, end: share(context.task + 1), rows: config.rows() })
    }

    fn next(&mut self, _: usize, _: usize, out: &mut SourceOutputs) -> Result<Next, Error> {
        let end = self.end.min(self.next.saturating_add(self.rows));
        let column = out.builder(0).column(0);
        column.reserve((end - self.next).max(0) as usize, 0);
        (self.next..end).for_each(|number| column.push_i64(number));
        self.next = end.max(self.next);
        Ok(if self.next < self.end { Next::More } else { Next::End })
    }

    fn position(&self) -> Vec<u8> {
        self.next.to_le_bytes().to_vec()
    }
}

petrel_sdk::export_batch_spout!(Constant);
