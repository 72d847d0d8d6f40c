//! `files`: the files behind configuration keys.

use super::{broken, interface};
use crate::files::Chunk;
use crate::host::Host;
use crate::log::LogLevel;
use crate::trap::Breach;
use petrel_flow::Write;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

type Answer<T> = wasmtime::Result<(Result<T, String>,)>;

pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut files = linker.instance(&interface("files"))?;
    files.func_wrap_async("list-files", |cx, (key,): (String,)| Box::new(list_files(cx, key)))?;
    files.func_wrap_async("read", |cx, (key, file, offset, max): (String, u32, u64, u32)| {
        Box::new(read(cx, key, file, offset, max))
    })?;
    files.func_wrap_async("read-ready", |cx, (key, file, offset, max): (String, u32, u64, u32)| {
        Box::new(read_ready(cx, key, file, offset, max))
    })?;
    files.func_wrap_async("create", |cx, (key, name): (String, String)| Box::new(create(cx, key, name)))?;
    files
        .func_wrap_async("open", |cx, (key, name, keep): (String, String, bool)| Box::new(open(cx, key, name, keep)))?;
    files.func_wrap_async("list-written", |cx, (key,): (String,)| Box::new(list_written(cx, key)))?;
    files.func_wrap_async("remove", |cx, (key, name): (String, String)| Box::new(remove(cx, key, name)))?;
    files.func_wrap("append", |cx, (handle, data): (u32, WasmList<u8>)| append(cx, handle, &data))?;
    files.func_wrap("print", |cx, (data,): (WasmList<u8>,)| print(cx, &data))
}

async fn list_files(mut cx: StoreContextMut<'_, Host>, key: String) -> Answer<Vec<String>> {
    let host = cx.data_mut();
    let names = host.readable.list(&key).await;
    tell_left_out(host);
    Ok((names,))
}

async fn read(mut cx: StoreContextMut<'_, Host>, key: String, file: u32, offset: u64, max: u32) -> Answer<Chunk> {
    let host = cx.data_mut();
    let chunk = host.readable.read(&key, file, offset, max, &host.deadline).await;
    tell_left_out(host);
    Ok((chunk,))
}

async fn read_ready(
    mut cx: StoreContextMut<'_, Host>,
    key: String,
    file: u32,
    offset: u64,
    max: u32,
) -> Answer<Option<Chunk>> {
    let host = cx.data_mut();
    let chunk = host.readable.read_ready(&key, file, offset, max).await;
    tell_left_out(host);
    Ok((chunk,))
}

/// Says what a folder or a glob has and the guest does not get: whoever granted it may expect its content.
fn tell_left_out(host: &mut Host) {
    for line in host.readable.take_left_out() {
        host.logger().tell(LogLevel::Warn, &line);
    }
}

async fn create(cx: StoreContextMut<'_, Host>, key: String, name: String) -> Answer<u32> {
    let (opened,) = open(cx, key, name, false).await?;
    Ok((opened.map(|(handle, _)| handle),))
}

async fn open(mut cx: StoreContextMut<'_, Host>, key: String, name: String, keep: bool) -> Answer<(u32, u64)> {
    let host = cx.data_mut();
    if !host.writable.has_room(&key, &name, host.limits.handles) {
        return Err(Breach::Handles(host.limits.handles).into());
    }
    // Opening a named pipe waits for whoever reads it.
    let _silent = host.deadline.silence();
    Ok((host.writable.open(&key, &name, keep).await,))
}

async fn list_written(cx: StoreContextMut<'_, Host>, key: String) -> Answer<Vec<String>> {
    Ok((cx.data().writable.list(&key).await,))
}

async fn remove(cx: StoreContextMut<'_, Host>, key: String, name: String) -> Answer<()> {
    Ok((cx.data().writable.remove(&key, &name).await,))
}

fn append(mut cx: StoreContextMut<'_, Host>, handle: u32, data: &WasmList<u8>) -> Answer<()> {
    if !cx.data().writable.has(handle) {
        return Err(broken(format!("`append` to file {handle}, which was never opened")));
    }
    stage(&mut cx, data, |bytes| Write::Append(handle, bytes))
}

fn print(mut cx: StoreContextMut<'_, Host>, data: &WasmList<u8>) -> Answer<()> {
    stage(&mut cx, data, Write::Print)
}

fn stage(cx: &mut StoreContextMut<'_, Host>, data: &WasmList<u8>, write: impl FnOnce(Vec<u8>) -> Write) -> Answer<()> {
    cx.data_mut().call.charge(data.len())?;
    let bytes = data.as_le_slice(&*cx).to_vec();
    cx.data_mut().call.effects.writes.push(write(bytes));
    Ok((Ok(()),))
}
