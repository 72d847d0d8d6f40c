//! The sandbox: plugins as WebAssembly components, with nothing they were not given.
//!
//! This is the only crate that names the WebAssembly runtime. It turns the bytes of a component into a [`Plugin`],
//! asks it about itself, makes [`Instance`]s of it, and makes calls on them:
//!
//! ```text
//!  bytes ──load──▶ Plugin ──describe──▶ what it reads, emits, keeps, needs
//!                    │                  (in a sandbox of its own, without any capability)
//!                    └──instantiate──▶ Instance ──call──▶ Returned + Effects, or a Trap
//!                       InstanceSpec      ▲ │ imports
//!              grants, limits, log, seed ─┘ ▼
//!                       emit · state · timers · files · log · metrics · WASI as far as granted
//! ```
//!
//! # Invariants
//!
//! - A guest touches what its grants name and nothing else: no file, address, variable or secret besides.
//! - A guest ends: every call has a time limit for running and one for waiting, and everything it can make the host keep
//!   (memory, state, emissions, timers, held tuples, log lines, open files, words of errors) is bounded.
//! - What a guest emits was validated before anybody sees it. What breaks the contract is a [`Trap`](petrel_flow::Trap)
//!   whose message says what was wrong.
//! - After a trap, a limit or an abandoned call the instance is unusable, and says so.
//! - Native code comes from this process's compiler, or from a private folder with a code that only its owner can
//!   have made. It is never accepted from users.
//! - Clocks and randomness are the host's: the same call on the same instance state does the same.
//!
//! # Example
//!
//! ```no_run
//! use petrel_sandbox::{Compiler, Sandbox, SandboxConfig};
//!
//! let sandbox = Sandbox::new(SandboxConfig { cache_dir: "cache".into(), compiler: Compiler::InProcess })?;
//! let plugin = sandbox.load(&std::fs::read("plugin.wasm")?)?;
//! println!("a {} with the digest {}", plugin.world().name(), plugin.digest());
//! for key in plugin.config_keys()? {
//!     println!("{}: {}", key.name, key.help);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod anchors;
mod cache;
mod clock;
mod compiler;
mod compiler_child;
mod contract;
mod convert;
mod cut;
mod deadline;
mod describe;
mod engine;
mod files;
mod guest_output;
mod host;
mod imports;
mod instance;
mod limits;
mod load;
mod log;
mod logger;
mod lookup;
mod net;
mod plugin;
mod plugin_metrics;
mod random;
mod sandbox;
mod scope;
mod secret;
mod sniff;
mod spec;
mod system_lines;
mod trap;
mod usage;
mod wasi;

pub use cache::CacheError;
pub use compiler::Compiler;
pub use compiler_child::compile_as_child;
pub use describe::DescribeError;
pub use files::{Meeting, PrintTarget, Reach, WriteError, check_readable};
pub use instance::{Instance, Silence};
pub use load::LoadError;
pub use log::{LogLevel, LogLine, LogLines, LogSink, LogSource};
pub use logger::LogBudget;
pub use plugin::Plugin;
pub use plugin_metrics::PluginMetrics;
pub use sandbox::{Sandbox, SandboxConfig, SandboxError};
pub use spec::{Consumer, InstanceSpec};
pub use system_lines::LogLosses;
pub use usage::Usage;
