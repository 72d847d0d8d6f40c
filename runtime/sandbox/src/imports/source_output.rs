//! `source-output`: what a spout emits through.

use super::emit::Emission;
use super::interface;
use crate::host::Host;
use petrel_flow::Origin;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut output = linker.instance(&interface("source-output"))?;
    output.func_wrap("emit", |cx, (output, frame, ids, position): Emit| {
        emit(cx, Emission { output, direct: None, frame }, &ids, &position)
    })?;
    output.func_wrap("emit-direct", |cx, (output, task, frame, ids, position): EmitDirect| {
        emit(cx, Emission { output, direct: Some(task), frame }, &ids, &position)
    })
}

type Emit = (u32, WasmList<u8>, WasmList<u64>, WasmList<u8>);
type EmitDirect = (u32, u32, WasmList<u8>, WasmList<u64>, WasmList<u8>);

fn emit(
    mut cx: StoreContextMut<'_, Host>,
    emission: Emission,
    ids: &WasmList<u64>,
    position: &WasmList<u8>,
) -> wasmtime::Result<()> {
    let beside = 8 * ids.len() + position.len();
    emission.stage(&mut cx, beside, |cx, rows| {
        if ids.len() != 0 && ids.len() != rows {
            return Err(format!("there is an id for each row or none: {} ids for {rows} rows", ids.len()));
        }
        Ok(Origin::Source { ids: ids.as_le_slice(cx).to_vec(), position: position.as_le_slice(cx).to_vec() })
    })
}
