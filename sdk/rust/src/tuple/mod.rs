//! Tuples as Rust structs.

mod dynamic;
mod field;
mod list;
mod row;

pub use dynamic::{DynamicTuple, OwnedValue};
pub use field::TupleField;
pub use list::ListItem;
pub use row::Row;

use crate::error::Error;
use crate::time::Timestamp;
use petrel_frame::{ColumnBuilder, Field, FrameView, Schema};

/// A tuple of a stream as a struct: `#[derive(Tuple)]` on a struct with named fields.
///
/// Fields are `bool`, `i64`, `f64`, [`Timestamp`], `&str` or `String`, `&[u8]` or `Vec<u8>`, a `Vec` of those, or an
/// `Option` of any. Those that borrow read in place, without a copy; the struct then has one lifetime.
///
/// - `#[tuple(rename = "…")]`: the field has another name in the stream.
/// - `#[tuple(event_time)]`: the timestamp field that carries event time.
///
/// A field of bytes also takes a stream's text.
///
/// ```
/// use petrel_sdk::{Timestamp, Tuple};
///
/// #[derive(Tuple)]
/// struct Visit<'a> {
///     page: &'a str,
///     #[tuple(rename = "ms")]
///     duration_ms: i64,
///     referrer: Option<&'a str>,
///     tags: Vec<&'a str>,
///     #[tuple(event_time)]
///     at: Timestamp,
/// }
///
/// let schema = Visit::schema();
/// assert_eq!(
///     schema.to_string(),
///     "page: string, ms: i64, referrer: optional<string>, tags: list<string>, at: timestamp"
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple",
    label = "not a tuple",
    note = "put `#[derive(Tuple)]` on the struct"
)]
pub trait Tuple {
    /// The same tuple, borrowed for another lifetime.
    type At<'a>;
    /// The columns of a frame, resolved once for all its rows.
    type Columns<'f>;
    /// The name of the field that carries event time.
    const EVENT_TIME: Option<&'static str> = None;

    /// The fields, in order.
    fn schema() -> Schema;

    /// Finds the columns of a frame, by position.
    ///
    /// # Errors
    /// A column is missing, of another type, or has absent values where the field is not an `Option`.
    fn columns<'f>(frame: &FrameView<'f>) -> Result<Self::Columns<'f>, Error>;

    /// The tuple of a row.
    fn read<'f>(columns: &Self::Columns<'f>, row: usize) -> Self::At<'f>;

    /// The tuple, borrowed for as long as this borrow of it lasts: `self`.
    fn as_at(&self) -> &Self::At<'_>;

    /// Appends the tuple to the columns of a builder.
    fn write(tuple: &Self::At<'_>, columns: &mut [ColumnBuilder]);

    /// About how many bytes it takes in a frame.
    fn size(tuple: &Self::At<'_>) -> usize;

    /// Its event time.
    fn event_time(tuple: &Self::At<'_>) -> Option<Timestamp> {
        let _ = tuple;
        None
    }
}

/// The field of a schema for a field of a struct.
pub fn field<F: TupleField>(name: &str) -> Field {
    Field { name: name.into(), scalar: F::SCALAR, list: F::LIST, optional: F::OPTIONAL }
}

/// The reader of a column for a field of a struct.
///
/// # Errors
/// The column is missing, of another type, or has absent values where the field is not an `Option`.
pub fn reader<'f, F: TupleField>(frame: &FrameView<'f>, index: usize, name: &str) -> Result<F::Reader<'f>, Error> {
    let wanted = field::<F>(name);
    if index >= frame.columns() {
        return Err(Error::new(format_args!("the frame has no column {index} for the field `{wanted}`")));
    }
    let column = frame.column(index);
    let absent = column.validity().is_some_and(|validity| (0..column.rows()).any(|row| !validity.get(row)));
    if absent && !F::OPTIONAL {
        return Err(Error::new(format_args!("column {index} has absent values, but the field `{wanted}` is required")));
    }
    let found = Field { name: name.into(), scalar: column.scalar(), list: column.is_list(), optional: false };
    F::reader(column).ok_or_else(|| {
        Error::new(format_args!("column {index} is of {}, but the field is `{wanted}`", found.type_name()))
    })
}
