//! What went wrong in a call, in the words of the guest and of its function names.

use crate::cut::{MAX_NAME_BYTES, MAX_WORDS_BYTES, cut, note};
use crate::deadline::Over;
use crate::engine::WASM_STACK_BYTES;
use crate::host::Host;
use crate::limits::MAX_PARTS;
use petrel_flow::{Trap, TrapKind};
use petrel_model::Limits;
use petrel_state::StateError;
use std::fmt;
use wasmtime::WasmBacktrace;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

/// A reason for which the host itself stops a call. Numbers are the limits that were reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// The guest broke the contract.
    Contract(String),
    /// It ran too long.
    Running,
    /// It waited too long.
    Waiting,
    /// It emitted, or staged, too many bytes in one call.
    EmitBytes(u64),
    /// It emitted too many rows in one call.
    EmitRows(u64),
    /// It handed too much to functions of the host.
    HostCallBytes(u64),
    /// It has too many files open.
    Handles(u64),
    /// It holds too many tuples.
    HeldTuples(u64),
}

impl fmt::Display for Breach {
    /// For developers: what users read is [`explain`]ed, which knows the call.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Contract(what) => f.write_str(what),
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::error::Error for Breach {}

impl From<Over> for Breach {
    fn from(over: Over) -> Breach {
        match over {
            Over::Running => Breach::Running,
            Over::Waiting => Breach::Waiting,
        }
    }
}

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

/// A trap with words that are fit to be kept.
pub(crate) fn trap(kind: TrapKind, message: String, backtrace: Vec<String>) -> Trap {
    Trap { kind, message: cut(message, MAX_WORDS_BYTES), backtrace }
}

/// Explains why a call of that name did not return.
pub(crate) fn explain(error: &wasmtime::Error, name: &str, host: &Host) -> Trap {
    let backtrace = backtrace(error);
    let found = error.downcast_ref::<Breach>().cloned().or_else(|| hidden_breach(error, host));
    if let Some(breach) = found {
        return of_breach(breach, name, host, backtrace);
    }
    if error.root_cause().to_string().starts_with("resource limit exceeded: ") {
        let message =
            format!("a plugin has at most {MAX_PARTS} instances, memories and tables each, and this one has more");
        return trap(TrapKind::MemoryLimit, message, backtrace);
    }
    let mut words = guest_words(host);
    if let Some(wanted) = host.limiter.refused() {
        let limit = host.limiter.limit();
        let own = if words.is_empty() { String::new() } else { format!(" ({words})") };
        let message = format!(
            "`{name}` wanted {wanted} bytes of memory in all, and the limit is {limit}: keep less in the plugin{}{own}",
            or_raise(name, "memory_bytes")
        );
        return trap(TrapKind::MemoryLimit, message, backtrace);
    }
    if let Some(message) = exhausted_stack(error, name) {
        return trap(TrapKind::StackLimit, message, backtrace);
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
    trap(TrapKind::Trapped, message, backtrace)
}

/// Explains a reason of the host's.
pub(crate) fn of_breach(breach: Breach, name: &str, host: &Host, backtrace: Vec<String>) -> Trap {
    let (kind, what, remedy, key) = match breach {
        Breach::Contract(what) => return trap(TrapKind::Contract, what, backtrace),
        Breach::Running => {
            let limit = host.limits.batch_ms;
            (TrapKind::TimeLimit, format!("took longer than {limit} ms"), "do less in one call", "batch_ms")
        }
        Breach::Waiting => {
            let limit = host.limits.io_ms.unwrap_or(Limits::IO_MS);
            let what = format!("waited longer than {limit} ms for sockets, files or to wake up");
            (TrapKind::IoLimit, what, "wait less in one call", "io_ms")
        }
        Breach::EmitBytes(limit) => {
            let what = format!("emitted and staged more than {limit} bytes");
            (TrapKind::EmitLimit, what, "emit less in one call", "emit_bytes")
        }
        Breach::EmitRows(limit) => {
            (TrapKind::RowLimit, format!("emitted more than {limit} rows"), "emit less in one call", "emit_rows")
        }
        Breach::HostCallBytes(limit) => {
            let what = format!("handed more than {limit} bytes to functions of the host");
            (TrapKind::HostCallLimit, what, "hand over less at a time", "host_call_bytes")
        }
        Breach::Handles(limit) => {
            let what = format!("wanted more than {limit} handles of files, sockets and streams");
            (TrapKind::HandleLimit, what, "close those that are done with", "handles")
        }
        Breach::HeldTuples(limit) => {
            let what = format!("wanted to hold more than {limit} tuples");
            (TrapKind::HoldLimit, what, "ack or fail earlier ones first", "held_tuples")
        }
    };
    trap(kind, format!("`{name}` {what}: {remedy}{}", or_raise(name, key)), backtrace)
}

/// What the state refuses at the end of a call, or while it is staged.
pub(crate) fn of_state(error: &StateError) -> Option<TrapKind> {
    match error {
        StateError::TooMuchStaged { .. } => Some(TrapKind::HostCallLimit),
        StateError::StateTooLarge { .. } => Some(TrapKind::StateLimit),
        StateError::TooManyTimers { .. } => Some(TrapKind::TimerLimit),
        _ => None,
    }
}

/// The limits that the engine enforces for us. It has no types for some of them, so tests hold these words.
fn hidden_breach(error: &wasmtime::Error, host: &Host) -> Option<Breach> {
    let handles = Breach::Handles(host.limits.handles);
    for cause in error.chain() {
        if matches!(cause.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full)) {
            return Some(handles);
        }
        let words = cause.to_string();
        if words.contains("store handle limit exceeded") {
            return Some(handles);
        }
        if words.contains("fuel allocated for hostcalls has been exhausted") {
            return Some(Breach::HostCallBytes(host.limits.host_call_bytes));
        }
    }
    None
}

/// The other remedy, for calls whose limits the topology sets: those before it starts are fixed.
fn or_raise(name: &str, limit: &str) -> String {
    if matches!(name, "describe" | "config-keys") { String::new() } else { format!(", or raise `{limit}`") }
}

/// A plugin has two stacks: the engine's, and that of large values, which lies at the start of its memory. Beyond the
/// start of the second there are no addresses, so that an access there looks like one near 4 GiB; where the engine does
/// not tell the address, a recursion is known by its functions.
fn exhausted_stack(error: &wasmtime::Error, name: &str) -> Option<String> {
    const WRAPPED: u64 = 0xff00_0000;
    match error.downcast_ref::<wasmtime::Trap>()? {
        wasmtime::Trap::StackOverflow => Some(format!(
            "`{name}` exhausted its call stack of {WASM_STACK_BYTES} bytes: a recursion without an end? This limit cannot be \
             raised: recurse less deeply"
        )),
        wasmtime::Trap::MemoryOutOfBounds
            if faulting_address(error).map_or_else(|| is_recursion(error), |address| address >= WRAPPED) =>
        {
            Some(format!(
                "`{name}` exhausted the stack in its memory: a recursion without an end, or very large values on the stack? Its size \
             is fixed when the plugin is built: 1 MiB, or as `-C link-arg=-zstack-size=BYTES` says"
            ))
        }
        _ => None,
    }
}

/// Whether the innermost functions are the same ones again and again, as far as the engine tells them.
fn is_recursion(error: &wasmtime::Error) -> bool {
    const TOLD: usize = 20;
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return false };
    let frames = backtrace.frames();
    let again = |frame: &wasmtime::FrameInfo| {
        let same = |other: &&wasmtime::FrameInfo| other.func_index() == frame.func_index();
        frames.iter().filter(same).count() >= TOLD / 4
    };
    frames.len() >= TOLD && frames.iter().any(again)
}

