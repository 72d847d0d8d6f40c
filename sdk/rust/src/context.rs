//! Where a plugin instance finds itself.

use crate::describe::{ConfigError, InputStream};
use serde::de::DeserializeOwned;

/// A component that reads one of our output streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The number of the output stream.
    pub output: usize,
    /// The component's name in the topology.
    pub component: String,
    /// Its number of tasks.
    pub tasks: u32,
}

/// Where a plugin instance finds itself: given to `open`.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The topology's name.
    pub topology: String,
    /// The component's name in it.
    pub component: String,
    /// This task's number, from 0 to `parallelism` - 1.
    pub task: u32,
    /// The number of the component's tasks; for a grouping, of the consumer's.
    pub parallelism: u32,
    /// The generation of the assignment, which only grows: a fencing token for what is written to the outside.
    pub generation: u64,
    /// Whether anchors and message ids are used. The SDK looks at it by itself.
    pub tracking: bool,
    /// Who reads our output streams.
    pub consumers: Vec<Consumer>,
    /// The inputs as frames bring them: the columns that `describe` asked for, in order.
    pub inputs: Vec<InputStream>,
    /// The configuration, defaults filled in: a JSON object.
    pub configuration: serde_json::Value,
}

impl Context {
    /// The configuration as a type of one's own.
    ///
    /// # Errors
    /// What serde says where the configuration does not fit the type.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        T::deserialize(&self.configuration).map_err(|error| ConfigError::general(error.to_string()))
    }
}
