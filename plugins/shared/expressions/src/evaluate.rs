//! Expressions at work on the rows of a frame.

use crate::Expression;
use crate::functions;
use cel::Context;
use cel::Value as Cel;
use cel::common::types::{CelBool, CelBytes, CelDouble, CelInt, CelList, CelNull, CelString, CelTimestamp};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use chrono::DateTime;
use petrel_frame::{Column, ColumnBuilder, FrameView, ListView, Schema, Value};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The rows of one frame, for expressions over its schema.
pub struct Evaluator<'f> {
    rows: Rows<'f>,
}

/// What variables stand for in one row. CEL wants it to be `Sync`, hence the atomic, which nobody shares.
struct Rows<'f> {
    columns: Vec<(&'f str, Column<'f>)>,
    row: AtomicUsize,
}

impl<'f> Evaluator<'f> {
    /// The rows of a frame of that schema.
    pub fn new(schema: &'f Schema, frame: &FrameView<'f>) -> Evaluator<'f> {
        let columns =
            schema.fields.iter().enumerate().map(|(i, field)| (field.name.as_str(), frame.column(i))).collect();
        Evaluator { rows: Rows { columns, row: AtomicUsize::new(0) } }
    }

    /// Whether a condition holds for a row.
    ///
    /// # Errors
    /// A sentence: the expression fails on the values of this row.
    pub fn truth(&self, condition: &Expression, row: usize) -> Result<bool, String> {
        self.with(condition, row, |value| match value.downcast_ref::<CelBool>() {
            Some(value) => Ok(*value.inner()),
            None => Err(format!("its value is a {}, not a bool", value.get_type().name())),
        })
    }

    /// Adds the value for a row to a column of the [`field`](Expression::field) of the expression.
    ///
    /// # Errors
    /// A sentence: the expression fails on the values of this row, and nothing was added.
    pub fn push(&self, expression: &Expression, row: usize, column: &mut ColumnBuilder) -> Result<(), String> {
        self.with(expression, row, |value| push(value, column))
    }

    fn with<R>(
        &self,
        expression: &Expression,
        row: usize,
        take: impl FnOnce(&dyn Val) -> Result<R, String>,
    ) -> Result<R, String> {
        self.rows.row.store(row, Ordering::Relaxed);
        let mut context = Context::with_env(functions::environment());
        context.set_variable_resolver(&self.rows);
        let value = Cel::resolve_val(&expression.tree, &context)
            .map_err(|error| format!("`{}`: {error}", expression.source()))?;
        take(value.as_ref()).map_err(|message| format!("`{}`: {message}", expression.source()))
    }
}

impl VariableResolver for Rows<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let (_, column) = self.columns.iter().find(|(name, _)| *name == variable)?;
        Some(CowVal::Owned(value(column.value(self.row.load(Ordering::Relaxed)))))
    }
}

/// A value of ours as one of CEL's. Text and bytes are borrowed. A time before the year 1 or after 9999, which CEL
/// does not have, is null.
fn value<'v>(value: Value<'v>) -> Box<dyn Val + 'v> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::I64(value) => Box::new(CelInt::from(value)),
        Value::F64(value) => Box::new(CelDouble::from(value)),
        Value::String(value) => Box::new(CelString::from(value)),
        Value::Bytes(value) => Box::new(CelBytes::from(value)),
        Value::Timestamp(time) => match DateTime::from_timestamp_micros(time) {
            Some(time) => Box::new(CelTimestamp::from(time.fixed_offset())),
            None => Box::new(CelNull),
        },
        Value::List(list) => Box::new(CelList::from(list.iter().map(self::value).collect::<Vec<_>>())),
    }
}

/// A value of CEL's as one of ours, if there is one.
fn ours<'v>(value: &'v dyn Val) -> Option<Value<'v>> {
    if let Some(value) = value.downcast_ref::<CelInt>() {
        Some(Value::I64(*value.inner()))
    } else if let Some(value) = value.downcast_ref::<CelString>() {
        Some(Value::String(value.inner()))
    } else if let Some(value) = value.downcast_ref::<CelBool>() {
        Some(Value::Bool(*value.inner()))
    } else if let Some(value) = value.downcast_ref::<CelDouble>() {
        Some(Value::F64(*value.inner()))
    } else if let Some(value) = value.downcast_ref::<CelTimestamp>() {
        Some(Value::Timestamp(value.inner().timestamp_micros()))
    } else if let Some(value) = value.downcast_ref::<CelBytes>() {
        Some(Value::Bytes(value.inner()))
    } else if value.downcast_ref::<CelNull>().is_some() {
        Some(Value::Null)
    } else {
        None
    }
}

fn push(value: &dyn Val, column: &mut ColumnBuilder) -> Result<(), String> {
    let unfit = || format!("its value is a {}, which the field cannot hold", value.get_type().name());
    if let Some(list) = value.downcast_ref::<CelList>() {
        let items: Vec<Value<'_>> =
            list.inner().iter().map(|item| ours(item.as_ref())).collect::<Option<_>>().ok_or_else(unfit)?;
        return column.push_value(Value::List(ListView::from_values(&items))).map_err(|error| error.to_string());
    }
    column.push_value(ours(value).ok_or_else(unfit)?).map_err(|error| error.to_string())
}
