//! `bolt-output`: what a bolt emits through, and what it says about single tuples.

use super::emit::Emission;
use super::interface;
use crate::anchors;
use crate::cut::{MAX_WORDS_BYTES, cut};
use crate::host::Host;
use petrel_flow::{HoldAction, Origin, RowFault};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

type Handles = (WasmList<u64>,);

pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut output = linker.instance(&interface("bolt-output"))?;
    output.func_wrap("emit", |cx, (output, frame, anchors): (u32, WasmList<u8>, WasmList<u32>)| {
        emit(cx, Emission { output, direct: None, frame }, &anchors)
    })?;
    output.func_wrap(
        "emit-direct",
        |cx, (output, task, frame, anchors): (u32, u32, WasmList<u8>, WasmList<u32>)| {
            emit(cx, Emission { output, direct: Some(task), frame }, &anchors)
        },
    )?;
    output.func_wrap("reject", |cx, (row, reason): (u32, String)| fault(cx, "reject", row, reason, None))?;
    output.func_wrap("retry", |cx, (row, after_ms, reason): (u32, u64, String)| {
        fault(cx, "retry", row, reason, Some(after_ms))
    })?;
    output.func_wrap("at-row", |mut cx: StoreContextMut<'_, Host>, (row,): (u32,)| {
        let call = &mut cx.data_mut().call;
        call.check_row("at-row", row)?;
        call.effects.at_row = Some(row);
        Ok(())
    })?;
    output.func_wrap("hold", |cx, (rows,): (WasmList<u32>,)| hold(cx, &rows))?;
    output.func_wrap("ack", |cx, (handles,): Handles| act(cx, &handles, HoldAction::Ack))?;
    output.func_wrap("fail", |cx, (handles,): Handles| act(cx, &handles, HoldAction::Fail))?;
    output.func_wrap("reset-timeout", |cx, (handles,): Handles| act(cx, &handles, HoldAction::ResetTimeout))
}

fn emit(mut cx: StoreContextMut<'_, Host>, emission: Emission, anchors: &WasmList<u32>) -> wasmtime::Result<()> {
    // Without anchors every row comes from all of the call: that is known of each frame.
    let words = match anchors.len() {
        0 if cx.data().tracking => cx.data().call.rows.unwrap_or(0) as usize,
        words => words,
    };
    emission.stage(&mut cx, 4 * words, |cx, rows| {
        let anchors = anchors.as_le_slice(cx);
        anchors::check(anchors, rows, cx.data().call.rows.unwrap_or(0))?;
        Ok(Origin::Anchors(anchors.to_vec()))
    })
}

fn fault(
    mut cx: StoreContextMut<'_, Host>,
    function: &str,
    row: u32,
    reason: String,
    retry_after_ms: Option<u64>,
) -> wasmtime::Result<()> {
    // It goes to the dead letters with every row.
    let reason = cut(reason, MAX_WORDS_BYTES);
    let call = &mut cx.data_mut().call;
    call.check_row(function, row)?;
    call.charge(reason.len())?;
    call.effects.faults.push(RowFault { row, reason, retry_after_ms });
    Ok(())
}

fn hold(mut cx: StoreContextMut<'_, Host>, rows: &WasmList<u32>) -> wasmtime::Result<(u64,)> {
    let rows = rows.as_le_slice(&cx).to_vec();
    let call = &mut cx.data_mut().call;
    for &row in &rows {
        call.check_row("hold", row)?;
    }
    call.charge_held(rows.len())?;
    call.charge(4 * rows.len())?;
    let handle = call.new_handle();
    call.effects.holds.push(HoldAction::Hold(handle, rows));
    Ok((handle,))
}

fn act(
    mut cx: StoreContextMut<'_, Host>,
    handles: &WasmList<u64>,
    action: fn(Vec<u64>) -> HoldAction,
) -> wasmtime::Result<()> {
    let handles = handles.as_le_slice(&cx).to_vec();
    let call = &mut cx.data_mut().call;
    call.charge(8 * handles.len())?;
    call.effects.holds.push(action(handles));
    Ok(())
}
