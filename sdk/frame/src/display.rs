//! Frames as text, for people: tests, logs, the debugger.

use crate::Field;
use crate::bits::Bitmap;
use crate::column::Column;
use crate::strings::StringColumn;
use crate::value::Value;
use crate::view::FrameView;
use alloc::string::String;
use core::fmt;

/// How many rows `Debug` prints; `Display` prints them all.
const DEBUG_ROWS_MAX: usize = 20;

impl fmt::Display for Value<'_> {
    /// Absent is `-`, text is quoted, bytes are as in a byte string, a timestamp has its unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("-"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::I64(value) => write!(f, "{value}"),
            Value::F64(value) => write!(f, "{value:?}"),
            Value::String(value) => write!(f, "{value:?}"),
            Value::Bytes(value) => write!(f, "b\"{}\"", value.escape_ascii()),
            Value::Timestamp(value) => write!(f, "{value}µs"),
            Value::List(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for FrameView<'_> {
    /// A line about the frame, and a line for each row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_frame(self, self.rows(), f)
    }
}

impl fmt::Debug for FrameView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_frame(self, self.rows().min(DEBUG_ROWS_MAX), f)
    }
}

fn write_frame(view: &FrameView<'_>, rows: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} rows, {} bytes", view.rows(), view.bytes().len())?;
    if let Some((least, greatest)) = view.event_time() {
        write!(f, ", event time {least}..={greatest}µs")?;
    }
    if let Some(watermark) = view.watermark() {
        write!(f, ", watermark {watermark}µs")?;
    }
    f.write_str(":")?;
    for index in 0..view.columns() {
        let column = view.column(index);
        write!(f, " {}{}", type_name(&column), if column.is_dictionary() { " (dictionary)" } else { "" })?;
    }
    // Without columns there is nothing to tell of a row.
    for row in 0..if view.columns() == 0 { 0 } else { rows } {
        f.write_str("\n")?;
        for index in 0..view.columns() {
            write!(f, "{}{}", if index > 0 { "\t" } else { "" }, view.column(index).value(row))?;
        }
    }
    if rows < view.rows() {
        write!(f, "\n… {} rows more", view.rows() - rows)?;
    }
    Ok(())
}

fn type_name(column: &Column<'_>) -> String {
    let field = Field::new("", column.scalar());
    Field { list: column.is_list(), optional: column.is_optional(), ..field }.type_name()
}

impl fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", type_name(self))?;
        f.debug_list().entries((0..self.rows().min(DEBUG_ROWS_MAX)).map(|row| self.value(row))).finish()
    }
}

impl fmt::Debug for StringColumn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Value::Bytes)).finish()
    }
}

impl fmt::Debug for Bitmap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|bit| f.write_str(if bit { "1" } else { "0" }))
    }
}
