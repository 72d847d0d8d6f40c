//! Write spouts, bolts and groupings for Petrel.
//!
//! A plugin is a function over state that the host owns: it gets tuples, changes the state of their key, and emits
//! tuples. Whatever it does with a batch becomes visible together when the call returns ok, or not at all. This is a
//! bolt, and its test, which runs natively with `cargo test`:
//!
//! ```
//! use petrel_sdk::{Output, Tuple, Value, bolt, testing::BoltTest};
//!
//! #[derive(Tuple)]
//! struct Word<'a> { word: &'a [u8] }
//!
//! #[derive(Tuple, Debug, PartialEq)]
//! struct Count<'a> { word: &'a [u8], count: i64 }
//!
//! #[bolt(key = "word")]
//! fn count(input: Word<'_>, total: &mut Value<i64>, out: &mut Output<Count<'_>>) {
//!     *total += 1;
//!     out.emit(Count { word: input.word, count: total.get() });
//! }
//!
//! # fn main() {
//! let mut test = BoltTest::<count>::new();
//! test.send([Word { word: b"storm" }, Word { word: b"storm" }]);
//! assert_eq!(test.emitted::<Count>()[1], Count { word: b"storm", count: 2 });
//! assert_eq!(test.value::<i64>("total", [b"storm"]), Some(2));
//! # }
//! ```
//!
//! `cargo build --release --target wasm32-wasip2` makes a component of it. The crate needs
//! `crate-type = ["cdylib"]`, this one dependency, and `-C target-feature=+simd128`; `petrel new bolt NAME` writes one.
//!
//! # Where what is
//!
//! ```text
//!            one by one                    whole frames: module batch
//!   spout    #[spout] fn, or Spout         BatchSpout
//!   bolt     #[bolt] fn, or Bolt           BatchBolt
//!   grouping                               Grouping
//!                │                             │
//!                └──────► frames, state blocks ┴──► module host: the imports of wit/petrel.wit
//! ```
//!
//! | to | see |
//! |---|---|
//! | say what a tuple is | [`Tuple`]; [`Row`] for fields that are known at run time only |
//! | take tuples, with timers, ticks and the end of inputs | [`macro@bolt`] for the short form, [`Bolt`] for all of it |
//! | make tuples | [`macro@spout`], [`Spout`] |
//! | read several kinds of tuples, emit to several streams | [`Inputs`], [`Outputs`] |
//! | keep state | [`Value`], [`List`], [`Map`], [`Timers`], and [`State`] for several of them |
//! | be configured | [`Config`] |
//! | turn down a tuple, or ask for it again later | [`Fault`] |
//! | handle columns instead of rows | [`batch`] |
//! | split text fast | [`split`] |
//! | log, count, read and write files | [`info!`] and the like, [`host`] |
//! | test natively | [`testing`] |
//!
//! # What holds
//!
//! - Plugins are plain Rust that runs natively; only [`host`] knows whether it is in a component.
//! - A component has one instance of its plugin, and one call of it at a time.
//! - A tuple costs no allocation: borrowed fields point into the frame, columns are found once for each frame.
//! - State is read and written back once for each batch. What a plugin keeps in its own fields is a cache that is lost
//!   on every restart.
//! - A fault of one tuple is data, not a failure: nothing else is affected, and nothing has to be taken back.

extern crate self as petrel_sdk;

pub mod batch;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
mod bolt;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
mod config;
mod context;
mod describe;
mod error;
mod export;
pub mod host;
mod inputs;
mod outcome;
mod output;
pub mod split;
mod spout;
mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod time;
mod tuple;
mod whereabouts;

pub use batch::Next;
pub use bolt::{Bolt, InputAt, StateAt, TablesOf, Timer};
pub use config::{Config, ConfigValue};
pub use context::{Consumer, Context};
pub use describe::{ConfigError, ConfigKey, ConfigKind, Description, InputStream, OutputStream, TableKind, TableSpec};
pub use error::{Error, Fault};
pub use inputs::Inputs;
pub use output::{Output, Outputs};
pub use petrel_frame as frame;
pub use petrel_frame::{Field, FrameView, Scalar, Schema};
pub use petrel_sdk_macros::{Config, Inputs, Outputs, State, Tuple, bolt, spout};
pub use serde_json;
pub use spout::Spout;
pub use state::{Json, List, Map, MapKey, State, StateValue, Timers, Value, ValueTable};
pub use time::Timestamp;
pub use tuple::{DynamicTuple, ListItem, OwnedValue, Row, Tuple, TupleField};

/// What the macros of this crate expand to. No part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::batch::BatchState;
    pub use crate::batch::instance::{BoltInstance, GroupingInstance, SpoutInstance};
    pub use crate::bolt::TypedBolt;
    pub use crate::config::{Any, key, value};
    pub use crate::inputs::find_variant;
    pub use crate::outcome::Outcome;
    pub use crate::output::Opening;
    pub use crate::spout::TypedSpout;
    pub use crate::state::{CallKeys, Stored, Table, Tables};
    pub use crate::tuple::{field, reader};
    #[cfg(target_arch = "wasm32")]
    pub use crate::{bindings, component};
    pub use petrel_frame::ColumnBuilder;
}
