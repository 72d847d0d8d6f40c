//! `petrel run`: topologies in this process, side by side.

use super::time::parse_time;
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::live_view::LiveView;
use crate::log_writer::LogFlags;
use crate::output::{Format, OutputFlag, print_json};
use crate::run_report::{RunReport, print_table};
use crate::secret_flags::SecretFlags;
use crate::session::Session;
use crate::topology_source::{OverrideFlags, TopologySource, sandbox};
use anyhow::Context;
use petrel_worker::{Report, RunHandle, TaskEnd};
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
    #[command(flatten)]
    secrets: SecretFlags,
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
        let secrets = self.secrets.read()?;

        let mut resolved = Vec::new();
        for source in &sources {
            // Compiling a plugin takes its time on one thread; signals still end the process meanwhile.
            resolved.push(tokio::task::block_in_place(|| source.resolve(&sandbox))?);
        }

        let mut sessions = Vec::new();
        for (source, resolved) in sources.iter().zip(resolved) {
            sessions.push(Session::start(&home, source.text(), resolved, secrets.clone(), &self.logs)?);
        }
        self.watch(&mut sessions).await?;
        let (reports, failures): (Vec<Report>, Vec<Vec<TaskEnd>>) = sessions.into_iter().map(Session::finish).unzip();
        let failures: Vec<TaskEnd> = failures.into_iter().flatten().collect();

        for failure in &failures {
            eprintln!("error: {failure}");
        }
        match self.output.format {
            Format::Json => print_json(&RunReport::of(&reports)),
            Format::Table => print_table(&reports),
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure::Reported) }
    }

    /// Waits for the ends of all topologies, for signals and for the time to be over; keeps the live view going.
    async fn watch(&self, sessions: &mut [Session]) -> CommandResult {
        let handles: Vec<RunHandle> = sessions.iter().map(|session| session.handle().clone()).collect();
        let reports = || handles.iter().map(RunHandle::report).collect::<Vec<_>>();
        let all_ended = async {
            for session in sessions {
                session.wait().await;
            }
        };
        tokio::pin!(all_ended);

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
        loop {
            tokio::select! {
                () = &mut all_ended => break,
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
        Ok(())
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
