//! The files behind a component's path grants. What is not granted cannot be named: guests give configuration keys.

mod listing;
mod output;
mod reach;
mod reader;
mod shared;
mod stream;

use crate::deadline::Deadline;
use listing::Listed;
use petrel_model::{ComponentName, PathAccess, PathGrant, TopologyName};
use reader::Reader;
use shared::SharedListing;
use std::collections::BTreeMap;
use std::mem;

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
    /// Not told yet.
    left_out: Vec<String>,
}

struct Input {
    files: Files,
    /// The file read last.
    open: Option<(u32, Reader)>,
}

/// What is behind a key. The numbers a guest was given stay what they are.
enum Files {
    Stdin,
    Path(SharedListing),
}

impl Inputs {
    pub(crate) fn new(topology: &TopologyName, component: &ComponentName, grants: &[PathGrant]) -> Inputs {
        let readable = grants.iter().filter(|grant| grant.access != PathAccess::Write);
        let files = |grant: &PathGrant| match grant.access {
            PathAccess::Stdin => Files::Stdin,
            _ => Files::Path(SharedListing::of(topology, component, &grant.path)),
        };
        let input = |grant: &PathGrant| (grant.key.clone(), Input { files: files(grant), open: None });
        Inputs { keys: readable.map(input).collect(), left_out: Vec::new() }
    }

    /// What was found behind granted paths since this was last asked and is left out, a sentence each.
    pub(crate) fn take_left_out(&mut self) -> Vec<String> {
        mem::take(&mut self.left_out)
    }

    /// The names of the files behind a key.
    pub(crate) async fn list(&mut self, key: &str) -> Result<Vec<String>, String> {
        let (input, left_out) = self.input(key)?;
        Ok(input.list(left_out).await?.iter().map(Listed::name).collect())
    }

    /// Up to `max` bytes of a file at an offset; none at its end. Waits for a pipe.
    pub(crate) async fn read(
        &mut self,
        key: &str,
        file: u32,
        offset: u64,
        max: u32,
        deadline: &Deadline,
    ) -> Result<Chunk, String> {
        let reader = self.reader(key, file).await?;
        reader.read(offset, max.clamp(1, MAX_READ_BYTES), deadline).await
    }

    /// The same, but nothing where a pipe has nothing yet.
    pub(crate) async fn read_ready(
        &mut self,
        key: &str,
        file: u32,
        offset: u64,
        max: u32,
    ) -> Result<Option<Chunk>, String> {
        let reader = self.reader(key, file).await?;
        reader.read_ready(offset, max.clamp(1, MAX_READ_BYTES)).await
    }

    /// The reader of a file: that of the last call, if it was the same.
    async fn reader(&mut self, key: &str, file: u32) -> Result<&mut Reader, String> {
        let (input, left_out) = self.input(key)?;
        if input.open.as_ref().is_none_or(|(open, _)| *open != file) {
            input.open = None;
            let files = input.list(left_out).await?;
            let listed = files
                .get(file as usize)
                .ok_or_else(|| format!("{key:?} has {} files, numbered from 0, and no file {file}", files.len()))?;
            input.open = Some((file, Reader::open(listed.clone()).await?));
        }
        Ok(&mut input.open.as_mut().expect("opened above").1)
    }

    fn input(&mut self, key: &str) -> Result<(&mut Input, &mut Vec<String>), String> {
        let input = self.keys.get_mut(key).ok_or_else(|| not_granted(key, "read"))?;
        Ok((input, &mut self.left_out))
    }
}

impl Input {
    async fn list(&self, left_out: &mut Vec<String>) -> Result<&[Listed], String> {
        match &self.files {
            Files::Stdin => Ok(&[Listed::Stdin]),
            Files::Path(listing) => {
                let (listing, is_new) = listing.get().await?;
                if is_new {
                    left_out.extend_from_slice(&listing.left_out);
                }
                Ok(&listing.files)
            }
        }
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
