//! Columns of one frame copied to the next: what bolts that pass fields through have in common.
//!
//! ```
//! use petrel_columns::append;
//! use petrel_frame::{Field, FrameBuilder, FrameView, Scalar, Schema};
//!
//! let schema = Schema::new([Field::new("word", Scalar::String)]);
//! let (mut from, mut to) = (FrameBuilder::new(&schema), FrameBuilder::new(&schema));
//! from.column(0).push_str("storm");
//! let from = FrameView::parse(from.finish().unwrap()).unwrap();
//! append(&from.column(0), 0..1, to.column(0)).unwrap();
//! assert_eq!(to.rows(), 1);
//! ```

use petrel_frame::{Column, ColumnBuilder, FrameError, PADDING};
use std::ops::Range;

/// A copy reads this far past the end of a value.
const WIDE: usize = 16;
const _: () = assert!(WIDE <= PADDING);

/// Appends rows of a column to a column of the same type. Whole columns of numbers are one copy, text is copied by
/// words of 16 bytes. A dictionary stays one where the target is empty.
///
/// # Errors
/// The target is of another type, or a value is absent and must not be.
///
/// # Panics
/// If there are no such rows.
pub fn append(from: &Column<'_>, rows: Range<usize>, to: &mut ColumnBuilder) -> Result<(), FrameError> {
    let same = from.scalar() == to.scalar() && !from.is_list() && from.validity().is_none();
    if same {
        if let Some(numbers) = from.i64s() {
            to.extend_i64s(&numbers[rows]);
            return Ok(());
        }
        if let Some(strings) = from.strings() {
            assert!(rows.end <= strings.len(), "rows {rows:?} of {}", strings.len());
            for row in rows {
                // SAFETY: there is such a row, and 64 bytes of padding, more than 16, follow its text. A column of the
                // same scalar holds UTF-8 where the target must.
                unsafe {
                    let (start, length) = strings.padded_at(row);
                    to.push_bytes_wide(start, length);
                }
            }
            return Ok(());
        }
        if let Some((indices, entries)) = from.dictionary()
            && to.rows() == 0
        {
            to.set_dictionary(entries);
            to.extend_indices(&indices[rows]);
            return Ok(());
        }
    }
    for row in rows {
        to.push_value(from.value(row))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, ListView, Scalar, Schema, Value};

    fn copied(schema: &Schema, rows: &[Vec<Value<'_>>], range: Range<usize>) -> Vec<String> {
        let (mut from, mut to) = (FrameBuilder::new(schema), FrameBuilder::new(schema));
        rows.iter().for_each(|row| from.push_row(row).unwrap());
        let from = FrameBuf::from_slice(from.finish().unwrap());
        let from = FrameView::parse(&from).unwrap();
        for column in 0..from.columns() {
            append(&from.column(column), range.clone(), to.column(column)).unwrap();
        }
        let to = FrameView::parse(to.finish().unwrap()).unwrap();
        to.expect(schema).unwrap();
        let values = |row| (0..to.columns()).map(|column| format!("{:?} ", to.column(column).value(row))).collect();
        (0..to.rows()).map(values).collect()
    }

    #[test]
    fn every_type_with_and_without_absent_values() {
        let fields = (1..=6).filter_map(Scalar::from_code).flat_map(|scalar| {
            let field = Field::new(scalar.name(), scalar);
            [
                field.clone(),
                Field { name: "o".to_string() + scalar.name(), ..field.clone() }.optional(),
                Field { name: "l".to_string() + scalar.name(), ..field }.list(),
            ]
        });
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let plain = |i: i64| {
            [
                Value::Bool(i % 2 == 0),
                Value::I64(i),
                Value::F64(i as f64 / 2.0),
                Value::String(["", "ü", "a rather long piece of text, more than sixteen bytes"][i as usize % 3]),
                Value::Bytes(&[0xff, 1, 2][..i as usize % 4]),
                Value::Timestamp(-i),
            ]
        };
        let values: Vec<[Value<'_>; 6]> = (0..5).map(plain).collect();
        let rows: Vec<Vec<Value<'_>>> = values
            .iter()
            .enumerate()
            .map(|(i, row)| {
                row.iter()
                    .enumerate()
                    .flat_map(|(column, value)| {
                        let list = &values[i][column..=column];
                        [
                            *value,
                            if i % 2 == 1 { Value::Null } else { *value },
                            Value::List(ListView::from_values(list)),
                        ]
                    })
                    .collect()
            })
            .collect();
        let all = copied(&schema, &rows, 0..5);
        assert_eq!(copied(&schema, &rows, 1..4), all[1..4]);
        let expected: Vec<String> =
            rows.iter().map(|row| row.iter().map(|value| format!("{value:?} ")).collect()).collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn dictionaries_stay_or_become_plain() {
        let schema = Schema::new([Field::new("word", Scalar::String)]);
        let mut from = FrameBuilder::new(&schema);
        from.column(0).push_entry(b"storm");
        from.column(0).push_entry(b"petrel");
        from.column(0).extend_indices(&[1, 0, 1]);
        let from = FrameView::parse(from.finish().unwrap()).unwrap();
        let mut to = FrameBuilder::new(&schema);
        append(&from.column(0), 0..2, to.column(0)).unwrap();
        assert!(FrameView::parse(to.finish().unwrap()).unwrap().column(0).is_dictionary());
        let mut plain = FrameBuilder::new(&schema);
        plain.column(0).push_str("a");
        append(&from.column(0), 1..3, plain.column(0)).unwrap();
        let plain = FrameView::parse(plain.finish().unwrap()).unwrap();
        let words: Vec<&[u8]> = (0..3).map(|row| plain.column(0).bytes_at(row)).collect();
        assert_eq!(words, [&b"a"[..], b"storm", b"petrel"]);
    }

    #[test]
    fn other_types_are_refused() {
        let (one, other) = (Schema::new([Field::new("a", Scalar::I64)]), Schema::new([Field::new("a", Scalar::Bytes)]));
        let mut from = FrameBuilder::new(&one);
        from.column(0).push_i64(1);
        let from = FrameView::parse(from.finish().unwrap()).unwrap();
        assert!(append(&from.column(0), 0..1, FrameBuilder::new(&other).column(0)).is_err());
    }
}
