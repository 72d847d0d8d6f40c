//! `timers`: timers of keys.

use super::interface;
use super::state::on_state;
use crate::contract::timers::Clock as ContractClock;
use crate::host::Host;
use petrel_state::Clock;
use wasmtime::component::{Linker, WasmList};

type ByFrame = (u32, ContractClock, WasmList<u8>, WasmList<i64>);
type ByNumber = (u32, ContractClock, WasmList<u32>, WasmList<i64>);

pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut timers = linker.instance(&interface("timers"))?;
    timers.func_wrap("set", |cx, (table, clock, keys, times): ByFrame| {
        let keys = keys.as_le_slice(&cx);
        let times = times.as_le_slice(&cx);
        on_state(&cx, "set-timers", |state| state.set_timers(table, which(clock), keys, times))
    })?;
    timers.func_wrap("set-passed", |cx, (table, clock, keys, times): ByNumber| {
        let (keys, times) = (keys.as_le_slice(&cx), times.as_le_slice(&cx));
        on_state(&cx, "set-passed", |state| state.set_timers_passed(table, which(clock), keys, times))
    })?;
    timers.func_wrap("cancel", |cx, (table, clock, keys, times): ByFrame| {
        let keys = keys.as_le_slice(&cx);
        let times = times.as_le_slice(&cx);
        on_state(&cx, "cancel", |state| state.cancel_timers(table, which(clock), keys, times))
    })
}

fn which(clock: ContractClock) -> Clock {
    match clock {
        ContractClock::Processing => Clock::Processing,
        ContractClock::Event => Clock::Event,
    }
}
