//! Tests that need several files of the crate: a naive model of a frame, and everything held against it.

mod golden;
mod malformed;
mod model;
mod mutation;
mod reshape;
mod round_trip;
