//! `state`: host-owned state. Frames are read where the guest has them; what they ask for is checked and staged by
//! `petrel_state::TaskState`.

use super::{broken, interface};
use crate::host::Host;
use crate::trap::Breach;
use petrel_frame::FrameBuf;
use petrel_state::{StateError, TaskState};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

type Bytes = WasmList<u8>;

pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut state = linker.instance(&interface("state"))?;
    state.func_wrap("put", |cx, (table, values): (u32, Bytes)| {
        let values = values.as_le_slice(&cx);
        on_state(&cx, "put", |state| state.put(table, values))
    })?;
    state.func_wrap("get", |cx, (table, keys): (u32, Bytes)| {
        let keys = keys.as_le_slice(&cx);
        let mut out = FrameBuf::new();
        on_state(&cx, "get", |state| state.get(table, keys, &mut out))?;
        Ok((out.to_vec(),))
    })?;
    state.func_wrap("set", |cx, (table, keys, values): (u32, Bytes, Bytes)| {
        let keys = keys.as_le_slice(&cx);
        let values = values.as_le_slice(&cx);
        on_state(&cx, "set", |state| state.set(table, keys, values))
    })?;
    state.func_wrap("append", |cx, (table, keys, values): (u32, Bytes, Bytes)| {
        let keys = keys.as_le_slice(&cx);
        let values = values.as_le_slice(&cx);
        on_state(&cx, "append", |state| state.append(table, keys, values))
    })?;
    state.func_wrap("scan", |cx, (table, from, max): (u32, u64, u32)| {
        let mut out = FrameBuf::new();
        let next = on_state(&cx, "scan", |state| state.scan(table, from, max, &mut out))?;
        Ok(((next, out.to_vec()),))
    })?;
    state.func_wrap("entries", |cx, (table, key): (u32, Bytes)| {
        let key = key.as_le_slice(&cx);
        let mut out = FrameBuf::new();
        on_state(&cx, "entries", |state| state.entries(table, key, &mut out))?;
        Ok((out.to_vec(),))
    })
}

/// Runs a function of the state; what it refuses breaks the contract.
pub(super) fn on_state<T>(
    cx: &StoreContextMut<'_, Host>,
    function: &str,
    run: impl FnOnce(&mut TaskState) -> Result<T, StateError>,
) -> wasmtime::Result<T> {
    cx.data().call.with_state(function, run)?.map_err(|error| match error {
        StateError::TooMuchStaged { limit } => Breach::HostCallBytes(limit as u64).into(),
        error => broken(error.to_string()),
    })
}
