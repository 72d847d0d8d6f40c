//! `petrel dev`: a topology that runs anew whenever it or one of its plugins is saved.

use crate::development::{Sources, Watcher};
use crate::failure::{CommandResult, Failure};
use crate::guest_build::CargoOutput;
use crate::home::Home;
use crate::interruption::Signals;
use crate::live_view::{LiveView, print_beside_view};
use crate::log_writer::LogFlags;
use crate::output::errors_in_colour;
use crate::overlaps;
use crate::run_report::print_table;
use crate::secret_flags::SecretFlags;
use crate::session::{Session, SessionOptions};
use crate::topology_source::{OverrideFlags, Resolved, TopologySource, sandbox};
use anyhow::Context;
use petrel_flow::Tuning;
use petrel_model::Assignment;
use petrel_sandbox::{PrintTarget, Sandbox};
use petrel_worker::{OnPause, unreadable_sources};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Run a topology, and again whenever it or one of its plugins is saved.
///
/// A plugin named by a file in a crate's target folder, such as "./shout/target/wasm32-wasip2/release/shout.wasm", is built
/// when one of the crate's sources is saved. As long as something does not build or is not valid, what ran before goes on. A
/// topology that is replaced is drained; each start begins with empty state.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel dev word_count.toml
  petrel dev word_count.toml --set lines.path=book.txt --log-level debug")]
pub(crate) struct Dev {
    /// The topology file.
    topology: PathBuf,
    #[command(flatten)]
    overrides: OverrideFlags,
    #[command(flatten)]
    secrets: SecretFlags,
    #[command(flatten)]
    logs: LogFlags,
}

/// How long what ran before may take to drain.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a look at the sources gave.
struct Prepared {
    watcher: Watcher,
    outcome: CommandResult<Ready>,
}

/// Everything that a start needs.
struct Ready {
    source: TopologySource,
    resolved: Resolved,
    secrets: BTreeMap<String, Vec<u8>>,
}

/// What happened.
enum Happened {
    Saved,
    Prepared(Box<Prepared>),
    Ended,
    AskedToEnd,
    Refresh,
}

impl Dev {
    /// Runs it until it is asked to end.
    pub(crate) fn execute(self) -> CommandResult {
        if self.topology == Path::new("-") {
            return Err(Failure::usage("standard input cannot be watched: name a topology file"));
        }
        let runtime = petrel_worker::threads().context("cannot start threads")?;
        let outcome = runtime.block_on(self.watch());
        // A guest that waits in a blocked read must not keep the process.
        runtime.shutdown_background();
        outcome
    }

    async fn watch(self) -> CommandResult {
        let home = Home::open()?;
        let sandbox = sandbox(&home)?;
        let mut watcher = Watcher::new(Sources::of_file(&self.topology));
        let mut signals = Signals::listen()?;
        let mut refresh = tokio::time::interval(LiveView::INTERVAL);
        let mut view = LiveView::new();
        let mut running: Option<(Session, Assignment)> = None;
        let mut saved_meanwhile = false;
        let mut preparing = Some(self.prepare(&sandbox));
        let mut since = Instant::now();
        loop {
            let happened = tokio::select! {
                () = watcher.saved() => Happened::Saved,
                prepared = finished(&mut preparing) => Happened::Prepared(prepared?),
                () = ended(&mut running) => Happened::Ended,
                _ = signals.next() => Happened::AskedToEnd,
                _ = refresh.tick() => Happened::Refresh,
            };
            match happened {
                Happened::Saved if preparing.is_some() => saved_meanwhile = true,
                Happened::Saved => {
                    since = Instant::now();
                    preparing = Some(self.prepare(&sandbox));
                }
                Happened::Prepared(prepared) => {
                    let Prepared { watcher: now, outcome } = *prepared;
                    watcher.follow(now);
                    if std::mem::take(&mut saved_meanwhile) {
                        preparing = Some(self.prepare(&sandbox));
                        continue;
                    }
                    match outcome {
                        Err(failure) => {
                            view.note(failure.text().trim_end());
                            view.note(match &running {
                                Some((session, _)) if !session.is_over() => {
                                    "what ran before goes on; waiting for changes"
                                }
                                _ => "waiting for changes",
                            });
                        }
                        Ok(Ready { resolved, .. }) if is_running(&running, &resolved) => {}
                        Ok(Ready { source, resolved, secrets }) => {
                            let assignment = resolved.assignment.clone();
                            source.warnings_text(&resolved).iter().for_each(|warnings| view.note(warnings));
                            replace(&mut running, &view).await;
                            view.close();
                            view = LiveView::new();
                            let options = SessionOptions {
                                secrets,
                                logs: self.logs.clone(),
                                tuning: Tuning::default(),
                                prints: PrintTarget::Shared(print_beside_view),
                                on_pause: OnPause::Wait,
                            };
                            let folder = home.claim_run(assignment.topology.as_str()).map_err(Failure::from);
                            let started =
                                folder.and_then(|folder| Session::start(folder, source.topology(), resolved, options));
                            match started {
                                Ok(session) => {
                                    let name = &assignment.topology;
                                    view.note(&format!(
                                        "{name} runs, {:.1} s after it was asked for",
                                        since.elapsed().as_secs_f64()
                                    ));
                                    running = Some((session, assignment));
                                }
                                Err(failure) => view.note(failure.text().trim_end()),
                            }
                        }
                    }
                }
                Happened::Ended => {
                    view.close();
                    view = LiveView::new();
                    if let Some((session, _)) = &mut running {
                        let failures: Vec<String> =
                            session.wait().await.iter().map(|end| format!("error: {end}")).collect();
                        failures.iter().for_each(|failure| view.note(failure));
                        print_table(&[session.handle().report()]);
                    }
                    view.note("waiting for changes; Ctrl-C ends");
                }
                Happened::AskedToEnd => break,
                Happened::Refresh => {
                    if let Some((session, _)) = running.as_ref().filter(|(session, _)| !session.is_over()) {
                        view.show(&[session.handle().report()]);
                    }
                }
            }
        }
        replace(&mut running, &view).await;
        view.close();
        Ok(())
    }

