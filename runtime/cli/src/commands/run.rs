//! `petrel run`: topologies in this process, side by side.

use crate::failure::{CommandResult, Failure};
use crate::home::{Home, RunFolder};
use crate::live_view::LiveView;
use crate::log_writer::{LogFlags, LogWriter};
use crate::output::{Format, OutputFlag, print_json};
use crate::run_report::{print_table, RunReport};
use crate::topology_source::{OverrideFlags, TopologySource, sandbox};
use anyhow::Context;
use petrel_flow::Tuning;
use petrel_model::Guarantee;
use petrel_worker::{Report, Run as Running, RunHandle, RunOptions, TaskEnd};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Run topologies in this process, until they are done or stopped.
///
/// A topology is done when every spout has ended and everything in flight is processed. Ctrl-C drains: spouts end, what is in
/// flight is processed. Ctrl-C again stops at once.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel run plugins/topologies/word_count.toml --set lines.path=book.txt --set sink.path=counts.tsv --until-done
  petrel run word_count.toml --parallelism split=2 --parallelism count=2
  petrel run feed.toml --for 10s -o json
  petrel run a.toml b.toml")]
pub(crate) struct Run {
    /// Topology files; `-` is standard input.
    #[arg(required = true, value_name = "TOPOLOGY")]
    topologies: Vec<PathBuf>,
    #[command(flatten)]
    overrides: OverrideFlags,
    /// Give a secret to the components that are granted it.
    #[arg(long = "secret", value_name = "NAME=@FILE", value_parser = parse_secret)]
    secrets: Vec<(String, PathBuf)>,
    /// Run until every spout has ended. This is what happens without --for, too.
    #[arg(long, conflicts_with = "run_for")]
    until_done: bool,
    /// Drain after this time, such as 500ms, 10s, 5m or 1h.
    #[arg(long = "for", id = "run_for", value_name = "TIME", value_parser = parse_time)]
    run_for: Option<Duration>,
    #[command(flatten)]
    logs: LogFlags,
    #[command(flatten)]
    output: OutputFlag,
}

fn parse_secret(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once("=@").ok_or("expected NAME=@FILE: a secret is read from a file")?;
    if name.is_empty() || file.is_empty() {
        return Err("NAME and FILE must not be empty".to_owned());
    }
    Ok((name.to_owned(), PathBuf::from(file)))
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "expected a number and a unit, such as 10s".to_owned())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => return Err(format!("{unit:?} is not a unit of time: use ms, s, m or h")),
    };
    milliseconds.map(Duration::from_millis).ok_or_else(|| format!("{text} is too long"))
}

impl Run {
    /// Runs the topologies.
    pub(crate) fn execute(self) -> CommandResult {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
        let outcome = runtime.block_on(self.run());
        // A guest that waits in a blocked read must not keep the process.
        runtime.shutdown_background();
        outcome
    }

