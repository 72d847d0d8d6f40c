//! Which row of its batch a bolt is at, so that the host need not search for the one at which it panics.
//!
//! The row is a word in memory. Only when the plugin panics is it told, by the panic handler: a call of the host for each
//! row would cost more than the row.

use std::sync::atomic::{AtomicU32, Ordering};

const NOWHERE: u32 = u32::MAX;

static ROW: AtomicU32 = AtomicU32::new(NOWHERE);

/// The bolt is at this row from now on.
pub(crate) fn at(row: usize) {
    ROW.store(row as u32, Ordering::Relaxed);
}

/// The bolt is at no row in particular.
pub(crate) fn nowhere() {
    ROW.store(NOWHERE, Ordering::Relaxed);
}

/// Tells the host, from a call that is about to fail.
pub(crate) fn tell() {
    match ROW.load(Ordering::Relaxed) {
        NOWHERE => {}
        row => crate::host::emit::at_row(row as usize),
    }
}

/// Has the panic handler tell the host, after it has printed the message.
pub(crate) fn tell_on_panic() {
    // Natively a panic is the test's business.
    #[cfg(target_arch = "wasm32")]
    {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            print(panic);
            tell();
        }));
    }
}
