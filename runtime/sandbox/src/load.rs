//! From bytes to a plugin that can be instantiated, or a reason that a stranger understands.

use crate::contract::VERSION;
use crate::cut::{MAX_NAME_BYTES, cut};
use petrel_model::World;
use std::path::PathBuf;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// Why bytes are no plugin. Each message says what was found, what is expected, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not WebAssembly at all.
    #[error("not a WebAssembly component: the file {found}, not with \"\\0asm\"")]
    NotWasm {
        /// How the file starts.
        found: String,
    },
    /// The text format.
    #[error("this is WebAssembly text: turn it into a binary first (wasm-tools parse FILE.wat -o FILE.wasm)")]
    Text,
    /// A core module.
    #[error(
        "this is a WebAssembly core module, and a plugin is a component: \
         build it with `cargo build --release --target wasm32-wasip2`, which makes one"
    )]
    CoreModule,
    /// Native code, as a cache holds it.
    #[error(
        "this is compiled native code (.cwasm), which is only accepted from this machine's own cache: give the .wasm component"
    )]
    Precompiled,
    /// A version of the binary format nobody knows.
    #[error(
        "WebAssembly binary format version {version:#x} is not known: this host takes components of version 0x1000d"
    )]
    UnknownVersion {
        /// The version field.
        version: u32,
    },
    /// The file ends too early.
    #[error(
        "the file is cut off: it ends after {at} bytes, where at least {missing} more must follow. Copy or download it again"
    )]
    Truncated {
        /// Its length.
        at: usize,
        /// How many more bytes at least are announced.
        missing: usize,
    },
    /// Too large to compile.
    #[error(
        "the component has {bytes} bytes, and at most {limit} are accepted: build it in release mode and strip its debug information, or raise `component_bytes`"
    )]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Too slow to compile.
    #[error("compiling the component took longer than {limit_ms} ms: make it smaller, or raise `compile_ms`")]
    CompileTime {
        /// The limit in milliseconds.
        limit_ms: u64,
    },
    /// Too hungry to compile.
    #[error(
        "compiling the component took more than {limit} bytes of memory: make it smaller, or raise `compile_memory_bytes`"
    )]
    CompileMemory {
        /// The limit in bytes.
        limit: u64,
    },
    /// There is no compiler, or it is broken.
    #[error("the compiler of components failed: {reason}")]
    Compiler {
        /// Why.
        reason: String,
    },
    /// The disk is full: nothing that is wrong with the component.
    #[error("there is no space left in the folder {}, which plugins are compiled in", .folder.display())]
    NoSpace {
        /// The folder of compiled artifacts.
        folder: PathBuf,
    },
    /// The compiler refused it.
    #[error("not a valid component: {reason}")]
    Invalid {
        /// The compiler's words.
        reason: String,
    },
    /// A component, but not one of ours.
    #[error(
        "this component is no Petrel plugin: a plugin exports petrel:plugin/plugin@{VERSION} and one of \
         petrel:plugin/spout@{VERSION}, petrel:plugin/bolt@{VERSION}, petrel:plugin/grouping@{VERSION}; this one exports {}", list(.exports)
    )]
    WrongWorld {
        /// The names of what it exports.
        exports: Vec<String>,
    },
    /// Built against another version of the contract.
    #[error("this plugin was built against {found}, and this host speaks {VERSION} of the contract: {help}")]
    WrongVersion {
        /// The interface, with its version.
        found: String,
        /// Which of the two to update.
        help: &'static str,
    },
    /// More than one of the worlds at once.
    #[error("this component exports {}: a plugin is exactly one of spout, bolt and grouping", list(.worlds))]
    ManyWorlds {
        /// The worlds.
        worlds: Vec<String>,
    },
    /// What it exports has another shape than the contract says.
    #[error(
        "the plugin's exports are not as the contract of version {VERSION} has them ({reason}): build it with the SDK of this version of Petrel"
    )]
    WrongExport {
        /// The first difference.
        reason: String,
    },
    /// It needs something that the host does not have.
    #[error("the plugin needs {import}, which this host does not offer: {reason}")]
    UnknownImport {
        /// The interface.
        import: String,
        /// Why not, and what to do.
        reason: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".into() } else { cut(names.join(", "), MAX_NAME_BYTES) }
}

const PACKAGE: &str = "petrel:plugin/";

/// Which world a component implements.
pub(crate) fn world_of(engine: &Engine, component: &Component) -> Result<World, LoadError> {
    let kind = component.component_type();
    let exports: Vec<String> = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let mut worlds = Vec::new();
    let mut describes = false;
    for export in &exports {
        let Some((interface, version)) = export.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) else {
            continue;
        };
        let world = match interface {
            "plugin" => None,
            "spout" => Some(World::Spout),
            "bolt" => Some(World::Bolt),
            "grouping" => Some(World::Grouping),
            _ => continue,
        };
        if !speaks(version) {
            return Err(LoadError::WrongVersion { found: export.clone(), help: which_to_update(version) });
        }
        match world {
            Some(world) => worlds.push(world),
            None => describes = true,
        }
    }
    match worlds[..] {
        [world] if describes => Ok(world),
        [_, _, ..] => {
            Err(LoadError::ManyWorlds { worlds: worlds.iter().map(|world| world.name().to_owned()).collect() })
        }
        _ => Err(LoadError::WrongWorld { exports }),
    }
}