/// The address in the guest's memory that it had no right to access.
fn faulting_address(error: &wasmtime::Error) -> Option<u64> {
    const FAULT: &str = "memory fault at wasm address 0x";
    error.chain().find_map(|cause| {
        let words = cause.to_string();
        let digits = words.strip_prefix(FAULT)?.split(' ').next()?;
        u64::from_str_radix(digits, 16).ok()
    })
}

fn describe(trap: wasmtime::Trap) -> String {
    use wasmtime::Trap::{IntegerDivisionByZero, MemoryOutOfBounds, UnreachableCodeReached};
    match trap {
        UnreachableCodeReached => "the plugin stopped itself (`unreachable`)".into(),
        MemoryOutOfBounds => "the plugin accessed memory out of bounds".into(),
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
    if logger.cut_from_tail() > 0 {
        // Cut here already: what says how much is missing must not be cut itself.
        words = cut(words, MAX_WORDS_BYTES - 64) + &note(logger.cut_from_tail());
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
    // A hostile name may be of any length, and demangled it may be far longer.
    const MOST: usize = 16 * MAX_NAME_BYTES;
    if name.len() > MOST {
        return cut(name[..name.floor_char_boundary(MOST)].to_owned(), MAX_NAME_BYTES);
    }
    cut(format!("{:#}", rustc_demangle::demangle(name)), MAX_NAME_BYTES)
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
        assert!(demangled(&"x".repeat(10 << 20)).len() < 2 * MAX_NAME_BYTES);
    }
}
