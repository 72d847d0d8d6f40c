//! `petrel test`: one plugin alone, on sample tuples.

use super::time::parse_time;
use crate::failure::{CommandResult, Failure};
use crate::guest_build::{CargoOutput, PluginCrate};
use crate::home::Home;
use crate::output::{Format, OutputFlag, print, print_json};
use crate::topology_source::sandbox;
use crate::trial::{Limits, Outcome, PluginUnderTest, Samples, Trial, parse_schema, resolve_alone};
use anyhow::Context;
use petrel_model::{Schema, World};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Try a plugin on sample tuples, in the real sandbox, and show what it emits, rejects and keeps.
///
/// The outcome is the same each time: the clock starts at 2000-01-01 and only moves when a timer is waited for, chance has a
/// fixed seed. State and timers are shown as they are after the last tuple, before the inputs end.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel test ./shout sample.jsonl
  petrel test count words.jsonl --key word --config emit=final
  petrel test split lines.jsonl --schema line:bytes -o json
  petrel test ./window clicks.jsonl --key user --advance 1m
  petrel test ./clock --rows 5
  petrel test join left.jsonl right.jsonl --key id

A line of a file is a tuple: {\"word\": \"storm\", \"count\": 3}. Bytes are text or {\"hex\": \"ff00\"}, a timestamp is its microseconds.

Exit codes: 0 it went through, 1 it failed, 2 it is not there, or does not fit its samples or its configuration.")]
pub(crate) struct Test {
    /// A component file, a standard plugin, or the folder of a crate, which is built first.
    plugin: String,
    /// Files of JSON lines, one for each input of a bolt; `-` is standard input.
    tuples: Vec<PathBuf>,
    /// The fields of the tuples, for each file in order. Without it they are inferred.
    #[arg(long, value_name = "NAME:TYPE,…", value_parser = parse_schema)]
    schema: Vec<Schema>,
    /// Set a configuration key; VALUE is TOML, or text where it is not.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_config)]
    config: Vec<(String, String)>,
    /// Group by these fields: what a bolt with keyed state needs.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    key: Vec<String>,
    /// What the plugin may touch, as in a topology: 'net = ["redis:6379"]'.
    #[arg(long, value_name = "TOML")]
    grants: Option<String>,
    /// Tuples in one call of a bolt, at most.
    #[arg(long, value_name = "ROWS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Tick every so often. Ticks come with --advance.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    tick: Option<Duration>,
    /// Let so much time pass after the last tuple; for a spout, wait so long for its tuples.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    advance: Option<Duration>,
    /// Do not end the inputs.
    #[arg(long)]
    no_end: bool,
    /// Tuples that a spout is to emit.
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,
    #[command(flatten)]
    output: OutputFlag,
}

/// A spout that waits for longer than this has nothing to say.
const SPOUT_WAIT: Duration = Duration::from_secs(3_600);

fn parse_config(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as emit=final")?;
    if key.is_empty() {
        return Err("KEY must not be empty".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

impl Test {
    /// Tries it.
    pub(crate) fn execute(self) -> CommandResult {
        let samples = self.samples()?;
        let reference = self.reference()?;
        let sandbox = sandbox(&Home::open()?)?;
        let tested = PluginUnderTest {
            reference,
            config: self.config.clone(),
            key: self.key.clone(),
            grants: self.grants.clone(),
            tick_ms: self.tick.map_or(0, |tick| tick.as_millis() as u64),
        };
        let alone = resolve_alone(&sandbox, &tested, &samples)?;
        let world = alone.plugin.world();
        let advance = self.advance.unwrap_or(if world == World::Spout { SPOUT_WAIT } else { Duration::ZERO });
        let advance_us = i64::try_from(advance.as_micros()).unwrap_or(i64::MAX);
        let limits = Limits { advance_us, end: !self.no_end, rows: self.rows };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
        let outcome: CommandResult<Outcome> = runtime.block_on(async {
            let trial = Trial::start(alone, limits).await?;
            if world == World::Spout { trial.draw(limits).await } else { trial.feed(samples, limits).await }
        });
        // A guest that waits in a blocked read must not keep the process.
        runtime.shutdown_background();
        let outcome = outcome?;
        match self.output.format {
            Format::Json => print_json(&outcome.document(&self.plugin, world.name()))?,
            Format::Table => print(&outcome.text())?,
        }
        match outcome.failure() {
            Some(failure) => Err(Failure::Failed(anyhow::anyhow!("{failure}"))),
            None => Ok(()),
        }
    }

    fn samples(&self) -> CommandResult<Vec<Samples>> {
        if self.schema.len() > self.tuples.len() {
            return Err(Failure::usage("there are more --schema flags than files of tuples"));
        }
        let read =
            |(number, path): (usize, &PathBuf)| Samples::read(path, self.schema.get(number), self.batch as usize);
        let samples: anyhow::Result<Vec<Samples>> = self.tuples.iter().enumerate().map(read).collect();
        samples.map_err(Failure::Usage)
    }

    /// The plugin as a topology names it; a crate is built first.
    fn reference(&self) -> CommandResult<String> {
        let path = Path::new(&self.plugin);
        let is_standard = crate::embedded::all().iter().any(|plugin| plugin.name == self.plugin);
        if is_standard || !path.is_dir() {
            return Ok(self.plugin.clone());
        }
        let component = PluginCrate::at(path)?.build(CargoOutput::Shown)?;
        component
            .into_os_string()
            .into_string()
            .map_err(|path| Failure::usage(format!("the path {path:?} is not UTF-8")))
    }
}
