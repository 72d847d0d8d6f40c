//! The batch of tuples that host and guest both read. (Tour: to be written with the crate.)
#![no_std]
extern crate alloc;

mod schema;

pub use schema::{Field, Scalar, Schema};
