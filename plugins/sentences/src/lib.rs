//! `sentences`: makes up English-like sentences, to try a topology without data.
//!
//! ```toml
//! [component.sentences]
//! plugin = "sentences"
//! config = { rate = 100, seed = 7 }
//! ```
//!
//! Emits `sentence: string`, `count` of them (without end), `rate` a second (as fast as the topology takes them). The
//! same `seed` gives the same sentences, whatever the number of tasks, which share them: sentence *i* depends on the
//! seed and on *i* alone.

mod grammar;

use petrel_sdk::batch::{BatchSpout, Next, SourceOutputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, OutputStream, Scalar, Schema, Timestamp,
    serde_json,
};
use serde::Deserialize;
use series::{Series, Turn};

#[derive(Debug, Deserialize)]
struct Config {
    count: Option<i64>,
    rate: Option<f64>,
    #[serde(default)]
    seed: i64,
}

impl Config {
    fn read(configuration: &serde_json::Value) -> Result<Config, ConfigError> {
        let config = Config::deserialize(configuration).map_err(|error| ConfigError::general(error.to_string()))?;
        series::check_rate(config.rate).map_err(|message| ConfigError::new("rate", message))?;
        series::check_count(config.count).map_err(|message| ConfigError::new("count", message))?;
        Ok(config)
    }
}

/// The spout.
#[derive(Debug)]
pub struct Sentences {
    seed: u64,
    series: Series,
    sentence: String,
}

impl BatchSpout for Sentences {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional("count", ConfigKind::Integer, "how many to emit in all; by default without end"),
            ConfigKey::optional(
                "rate",
                ConfigKind::Float,
                "how many a second over all tasks; by default as fast as possible",
            ),
            ConfigKey::with_default("seed", ConfigKind::Integer, 0, "which sentences: the same seed gives the same"),
        ]
    }

    fn describe(configuration: &serde_json::Value) -> Result<Description, ConfigError> {
        Config::read(configuration)?;
        let schema = Schema::new([Field::new("sentence", Scalar::String)]);
        Ok(Description { outputs: vec![OutputStream::default_stream(schema)], ..Description::default() })
    }

    fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let config = Config::read(&context.configuration)?;
        let mut series =
            Series::new(context.task, context.parallelism).rate(config.rate).count(config.count.map(i64::unsigned_abs));
        if let Some(position) = position {
            series.seek(position).map_err(Error::new)?;
        }
        Ok(Sentences { seed: config.seed as u64, series, sentence: String::new() })
    }

    fn next(&mut self, max_rows: usize, max_bytes: usize, out: &mut SourceOutputs) -> Result<Next, Error> {
        match self.series.turn(Timestamp::now().0, max_rows) {
            Turn::Emit { first, rows } => {
                let column = out.builder(0).column(0);
                let (mut emitted, mut bytes) = (0, 0);
                while emitted < rows && (emitted == 0 || bytes < max_bytes) {
                    self.sentence.clear();
                    grammar::sentence(self.seed, first + emitted as u64 * self.series.step(), &mut self.sentence);
                    column.push_str(&self.sentence);
                    bytes += self.sentence.len();
                    emitted += 1;
                }
                self.series.advance(emitted);
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

petrel_sdk::export_batch_spout!(Sentences);

#[cfg(test)]
mod tests;
