//! What a dead letter is as a tuple: the stream that `on_reject` makes.

use alloc::vec::Vec;
use petrel_frame::{Field, Scalar, Schema};

/// The fields of a stream of dead letters, the same for every component.
pub fn dead_letter_schema() -> Schema {
    let field = Field::new;
    Schema::new(Vec::from([
        field("component", Scalar::String),
        field("task", Scalar::I64),
        field("input", Scalar::String),
        field("call", Scalar::String),
        field("kind", Scalar::String),
        field("reason", Scalar::String),
        field("backtrace", Scalar::String).list(),
        field("attempts", Scalar::I64),
        field("time", Scalar::Timestamp),
        field("plugin", Scalar::String),
        field("fields", Scalar::String),
        field("tuple", Scalar::Bytes),
    ]))
}
