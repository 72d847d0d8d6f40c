//! What the fields of a tuple may be.

use crate::time::Timestamp;
use petrel_frame::{Bitmap, Column, ColumnBuilder, Scalar, StringColumn};

/// What a field of a tuple may be. See [`Tuple`](super::Tuple) for the list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a tuple",
    note = "fields are `bool`, `i64`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, a `Vec` of those, or an \
            `Option` of any"
)]
pub trait TupleField {
    /// The same type, borrowed for another lifetime.
    type At<'a>;
    /// The column, resolved once for all its rows.
    type Reader<'f>;
    /// The type of a value, or of a list's values.
    const SCALAR: Scalar;
    /// Whether it is a list.
    const LIST: bool = false;
    /// Whether it may be absent.
    const OPTIONAL: bool = false;

    /// A reader, if the column is of this type.
    fn reader(column: Column<'_>) -> Option<Self::Reader<'_>>;

    /// The value of a row.
    fn read<'f>(reader: &Self::Reader<'f>, row: usize) -> Self::At<'f>;

    /// Appends a value to a column.
    fn write(value: &Self::At<'_>, column: &mut ColumnBuilder);

    /// About how many bytes it takes in a frame.
    fn size(value: &Self::At<'_>) -> usize;
}

macro_rules! fixed {
    ($($type:ty, $scalar:ident, $reader:ty, $get:ident, $push:ident, $size:literal,
       |$read:ident| $from:expr, |$value:ident| $to:expr;)*) => {$(
        impl TupleField for $type {
            type At<'a> = $type;
            type Reader<'f> = $reader;
            const SCALAR: Scalar = Scalar::$scalar;

            fn reader(column: Column<'_>) -> Option<Self::Reader<'_>> {
                if column.scalar() == Scalar::$scalar { column.$get() } else { None }
            }

            #[inline(always)]
            fn read<'f>(reader: &Self::Reader<'f>, row: usize) -> Self::At<'f> {
                let $read = (reader, row);
                $from
            }

            #[inline(always)]
            fn write($value: &$type, column: &mut ColumnBuilder) {
                column.$push($to);
            }

            #[inline(always)]
            fn size(_: &$type) -> usize {
                $size
            }
        }
    )*};
}

fixed! {
    bool, Bool, Bitmap<'f>, bools, push_bool, 1, |at| at.0.get(at.1), |value| *value;
    i64, I64, &'f [i64], i64s, push_i64, 8, |at| at.0[at.1], |value| *value;
    f64, F64, &'f [f64], f64s, push_f64, 8, |at| at.0[at.1], |value| *value;
    Timestamp, Timestamp, &'f [i64], i64s, push_i64, 8, |at| Timestamp(at.0[at.1]), |value| value.0;
}

/// A column of strings or bytes in either encoding.
#[derive(Clone, Copy)]
pub enum Strings<'f> {
    /// A value for each row.
    Plain(StringColumn<'f>),
    /// The number of a value for each row.
    Dictionary(&'f [u32], StringColumn<'f>),
}

impl<'f> Strings<'f> {
    fn new(column: Column<'f>) -> Option<Strings<'f>> {
        if let Some(strings) = column.strings() {
            return Some(Strings::Plain(strings));
        }
        column.dictionary().map(|(indices, strings)| Strings::Dictionary(indices, strings))
    }

    #[inline(always)]
    fn get(&self, row: usize) -> &'f [u8] {
        match self {
            Strings::Plain(strings) => strings.get(row),
            Strings::Dictionary(indices, strings) => strings.get(indices[row] as usize),
        }
    }
}

/// A column of strings only: what makes it sound to read `&str` without a check.
#[derive(Clone, Copy)]
pub struct Texts<'f>(Strings<'f>);

impl<'f> Texts<'f> {
    #[inline(always)]
    fn get(&self, row: usize) -> &'f str {
        // SAFETY: only `texts` makes these, from columns of strings, and every `FrameView` of those holds UTF-8.
        unsafe { std::str::from_utf8_unchecked(self.0.get(row)) }
    }
}

fn texts(column: Column<'_>) -> Option<Texts<'_>> {
    if column.scalar() == Scalar::String { Strings::new(column).map(Texts) } else { None }
}

macro_rules! strings {
    ($([$($lifetime:lifetime)?] $type:ty, $at:ty, $scalar:ident, $reader:ty, $make:expr, $push:ident, $from:expr;)*) => {$(
        impl$(<$lifetime>)? TupleField for $type {
            type At<'a> = $at;
            type Reader<'f> = $reader;
            const SCALAR: Scalar = Scalar::$scalar;

            fn reader(column: Column<'_>) -> Option<Self::Reader<'_>> {
                $make(column)
            }

            #[inline(always)]
            fn read<'f>(reader: &Self::Reader<'f>, row: usize) -> Self::At<'f> {
                $from(reader.get(row))
            }

            #[inline(always)]
            fn write(value: &Self::At<'_>, column: &mut ColumnBuilder) {
                column.$push(value);
            }

            #[inline(always)]
            fn size(value: &Self::At<'_>) -> usize {
                value.len() + 4
            }
        }
    )*};
}

strings! {
    ['t] &'t str, &'a str, String, Texts<'f>, texts, push_str, std::convert::identity;
    [] String, String, String, Texts<'f>, texts, push_str, str::to_owned;
    ['t] &'t [u8], &'a [u8], Bytes, Strings<'f>, Strings::new, push_bytes, std::convert::identity;
    [] Vec<u8>, Vec<u8>, Bytes, Strings<'f>, Strings::new, push_bytes, <[u8]>::to_vec;
}

impl<T: TupleField> TupleField for Option<T> {
    type At<'a> = Option<T::At<'a>>;
    type Reader<'f> = (Option<Bitmap<'f>>, T::Reader<'f>);
    const SCALAR: Scalar = T::SCALAR;
    const LIST: bool = T::LIST;
    const OPTIONAL: bool = true;

    fn reader(column: Column<'_>) -> Option<Self::Reader<'_>> {
        T::reader(column).map(|reader| (column.validity(), reader))
    }

    #[inline(always)]
    fn read<'f>(reader: &Self::Reader<'f>, row: usize) -> Self::At<'f> {
        match reader.0 {
            Some(validity) if !validity.get(row) => None,
            _ => Some(T::read(&reader.1, row)),
        }
    }

    #[inline(always)]
    fn write(value: &Self::At<'_>, column: &mut ColumnBuilder) {
        match value {
            Some(value) => T::write(value, column),
            None => column.push_null(),
        }
    }

    #[inline(always)]
    fn size(value: &Self::At<'_>) -> usize {
        value.as_ref().map_or(8, T::size)
    }
}
