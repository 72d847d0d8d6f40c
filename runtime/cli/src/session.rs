//! One topology that runs in this process, with its folder and its log.

use crate::control::ControlServer;
use crate::failure::CommandResult;
use crate::home::RunFolder;
use crate::log_writer::{LogFlags, LogWriter};
use crate::run_record;
use crate::seed::random_seed;
use crate::topology_source::Resolved;
use petrel_flow::Tuning;
use petrel_model::{ComponentSpec, TaskIndex, Topology};
use petrel_sandbox::{LogSource, PrintTarget};
use petrel_worker::dead_letters::{DeadLetterWriter, DeadLetters};
use petrel_worker::{OnPause, Purpose, Report, Run, RunHandle, RunOptions, TaskEnd};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinHandle;

/// What a run is given beside its topology.
pub(crate) struct SessionOptions {
    /// Secrets by name.
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    /// Which log lines are shown.
    pub(crate) logs: LogFlags,
    /// How frames are cut, held and bounded.
    pub(crate) tuning: Tuning,
    /// Where what plugins print goes.
    pub(crate) prints: PrintTarget,
    /// What happens when a task is paused.
    pub(crate) on_pause: OnPause,
}

/// A topology that runs. Its folder is locked as long as this lives.
pub(crate) struct Session {
    handle: RunHandle,
    ends: JoinHandle<Vec<TaskEnd>>,
    failures: Option<Vec<TaskEnd>>,
    writer: LogWriter,
    dead_letters: DeadLetterWriter,
    /// Before the folder: its socket goes while the folder is still locked.
    control: Option<ControlServer>,
    folder: RunFolder,
}

impl Session {
    /// Starts all tasks, records what runs in the folder that was claimed for it, and listens there to what others ask.
    ///
    /// # Errors
    /// When the folder cannot be written, or the topology cannot be started.
    pub(crate) fn start(
        folder: RunFolder,
        topology: &Topology,
        resolved: Resolved,
        options: SessionOptions,
    ) -> CommandResult<Session> {
        run_record::write(folder.path(), topology, &resolved)?;
        let mut session = Session::begin(folder, topology, resolved, options, Purpose::Run)?;
        match ControlServer::start(session.folder.path(), session.handle.clone()) {
            Ok(control) => session.control = Some(control),
            Err(error) => {
                tell!("{error:#}: `petrel top`, `resume` and `dead-letters` cannot reach this run");
            }
        }
        Ok(session)
    }

    /// Starts the tasks that letters of an earlier run need. That run's record stays as it is.
    ///
    /// # Errors
    /// As for [`start`](Session::start).
    pub(crate) fn start_retry(
        folder: RunFolder,
        topology: &Topology,
        resolved: Resolved,
        options: SessionOptions,
    ) -> CommandResult<Session> {
        Session::begin(folder, topology, resolved, options, Purpose::Retry)
    }

    fn begin(
        folder: RunFolder,
        topology: &Topology,
        resolved: Resolved,
        options: SessionOptions,
        purpose: Purpose,
    ) -> CommandResult<Session> {
        let writer = LogWriter::start(&options.logs, &resolved.assignment.topology, folder.open_log(purpose)?);
        let Resolved { assignment, plugins, warnings: _, components: _ } = resolved;
        let dead_letters = DeadLetterWriter::start(folder.dead_letters(), assignment.dead_letters, {
            let (logs, name) = (writer.sink(), assignment.topology.clone());
            move |text| logs.tell(&name, &"dead-letters".into(), TaskIndex(0), LogSource::System, text)
        });
        let plugin_of = |spec: &ComponentSpec| (spec.name.value.clone(), spec.plugin.value.clone());
        let options = RunOptions {
            plugins,
            plugin_names: topology.components().iter().map(plugin_of).collect(),
            dead_letters: Some(dead_letters.letters()),
            secrets: options.secrets,
            logs: writer.sink(),
            prints: options.prints,
            on_pause: options.on_pause,
            purpose,
            tuning: options.tuning,
            seed: random_seed(),
        };
        let mut run = Run::start(assignment, options).map_err(anyhow::Error::from)?;
        let handle = run.handle();
        let ends = tokio::spawn(async move {
            let mut failures = Vec::new();
            while let Some(end) = run.next_end().await {
                if end.is_failure() {
                    failures.push(end);
                }
            }
            failures
        });
        Ok(Session { handle, ends, failures: None, writer, dead_letters, control: None, folder })
    }

    /// Looks at the run and ends it, from anywhere.
    pub(crate) fn handle(&self) -> &RunHandle {
        &self.handle
    }

    /// The store of its dead letters.
    pub(crate) fn dead_letters(&self) -> DeadLetters {
        self.dead_letters.letters()
    }

    /// Waits until every task has ended, and tells those that failed. May be given up and called again.
    pub(crate) async fn wait(&mut self) -> &[TaskEnd] {
        let failures = match self.failures.take() {
            Some(failures) => failures,
            None => (&mut self.ends).await.expect("waiting for tasks does not panic"),
        };
        self.failures.insert(failures)
    }

    /// Whether every task has ended, as far as [`Session::wait`] knows.
    pub(crate) fn is_over(&self) -> bool {
        self.failures.is_some()
    }

    /// Drains, stops what is not drained after a time, and waits for the end.
    pub(crate) async fn end(&mut self, patience: Duration) {
        self.handle.drain();
        if tokio::time::timeout(patience, self.wait()).await.is_err() {
            self.handle.stop();
            self.wait().await;
        }
    }

    /// Writes what is left of the dead letters and of the log, and gives the final figures and the failures. Every task must have ended.
    pub(crate) fn finish(self) -> (Report, Vec<TaskEnd>) {
        self.dead_letters.finish();
        // Now every letter that was tried is answered.
        drop(self.control);
        let report = self.handle.report();
        drop(self.handle);
        self.writer.finish();
        (report, self.failures.unwrap_or_default())
    }
}
