//! Who turns components into native code, and what may be spent on it.
//!
//! How long that takes and how much memory it needs is decided by whoever wrote the component. So it is done in a child
//! process that has limits and can be killed: it gets the component as its standard input, an unnamed file of the private
//! cache as its standard output, and nothing else. What the parent takes from it is that file, if the child ended well.

use crate::cut::{MAX_WORDS_BYTES, cut};
use crate::load::LoadError;
use petrel_model::CompileLimits;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// Who turns components into native code.
#[derive(Clone, Debug)]
pub enum Compiler {
    /// A child process: the program is run with these arguments and three more, and is to hand those to
    /// [`compile_as_child`](crate::compile_as_child).
    Child {
        /// The program; of the same version as this process.
        program: PathBuf,
        /// What makes it a compiler.
        arguments: Vec<OsString>,
    },
    /// This process, without any limit but the component's size: for those who trust their components.
    InProcess,
}

/// The child ended because the component is none.
pub(crate) const INVALID: u8 = 3;
/// The child ended because its engine is another one.
pub(crate) const OTHER_ENGINE: u8 = 4;
/// The child ended because the artifact cannot be written: the disk is full.
pub(crate) const NO_SPACE: u8 = 5;

/// What a child says about its end is read up to here.
const MAX_SAID_BYTES: u64 = 64 << 10;
/// How often a child is looked after.
const LOOK: Duration = Duration::from_millis(2);

/// Compiles a component in a child process. `folder` takes unnamed files; `engine` names the engine that is to load the
/// artifact.
///
/// # Errors
/// Which limit was reached, or why there is no artifact.
pub(crate) fn compile(
    program: &Path,
    arguments: &[OsString],
    folder: &Path,
    engine: &str,
    component: &[u8],
    limits: &CompileLimits,
) -> Result<Vec<u8>, LoadError> {
    let broken = |error: io::Error| match is_no_space(&error) {
        true => LoadError::NoSpace { folder: folder.into() },
        false => LoadError::Compiler { reason: format!("{program:?} cannot be run with files in {folder:?}: {error}") },
    };
    let run = || {
        let mut input = tempfile::tempfile_in(folder)?;
        input.write_all(component)?;
        input.rewind()?;
        let (artifact, said) = (tempfile::tempfile_in(folder)?, tempfile::tempfile_in(folder)?);
        let child = Command::new(program)
            .args(arguments)
            .args([engine, &limits.compile_ms.to_string(), &limits.compile_memory_bytes.to_string()])
            .env_clear()
            .current_dir("/")
            // An interrupt at the terminal is for this process to decide on.
            .process_group(0)
            .stdin(input)
            .stdout(artifact.try_clone()?)
            .stderr(said.try_clone()?)
            .spawn()?;
        let status = wait(child, Duration::from_millis(limits.compile_ms))?;
        Ok((status, artifact, said))
    };
    let (status, artifact, said) = run().map_err(broken)?;
    let Some(status) = status else { return Err(LoadError::CompileTime { limit_ms: limits.compile_ms }) };
    if !status.success() {
        if status.code() == Some(i32::from(NO_SPACE)) {
            return Err(LoadError::NoSpace { folder: folder.into() });
        }
        return Err(why(status, &read(said, MAX_SAID_BYTES).map_err(broken)?, limits));
    }
    read(artifact, u64::MAX).map_err(broken)
}

/// Whether a file cannot grow because of where it is.
pub(crate) fn is_no_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Waits for a child so long, then kills it: none.
fn wait(mut child: Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK.min(limit.saturating_sub(started.elapsed())));
    }
}

fn read(mut file: File, most: u64) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why a child ended badly. Rust has no value for an allocation that failed: it is told by what the child says last.
fn why(status: ExitStatus, said: &[u8], limits: &CompileLimits) -> LoadError {
    const NO_MEMORY: [&str; 4] =
        ["memory allocation of ", "Cannot allocate memory", "os error 12", "Resource temporarily unavailable"];
    const SIGXCPU: i32 = 24;
    const SIGXFSZ: i32 = 25;
    let said = cut(String::from_utf8_lossy(said).trim().to_owned(), MAX_WORDS_BYTES);
    match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(INVALID) => LoadError::Invalid { reason: said },
        (_, Some(SIGXCPU)) => LoadError::CompileTime { limit_ms: limits.compile_ms },
        (_, Some(SIGXFSZ)) => LoadError::CompileMemory { limit: limits.compile_memory_bytes },
        _ if NO_MEMORY.iter().any(|words| said.contains(words)) => {
            LoadError::CompileMemory { limit: limits.compile_memory_bytes }
        }
        _ => LoadError::Compiler { reason: format!("it ended with {status}. It said: {said:?}") },
    }
}
