//! The WebAssembly engine: its settings and the clock that interrupts guests.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use wasmtime::{Config, Engine, InstanceAllocationStrategy};

/// How often the epoch moves on while no guest is interrupted: calls are short, and nobody notices the clock.
///
/// A guest that goes on for longer than two ticks is interrupted, to let others run and to look at its time limit.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// How often it moves on while guests are interrupted. Guests that never return, one on each thread, take turns with all other tasks,
/// which keep a thread for a fraction of a millisecond: turns that are much longer would leave them next to nothing.
const BUSY_TICK: Duration = Duration::from_micros(500);

/// It stays fast for so many ticks after the last interruption: while others have their turns there is none.
const BUSY_TICKS: u32 = 200;

/// How many guests were interrupted, of all engines in the process.
static INTERRUPTIONS: AtomicU64 = AtomicU64::new(0);

/// A guest was interrupted: for a while, the clock ticks faster.
pub(crate) fn note_interruption() {
    INTERRUPTIONS.fetch_add(1, Relaxed);
}

/// Stack of a guest's own calls. Rust guests keep most of their stack in linear memory and need little of it;
/// interpreters compiled to WebAssembly need more.
pub(crate) const WASM_STACK_BYTES: usize = 1 << 20;

/// Stack of the fibre a call runs on: the guest's calls and, above them, those of our imports.
const FIBRE_STACK_BYTES: usize = 2 << 20;

/// Starts an engine and the thread that drives its epochs.
///
/// # Errors
/// When the machine is not supported, or the thread cannot be started.
pub(crate) fn start() -> wasmtime::Result<Engine> {
    let engine = Engine::new(&config())?;
    let weak = engine.weak();
    // A thread of its own, not a task: a guest that keeps every thread of the runtime busy could starve a task that
    // is meant to interrupt it. It holds the engine weakly and so ends with it.
    thread::Builder::new().name("petrel-epoch".into()).spawn(move || {
        let (mut seen, mut busy_ticks) = (0, 0_u32);
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            let interruptions = INTERRUPTIONS.load(Relaxed);
            busy_ticks = if interruptions == seen { busy_ticks.saturating_sub(1) } else { BUSY_TICKS };
            seen = interruptions;
            thread::sleep(if busy_ticks > 0 { BUSY_TICK } else { TICK });
        }
    })?;
    Ok(engine)
}

/// The settings, the same in every process.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    // Concurrent component calls cost every call three to four times as much, and no guest of WASI 0.2 has any.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    config.memory_init_cow(true);
    config.max_wasm_stack(WASM_STACK_BYTES);
    config.async_stack_size(FIBRE_STACK_BYTES);
    // A batch gives the same result on every machine: one NaN, one way to round.
    config.cranelift_nan_canonicalization(true);
    config.relaxed_simd_deterministic(true);
    config.wasm_simd(true);
    config.wasm_relaxed_simd(true);
    // What no toolchain for wasm32-wasip2 emits stays out, so that its code in the engine is never reached.
    config.wasm_multi_memory(false);
    config.wasm_memory64(false);
    config.wasm_tail_call(false);
    config.wasm_custom_page_sizes(false);
    config.wasm_wide_arithmetic(false);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_does_not_keep_the_engine() {
        let engine = start().unwrap();
        let weak = engine.weak();
        drop(engine);
        let patience = std::time::Instant::now();
        while weak.upgrade().is_some() {
            assert!(patience.elapsed() < Duration::from_secs(30), "somebody still holds the engine");
            thread::yield_now();
        }
    }
}
