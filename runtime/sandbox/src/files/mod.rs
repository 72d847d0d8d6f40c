//! The files behind a component's path grants. What is not granted cannot be named: guests give configuration keys.

mod listing;
mod output;
mod reach;
mod reader;
mod stream;

use crate::deadline::Deadline;
use listing::Listed;
use petrel_model::{PathAccess, PathGrant};
use reader::Reader;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use output::Outputs;
pub use output::{PrintTarget, WriteError};
pub use reach::{Meeting, Reach, check_readable};
pub(crate) use reader::Chunk;

/// The most that one read hands out; a guest that asks for more gets this.
const MAX_READ_BYTES: u32 = 4 << 20;

/// The files an instance may read.
#[derive(Default)]
pub(crate) struct Inputs {
    keys: BTreeMap<String, Input>,
}

struct Input {
    path: String,
    access: PathAccess,
    /// Taken once, so that the numbers a guest was given stay what they are.
    listing: Option<Arc<Vec<Listed>>>,
    /// The file read last.
    open: Option<(u32, Reader)>,
}

impl Inputs {
    pub(crate) fn new(grants: &[PathGrant]) -> Inputs {
        let readable = grants.iter().filter(|grant| grant.access != PathAccess::Write);
        let input =
            |grant: &PathGrant| Input { path: grant.path.clone(), access: grant.access, listing: None, open: None };
        Inputs { keys: readable.map(|grant| (grant.key.clone(), input(grant))).collect() }
    }

    /// The names of the files behind a key.
    pub(crate) async fn list(&mut self, key: &str) -> Result<Vec<String>, String> {
        let files = self.input(key)?.listing().await?;
        Ok(files.iter().map(Listed::name).collect())
    }

    /// Up to `max` bytes of a file at an offset; none at its end.
    pub(crate) async fn read(
        &mut self,
        key: &str,
        file: u32,
        offset: u64,
        max: u32,
        deadline: &Deadline,
    ) -> Result<Chunk, String> {
        let input = self.input(key)?;
        if input.open.as_ref().is_none_or(|(open, _)| *open != file) {
            input.open = None;
            let files = input.listing().await?;
            let listed = files
                .get(file as usize)
                .ok_or_else(|| format!("{key:?} has {} files, numbered from 0, and no file {file}", files.len()))?;
            // Opening a named pipe waits for whoever writes to it.
            let _silent = deadline.silence();
            input.open = Some((file, Reader::open(listed.clone()).await?));
        }
        let (_, reader) = input.open.as_mut().expect("opened above");
        reader.read(offset, max.clamp(1, MAX_READ_BYTES), deadline).await
    }

    fn input(&mut self, key: &str) -> Result<&mut Input, String> {
        self.keys.get_mut(key).ok_or_else(|| not_granted(key, "read"))
    }
}

impl Input {
    async fn listing(&mut self) -> Result<Arc<Vec<Listed>>, String> {
        if let Some(listing) = &self.listing {
            return Ok(listing.clone());
        }
        let listing = if self.access == PathAccess::Stdin {
            vec![Listed::Stdin]
        } else {
            let path = self.path.clone();
            blocking(move || listing::list(&path)).await?
        };
        Ok(self.listing.insert(Arc::new(listing)).clone())
    }
}

fn not_granted(key: &str, verb: &str) -> String {
    format!(
        "the configuration key {key:?} grants no file to {verb}: either the topology does not set it, or it is of another kind"
    )
}

/// Runs what may block where blocking is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down and polls this task no more.
            Err(_) => std::future::pending().await,
        },
    }
}
