//! What a bolt reads: one kind of tuple from all its inputs, or one kind from each.

use crate::describe::{ConfigError, InputStream};
use crate::error::Error;
use crate::tuple::{Row, Tuple};
use petrel_frame::{Field, FrameView, Scalar, Schema};

/// What a bolt reads.
///
/// A [`Tuple`]: all its inputs have these fields. An enum with `#[derive(Inputs)]` and a tuple in each variant: an
/// input belongs to the variant that has its name, which is that of the component it comes from, of its stream, or
/// `COMPONENT.STREAM`. A variant's name is its own in kebab case, or another one by `#[input("…")]`. [`Row`]: any
/// stream, with all its fields.
///
/// ```
/// use petrel_sdk::{Inputs, Tuple};
///
/// #[derive(Tuple)]
/// struct Order<'a> {
///     customer: &'a str,
///     total: f64,
/// }
///
/// #[derive(Tuple)]
/// struct Customer<'a> {
///     customer: &'a str,
///     country: &'a str,
/// }
///
/// #[derive(Inputs)]
/// enum Joined<'a> {
///     #[input("orders")]
///     Order(Order<'a>),
///     #[input("customers")]
///     Customer(Customer<'a>),
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be what a bolt reads",
    note = "it is a struct with `#[derive(Tuple)]`, an enum of those with `#[derive(Inputs)]`, or `Row<'static>`"
)]
pub trait Inputs {
    /// The same, borrowed for another lifetime.
    type At<'a>;
    /// The columns of a frame, resolved once for all its rows.
    type Columns<'f>;

    /// Which variant an input belongs to.
    ///
    /// # Errors
    /// None.
    fn variant(input: &InputStream) -> Result<usize, ConfigError>;

    /// The fields of a variant; nothing where there is no such variant, or it takes whatever there is.
    fn schema(variant: usize) -> Option<Schema>;

    /// Finds the columns of a frame of a variant.
    ///
    /// # Errors
    /// A column is not what it should be.
    fn columns<'f>(variant: usize, input: &'f InputStream, frame: &FrameView<'f>) -> Result<Self::Columns<'f>, Error>;

    /// The tuple of a row.
    fn read<'f>(columns: &Self::Columns<'f>, row: usize) -> Self::At<'f>;
}

impl<T: Tuple> Inputs for T {
    type At<'a> = T::At<'a>;
    type Columns<'f> = T::Columns<'f>;

    fn variant(_: &InputStream) -> Result<usize, ConfigError> {
        Ok(0)
    }

    fn schema(variant: usize) -> Option<Schema> {
        (variant == 0).then(T::schema)
    }

    fn columns<'f>(_: usize, _: &'f InputStream, frame: &FrameView<'f>) -> Result<T::Columns<'f>, Error> {
        T::columns(frame)
    }

    #[inline(always)]
    fn read<'f>(columns: &Self::Columns<'f>, row: usize) -> Self::At<'f> {
        T::read(columns, row)
    }
}

impl Inputs for Row<'_> {
    type At<'a> = Row<'a>;
    type Columns<'f> = (FrameView<'f>, &'f [Field]);

    fn variant(_: &InputStream) -> Result<usize, ConfigError> {
        Ok(0)
    }

    fn schema(_: usize) -> Option<Schema> {
        None
    }

    fn columns<'f>(_: usize, input: &'f InputStream, frame: &FrameView<'f>) -> Result<Self::Columns<'f>, Error> {
        Ok((*frame, &input.schema.fields))
    }

    #[inline(always)]
    fn read<'f>(columns: &Self::Columns<'f>, row: usize) -> Self::At<'f> {
        Row::new(columns.0, columns.1, row)
    }
}

/// The columns that a bolt asks for: its tuple's fields, with text where the stream has text and the tuple takes bytes.
pub(crate) fn needs<I: Inputs>(input: &InputStream) -> Result<Schema, ConfigError> {
    let Some(mut schema) = I::schema(I::variant(input)?) else { return Ok(input.schema.clone()) };
    for field in &mut schema.fields {
        let text = |found: &Field| found.scalar == Scalar::String && found.list == field.list;
        if field.scalar == Scalar::Bytes && !field.list && input.schema.field(&field.name).is_some_and(text) {
            field.scalar = Scalar::String;
        }
    }
    Ok(schema)
}

/// Finds the variant of an input by name.
///
/// # Errors
/// None has the name of the input.
pub fn find_variant(input: &InputStream, names: &[&str]) -> Result<usize, ConfigError> {
    let (component, stream) = input.stream.split_once('.').unwrap_or((&input.stream, ""));
    let is = |name: &&str| **name == *input.stream || **name == *component || **name == *stream;
    names.iter().position(is).ok_or_else(|| {
        ConfigError::general(format!(
            "the input `{}` is none that the bolt knows; it takes inputs from a component or stream named {}",
            input.stream,
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ))
    })
}
