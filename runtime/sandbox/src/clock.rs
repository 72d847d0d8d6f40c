//! The clocks a guest sees. They belong to the call, so that a call can be repeated exactly.
//!
//! Both stand at the time the host gave to the call and move by a microsecond with each look, so that a guest which
//! waits by looking at the clock comes to an end. A sleep takes real time, and the clocks then stand at its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// How far a look at a clock moves it.
const LOOK_NANOS: u64 = 1_000;

/// The clocks of an instance. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallClock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The host's time at the start of the call, in microseconds since 1970.
    call_us: AtomicI64,
    /// The monotonic clock at the start of the call.
    call_nanos: AtomicU64,
    /// The monotonic clock now.
    nanos: AtomicU64,
}

impl CallClock {
    /// A call begins at that time.
    pub(crate) fn begin(&self, now_us: i64) {
        let before = self.0.call_us.swap(now_us, Relaxed);
        // From one call to the next the monotonic clock moves as the host's does, and never back.
        let passed = if before == 0 { 0 } else { now_us.saturating_sub(before).max(0) as u64 * 1_000 };
        let start = (self.0.call_nanos.load(Relaxed) + passed).max(self.0.nanos.load(Relaxed));
        self.0.call_nanos.store(start, Relaxed);
        self.0.nanos.store(start, Relaxed);
    }

    fn look(&self) -> u64 {
        self.0.nanos.fetch_add(LOOK_NANOS, Relaxed) + LOOK_NANOS
    }

    fn advance_to(&self, nanos: u64) {
        self.0.nanos.fetch_max(nanos, Relaxed);
    }
}

impl HostWallClock for CallClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(LOOK_NANOS)
    }

    fn now(&self) -> Duration {
        let in_call = self.look() - self.0.call_nanos.load(Relaxed);
        Duration::from_micros(self.0.call_us.load(Relaxed).max(0) as u64) + Duration::from_nanos(in_call)
    }
}

impl HostMonotonicClock for CallClock {
    fn resolution(&self) -> u64 {
        LOOK_NANOS
    }

    fn now(&self) -> u64 {
        self.look()
    }
}

/// What the monotonic clock's interface works on.
pub(crate) struct ClockView<'a> {
    pub(crate) clock: &'a CallClock,
    pub(crate) table: &'a mut ResourceTable,
}

struct HasClock;

impl HasData for HasClock {
    type Data<'a> = ClockView<'a>;
}

/// Puts our monotonic clock in the place of WASI's, whose sleeps would not move it.
pub(crate) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ClockView<'_>,
) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<T, HasClock>(linker, view)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl ClockView<'_> {
    fn sleep(&mut self, nanos: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let from = self.clock.0.nanos.load(Relaxed);
        let sleep = Sleep {
            // A time too far away to be represented is as good as never.
            until: tokio::time::Instant::now().checked_add(Duration::from_nanos(nanos)),
            moves_to: from.saturating_add(nanos),
            clock: self.clock.clone(),
        };
        let sleep = self.table.push(sleep)?;
        subscribe(self.table, sleep)
    }
}

impl monotonic_clock::Host for ClockView<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.clock.look())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(LOOK_NANOS)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.clock.look();
        self.sleep(when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, nanos: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.sleep(nanos)
    }
}

struct Sleep {
    until: Option<tokio::time::Instant>,
    moves_to: u64,
    clock: CallClock,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        match self.until {
            // Also where the time has come: a guest that polls in a loop must let others run.
            Some(until) if until <= tokio::time::Instant::now() => tokio::task::yield_now().await,
            Some(until) => tokio::time::sleep_until(until).await,
            None => std::future::pending().await,
        }
        self.clock.advance_to(self.moves_to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monotonic(clock: &CallClock) -> u64 {
        HostMonotonicClock::now(clock)
    }

    #[test]
    fn the_clocks_stand_at_the_call_and_move_with_each_look() {
        let clock = CallClock::default();
        clock.begin(1_700_000_000_000_000);
        let first = HostWallClock::now(&clock);
        assert_eq!(first.as_micros(), 1_700_000_000_000_001);
        assert_eq!(HostWallClock::now(&clock).as_micros(), 1_700_000_000_000_002);
        assert_eq!(monotonic(&clock), 3_000);
    }

    #[test]
    fn the_monotonic_clock_follows_the_host_and_never_goes_back() {
        let clock = CallClock::default();
        clock.begin(5_000_000);
        let first = monotonic(&clock);
        clock.begin(6_000_000);
        assert!(monotonic(&clock) - first >= 999_000_000);
        let later = monotonic(&clock);
        clock.begin(4_000_000); // the host's clock was set back
        assert!(monotonic(&clock) > later);
        clock.advance_to(later + 1_000_000_000);
        assert!(monotonic(&clock) > later + 1_000_000_000);
    }

    #[test]
    fn the_same_call_sees_the_same_times() {
        let look = || {
            let clock = CallClock::default();
            clock.begin(123_456_789);
            (0..5).map(|_| (HostWallClock::now(&clock), monotonic(&clock))).collect::<Vec<_>>()
        };
        assert_eq!(look(), look());
    }
}