/// What a component imports: the names of interfaces, checked against what its world has.
pub(crate) fn imports_of(engine: &Engine, component: &Component, world: World) -> Result<Vec<String>, LoadError> {
    let kind = component.component_type();
    let mut imports = Vec::new();
    for (name, item) in kind.imports(engine) {
        // Types alone need nothing of the host.
        if !matches!(item.ty, ComponentItem::Type(_)) {
            check_import(name, world)?;
        }
        imports.push(name.to_owned());
    }
    Ok(imports)
}

fn check_import(name: &str, world: World) -> Result<(), LoadError> {
    let refuse = |reason: String| Err(LoadError::UnknownImport { import: name.to_owned(), reason });
    let (path, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some(interface) = path.strip_prefix(PACKAGE) {
        if !speaks(version) {
            return Err(LoadError::WrongVersion { found: name.to_owned(), help: which_to_update(version) });
        }
        let common = ["types", "log", "metrics", "configuration"].contains(&interface);
        let of_spouts = ["files", "source-output"].contains(&interface);
        let of_bolts = ["files", "bolt-output", "state", "timers"].contains(&interface);
        return match world {
            _ if common => Ok(()),
            World::Spout if of_spouts => Ok(()),
            World::Bolt if of_bolts => Ok(()),
            _ if of_spouts || of_bolts => refuse(format!("a {} cannot use it", world.name())),
            _ => refuse(
                "the contract has no such interface; build the plugin against the contract of this version of Petrel"
                    .into(),
            ),
        };
    }
    if path.starts_with("wasi:") {
        let offered = ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];
        return if !offered.iter().any(|package| path.starts_with(package)) {
            refuse("of WASI there are cli, clocks, filesystem, io, random and sockets".into())
        } else if version.starts_with("0.2.") {
            Ok(())
        } else {
            refuse("this host has WASI 0.2; build for the target wasm32-wasip2".into())
        };
    }
    refuse("a plugin may import petrel:plugin and WASI 0.2, and nothing else".into())
}

/// Turns the linker's refusal into ours: by now it can only be about a function or a type within an interface.
pub(crate) fn unlinkable(error: wasmtime::Error) -> LoadError {
    LoadError::UnknownImport {
        import: "a function".into(),
        reason: format!("{error:#}. Build the plugin against the contract of this version of Petrel"),
    }
}

/// Whether an interface of that version is compatible with ours: within 0.1, functions are only added.
fn speaks(version: &str) -> bool {
    minor(version).is_some_and(|theirs| Some(theirs) == minor(VERSION))
}

fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

fn which_to_update(version: &str) -> &'static str {
    if minor(version) > minor(VERSION) {
        "update Petrel"
    } else {
        "build the plugin with the SDK of this version of Petrel"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(name: &str, world: World) -> String {
        check_import(name, world).unwrap_err().to_string()
    }

    #[test]
    fn each_world_has_its_imports() {
        for import in [
            "petrel:plugin/log@0.1.0",
            "petrel:plugin/types@0.1.3",
            "wasi:io/streams@0.2.6",
            "wasi:cli/environment@0.2.0",
        ] {
            for world in [World::Spout, World::Bolt, World::Grouping] {
                check_import(import, world).unwrap();
            }
        }
        check_import("petrel:plugin/state@0.1.0", World::Bolt).unwrap();
        check_import("petrel:plugin/source-output@0.1.0", World::Spout).unwrap();
        assert!(reason("petrel:plugin/state@0.1.0", World::Spout).contains("a spout cannot use it"));
        assert!(reason("petrel:plugin/source-output@0.1.0", World::Bolt).contains("a bolt cannot use it"));
        assert!(reason("petrel:plugin/files@0.1.0", World::Grouping).contains("a grouping cannot use it"));
    }

    #[test]
    fn what_is_not_offered_is_named_with_the_way_out() {
        assert!(reason("wasi:http/outgoing-handler@0.2.0", World::Bolt).contains("wasi:http/outgoing-handler@0.2.0"));
        assert!(reason("wasi:io/streams@0.3.0", World::Bolt).contains("wasm32-wasip2"));
        assert!(reason("env", World::Bolt).contains("nothing else"));
        assert!(reason("petrel:plugin/teleport@0.1.0", World::Bolt).contains("no such interface"));
        assert!(reason("petrel:plugin/state@0.2.0", World::Bolt).contains("update Petrel"));
        assert!(reason("petrel:plugin/state@0.0.9", World::Bolt).contains("build the plugin with the SDK"));
        assert!(reason("petrel:plugin/state", World::Bolt).contains("build the plugin"));
    }
}
