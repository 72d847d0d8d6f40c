//! `petrel dead-letters retry`.

use super::RunName;
use crate::control::Client;
use crate::failure::{CommandResult, Failure};
use crate::live_view::print_beside_view;
use crate::log_writer::LogFlags;
use crate::output::{Format, OutputFlag, print_json};
use crate::retrying::{LetterOutcome, Outcome, Selection, Start, retry_stopped};
use crate::secret_flags::SecretFlags;
use crate::session::SessionOptions;
use crate::topology_source::{parse_set, sandbox};
use anyhow::{Context, anyhow};
use petrel_flow::Tuning;
use petrel_model::Overrides;
use petrel_sandbox::PrintTarget;
use petrel_worker::OnPause;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Gives dead letters to the components again that could not process them, and says what became of each.
///
/// One that is processed is no dead letter any more. One that fails again has a new number, and counts its tries on. A
/// topology that runs takes them in as it runs. Of one that does not, the components that failed and all behind them are
/// started for it, as they ran last, with empty state; what sinks have written is appended to.
#[derive(clap::Args)]
pub(super) struct Retry {
    /// The topology's name.
    #[arg(value_name = "NAME")]
    topology: String,
    /// The letters' numbers; all letters if none is named.
    #[arg(value_name = "N", conflicts_with = "all")]
    numbers: Vec<u64>,
    /// All of them, as without numbers.
    #[arg(long)]
    all: bool,
    /// Only those of this component.
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// Only those of this kind: rejected, trap, time-limit, and so on.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Set a configuration key of a component, if the topology does not run; VALUE is TOML, or text where it is not.
    #[arg(long = "set", value_name = "NAME.KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String, String)>,
    /// Run another plugin as this component, if the topology does not run: one that was mended.
    #[arg(long = "plugin", value_name = "NAME=FILE", value_parser = parse_plugin)]
    plugins: Vec<(String, String)>,
    #[command(flatten)]
    secrets: SecretFlags,
    #[command(flatten)]
    logs: LogFlags,
    #[command(flatten)]
    output: OutputFlag,
}

fn parse_plugin(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.to_owned())),
        _ => Err("expected NAME=FILE, such as split=./split.wasm".to_owned()),
    }
}

/// The document of `petrel dead-letters retry`.
#[derive(Serialize)]
struct RetryDocument<'a> {
    topology: &'a str,
    /// Whether it ran, or was started for this.
    running: bool,
    processed: usize,
    failed: usize,
    /// Everything else.
    unprocessed: usize,
    letters: Vec<LetterOutcome>,
}

impl<'a> RetryDocument<'a> {
    fn of(topology: &'a str, running: bool, letters: Vec<LetterOutcome>) -> RetryDocument<'a> {
        let count = |outcome| letters.iter().filter(|letter| letter.outcome == outcome).count();
        let (processed, failed) = (count(Outcome::Processed), count(Outcome::Failed));
        let unprocessed = letters.len() - processed - failed;
        RetryDocument { topology, running, processed, failed, unprocessed, letters }
    }
}

impl Retry {
    pub(super) fn execute(self) -> CommandResult {
        let run = RunName::find(&self.topology)?;
        let selection = Selection {
            numbers: (!self.numbers.is_empty()).then(|| self.numbers.clone()),
            component: self.component.clone(),
            kind: self.kind.clone(),
        };
        let is_table = self.output.format == Format::Table;
        let mut letters = Vec::new();
        let each = |outcome: LetterOutcome| {
            if is_table {
                tell!("{}", outcome.text());
            }
            letters.push(outcome);
        };
        let running = run.home.is_running(&run.name);
        let outcome = if running {
            self.refuse_changes()?;
            Client::connect(&run.home, &run.name)?.retry(selection, each)
        } else {
            self.retry_stopped(&run, selection, each)
        };
        let document = RetryDocument::of(&self.topology, running, letters);
        let RetryDocument { processed, failed, unprocessed, .. } = document;
        match self.output.format {
            _ if outcome.is_err() && document.letters.is_empty() => {}
            Format::Json => print_json(&document)?,
            Format::Table if document.letters.is_empty() => tell!("there is no such letter of {}", self.topology),
            Format::Table => tell!("{processed} processed, {failed} failed again, {unprocessed} not processed"),
        }
        outcome?;
        if processed == document.letters.len() { Ok(()) } else { Err(Failure::Reported) }
    }

    /// A topology that runs cannot be changed.
    fn refuse_changes(&self) -> CommandResult {
        let flag = match self {
            _ if !self.set.is_empty() => "--set",
            _ if !self.plugins.is_empty() => "--plugin",
            _ if !self.secrets.is_empty() => "--secret",
            _ => return Ok(()),
        };
        Err(Failure::Failed(anyhow!(
            "{} is running and takes letters as it runs, without {flag}: leave it out, or stop the topology first",
            self.topology
        )))
    }

    fn retry_stopped(&self, run: &RunName, selection: Selection, each: impl FnMut(LetterOutcome)) -> CommandResult {
        // Nobody may start it meanwhile.
        let folder = run.home.claim_run(&run.name)?;
        let sandbox = sandbox(&run.home)?;
        let start = Start {
            overrides: Overrides { set: self.set.clone(), plugin: self.absolute_plugins()?, ..Overrides::default() },
            secrets: self.secrets.clone(),
            options: SessionOptions {
                secrets: BTreeMap::new(),
                logs: self.logs.clone(),
                tuning: Tuning::default(),
                // Nobody is there to resume it.
                on_pause: OnPause::Fail,
                prints: match self.output.format {
                    Format::Json => PrintTarget::Stderr,
                    Format::Table => PrintTarget::Shared(print_beside_view),
                },
            },
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
        let outcome = runtime.block_on(retry_stopped(folder, &sandbox, selection, start, each));
        runtime.shutdown_background();
        outcome
    }

    /// Files that the command line names start from where it is typed, not from where the topology was.
    fn absolute_plugins(&self) -> CommandResult<Vec<(String, String)>> {
        let absolute = |(name, file): &(String, String)| {
            if !file.contains('/') && !file.ends_with(".wasm") {
                return Ok((name.clone(), file.clone()));
            }
            let path = std::path::absolute(Path::new(file)).with_context(|| format!("cannot find {file}"))?;
            let text = path.to_str().with_context(|| format!("{} is no text", path.display()))?;
            Ok((name.clone(), text.to_owned()))
        };
        self.plugins.iter().map(absolute).collect()
    }
}
