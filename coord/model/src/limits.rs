//! What a component's instances may use, and what may be spent on compiling it.

/// What a component's instances may use, each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory and tables, all of an instance together, in bytes.
    pub memory_bytes: u64,
    /// The state of a task: its tables, their keys and its timers, in bytes.
    pub state_bytes: u64,
    /// Time that one call runs, in the guest and in functions of the host, in milliseconds.
    pub batch_ms: u64,
    /// Time that one call waits: for sockets and files, and asleep, in milliseconds. None: [`Limits::IO_MS`], and
    /// without end for a pipe or standard input that is silent.
    pub io_ms: Option<u64>,
    /// Emitted and written by one call, in bytes.
    pub emit_bytes: u64,
    /// Emitted by one call, in rows.
    pub emit_rows: u64,
    /// Handed to functions of the host by one call, in bytes: state, log lines and any other value, each for itself.
    pub host_call_bytes: u64,
    /// Handles that an instance holds at a time: files, sockets, streams, what can be waited for.
    pub handles: u64,
    /// Timers that a task has at a time.
    pub timers: u64,
    /// Tuples that an instance holds at a time.
    pub held_tuples: u64,
    /// Lines that a task logs in a second; more are dropped and counted.
    pub log_lines: u64,
    /// What may be spent on turning the plugin into native code.
    pub compile: CompileLimits,
}

/// What may be spent on turning a plugin into native code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// The size of the component, in bytes.
    pub component_bytes: u64,
    /// How long the compiler may take, in milliseconds.
    pub compile_ms: u64,
    /// Address space of the compiler, in bytes.
    pub compile_memory_bytes: u64,
}

impl Limits {
    /// How long a call waits at most where nothing else is set, in milliseconds.
    pub const IO_MS: u64 = 60_000;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 256 << 20,
            state_bytes: 1 << 30,
            batch_ms: 10_000,
            io_ms: None,
            emit_bytes: 64 << 20,
            emit_rows: 10_000_000,
            host_call_bytes: 64 << 20,
            handles: 1_000,
            timers: 1_000_000,
            held_tuples: 1_000_000,
            log_lines: 1_000,
            compile: CompileLimits::default(),
        }
    }
}

impl Default for CompileLimits {
    fn default() -> CompileLimits {
        CompileLimits { component_bytes: 64 << 20, compile_ms: 60_000, compile_memory_bytes: 2 << 30 }
    }
}