    /// Reads the topology, builds its plugins, resolves it, on a thread of its own.
    fn prepare(&self, sandbox: &Arc<Sandbox>) -> JoinHandle<Prepared> {
        let (path, overrides, secrets) = (self.topology.clone(), self.overrides.clone(), self.secrets.clone());
        let sandbox = sandbox.clone();
        tokio::task::spawn_blocking(move || {
            let mut source = match TopologySource::read(&path) {
                Ok(source) => [source],
                Err(failure) => {
                    let watcher = Watcher::new(Sources::of_file(&path));
                    return Prepared { watcher, outcome: Err(failure) };
                }
            };
            let sources = Sources::of(&path, source[0].topology());
            let watcher = Watcher::new(sources.clone());
            let colour = errors_in_colour();
            let outcome = sources
                .crates()
                .try_for_each(|plugin| plugin.build_all(CargoOutput::Kept { colour }))
                .and_then(|()| overrides.apply(&mut source))
                .and_then(|()| source[0].resolve(&sandbox))
                .and_then(|resolved| overlaps::refuse(&[(&source[0], &resolved.assignment)]).map(|()| resolved))
                .and_then(|resolved| match unreadable_sources(&resolved.assignment).first() {
                    Some(end) => Err(anyhow::anyhow!("{end}").into()),
                    None => Ok(resolved),
                })
                .and_then(|resolved| Ok((secrets.read_for(&[&resolved.assignment])?, resolved)));
            let [source] = source;
            Prepared { watcher, outcome: outcome.map(|(secrets, resolved)| Ready { source, resolved, secrets }) }
        })
    }
}

/// Waits for what is being prepared, for ever if nothing is.
async fn finished(preparing: &mut Option<JoinHandle<Prepared>>) -> CommandResult<Box<Prepared>> {
    let Some(handle) = preparing else { return std::future::pending().await };
    let prepared = handle.await.context("preparing the topology failed")?;
    *preparing = None;
    Ok(Box::new(prepared))
}

/// Waits for the end of what runs, for ever if nothing does.
async fn ended(running: &mut Option<(Session, Assignment)>) {
    match running {
        Some((session, _)) if !session.is_over() => {
            session.wait().await;
        }
        _ => std::future::pending().await,
    }
}

/// Whether exactly this runs already, so that nothing is to be done: a comment was changed, or nothing at all.
fn is_running(running: &Option<(Session, Assignment)>, resolved: &Resolved) -> bool {
    running.as_ref().is_some_and(|(session, assignment)| !session.is_over() && *assignment == resolved.assignment)
}

/// Ends what runs, if anything does.
async fn replace(running: &mut Option<(Session, Assignment)>, view: &LiveView) {
    let Some((mut session, _)) = running.take() else { return };
    session.end(PATIENCE).await;
    let (_, failures) = session.finish();
    failures.iter().for_each(|failure| view.note(&format!("error: {failure}")));
}
