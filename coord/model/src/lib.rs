//! What a cluster agrees on. (Tour: to be written with the crate.)
#![no_std]
extern crate alloc;

mod assignment;
mod id;
mod plugin;

pub use assignment::{Assignment, Component, Edge, Grants, Grouping, Guarantee, Input, Limits, PathAccess, PathGrant};
pub use id::{ComponentIndex, ComponentName, Digest, Generation, InputIndex, OutputIndex, StreamName, TaskId, TaskIndex, TopologyName};
pub use plugin::{ConfigKey, ConfigKind, Description, InputStream, OutputStream, TableKind, TableSpec, World};
