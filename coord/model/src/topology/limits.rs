//! `limits = { … }`: what a component's instances may use.

use super::table::Table;
use crate::limits::{CompileLimits, Limits};
use alloc::format;
use alloc::string::String;

/// Longer than this nothing may be made to wait.
pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

const PAGE_BYTES: u64 = 65_536;
const ANY: u64 = i64::MAX as u64;
const BYTES: &str = "it is in bytes: 256 MiB are 268_435_456";
const MILLISECONDS: &str = "it is in milliseconds, for one call";

/// Reads the limits of a component; the defaults where there are none.
pub(crate) fn read(table: &mut Table<'_>, component: &str) -> Limits {
    let Some(entries) = table.table("limits") else { return Limits::default() };
    let owner = format!("`limits` of component `{component}`");
    let mut table = Table::new(owner, entries.place, entries.value, table.problems());
    let mut get = |key, least, most, help| table.integer(key, least, most, help).map(|value| value.value);
    let default = Limits::default();
    let limits = Limits {
        memory_bytes: get("memory_bytes", PAGE_BYTES, ANY, BYTES).unwrap_or(default.memory_bytes),
        state_bytes: get("state_bytes", 0, ANY, BYTES).unwrap_or(default.state_bytes),
        batch_ms: get("batch_ms", 1, DAY_MS, MILLISECONDS).unwrap_or(default.batch_ms),
        io_ms: get("io_ms", 1, DAY_MS, MILLISECONDS),
        emit_bytes: get("emit_bytes", 1, ANY, BYTES).unwrap_or(default.emit_bytes),
        emit_rows: get("emit_rows", 1, ANY, "it is the number of tuples that one call emits")
            .unwrap_or(default.emit_rows),
        host_call_bytes: get("host_call_bytes", PAGE_BYTES, ANY, BYTES).unwrap_or(default.host_call_bytes),
        handles: get(
            "handles",
            16,
            1_000_000,
            "it is the number of files, sockets and streams that are open at a time",
        )
        .unwrap_or(default.handles),
        timers: get("timers", 0, ANY, "it is the number of timers of one task").unwrap_or(default.timers),
        held_tuples: get("held_tuples", 0, ANY, "it is the number of tuples held by one task")
            .unwrap_or(default.held_tuples),
        log_lines: get("log_lines", 0, 1_000_000, "it is the number of lines that one task logs in a second")
            .unwrap_or(default.log_lines),
        compile: CompileLimits {
            component_bytes: get("component_bytes", 1, 1 << 32, BYTES).unwrap_or(default.compile.component_bytes),
            compile_ms: get("compile_ms", 1, DAY_MS, "it is in milliseconds, for one component")
                .unwrap_or(default.compile.compile_ms),
            compile_memory_bytes: get("compile_memory_bytes", 64 << 20, ANY, BYTES)
                .unwrap_or(default.compile.compile_memory_bytes),
        },
    };
    table.finish();
    limits
}

/// The same limits as they would be written, all of them.
pub(crate) fn written(limits: &Limits) -> String {
    let Limits {
        memory_bytes,
        state_bytes,
        batch_ms,
        io_ms,
        emit_bytes,
        emit_rows,
        host_call_bytes,
        handles,
        timers,
        held_tuples,
        log_lines,
        compile,
    } = limits;
    let CompileLimits { component_bytes, compile_ms, compile_memory_bytes } = compile;
    // Left out is not the same as the default: a silent pipe is only waited for without end where it is left out.
    let io_ms = io_ms.map_or_else(String::new, |io_ms| format!("io_ms = {io_ms}, "));
    format!(
        "limits = {{ memory_bytes = {memory_bytes}, state_bytes = {state_bytes}, batch_ms = {batch_ms}, {io_ms}\
         emit_bytes = {emit_bytes}, emit_rows = {emit_rows}, host_call_bytes = {host_call_bytes}, handles = {handles}, \
         timers = {timers}, held_tuples = {held_tuples}, log_lines = {log_lines}, component_bytes = {component_bytes}, \
         compile_ms = {compile_ms}, compile_memory_bytes = {compile_memory_bytes} }}"
    )
}
