//! The batch of tuples that host and guest both read.
//!
//! A *frame* is a batch of tuples of one stream in one buffer of at most 16 MiB: a header, a table of columns, and
//! for each column up to five buffers in the layout of Apache Arrow. It is what a plugin is handed, what crosses
//! between tasks, and what is written down; nobody parses it into anything else, it is read where it lies.
//!
//! ```text
//!            ┌────────┬──────────────┬──────────────────────────┬──────────────────────────┬──────────┐
//!            │ header │ column table │ column 0: validity,      │ column 1: …              │ padding  │
//!            │ 48 B   │ 48 B each    │ lists, values, strings   │                          │          │
//!            └────────┴──────────────┴──────────────────────────┴──────────────────────────┴──────────┘
//!   Schema ──► FrameBuilder ──finish──► bytes ──FrameView::parse──► Column ──► &[i64], StringColumn, Value …
//!                                         ▲            │
//!                                         └── slice, take, concat, project
//! ```
//!
//! - [`Schema`], [`Field`], [`Scalar`]: what the columns are. A frame itself carries types, not names.
//! - [`FrameBuilder`] makes frames; its [`ColumnBuilder`]s take values without an allocation for each.
//! - [`FrameView`] checks bytes once and completely; [`Column`] gives typed slices for loops, [`Value`]s for comfort.
//! - [`slice`], [`take`], [`concat`], [`project`] make frames of frames.
//! - [`FrameBuf`] owns bytes with the alignment that reading in place needs.
//!
//! ```
//! use petrel_frame::{Field, FrameBuilder, FrameView, Scalar, Schema, Value, take};
//!
//! # fn main() -> Result<(), petrel_frame::FrameError> {
//! let schema = Schema::new([Field::new("word", Scalar::String), Field::new("count", Scalar::I64).optional()]);
//!
//! let mut builder = FrameBuilder::new(&schema);
//! builder.column(0).push_str("storm");
//! builder.column(1).push_i64(2);
//! builder.push_row(&[Value::String("petrel"), Value::Null])?;
//! let bytes = builder.finish()?;
//!
//! let frame = FrameView::parse_expecting(bytes, &schema)?;
//! assert_eq!(frame.rows(), 2);
//! let words = frame.column(0).strings().expect("the column is plain");
//! assert_eq!(words.get(1), b"petrel");
//! assert_eq!(frame.column(1).i64s(), Some(&[2, 0][..]));
//! assert_eq!(frame.column(1).value(1), Value::Null);
//!
//! let second = take(&frame, &[1])?;
//! assert_eq!(FrameView::parse(&second)?.column(0).value(0), Value::String("petrel"));
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! - Bytes that [`FrameView::parse`] accepts can be read completely without a panic, whoever wrote them. It allocates
//!   nothing, and believes no length before it has compared it with the bytes there are.
//! - What [`FrameBuilder`] and the reshaping functions return, `parse` accepts.
//! - No clock, file, thread or randomness, no dependency, and no `std`: the same code runs in the host and in a guest.
//! - Little-endian machines only, as WebAssembly is.
#![no_std]
#![warn(missing_docs, unsafe_op_in_unsafe_fn, unreachable_pub, clippy::undocumented_unsafe_blocks)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod schema;

mod bits;
mod column;
mod display;
mod strings;
mod value;
mod view;

mod builder;
mod column_builder;
mod reshape;
mod wide_writer;
mod writer;

mod error;
mod layout;
mod validate;

mod buffer;
mod cast;
mod wide;

#[cfg(test)]
mod tests;

pub use bits::Bitmap;
pub use buffer::FrameBuf;
pub use builder::FrameBuilder;
pub use column::Column;
pub use column_builder::ColumnBuilder;
pub use error::FrameError;
pub use layout::{Buffer, MAX_COLUMNS, MAX_FRAME_BYTES, MAX_ROWS, PADDING};
pub use reshape::{concat, project, slice, take};
pub use schema::{Field, Scalar, Schema};
pub use strings::StringColumn;
pub use value::{ListView, Value};
pub use view::FrameView;
pub use wide_writer::WideWriter;
