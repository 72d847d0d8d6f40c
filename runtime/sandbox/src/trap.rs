//! What went wrong in a call, in the words of the guest and of its function names.

use crate::host::Host;
use petrel_flow::{Trap, TrapKind};
use std::fmt;
use wasmtime::WasmBacktrace;
use wasmtime_wasi::I32Exit;

/// A reason for which the host itself stops a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// The guest broke the contract.
    Contract(String),
    /// The guest emitted, or staged, too much in one call.
    EmitLimit(u64),
    /// The call took too long.
    TimeLimit,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Contract(what) => f.write_str(what),
            Breach::EmitLimit(limit) => write!(
                f,
                "the call emitted and staged more than {limit} bytes: emit less in one call, or raise `emit_bytes`"
            ),
            Breach::TimeLimit => f.write_str("the call took longer than its time limit"),
        }
    }
}

impl std::error::Error for Breach {}

/// Frames of a backtrace that a person still reads.
const MAX_FRAMES: usize = 32;

/// The machinery of a panic on top of the function that panicked.
const PANIC: [&str; 14] = [
    "abort",
    "_abort",
    "__rust",
    "rust_",
    "__rustc",
    "__rg_",
    "std::",
    "core::panicking",
    "core::option",
    "core::result",
    "core::slice",
    "core::str",
    "core::cell",
    "alloc::",
];
/// The code between the contract and the plugin's own functions, by how its names start. The plugin's own types
/// implement traits of the SDK (`<own::Type as petrel_sdk::Bolt>::process`), so a part of a name is not enough.
const GLUE: [&str; 8] = [
    "petrel_sdk::",
    "<petrel_sdk::",
    "wit_bindgen",
    "cabi_",
    "petrel:plugin/",
    "__wasm_call",
    "__wit_",
    "core::ops::function",
];

/// Explains why a call of that name did not return.
pub(crate) fn explain(error: &wasmtime::Error, name: &str, host: &Host) -> Trap {
    let backtrace = backtrace(error);
    if let Some(breach) = error.downcast_ref::<Breach>() {
        let (kind, message) = match breach {
            Breach::Contract(what) => (TrapKind::Contract, what.clone()),
            Breach::EmitLimit(_) => (TrapKind::EmitLimit, breach.to_string()),
            Breach::TimeLimit => return time_limit(name, host, backtrace),
        };
        return Trap { kind, message, backtrace };
    }
    let mut words = guest_words(host);
    if let Some(wanted) = host.limiter.refused() {
        let limit = host.limiter.limit();
        let own = if words.is_empty() { String::new() } else { format!(" ({words})") };
        let message = format!(
            "`{name}` wanted {wanted} bytes of memory in all, and the limit is {limit}: keep less in the plugin{}{own}",
            or_raise(name, "memory_bytes")
        );
        return Trap { kind: TrapKind::MemoryLimit, message, backtrace };
    }
    let reason = if error.is::<I32Exit>() {
        format!("`{name}` ended the plugin as a program is ended (`exit`): return an error instead")
    } else if let Some(trap) = error.downcast_ref::<wasmtime::Trap>() {
        describe(*trap)
    } else {
        format!("{:#}", error.root_cause())
    };
    // A panic says all there is to say; the `unreachable` it ends in is how Rust stops.
    let message = if words.contains("panicked at") {
        words
    } else if words.is_empty() {
        reason
    } else {
        words.insert_str(0, ": ");
        reason + &words
    };
    Trap { kind: TrapKind::Trapped, message, backtrace }
}

/// Explains a call that was given up.
pub(crate) fn time_limit(name: &str, host: &Host, backtrace: Vec<String>) -> Trap {
    let limit = host.limits.batch_ms;
    let message = format!("`{name}` took longer than {limit} ms: do less in one call{}", or_raise(name, "batch_ms"));
    Trap { kind: TrapKind::TimeLimit, message, backtrace }
}

/// The other remedy, for calls whose limits the topology sets: those before it starts are fixed.
fn or_raise(name: &str, limit: &str) -> String {
    if matches!(name, "describe" | "config-keys") { String::new() } else { format!(", or raise `{limit}`") }
}

fn describe(trap: wasmtime::Trap) -> String {
    use wasmtime::Trap::{IntegerDivisionByZero, MemoryOutOfBounds, StackOverflow, UnreachableCodeReached};
    match trap {
        UnreachableCodeReached => "the plugin stopped itself (`unreachable`)".into(),
        MemoryOutOfBounds => "the plugin accessed memory out of bounds".into(),
        StackOverflow => "the plugin exhausted its call stack: a recursion without an end?".into(),
        IntegerDivisionByZero => "the plugin divided by zero".into(),
        other => other.to_string(),
    }
}

/// What the guest printed to its standard error in this call, as one sentence; a panic's words where there is one.
fn guest_words(host: &Host) -> String {
    let mut logger = host.logger();
    logger.flush();
    let lines: Vec<&str> = logger.tail().map(str::trim).filter(|line| !line.is_empty()).collect();
    let start = lines.iter().rposition(|line| line.contains("panicked at")).unwrap_or(0);
    let mut words = String::new();
    for line in &lines[start..] {
        if line.starts_with("note: run with `RUST_BACKTRACE") {
            continue;
        }
        // "thread '<unnamed>' (1) panicked at src/lib.rs:7:5:": the thread says nothing.
        let line = line.find("panicked at").map_or(*line, |at| &line[at..]);
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(line);
    }
    words
}

/// The names of the functions that were running, innermost first.
pub(crate) fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let names: Vec<String> = backtrace.frames().iter().filter_map(|frame| frame.func_name().map(demangled)).collect();
    readable(names)
}

fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

fn readable(names: Vec<String>) -> Vec<String> {
    let is_panic = |name: &&String| PANIC.iter().any(|start| name.starts_with(start));
    let is_glue = |name: &&String| GLUE.iter().any(|start| name.starts_with(start)) || name.contains("_export_");
    let own: Vec<String> =
        names.iter().skip_while(is_panic).filter(|name| !is_glue(name)).take(MAX_FRAMES).cloned().collect();
    if own.is_empty() { names.into_iter().take(MAX_FRAMES).collect() } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plugins_own_functions_stay() {
        let names = [
            "abort",
            "std::sys::pal::abort_internal",
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "core::option::unwrap_failed",
            "word_count::split",
            "<word_count::Split as petrel_sdk::Bolt>::process",
            "word_count::helper",
            "petrel_sdk::export::process",
            "petrel:plugin/bolt@0.1.0#process",
        ];
        let readable = readable(names.map(String::from).to_vec());
        assert_eq!(
            readable,
            ["word_count::split", "<word_count::Split as petrel_sdk::Bolt>::process", "word_count::helper"]
        );
    }

    #[test]
    fn where_nothing_is_the_plugins_own_everything_stays() {
        assert_eq!(super::readable(vec!["abort".into(), "cabi_realloc".into()]), ["abort", "cabi_realloc"]);
    }

    #[test]
    fn names_are_demangled_without_their_hash() {
        assert_eq!(demangled("_ZN10word_count5split17h0123456789abcdefE"), "word_count::split");
    }
}
