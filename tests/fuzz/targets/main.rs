//! The targets that need no sandbox.

mod frame;
mod topology;
