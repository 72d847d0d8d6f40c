//! `petrel dead-letters drop`.

use super::{RunName, letters};
use crate::failure::{CommandResult, Failure};
use crate::output::{Format, OutputFlag, print_json};
use petrel_model::DeadLetterLimits;
use petrel_worker::dead_letters::Store;
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
        if run.home.is_running(&run.name) {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{} is running and writes dead letters itself: stop it first",
                self.topology
            )));
        }
        // Nobody may start it meanwhile.
        let _folder = run.home.claim_run(&run.name)?;
        // Nothing is to go but what is asked for.
        let limits = DeadLetterLimits { max_bytes: u64::MAX, max_age_ms: u64::MAX };
        let (mut store, _) = Store::open(&run.letters(), limits).map_err(anyhow::Error::from)?;
        let (dropped, missing) = if self.all {
            (store.clear().map_err(anyhow::Error::from)?, Vec::new())
        } else {
            let gone = store.remove(self.numbers.iter().copied()).map_err(anyhow::Error::from)?;
            let missing = self.numbers.iter().copied().filter(|number| !gone.contains(number)).collect();
            (gone.len() as u64, missing)
        };
        let document = DropDocument { topology: &self.topology, dropped, missing, left: store.letters() };
        match self.output.format {
            Format::Json => print_json(&document)?,
            Format::Table => {
                tell!("{} taken out, {} left", letters(dropped), letters(document.left));
                for number in &document.missing {
                    tell!("there is no letter {number}");
                }
            }
        }
        if document.missing.is_empty() { Ok(()) } else { Err(Failure::Reported) }
    }
}
