//! The contract of `wit/` in Rust: what plugins export, and the part of what they import that is plain typed data.
//!
//! Interfaces that carry frames are not generated: generated code lifts every `list<u8>` into a new vector, while
//! the functions in [`crate::imports`] read the guest's memory where it lies.

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package petrel:host;
        world contract {
            import petrel:plugin/log@0.1.0;
            import petrel:plugin/metrics@0.1.0;
            import petrel:plugin/configuration@0.1.0;
            import petrel:plugin/timers@0.1.0;
            export petrel:plugin/plugin@0.1.0;
            export petrel:plugin/spout@0.1.0;
            export petrel:plugin/bolt@0.1.0;
            export petrel:plugin/grouping@0.1.0;
        }
    ",
    world: "petrel:host/contract",
    imports: { default: trappable },
    exports: { default: async },
});

pub(crate) use exports::petrel::plugin::{bolt, grouping, plugin, spout};
pub(crate) use petrel::plugin::{configuration, log, metrics, timers, types};

/// The version of the contract this host speaks, as it stands after the `@` of an interface's name.
pub(crate) const VERSION: &str = "0.1.0";
