//! `numbers`: counts up.
//!
//! ```toml
//! [component.numbers]
//! plugin = "numbers"
//! config = { rate = 1000, count = 60000 }
//! ```
//!
//! Emits `number: i64`, from `start` (0) on, `count` of them (without end), `rate` a second (as fast as the topology
//! takes them). Several tasks share the numbers: task *t* of *p* emits every *p*-th, and together they keep the rate.

use petrel_sdk::batch::{BatchSpout, Next, SourceOutputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, OutputStream, Scalar, Schema, Timestamp,
    serde_json,
};
use serde::Deserialize;
use series::{Series, Turn};

#[derive(Debug, Deserialize)]
struct Config {
    #[serde(default)]
    start: i64,
    count: Option<i64>,
    rate: Option<f64>,
}

impl Config {
    fn read(configuration: &serde_json::Value) -> Result<Config, ConfigError> {
        let config = Config::deserialize(configuration).map_err(|error| ConfigError::general(error.to_string()))?;
        series::check_rate(config.rate).map_err(|message| ConfigError::new("rate", message))?;
        series::check_count(config.count).map_err(|message| ConfigError::new("count", message))?;
        if config.start.checked_add(config.count.unwrap_or(0)).is_none() {
            return Err(ConfigError::new("count", format!("counting from {} goes beyond {}", config.start, i64::MAX)));
        }
        Ok(config)
    }
}

/// The spout.
#[derive(Debug)]
pub struct Numbers {
    start: i64,
    series: Series,
}

impl BatchSpout for Numbers {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::with_default("start", ConfigKind::Integer, 0, "the first number"),
            ConfigKey::optional("count", ConfigKind::Integer, "how many to emit in all; by default without end"),
            ConfigKey::optional(
                "rate",
                ConfigKind::Float,
                "how many a second over all tasks; by default as fast as possible",
            ),
        ]
    }

    fn describe(configuration: &serde_json::Value) -> Result<Description, ConfigError> {
        Config::read(configuration)?;
        let schema = Schema::new([Field::new("number", Scalar::I64)]);
        Ok(Description { outputs: vec![OutputStream::default_stream(schema)], ..Description::default() })
    }

    fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let config = Config::read(&context.configuration)?;
        // Without a count it ends with the greatest number there is.
        let count = config.count.unwrap_or(i64::MAX - config.start.max(0));
        let mut series =
            Series::new(context.task, context.parallelism).rate(config.rate).count(Some(count.unsigned_abs()));
        if let Some(position) = position {
            series.seek(position).map_err(Error::new)?;
        }
        Ok(Numbers { start: config.start, series })
    }

    fn next(&mut self, max_rows: usize, max_bytes: usize, out: &mut SourceOutputs) -> Result<Next, Error> {
        match self.series.turn(Timestamp::now().0, max_rows.min(max_bytes / size_of::<i64>())) {
            Turn::Emit { first, rows } => {
                let column = out.builder(0).column(0);
                column.reserve(rows, 0);
                for row in 0..rows as u64 {
                    column.push_i64(self.start.wrapping_add_unsigned(first + row * self.series.step()));
                }
                self.series.advance(rows);
                Ok(Next::More)
            }
            Turn::Idle { until_us } => Ok(Next::Idle(Timestamp(until_us))),
            Turn::End => Ok(Next::End),
        }
    }

    fn position(&self) -> Vec<u8> {
        self.series.position().to_vec()
    }

    fn activate(&mut self) {
        self.series.pause();
    }
}

petrel_sdk::export_batch_spout!(Numbers);

#[cfg(test)]
mod tests;
