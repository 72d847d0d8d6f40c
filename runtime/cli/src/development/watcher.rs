//! Hears when one of the sources is saved.
//!
//! It looks, several times a second, at the time and size of every source: some hundred files, which takes less than a
//! millisecond. That works on every file system, whatever way an editor saves, and nothing is ever lost.

use super::Sources;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How often it looks. An editor writes a file in several steps: when nothing has changed between two looks, it is saved.
const INTERVAL: Duration = Duration::from_millis(100);

/// What tells a saved file from the one before.
type Stamp = (Option<SystemTime>, u64);

/// Watches sources.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    sources: Sources,
    seen: BTreeMap<PathBuf, Stamp>,
    /// Something was different at the last look.
    changing: bool,
}

impl Watcher {
    /// Watches these. What is saved after this call counts.
    pub(crate) fn new(sources: Sources) -> Watcher {
        let seen = stamps(&sources);
        Watcher { sources, seen, changing: false }
    }

    /// Watches what another watcher does, unless it is the same: what was saved since that one was made counts.
    pub(crate) fn follow(&mut self, other: Watcher) {
        if other.sources != self.sources {
            *self = Watcher { changing: self.changing, ..other };
        }
    }

    /// Waits until a source has been saved. May be given up and called again.
    pub(crate) async fn saved(&mut self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if self.look() {
                return;
            }
        }
    }

    /// Whether something was saved before the last look and nothing since.
    fn look(&mut self) -> bool {
        let now = stamps(&self.sources);
        if std::mem::replace(&mut self.seen, now) != self.seen {
            self.changing = true;
            return false;
        }
        std::mem::take(&mut self.changing)
    }
}

fn stamps(sources: &Sources) -> BTreeMap<PathBuf, Stamp> {
    sources
        .paths()
        .into_iter()
        .filter_map(|path| {
            let metadata = path.metadata().ok()?;
            Some((path, (metadata.modified().ok(), metadata.len())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_saved_when_it_is_quiet() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("t.toml");
        let save = |text: &str| std::fs::write(&file, text).unwrap();
        save("one");
        let mut watcher = Watcher::new(Sources::of_file(&file));
        assert!(!watcher.look());
        save("two!");
        assert!(!watcher.look(), "it may be half written");
        save("three");
        assert!(!watcher.look());
        assert!(watcher.look());
        assert!(!watcher.look());
        std::fs::remove_file(&file).unwrap();
        assert!(!watcher.look());
        assert!(watcher.look());
    }

    #[test]
    fn what_is_saved_while_new_sources_are_prepared_counts() {
        let place = tempfile::tempdir().unwrap();
        let (old, new) = (place.path().join("old.toml"), place.path().join("new.toml"));
        std::fs::write(&new, "one").unwrap();
        let mut watcher = Watcher::new(Sources::of_file(&old));
        let other = Watcher::new(Sources::of_file(&new));
        std::fs::write(&new, "two!").unwrap();
        watcher.follow(other);
        assert!(!watcher.look());
        assert!(watcher.look());
        watcher.follow(Watcher::new(Sources::of_file(&new)));
        assert!(!watcher.look());
    }
}
