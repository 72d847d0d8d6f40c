//! The host's functions in a native process: whatever [`Host`] is in place on this thread.

use super::{Clock, Level};
use crate::time::Timestamp;
use std::cell::RefCell;
use std::rc::Rc;

/// A host for native runs of plugins. [`testing`](crate::testing) has one that behaves as the real one does.
///
/// The methods are the imports of `wit/petrel.wit`; see the functions of [`host`](crate::host).
#[allow(missing_docs)]
pub trait Host {
    fn now(&mut self) -> Timestamp;
    fn log(&mut self, level: Level, message: &str);
    fn metric_add(&mut self, name: &str, delta: i64);
    fn metric_set(&mut self, name: &str, value: f64);
    fn configuration(&mut self) -> String;
    fn secret(&mut self, name: &str) -> Result<Vec<u8>, String>;
    fn list_files(&mut self, key: &str) -> Result<Vec<String>, String>;
    fn read_file(&mut self, key: &str, file: u32, offset: u64, max: u32) -> Result<Vec<u8>, String>;
    fn read_ready_file(&mut self, key: &str, file: u32, offset: u64, max: u32) -> Result<Option<Vec<u8>>, String>;
    fn create_file(&mut self, key: &str, name: &str) -> Result<u32, String>;
    fn open_file(&mut self, key: &str, name: &str, keep: bool) -> Result<(u32, u64), String>;
    fn list_written(&mut self, key: &str) -> Result<Vec<String>, String>;
    fn remove_file(&mut self, key: &str, name: &str) -> Result<(), String>;
    fn append_file(&mut self, file: u32, data: &[u8]) -> Result<(), String>;
    fn print(&mut self, data: &[u8]) -> Result<(), String>;
    fn emit_from_bolt(&mut self, output: u32, task: Option<u32>, frame: &[u8], anchors: &[u32]);
    fn emit_from_spout(&mut self, output: u32, task: Option<u32>, frame: &[u8], ids: &[u64], position: &[u8]);
    fn reject(&mut self, row: u32, reason: &str);
    fn retry(&mut self, row: u32, after_ms: u64, reason: &str);
    fn hold(&mut self, rows: &[u32]) -> u64;
    fn ack(&mut self, held: &[u64]);
    fn fail(&mut self, held: &[u64]);
    fn reset_timeout(&mut self, held: &[u64]);
    fn put(&mut self, table: u32, values: &[u8]);
    fn get(&mut self, table: u32, keys: &[u8]) -> Vec<u8>;
    fn set(&mut self, table: u32, keys: &[u8], values: &[u8]);
    fn append(&mut self, table: u32, keys: &[u8], values: &[u8]);
    fn scan(&mut self, table: u32, from: u64, max: u32) -> (u64, Vec<u8>);
    fn entries(&mut self, table: u32, key: &[u8]) -> Vec<u8>;
    fn set_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]);
    fn set_timers_passed(&mut self, table: u32, clock: Clock, keys: &[u32], times: &[i64]);
    fn cancel_timers(&mut self, table: u32, clock: Clock, keys: &[u8], times: &[i64]);
}

thread_local! {
    static HOST: RefCell<Option<Rc<RefCell<dyn Host>>>> = const { RefCell::new(None) };
}

/// Runs something with a host in place on this thread, and puts back what was there before, also after a panic.
pub fn with_host<R>(host: Rc<RefCell<dyn Host>>, run: impl FnOnce() -> R) -> R {
    struct Restore(Option<Rc<RefCell<dyn Host>>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            HOST.with(|current| *current.borrow_mut() = self.0.take());
        }
    }
    let _restore = Restore(HOST.with(|current| current.borrow_mut().replace(host)));
    run()
}

fn current() -> Option<Rc<RefCell<dyn Host>>> {
    HOST.with(|current| current.borrow().clone())
}

fn host<R>(ask: impl FnOnce(&mut dyn Host) -> R) -> R {
    let host = current().expect(
        "a function of the host was called natively without a host: drive the plugin with petrel_sdk::testing, or put \
         one in place with petrel_sdk::host::native::with_host",
    );
    let mut host = host.borrow_mut();
    ask(&mut *host)
}

/// Without a host: the system's clock.
pub(crate) fn now() -> Timestamp {
    if current().is_some() {
        return host(|host| host.now());
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_micros() as i64))
}

/// Without a host: standard error, so that plain functions that log can be tested by themselves.
pub(crate) fn log(level: Level, message: &str) {
    match current() {
        Some(_) => host(|host| host.log(level, message)),
        None => eprintln!("{level:?}: {message}"),
    }
}

/// Without a host: nothing, for the same reason.
pub(crate) fn metric_add(name: &str, delta: i64) {
    if current().is_some() {
        host(|host| host.metric_add(name, delta));
    }
}

/// Without a host: nothing.
pub(crate) fn metric_set(name: &str, value: f64) {
    if current().is_some() {
        host(|host| host.metric_set(name, value));
    }
}

/// A native host has no use for it: a panic fails the test.
pub(crate) fn at_row(_: u32) {}

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(pub(crate) fn $name($($argument: $type),*) $(-> $result)? {
            host(|host| host.$name($($argument),*))
        })*
    };
}

forward! {
    configuration() -> String;
    secret(name: &str) -> Result<Vec<u8>, String>;
    list_files(key: &str) -> Result<Vec<String>, String>;
    read_file(key: &str, file: u32, offset: u64, max: u32) -> Result<Vec<u8>, String>;
    read_ready_file(key: &str, file: u32, offset: u64, max: u32) -> Result<Option<Vec<u8>>, String>;
    create_file(key: &str, name: &str) -> Result<u32, String>;
    open_file(key: &str, name: &str, keep: bool) -> Result<(u32, u64), String>;
    list_written(key: &str) -> Result<Vec<String>, String>;
    remove_file(key: &str, name: &str) -> Result<(), String>;
    append_file(file: u32, data: &[u8]) -> Result<(), String>;
    print(data: &[u8]) -> Result<(), String>;
    emit_from_bolt(output: u32, task: Option<u32>, frame: &[u8], anchors: &[u32]);
    emit_from_spout(output: u32, task: Option<u32>, frame: &[u8], ids: &[u64], position: &[u8]);
    reject(row: u32, reason: &str);
    retry(row: u32, after_ms: u64, reason: &str);
    hold(rows: &[u32]) -> u64;
    ack(held: &[u64]);
    fail(held: &[u64]);
    reset_timeout(held: &[u64]);
    put(table: u32, values: &[u8]);
    get(table: u32, keys: &[u8]) -> Vec<u8>;
    set(table: u32, keys: &[u8], values: &[u8]);
    append(table: u32, keys: &[u8], values: &[u8]);
    scan(table: u32, from: u64, max: u32) -> (u64, Vec<u8>);
    entries(table: u32, key: &[u8]) -> Vec<u8>;
    set_timers(table: u32, clock: Clock, keys: &[u8], times: &[i64]);
    set_timers_passed(table: u32, clock: Clock, keys: &[u32], times: &[i64]);
    cancel_timers(table: u32, clock: Clock, keys: &[u8], times: &[i64]);
}
