//! Tuples whose fields are known only at run time.

use super::{DynamicTuple, OwnedValue, Tuple};
use crate::error::Error;
use petrel_frame::{Field, FrameView, Value};
use std::fmt;

/// A row of a frame with the names of its fields: a tuple whose fields are known only at run time.
///
/// As the input of a [`Bolt`](crate::Bolt) it takes any stream with all its fields.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    frame: FrameView<'a>,
    fields: &'a [Field],
    row: usize,
}

impl<'a> Row<'a> {
    pub(crate) fn new(frame: FrameView<'a>, fields: &'a [Field], row: usize) -> Row<'a> {
        Row { frame, fields, row }
    }

    /// The fields, in order.
    pub fn fields(&self) -> &'a [Field] {
        self.fields
    }

    /// The value of the field of that name; nothing if there is no such field, [`Value::Null`] if it is absent.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields.iter().position(|field| field.name == name).map(|position| self.value(position))
    }

    /// The value of the field at that position.
    ///
    /// # Panics
    /// There is no such field.
    pub fn value(&self, position: usize) -> Value<'a> {
        self.frame.column(position).value(self.row)
    }

    /// The row as a tuple of the same fields in the same order. The row of a timer's key has the fields of the key and no
    /// others.
    ///
    /// # Errors
    /// The fields have other names or types, or are fewer.
    pub fn read<T: Tuple>(&self) -> Result<T::At<'a>, Error> {
        let wanted = T::schema();
        let names = |fields: &'a [Field]| fields.iter().map(|field| field.name.as_str());
        if !wanted.fields.iter().map(|field| field.name.as_str()).eq(names(self.fields).take(wanted.fields.len())) {
            let found: Vec<String> = self.fields.iter().map(Field::to_string).collect();
            return Err(Error::new(format_args!(
                "the fields here are `{}`, and the struct that is read has `{wanted}`: read a struct of these fields alone, in \
                 this order",
                found.join(", ")
            )));
        }
        Ok(T::read(&T::columns(&self.frame)?, self.row))
    }

    /// A copy that outlives the frame.
    pub fn to_dynamic(&self) -> DynamicTuple {
        let value = |(position, field): (usize, &Field)| (field.name.clone(), OwnedValue::from(self.value(position)));
        DynamicTuple { fields: self.fields.iter().enumerate().map(value).collect() }
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (position, field) in self.fields.iter().enumerate() {
            map.entry(&field.name, &OwnedValue::from(self.value(position)));
        }
        map.finish()
    }
}
