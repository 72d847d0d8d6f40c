//! Write spouts, bolts and groupings for Petrel.

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
