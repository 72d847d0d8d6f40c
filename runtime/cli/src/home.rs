//! Where petrel keeps things: the one reader of the environment.

use anyhow::{Context, anyhow};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

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
        create_private(&root)?;
        Ok(Home { root })
    }

    /// Compiled plugins.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Claims the folder of a run, for as long as the returned lock lives.
    ///
    /// # Errors
    /// When another process runs a topology of that name, or the folder cannot be made.
    pub(crate) fn claim_run(&self, name: &str) -> anyhow::Result<RunFolder> {
        let path = self.root.join("runs").join(name);
        create_private(&path)?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .with_context(|| format!("cannot open {}", lock_path.display()))?;
        match lock.try_lock() {
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
    /// Records the topology as it runs, so that what happened can be looked into later.
    pub(crate) fn record_topology(&self, text: &str) -> anyhow::Result<()> {
        let path = self.path.join("topology.toml");
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The file that takes the run's log lines, as JSON lines.
    pub(crate) fn open_log(&self) -> anyhow::Result<File> {
        let logs = self.path.join("logs");
        create_private(&logs)?;
        let path = logs.join("tasks.jsonl");
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn create_private(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create the folder {}: set PETREL_HOME to one you may write", path.display()))
}
