//! `petrel dead-letters drop`.

use super::{RunName, letters};
use crate::control::{Answer, Ask, Client};
use crate::failure::{CommandResult, Failure};
use crate::output::{Format, OutputFlag, print_json};
use petrel_model::DeadLetterLimits;
use petrel_worker::dead_letters::{Store, TakenOut};
use serde::Serialize;

/// Takes dead letters out.
#[derive(clap::Args)]
pub(super) struct Drop {
    /// The topology's name.
    #[arg(value_name = "NAME")]
    topology: String,
    /// The letters' numbers.
    #[arg(value_name = "N", conflicts_with = "all")]
    numbers: Vec<u64>,
    /// All of them, and what is damaged.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputFlag,
}

/// The document of `petrel dead-letters drop`.
#[derive(Serialize)]
struct DropDocument<'a> {
    topology: &'a str,
    /// How many were taken out.
    dropped: u64,
    /// Numbers that were asked for and not there.
    missing: Vec<u64>,
    /// How many there are still.
    left: u64,
}

impl Drop {
    pub(super) fn execute(self) -> CommandResult {
        if self.numbers.is_empty() && !self.all {
            return Err(Failure::usage("name the letters to drop by their numbers, or --all for all of them"));
        }
        let run = RunName::find(&self.topology)?;
        let numbers = (!self.all).then(|| self.numbers.clone());
        let TakenOut { letters: dropped, missing, left } = match run.home.is_running(&run.name) {
            true => drop_of_running(&run, numbers)?,
            false => drop_of_stopped(&run, numbers)?,
        };
        let document = DropDocument { topology: &self.topology, dropped, missing, left };
        match self.output.format {
            Format::Json => print_json(&document)?,
            Format::Table => tell!("{} taken out, {} left", letters(dropped), letters(left)),
        }
        match document.missing.as_slice() {
            [] => Ok(()),
            missing => Err(run.has_no(missing)),
        }
    }
}

/// Has the run take them out: it writes there itself.
fn drop_of_running(run: &RunName, numbers: Option<Vec<u64>>) -> CommandResult<TakenOut> {
    let mut client = Client::connect(&run.home, &run.name)?;
    match client.ask(Ask::Drop { numbers })? {
        Answer::Dropped { dropped, missing, left } => Ok(TakenOut { letters: dropped, missing, left }),
        other => Err(client.strange(&other)),
    }
}

fn drop_of_stopped(run: &RunName, numbers: Option<Vec<u64>>) -> CommandResult<TakenOut> {
    // Nobody may start it meanwhile.
    let _folder = run.home.claim_run(&run.name)?;
    // Nothing is to go but what is asked for.
    let limits = DeadLetterLimits { max_bytes: u64::MAX, max_age_ms: u64::MAX };
    let (mut store, _) = Store::open(&run.letters(), limits).map_err(anyhow::Error::from)?;
    Ok(store.take(numbers).map_err(anyhow::Error::from)?)
}
