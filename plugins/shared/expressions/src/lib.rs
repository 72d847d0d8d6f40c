//! Expressions over the fields of a tuple, in the [Common Expression Language](https://cel.dev).
//!
//! ```text
//! "status >= 500 && !path.startsWith('/health')"
//!    │ Expression::new: parsed, then typed against the schema; what cannot work is refused here
//!    ▼
//! Expression ── Evaluator: one a frame ── value(expression, row) ──► a value of the type found
//! ```
//!
//! CEL itself finds out about types when it runs. A topology is to be checked before it starts, so [`Expression::new`]
//! works out the type by a walk over the syntax tree: unknown fields and functions, and operators between types that
//! have none, are refused with the reason. What is left to fail at run time depends on values: a division by
//! zero, `int("x")`, a comparison with an absent value.
//!
//! ```
//! use petrel_expressions::{Evaluator, Expression};
//! use petrel_frame::{Field, FrameBuilder, FrameView, Scalar, Schema, Value};
//!
//! let schema = Schema::new([Field::new("status", Scalar::I64)]);
//! let failed = Expression::new("status >= 500", &schema).unwrap();
//! assert!(Expression::new("state >= 500", &schema).unwrap_err().contains("`state`"));
//!
//! let mut frame = FrameBuilder::new(&schema);
//! frame.push_row(&[Value::I64(503)]).unwrap();
//! let frame = FrameView::parse(frame.finish().unwrap()).unwrap();
//! assert_eq!(Evaluator::new(&schema, &frame).truth(&failed, 0), Ok(true));
//! ```
//!
//! Fields are variables of these types: `bool`, `int` (i64), `double` (f64), `string`, `bytes`, `timestamp`, lists of them;
//! an absent value is `null`. Functions are those of the standard, with the string extension (`lowerAscii`,
//! `replace`, `split` …), and three for streams: `truncate(time, duration("1m"))`, `formatTime(time, "%H:%M")` and
//! `parseTime(text, "%d/%b/%Y:%H:%M:%S %z")`.

mod check;
mod evaluate;
mod expression;
mod functions;
mod kind;
mod signatures;

pub use evaluate::Evaluator;
pub use expression::Expression;

#[cfg(test)]
mod tests;
