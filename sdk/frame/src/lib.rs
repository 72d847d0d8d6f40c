//! The batch of tuples that host and guest both read. (Tour: to be written with the crate.)
#![no_std]
#![warn(missing_docs, unsafe_op_in_unsafe_fn, unreachable_pub, clippy::undocumented_unsafe_blocks)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod schema;
mod layout;
mod error;
mod view;
mod column;
mod strings;
mod bits;
mod value;
mod builder;
mod column_builder;
mod buffer;
mod writer;
mod validate;
mod cast;
mod wide;

pub use bits::Bitmap;
pub use buffer::FrameBuf;
pub use builder::FrameBuilder;
pub use column::Column;
pub use column_builder::{ColumnBuilder, WideWriter};
pub use error::FrameError;
pub use layout::{Buffer, MAX_COLUMNS, MAX_FRAME_BYTES, MAX_ROWS, PADDING};
pub use schema::{Field, Scalar, Schema};
pub use strings::StringColumn;
pub use value::{ListView, Value};
pub use view::FrameView;
