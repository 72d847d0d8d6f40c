//! What can be stored.

use crate::error::Error;
use crate::time::Timestamp;
use petrel_frame::{Column, ColumnBuilder, Scalar, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::{Deref, DerefMut};

/// What can be stored in state: `bool`, `i64`, `f64`, `String`, `Vec<u8>`, [`Timestamp`], and with [`Json`] all that
/// serde takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in state as it is",
    note = "`bool`, `i64`, `f64`, `String`, `Vec<u8>` and `Timestamp` can; `Json<{Self}>` can, if serde can serialize it"
)]
pub trait StateValue: Sized + 'static {
    /// The type of the column.
    const SCALAR: Scalar;

    /// From a value of the column.
    ///
    /// # Errors
    /// What is stored is not of this type.
    fn from_value(value: Value<'_>) -> Result<Self, Error>;

    /// Appends it to a column.
    ///
    /// # Errors
    /// It cannot be written down.
    fn write(&self, column: &mut ColumnBuilder) -> Result<(), Error>;

    /// All values of a column, in order.
    ///
    /// # Errors
    /// What is stored is not of this type.
    fn read_all(column: &Column<'_>, mut each: impl FnMut(Option<Self>)) -> Result<(), Error> {
        for row in 0..column.rows() {
            each(match column.value(row) {
                Value::Null => None,
                value => Some(Self::from_value(value)?),
            });
        }
        Ok(())
    }
}

macro_rules! stored {
    ($($type:ty, $scalar:ident, $pattern:pat => $from:expr, |$value:ident, $column:ident| $push:expr;)*) => {$(
        impl StateValue for $type {
            const SCALAR: Scalar = Scalar::$scalar;

            fn from_value(value: Value<'_>) -> Result<$type, Error> {
                match value {
                    $pattern => Ok($from),
                    other => Err(wrong(&other, Scalar::$scalar)),
                }
            }

            #[inline]
            fn write(&self, $column: &mut ColumnBuilder) -> Result<(), Error> {
                let $value = self;
                $push;
                Ok(())
            }
        }
    )*};
}

macro_rules! read_words {
    ($get:ident, $make:expr) => {
        fn read_all(column: &Column<'_>, mut each: impl FnMut(Option<Self>)) -> Result<(), Error> {
            let Some(words) = column.$get() else { return Err(wrong(&column.value(0), Self::SCALAR)) };
            match column.validity() {
                None => words.iter().for_each(|word| each(Some($make(*word)))),
                Some(validity) => {
                    for (row, word) in words.iter().enumerate() {
                        each(validity.get(row).then(|| $make(*word)));
                    }
                }
            }
            Ok(())
        }
    };
}

impl StateValue for i64 {
    const SCALAR: Scalar = Scalar::I64;

    fn from_value(value: Value<'_>) -> Result<i64, Error> {
        if let Value::I64(value) = value { Ok(value) } else { Err(wrong(&value, Scalar::I64)) }
    }

    #[inline]
    fn write(&self, column: &mut ColumnBuilder) -> Result<(), Error> {
        column.push_i64(*self);
        Ok(())
    }

    read_words!(i64s, std::convert::identity);
}

impl StateValue for f64 {
    const SCALAR: Scalar = Scalar::F64;

    fn from_value(value: Value<'_>) -> Result<f64, Error> {
        if let Value::F64(value) = value { Ok(value) } else { Err(wrong(&value, Scalar::F64)) }
    }

    #[inline]
    fn write(&self, column: &mut ColumnBuilder) -> Result<(), Error> {
        column.push_f64(*self);
        Ok(())
    }

    read_words!(f64s, std::convert::identity);
}

impl StateValue for Timestamp {
    const SCALAR: Scalar = Scalar::Timestamp;

    fn from_value(value: Value<'_>) -> Result<Timestamp, Error> {
        if let Value::Timestamp(value) = value { Ok(Timestamp(value)) } else { Err(wrong(&value, Scalar::Timestamp)) }
    }

    #[inline]
    fn write(&self, column: &mut ColumnBuilder) -> Result<(), Error> {
        column.push_i64(self.0);
        Ok(())
    }

    read_words!(i64s, Timestamp);
}

stored! {
    bool, Bool, Value::Bool(value) => value, |value, column| column.push_bool(*value);
    String, String, Value::String(value) => value.to_owned(), |value, column| column.push_str(value);
    Vec<u8>, Bytes, Value::Bytes(value) => value.to_vec(), |value, column| column.push_bytes(value);
}

#[cold]
fn wrong(value: &Value<'_>, wanted: Scalar) -> Error {
    Error::new(format_args!("the state holds {} where the plugin keeps {}", value.type_name(), wanted.name()))
}

/// Any type that serde takes, stored as JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned + 'static> StateValue for Json<T> {
    const SCALAR: Scalar = Scalar::Bytes;

    fn from_value(value: Value<'_>) -> Result<Json<T>, Error> {
        let Value::Bytes(bytes) = value else { return Err(wrong(&value, Scalar::Bytes)) };
        serde_json::from_slice(bytes).map(Json).map_err(|error| Error::from(error).context("a stored value"))
    }

    fn write(&self, column: &mut ColumnBuilder) -> Result<(), Error> {
        let bytes = serde_json::to_vec(&self.0).map_err(|error| Error::from(error).context("a value to be stored"))?;
        column.push_bytes(&bytes);
        Ok(())
    }
}
