//! Signals before anything runs: they end the process at once, and say what it was at.
//!
//! Once tasks run, Ctrl-C drains. Before that there is nothing to drain, and a person who waits for a compiler wants to know
//! whether anything was started.

use crate::failure::Failure;
use anyhow::Context;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

/// Which plugin is being loaded, for whoever has to tell it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loading(Arc<Mutex<Option<String>>>);

impl Loading {
    /// Does something that takes its time with a plugin, which is loaded meanwhile.
    pub(crate) fn of<T>(&self, plugin: &str, work: impl FnOnce() -> T) -> T {
        self.set(Some(plugin.to_owned()));
        let done = work();
        self.set(None);
        done
    }

    fn set(&self, plugin: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = plugin;
    }

    fn plugin(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Ctrl-C, SIGTERM, and SIGHUP, which comes when the terminal is closed. What comes after this was made is not lost, even if
/// nobody waits for it yet.
pub(crate) struct Signals {
    interrupts: Signal,
    terminations: Signal,
    /// None where whoever started this process had it ignore them, as `nohup` does: listening would undo that.
    hang_ups: Option<Signal>,
}

impl Signals {
    /// Listens from now on; must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the operating system does not let it.
    pub(crate) fn listen() -> anyhow::Result<Signals> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let hang_ups = (!ignores_hang_ups(&status)).then(|| signal(SignalKind::hangup()));
        Ok(Signals {
            interrupts: signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?,
            terminations: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            hang_ups: hang_ups.transpose().context("cannot listen for SIGHUP")?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> SignalKind {
        let hang_up = async {
            match &mut self.hang_ups {
                Some(hang_ups) => hang_ups.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = hang_up => SignalKind::hangup(),
            _ = self.interrupts.recv() => SignalKind::interrupt(),
            _ = self.terminations.recv() => SignalKind::terminate(),
        }
    }
}

/// Whether the process whose `/proc/PID/status` that is ignores SIGHUP: its `SigIgn` is a mask in hexadecimal digits, with signal 1
/// as its lowest bit.
fn ignores_hang_ups(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// As long as this lives, a signal ends the process: nothing was started yet. A compiler that runs as a child of this process
/// ends with it.
pub(crate) struct NothingStarted(JoinHandle<()>);

impl NothingStarted {
    /// From now on. `loading` tells what takes so long.
    ///
    /// # Errors
    /// As for [`Signals::listen`].
    pub(crate) fn watch(loading: Loading) -> anyhow::Result<NothingStarted> {
        let mut signals = Signals::listen()?;
        Ok(NothingStarted(tokio::spawn(async move {
            let signal = signals.next().await;
            tell!("{}", words(loading.plugin()));
            std::process::exit(i32::from(Failure::Stopped(signal).code()));
        })))
    }
}

impl Drop for NothingStarted {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn words(plugin: Option<String>) -> String {
    match plugin {
        Some(plugin) => format!("interrupted while compiling {plugin}; nothing was started"),
        None => "interrupted; nothing was started".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_hang_ups_are_ignored_stands_in_the_status_of_a_process() {
        assert!(ignores_hang_ups("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_ups("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_ups(""));
    }

    #[test]
    fn what_is_loaded_is_told_as_long_as_it_is() {
        let loading = Loading::default();
        assert_eq!(words(loading.plugin()), "interrupted; nothing was started");
        let said = loading.of("./big.wasm", || words(loading.plugin()));
        assert_eq!(said, "interrupted while compiling ./big.wasm; nothing was started");
        assert_eq!(loading.plugin(), None);
    }
}
