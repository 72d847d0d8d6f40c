//! Where petrel keeps things: the one reader of the environment.

use crate::rolling_log::RollingLog;
use anyhow::{Context, anyhow};
use petrel_worker::Purpose;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often, and how long after each other, a lock is tried before it counts as held.
const LOOKS: u32 = 5;
const LOOK: Duration = Duration::from_millis(20);

/// `PETREL_HOME`: the cache of compiled plugins and the runs' folders.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// `$PETREL_HOME`, or `$XDG_DATA_HOME/petrel`, or `~/.local/share/petrel`. Made private when it is made.
    pub(crate) fn open() -> anyhow::Result<Home> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = set("PETREL_HOME")
            .or_else(|| set("XDG_DATA_HOME").map(|data| data.join("petrel")))
            .or_else(|| set("HOME").map(|home| home.join(".local/share/petrel")))
            .ok_or_else(|| anyhow!("neither PETREL_HOME nor HOME is set: set PETREL_HOME to a folder of your own"))?;
        // Whoever changes the current folder still finds it.
        let root = std::path::absolute(&root).with_context(|| format!("cannot find {}", root.display()))?;
        create_private(&root)?;
        Ok(Home { root })
    }

    /// Compiled plugins.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The folder of a run, whether or not it is there.
    pub(crate) fn run(&self, name: &str) -> PathBuf {
        self.root.join("runs").join(name)
    }

    /// The names of the runs that have a folder, sorted.
    pub(crate) fn run_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.join("runs")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// Whether a topology of that name runs now.
    pub(crate) fn is_running(&self, name: &str) -> bool {
        let Ok(lock) = File::open(self.run(name).join("lock")) else { return false };
        matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Claims the folder of a run, for as long as the returned lock lives.
    ///
    /// # Errors
    /// When another process runs a topology of that name, or the folder cannot be made.
    pub(crate) fn claim_run(&self, name: &str) -> anyhow::Result<RunFolder> {
        let path = self.run(name);
        create_private(&path)?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .with_context(|| format!("cannot open {}", lock_path.display()))?;
        // Somebody who only looks whether it runs holds the lock for a moment.
        let mut locked = lock.try_lock();
        for _ in 0..LOOKS {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(LOOK);
            locked = lock.try_lock();
        }
        match locked {
            Ok(()) => Ok(RunFolder { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(anyhow!(
                "a topology named {name} is running already (its folder is {}): stop it, or give this one another `name`",
                path.display()
            )),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", lock_path.display()))
            }
        }
    }
}

/// The folder of a live run, locked against a second run of the same name.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    _lock: File,
}

impl RunFolder {
    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where its dead letters are, if there are any.
    pub(crate) fn dead_letters(&self) -> PathBuf {
        dead_letters(&self.path)
    }

    /// Takes the log lines of what it is used for, as JSON lines.
    pub(crate) fn open_log(&self, purpose: Purpose) -> anyhow::Result<RollingLog> {
        let logs = self.path.join("logs");
        create_private(&logs)?;
        // Why the run went wrong is still to be read after letters of it were tried again.
        let path = logs.join(match purpose {
            Purpose::Run => "tasks.jsonl",
            Purpose::Retry => "retry.jsonl",
        });
        RollingLog::create(&path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Where the dead letters of a run's folder are.
pub(crate) fn dead_letters(run: &Path) -> PathBuf {
    run.join("dead-letters")
}

/// Makes a folder that only its owner sees.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn create_private(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create the folder {}: set PETREL_HOME to one you may write", path.display()))
}
