//! `petrel run`: topologies in this process, side by side.

use super::time::parse_time;
use crate::ending::Ending;
use crate::failure::{CommandResult, Failure};
use crate::home::{Home, RunFolder};
use crate::interruption::{Loading, NothingStarted, Signals};
use crate::live_view::{LiveView, print_beside_view};
use crate::log_writer::LogFlags;
use crate::output::{Format, OutputFlag, print_json};
use crate::overlaps;
use crate::run_report::{RunReport, print_table};
use crate::secret_flags::SecretFlags;
use crate::session::{Session, SessionOptions};
use crate::topology_source::{OverrideFlags, TopologySource, sandbox};
use anyhow::Context;
use petrel_flow::Tuning;
use petrel_model::Assignment;
use petrel_sandbox::PrintTarget;
use petrel_worker::{OnPause, Report, RunHandle, TaskEnd, unreadable_sources};
use std::path::PathBuf;
use std::time::Duration;

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
    /// Run until every spout has ended, and fail when a component is paused because it fails again and again. Without this, it
    /// waits for `petrel resume`.
    #[arg(long, conflicts_with = "run_for")]
    until_done: bool,
    /// Drain after this time, such as 500ms, 10s, 5m or 1h.
    #[arg(long = "for", id = "run_for", value_name = "TIME", value_parser = parse_time)]
    run_for: Option<Duration>,
    /// Bytes up to which tuples are gathered into a frame under load. Smaller frames cost more and wait less.
    #[arg(long, value_name = "N", default_value_t = Tuning::default().frame_bytes, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    frame_bytes: u32,
    #[command(flatten)]
    logs: LogFlags,
    #[command(flatten)]
    output: OutputFlag,
}

impl Run {
    /// Runs the topologies.
    pub(crate) fn execute(self) -> CommandResult {
        let runtime = petrel_worker::threads().context("cannot start threads")?;
        let outcome = runtime.block_on(self.run());
        // A guest that waits in a blocked read must not keep the process.
        runtime.shutdown_background();
        outcome
    }

    async fn run(self) -> CommandResult {
        // What comes between the end of the one and the beginning of the other is not lost.
        let (loading, signals) = (Loading::default(), Signals::listen()?);
        let nothing_started = NothingStarted::watch(loading.clone())?;
        let mut sources =
            self.topologies.iter().map(|path| TopologySource::read(path)).collect::<CommandResult<Vec<_>>>()?;
        self.overrides.apply(&mut sources)?;
        refuse_repeated_names(&sources)?;
        let home = Home::open()?;
        let sandbox = sandbox(&home)?;

        let mut resolved = Vec::new();
        for source in &sources {
            // Compiling a plugin takes its time on one thread; signals still end the process meanwhile.
            resolved.push(tokio::task::block_in_place(|| source.resolve_telling(&sandbox, loading.clone()))?);
        }
        for (source, resolved) in sources.iter().zip(&resolved) {
            source.warnings_text(resolved).iter().for_each(|warnings| tell!("{warnings}"));
        }

        let assignments: Vec<&Assignment> = resolved.iter().map(|it| &it.assignment).collect();
        let side_by_side: Vec<_> = sources.iter().zip(assignments.iter().copied()).collect();
        overlaps::refuse(&side_by_side)?;
        let secrets = self.secrets.read_for(&assignments)?;
        self.refuse_unreadable_sources(&assignments)?;

        // All of them before the first task starts and empties an output: either everything runs or nothing does.
        let folders: Vec<RunFolder> = assignments
            .iter()
            .map(|assignment| home.claim_run(assignment.topology.as_str()))
            .collect::<anyhow::Result<_>>()?;

        drop(nothing_started);
        let mut sessions = Vec::new();
        for ((source, resolved), folder) in sources.iter().zip(resolved).zip(folders) {
            let options = SessionOptions {
                secrets: secrets.clone(),
                logs: self.logs.clone(),
                tuning: Tuning::with_frame_bytes(self.frame_bytes),
                on_pause: if self.until_done { OnPause::Fail } else { OnPause::Wait },
                prints: match self.output.format {
                    // Standard output is the document's.
                    Format::Json => PrintTarget::Stderr,
                    Format::Table => PrintTarget::Shared(print_beside_view),
                },
            };
            sessions.push(Session::start(folder, source.topology(), resolved, options)?);
        }
        // Kept to the end: signals end the process too while a report waits for its reader.
        let ending = self.watch(&mut sessions, signals).await;
        let (reports, failures): (Vec<Report>, Vec<Vec<TaskEnd>>) = sessions.into_iter().map(Session::finish).unzip();
        tell_failures(reports.iter().map(|report| report.topology.as_str()), &failures);
        match self.output.format {
            Format::Json => print_json(&RunReport::of(&reports))?,
            Format::Table => print_table(&reports),
        }
        match ending.stopped_by() {
            _ if failures.iter().any(|failures| !failures.is_empty()) => Err(Failure::Reported),
            Some(signal) => Err(Failure::Stopped(signal)),
            None => Ok(()),
        }
    }