    async fn run(self) -> CommandResult {
        let mut sources = self.topologies.iter().map(|path| TopologySource::read(path)).collect::<CommandResult<Vec<_>>>()?;
        self.overrides.apply(&mut sources)?;
        let home = Home::open()?;
        let sandbox = sandbox(&home)?;
        let secrets = self.read_secrets()?;

        let mut resolved = Vec::new();
        for source in &sources {
            refuse_unsupported(source)?;
            // Compiling a plugin takes its time on one thread; signals still end the process meanwhile.
            resolved.push(tokio::task::block_in_place(|| source.resolve(&sandbox))?);
        }

        let mut folders: Vec<RunFolder> = Vec::new();
        let mut writers = Vec::new();
        let mut running = Vec::new();
        for (source, resolved) in sources.iter().zip(resolved) {
            let folder = home.claim_run(resolved.assignment.topology.as_str())?;
            folder.record_topology(source.text())?;
            let writer = LogWriter::start(&self.logs, folder.open_log()?);
            let options = RunOptions {
                plugins: resolved.plugins,
                secrets: secrets.clone(),
                logs: writer.sink(),
                tuning: Tuning::default(),
                seed: random_seed(),
            };
            running.push(Running::start(resolved.assignment, options).map_err(anyhow::Error::from)?);
            folders.push(folder);
            writers.push(writer);
        }
        let (reports, failures) = self.watch(running).await?;
        writers.into_iter().for_each(LogWriter::finish);
        drop(folders);

        for failure in &failures {
            eprintln!("error: {failure}");
        }
        match self.output.format {
            Format::Json => print_json(&RunReport::of(&reports)),
            Format::Table => print_table(&reports),
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure::Reported) }
    }

    /// Waits for the ends of all tasks, for signals and for the time to be over; keeps the live view going.
    async fn watch(&self, runs: Vec<Running>) -> CommandResult<(Vec<Report>, Vec<TaskEnd>)> {
        let handles: Vec<RunHandle> = runs.iter().map(Running::handle).collect();
        let reports = || handles.iter().map(RunHandle::report).collect::<Vec<_>>();
        let (sender, mut ends) = tokio::sync::mpsc::unbounded_channel();
        for mut run in runs {
            let sender = sender.clone();
            tokio::spawn(async move {
                while let Some(end) = run.next_end().await {
                    let _ = sender.send(end);
                }
            });
        }
        drop(sender);

        let mut interrupts = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let mut terminations = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let deadline = async {
            match self.run_for {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(deadline);
        let (mut deadline_over, mut asked_to_end) = (false, false);
        let mut refresh = tokio::time::interval(LiveView::INTERVAL);
        let mut view = LiveView::new();
        let mut failures = Vec::new();
        loop {
            tokio::select! {
                end = ends.recv() => match end {
                    Some(end) if end.is_failure() => failures.push(end),
                    Some(_) => {}
                    None => break,
                },
                _ = refresh.tick() => view.show(&reports()),
                () = &mut deadline, if !deadline_over => {
                    deadline_over = true;
                    handles.iter().for_each(RunHandle::drain);
                }
                _ = terminations.recv() => asked_to_end = end_or_stop(asked_to_end, &view, &handles),
                _ = interrupts.recv() => asked_to_end = end_or_stop(asked_to_end, &view, &handles),
            }
        }
        view.close();
        Ok((reports(), failures))
    }

    fn read_secrets(&self) -> CommandResult<BTreeMap<String, Vec<u8>>> {
        let read = |(name, path): &(String, PathBuf)| {
            let mut secret =
                std::fs::read(path).with_context(|| format!("cannot read the secret {name} from {}", path.display()))?;
            // A file written by an editor ends in a newline that is not part of the secret.
            if secret.last() == Some(&b'\n') {
                secret.pop();
            }
            Ok((name.clone(), secret))
        };
        self.secrets.iter().map(read).collect::<anyhow::Result<_>>().map_err(Failure::Failed)
    }
}

/// First asks the spouts to end, then, when asked again, stops everything.
fn end_or_stop(again: bool, view: &LiveView, handles: &[RunHandle]) -> bool {
    if again {
        view.note("stopping: what is in flight is dropped");
        handles.iter().for_each(RunHandle::stop);
    } else {
        view.note("draining: spouts end, what is in flight is processed; once more to stop at once");
        handles.iter().for_each(RunHandle::drain);
    }
    true
}

fn refuse_unsupported(source: &TopologySource) -> CommandResult {
    let (guarantee, span) = source.topology().guarantee();
    if guarantee == Guarantee::BestEffort {
        return Ok(());
    }
    Err(source.failure(vec![petrel_model::Problem {
        span,
        message: format!("guarantee = \"{}\" does not exist yet in this version", guarantee.name()),
        help: Some("use guarantee = \"best-effort\": tuples are not tracked, and a failure stops the topology".to_owned()),
    }]))
}

/// Different for every run: random numbers of guests are not to repeat.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
