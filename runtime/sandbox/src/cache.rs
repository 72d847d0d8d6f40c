//! Compiled artifacts on disk, so that a plugin is compiled once per machine.
//!
//! An artifact is native code that is mapped into the process: whoever can forge one owns the process. So the folder
//! must be ours alone, and each artifact carries a code (HMAC-SHA-256 under a secret of the folder) over its name and
//! bytes that is checked before it is mapped. An artifact that does not check out is compiled anew.
//!
//! The name of an artifact is the digest of the component and a hash of everything the engine's code depends on (its
//! version, its settings, the features of the CPU), so an artifact of another engine is never looked at.

use crate::secret;
use petrel_model::Digest;
use rustix::process::geteuid;
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, Metadata};
use std::hash::{Hash, Hasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Counts up when what an artifact is, or how it is checked, changes.
const FORMAT: u32 = 1;
/// The folder is kept below this size by removing the artifacts that were not used for longest.
const MAX_BYTES: u64 = 1 << 30;
/// A temporary file older than this was left behind by a process that died.
const STALE: Duration = Duration::from_secs(3600);

/// Why the folder of compiled artifacts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The operating system says no.
    #[error("the folder of compiled plugins {path:?} cannot be used: {source}. Give one that you may write to")]
    Unusable {
        /// The folder, or the file in it.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Somebody else could put native code there.
    #[error(
        "the folder of compiled plugins {path:?} {why}, so somebody else could put native code there. \
         Make it yours alone (chmod 700), or give another folder"
    )]
    NotPrivate {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The folder of compiled artifacts.
#[derive(Debug)]
pub(crate) struct ArtifactCache {
    folder: PathBuf,
    secret: [u8; 32],
}

impl ArtifactCache {
    /// Opens the folder, creating it where it does not exist.
    pub(crate) fn open(folder: &Path) -> Result<ArtifactCache, CacheError> {
        let unusable = |source| CacheError::Unusable { path: folder.into(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let metadata = fs::metadata(folder).map_err(unusable)?;
        if !metadata.is_dir() {
            return Err(unusable(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        check_private(folder, &metadata)?;
        let secret_path = folder.join("secret");
        let secret = secret::read_or_create(&secret_path)
            .map_err(|source| CacheError::Unusable { path: secret_path.clone(), source })?;
        let metadata = fs::symlink_metadata(&secret_path)
            .map_err(|source| CacheError::Unusable { path: secret_path.clone(), source })?;
        check_private(&secret_path, &metadata)?;
        Ok(ArtifactCache { folder: folder.into(), secret })
    }

    /// The name under which the engine's artifact of a component is kept.
    pub(crate) fn name(engine: &Engine, digest: Digest) -> String {
        format!("{digest}-{}", ArtifactCache::engine_name(engine))
    }

    /// What artifacts of an engine have in common, and those of no other.
    pub(crate) fn engine_name(engine: &Engine) -> String {
        let mut hasher = StableHasher(Sha256::new());
        FORMAT.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine_hash = hasher.0.finalize();
        Digest(engine_hash.into()).to_string().split_at(16).0.to_owned()
    }

    /// The artifact of that name, if there is one and it is what this cache once wrote.
    pub(crate) fn load(&self, engine: &Engine, name: &str) -> Option<Component> {
        let path = self.artifact(name);
        let bytes = fs::read(&path).ok()?;
        let code = fs::read(self.code(name)).ok()?;
        if code != self.authenticate(name, &bytes) {
            return None;
        }
        // SAFETY: `deserialize_file` maps native code and trusts it. These bytes carry a code that only a holder of
        // this folder's secret can make, and this cache only ever makes it for what the compiler returned. The file
        // cannot change between the check and the mapping, nor afterwards: `open` refuses a folder that anybody
        // else may write to, and this cache replaces files by renaming, never in place.
        let component = unsafe { Component::deserialize_file(engine, &path) }.ok()?;
        // "Not used for longest" is judged by this time; that it could not be set only makes an early eviction.
        let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        Some(component)
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until no other process makes the artifact of that name, and keeps others from it until the file is dropped.
    /// Where that is not possible, the worst is that it is made twice.
    pub(crate) fn claim(&self, name: &str) -> Option<File> {
        let file = File::create(self.folder.join(format!("{name}.lock"))).ok()?;
        file.lock().ok()?;
        Some(file)
    }

    /// Keeps an artifact and removes the oldest ones beyond the folder's limit.
    pub(crate) fn store(&self, name: &str, artifact: &[u8]) -> io::Result<()> {
        self.write(&self.artifact(name), artifact)?;
        self.write(&self.code(name), &self.authenticate(name, artifact))?;
        self.evict(name, MAX_BYTES)
    }

    fn artifact(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cwasm"))
    }

    fn code(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.hmac"))
    }

    fn authenticate(&self, name: &str, artifact: &[u8]) -> [u8; 32] {
        secret::hmac_sha256(&self.secret, &[name.as_bytes(), b"\0", artifact])
    }

    /// Written beside and renamed, so that no other process ever sees half a file.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix("writing-").suffix(".tmp").tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn evict(&self, keep: &str, limit: u64) -> io::Result<()> {
        let mut artifacts = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue }; // removed by another process meanwhile
            let used = metadata.modified()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(name) = name.strip_suffix(".cwasm") {
                artifacts.push((used, name.to_owned(), metadata.len()));
            } else if (name.ends_with(".tmp") || name.ends_with(".lock")) && used.elapsed().is_ok_and(|age| age > STALE)
            {
                let _ = fs::remove_file(entry.path());
            }
        }
        let mut total: u64 = artifacts.iter().map(|(_, _, bytes)| bytes).sum();
        artifacts.sort();
        for (_, name, bytes) in artifacts {
            if total <= limit {
                break;
            }
            if name == keep {
                continue;
            }
            // A process that has it mapped keeps it: the file lives on without its name.
            let _ = fs::remove_file(self.artifact(&name));
            let _ = fs::remove_file(self.code(&name));
            total -= bytes;
        }
        Ok(())
    }
}

fn check_private(path: &Path, metadata: &Metadata) -> Result<(), CacheError> {
    let refuse = |why: String| Err(CacheError::NotPrivate { path: path.into(), why });
    let me = geteuid().as_raw();
    if metadata.uid() != me {
        return refuse(format!("belongs to user {}, not to user {me} who runs this", metadata.uid()));
    }
    if metadata.mode() & 0o022 != 0 {
        return refuse(format!("may be written to by others (mode {:o})", metadata.mode() & 0o7777));
    }
    Ok(())
}

/// A hasher whose result does not change between processes and builds.
struct StableHasher(Sha256);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        u64::from_le_bytes(self.0.clone().finalize()[..8].try_into().expect("eight bytes"))
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
