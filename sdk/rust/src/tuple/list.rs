//! Fields that are lists.

use super::TupleField;
use crate::time::Timestamp;
use petrel_frame::{Column, ColumnBuilder, Scalar, Value};

/// What a list in a tuple may hold.
#[diagnostic::on_unimplemented(message = "a list in a tuple cannot hold `{Self}`")]
pub trait ListItem {
    /// The same type, borrowed for another lifetime.
    type At<'a>;
    /// Its scalar.
    const SCALAR: Scalar;

    /// From a value of that scalar.
    fn from_value(value: Value<'_>) -> Option<Self::At<'_>>;

    /// To a value of that scalar.
    fn to_value<'a>(item: &'a Self::At<'_>) -> Value<'a>;
}

macro_rules! items {
    ($([$($lifetime:lifetime)?] $type:ty, $at:ty, $scalar:ident, $pattern:pat => $from:expr, |$item:ident| $to:expr;)*) => {$(
        impl$(<$lifetime>)? ListItem for $type {
            type At<'a> = $at;
            const SCALAR: Scalar = Scalar::$scalar;

            fn from_value(value: Value<'_>) -> Option<Self::At<'_>> {
                match value {
                    $pattern => Some($from),
                    _ => None,
                }
            }

            fn to_value<'a>($item: &'a Self::At<'_>) -> Value<'a> {
                $to
            }
        }
    )*};
}

items! {
    [] bool, bool, Bool, Value::Bool(item) => item, |item| Value::Bool(*item);
    [] i64, i64, I64, Value::I64(item) => item, |item| Value::I64(*item);
    [] f64, f64, F64, Value::F64(item) => item, |item| Value::F64(*item);
    [] Timestamp, Timestamp, Timestamp, Value::Timestamp(item) => Timestamp(item), |item| Value::Timestamp(item.0);
    ['t] &'t str, &'a str, String, Value::String(item) => item, |item| Value::String(item);
    [] String, String, String, Value::String(item) => item.to_owned(), |item| Value::String(item);
    ['t] &'t [u8], &'a [u8], Bytes, Value::Bytes(item) => item, |item| Value::Bytes(item);
    [] Vec<u8>, Vec<u8>, Bytes, Value::Bytes(item) => item.to_vec(), |item| Value::Bytes(item);
}

impl<T: ListItem> TupleField for Vec<T> {
    type At<'a> = Vec<T::At<'a>>;
    type Reader<'f> = Column<'f>;
    const SCALAR: Scalar = T::SCALAR;
    const LIST: bool = true;

    fn reader(column: Column<'_>) -> Option<Column<'_>> {
        (column.is_list() && column.scalar() == T::SCALAR).then_some(column)
    }

    fn read<'f>(reader: &Self::Reader<'f>, row: usize) -> Self::At<'f> {
        let Some(list) = reader.list(row) else { return Vec::new() };
        list.iter().filter_map(T::from_value).collect()
    }

    fn write(value: &Self::At<'_>, column: &mut ColumnBuilder) {
        column.push_list(value.iter().map(T::to_value)).expect("the items are of the column's type");
    }

    fn size(value: &Self::At<'_>) -> usize {
        let size = |item| match T::to_value(item) {
            Value::String(text) => text.len() + 4,
            Value::Bytes(bytes) => bytes.len() + 4,
            _ => 8,
        };
        4 + value.iter().map(size).sum::<usize>()
    }
}
