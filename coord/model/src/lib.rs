//! What everybody who runs a topology agrees on: ids, key groups, the topology itself, and what it is resolved to.
//!
//! ```text
//!   text ──parse──► Topology ──resolve──► Assignment ──► workers
//!                    ▲    │      ▲
//!       Overrides ───┘    │      └── Plugins: load, config keys, describe
//!       (--set …)         └──► Graph, to draw
//! ```
//!
//! * A [`Topology`] is what an author wrote, well-formed in itself: names, numbers, and a graph without circles. It
//!   remembers where everything was written ([`Located`]).
//! * [`Plugins`] is the only thing the crate asks of the outside: what a plugin is and how it describes itself.
//! * [`resolve()`] checks the topology against its plugins – configuration, streams, fields, key types, groupings, state,
//!   grants – and turns every name into a number: the [`Assignment`], which is all that a worker needs.
//! * A [`Problem`] says what is wrong and why, where, and what to do next. Checks go on after a problem, and say nothing
//!   that only follows from it.
//! * [`warnings()`] says what can run and is likely to be a mistake.
//! * [`key_bytes`], [`key_group`] and [`owner`] decide which task a key belongs to, the same way everywhere and for ever.
//!
//! # Word count, resolved
//!
//! ```
//! use petrel_frame::{Field, Scalar, Schema};
//! use petrel_model::*;
//!
//! let topology = petrel_model::parse(r#"
//!     name = "word-count"
//!     guarantee = "best-effort"
//!
//!     [component.lines]
//!     plugin = "lines"
//!     config = { path = "text.txt" }
//!
//!     [component.count]
//!     plugin = "count"
//!     parallelism = 2
//!     inputs = [{ from = "lines", grouping = "fields", fields = ["word"], rename = { line = "word" } }]
//! "#).unwrap();
//!
//! /// Two plugins that exist only here.
//! struct Shelf;
//!
//! impl Plugins for Shelf {
//!     fn load(&mut self, reference: &str, _: &CompileLimits) -> Result<(Digest, World), String> {
//!         match reference {
//!             "lines" => Ok((Digest([1; 32]), World::Spout)),
//!             "count" => Ok((Digest([2; 32]), World::Bolt)),
//!             _ => Err("there is no such plugin".into()),
//!         }
//!     }
//!
//!     fn config_keys(&mut self, plugin: Digest) -> Result<Vec<ConfigKey>, DescribeProblem> {
//!         let path = ConfigKey {
//!             name: "path".into(), kind: ConfigKind::PathRead, required: true, default: None, help: "the file".into(),
//!         };
//!         Ok(if plugin == Digest([1; 32]) { vec![path] } else { vec![] })
//!     }
//!
//!     fn describe(&mut self, _: Digest, _: &str, inputs: &[InputStream]) -> Result<Description, DescribeProblem> {
//!         let line = Schema::new([Field::new("line", Scalar::Bytes)]);
//!         Ok(match inputs {
//!             [] => Description {
//!                 outputs: vec![OutputStream { name: "default".into(), schema: line, direct: false, event_time: None }],
//!                 ..Description::default()
//!             },
//!             _ => Description { inputs: vec![inputs[0].schema.clone()], ..Description::default() },
//!         })
//!     }
//! }
//!
//! let assignment = resolve(&topology, &mut Shelf, Generation(1)).unwrap();
//! let count = assignment.component(ComponentIndex(1));
//! assert_eq!(count.inputs[0].from, ComponentIndex(0));
//! assert_eq!(count.inputs[0].grouping, Grouping::Fields(vec![0]));
//! assert_eq!(count.inputs[0].schema.fields[0].name, "word");
//! assert_eq!(assignment.component(ComponentIndex(0)).grants.paths[0].path, "text.txt");
//! assert_eq!(assignment.tasks.len(), 3);
//! ```
//!
//! # Invariants
//!
//! * The crate is pure: text, flags and a `Plugins` in; an `Assignment` or problems out. No files, no clock, no chance.
//! * Components of an assignment stand with producers before their consumers.
//! * Nothing is granted that the topology does not name: a plugin's default never grants a path.
//! * The same topology and the same plugins give the same assignment.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod assignment;
mod dead_letter;
mod id;
mod keys;
mod limits;
mod plugin;
mod problem;
mod resolve;
mod topology;
mod warnings;

pub use assignment::{
    Acking, Assignment, Component, DeadLetterLimits, Edge, Grants, Grouping, Guarantee, Input, PathAccess, PathGrant,
};
pub use dead_letter::dead_letter_schema;
pub use id::{
    ComponentIndex, ComponentName, Digest, Generation, InputIndex, OutputIndex, StreamName, TaskId, TaskIndex,
    TopologyName,
};
pub use keys::{KEY_GROUPS, KeyGroup, key_bytes, key_group, owner};
pub use limits::{CompileLimits, Limits};
pub use petrel_frame::{Field, Schema};
pub use plugin::{
    ConfigKey, ConfigKind, DescribeProblem, Description, InputStream, OutputStream, Plugins, TableKind, TableSpec,
    World,
};
pub use problem::{Note, Problem, nearest};
pub use resolve::resolve;
pub use topology::{
    COMPONENTS_MAX, ComponentSpec, Graph, GraphEdge, GraphNode, GroupingSpec, InputSpec, Located, NAME_BYTES_MAX,
    Overrides, PARALLELISM_MAX, Place, Rename, Setting, Source, Topology, is_name, parse,
};
pub use warnings::warnings;
