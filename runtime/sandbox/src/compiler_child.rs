//! The process that compiles one component and ends: see `compiler.rs` for its parent.

use crate::cache::ArtifactCache;
use crate::compiler::{INVALID, NO_SPACE, OTHER_ENGINE, is_no_space};
use crate::engine;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{Read, Write, stderr, stdin, stdout};
use std::process::ExitCode;
use std::thread;

/// No artifact is larger.
const MAX_ARTIFACT_BYTES: u64 = 1 << 30;

/// Compiles the component on standard input and writes the artifact to standard output, within limits. For programs
/// that a [`Compiler::Child`](crate::Compiler) names; `arguments` are the last three of the command line.
pub fn compile_as_child(arguments: &[String]) -> ExitCode {
    match compile(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, reason)) => {
            // Where there is no space for the reason either, the code still tells it.
            let _ = writeln!(stderr(), "{reason}");
            ExitCode::from(code)
        }
    }
}

fn compile(arguments: &[String]) -> Result<(), (u8, String)> {
    let usage =
        || (2, "this command is for petrel itself: it compiles a component for the process that starts it".into());
    let [wanted, compile_ms, memory_bytes] = arguments else { return Err(usage()) };
    let number = |text: &String| text.parse::<u64>().map_err(|_| usage());
    let (compile_ms, memory_bytes) = (number(compile_ms)?, number(memory_bytes)?);
    let failed = |error: &dyn std::fmt::Display| (1, error.to_string());
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    limit(compile_ms.div_ceil(1000) * threads + 1, memory_bytes).map_err(|error| failed(&error))?;
    let mut component = Vec::new();
    stdin().read_to_end(&mut component).map_err(|error| failed(&error))?;
    let engine = wasmtime::Engine::new(&engine::config()).map_err(|error| failed(&format_args!("{error:#}")))?;
    let own = ArtifactCache::engine_name(&engine);
    if own != *wanted {
        return Err((OTHER_ENGINE, format!("this compiler makes artifacts for engine {own}, not for {wanted}")));
    }
    let artifact = engine.precompile_component(&component).map_err(|error| (INVALID, format!("{error:#}")))?;
    let mut output = stdout();
    output.write_all(&artifact).and_then(|()| output.flush()).map_err(|error| match is_no_space(&error) {
        true => (NO_SPACE, error.to_string()),
        false => failed(&error),
    })
}

/// From here on this process can take no more than that, and open nothing.
fn limit(cpu_s: u64, memory_bytes: u64) -> rustix::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Cpu, cpu_s),
        (Resource::As, memory_bytes),
        (Resource::Fsize, MAX_ARTIFACT_BYTES.min(memory_bytes)),
        (Resource::Nofile, 3),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
