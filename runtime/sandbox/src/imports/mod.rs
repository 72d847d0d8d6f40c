//! What plugins import, one file per interface of the contract.
//!
//! A function that carries frames takes them where they lie in the guest's memory and copies them once, into the
//! buffer they then travel in. Whatever breaks the contract traps the call with a sentence that says how.

mod bolt_output;
mod configuration;
mod emit;
mod files;
mod log;
mod metrics;
mod source_output;
mod state;
mod timers;

use crate::host::Host;
use crate::trap::Breach;
use crate::{clock, contract, lookup};
use petrel_model::World;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// Everything that plugins of a world may import.
pub(crate) fn linker(engine: &Engine, world: World) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    clock::add_to_linker(&mut linker, Host::clock_view)?;
    lookup::add_to_linker(&mut linker, Host::lookup_view)?;
    contract::types::add_to_linker::<Host, HasSelf<Host>>(&mut linker, |host| host)?;
    contract::log::add_to_linker::<Host, HasSelf<Host>>(&mut linker, |host| host)?;
    contract::metrics::add_to_linker::<Host, HasSelf<Host>>(&mut linker, |host| host)?;
    contract::configuration::add_to_linker::<Host, HasSelf<Host>>(&mut linker, |host| host)?;
    match world {
        World::Spout => {
            files::add_to_linker(&mut linker)?;
            source_output::add_to_linker(&mut linker)?;
        }
        World::Bolt => {
            files::add_to_linker(&mut linker)?;
            bolt_output::add_to_linker(&mut linker)?;
            state::add_to_linker(&mut linker)?;
            timers::add_to_linker(&mut linker)?;
        }
        World::Grouping => {}
    }
    Ok(linker)
}

impl contract::types::Host for Host {}

/// The name of an interface of the contract, as linkers know it.
fn interface(name: &str) -> String {
    format!("petrel:plugin/{name}@{}", contract::VERSION)
}

fn broken(what: String) -> wasmtime::Error {
    Breach::Contract(what).into()
}