    /// Tells of sources that cannot be read before any sink empties its file.
    fn refuse_unreadable_sources(&self, assignments: &[&Assignment]) -> CommandResult {
        let unreadable: Vec<Vec<TaskEnd>> =
            assignments.iter().map(|it| tokio::task::block_in_place(|| unreadable_sources(it))).collect();
        if unreadable.iter().all(Vec::is_empty) {
            return Ok(());
        }
        tell_failures(assignments.iter().map(|it| it.topology.as_str()), &unreadable);
        if let Format::Json = self.output.format {
            let report = |(it, ends): (&&Assignment, &Vec<TaskEnd>)| Report::unstarted(it, ends.first());
            print_json(&RunReport::of(&assignments.iter().zip(&unreadable).map(report).collect::<Vec<_>>()))?;
        }
        Err(Failure::Reported)
    }

    /// Waits for the ends of all topologies, for signals and for the time to be over; keeps the live view going. Returns
    /// what listens to signals.
    async fn watch(&self, sessions: &mut [Session], signals: Signals) -> Ending {
        let handles: Vec<RunHandle> = sessions.iter().map(|session| session.handle().clone()).collect();
        let reports = || handles.iter().map(RunHandle::report).collect::<Vec<_>>();
        let all_ended = async {
            for session in sessions {
                session.wait().await;
            }
        };
        tokio::pin!(all_ended);

        let deadline = async {
            match self.run_for {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(deadline);
        let mut deadline_over = false;
        let mut ending = Ending::listen(signals, handles.clone());
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
                note = ending.next_note() => view.note(note),
            }
        }
        while let Some(note) = ending.waiting_note() {
            view.note(note);
        }
        view.close();
        ending
    }
}

/// Tells the failures of each topology, with its name where there are several.
fn tell_failures<'a>(topologies: impl ExactSizeIterator<Item = &'a str>, failures: &[Vec<TaskEnd>]) {
    let are_several = topologies.len() > 1;
    for (topology, failures) in topologies.zip(failures) {
        for failure in failures {
            if are_several { tell!("error: {topology}: {failure}") } else { tell!("error: {failure}") }
        }
    }
}

/// Topologies that run side by side need different names: a run's folder is named after it. Told before any of them
/// starts and empties its outputs.
fn refuse_repeated_names(sources: &[TopologySource]) -> CommandResult {
    let mut names = std::collections::BTreeSet::new();
    match sources.iter().map(|source| source.topology().name().as_str()).find(|name| !names.insert(*name)) {
        Some(name) => Err(Failure::usage(format!(
            "two of the topologies are named {name}: topologies that run side by side need different names"
        ))),
        None => Ok(()),
    }
}
