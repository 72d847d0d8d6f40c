//! Everything that can be done with a frame.

use petrel_frame::{
    Column, Field, FrameBuf, FrameBuilder, FrameError, FrameView, Schema, StringColumn, Value, concat, project, slice,
    take,
};

/// Rows of a frame that are looked at one by one: few bytes can be a frame of millions of rows without columns.
const ROWS: usize = 2000;

/// Reads a frame through every way there is, reshapes it, and builds it anew.
///
/// # Panics
/// If two ways disagree.
pub(super) fn use_up(view: &FrameView<'_>) {
    (0..view.columns()).for_each(|index| read(&view.column(index), view.rows()));
    let schema = schema(view);
    assert_eq!(view.expect(&schema), Ok(()));
    // SAFETY: the view shows that the bytes passed `parse`.
    let trusted = unsafe { FrameView::parse_trusted(view.bytes()) }.expect("it is a frame");
    same(&trusted, view, 0..view.rows());
    if view.rows() <= ROWS {
        assert!(view.rows() == 0 || view.columns() == 0 || !view.to_string().is_empty());
        rebuild(view, &schema);
    }

    let (start, end) = (view.rows() / 3, view.rows() - view.rows() / 4);
    same_built(slice(view, start..end), view, start..end);
    let rows: Vec<u32> = (start as u32..end as u32).collect();
    same_built(take(view, &rows).expect("each row is taken once"), view, start..end);
    let columns: Vec<usize> = (0..view.columns()).collect();
    same_built(project(view, &columns).expect("each column is taken once"), view, 0..view.rows());
    match concat(&[*view, *view]) {
        Ok(joined) => {
            let joined = FrameView::parse(&joined).expect("reshaping makes frames");
            assert_eq!(joined.rows(), 2 * view.rows());
            same_built(slice(&joined, view.rows()..joined.rows()), view, 0..view.rows());
        }
        Err(FrameError::TooLarge { .. } | FrameError::TooManyRows { .. }) => {}
        Err(other) => panic!("a frame cannot be put behind itself: {other}"),
    }
}

fn same_built(built: FrameBuf, view: &FrameView<'_>, rows: std::ops::Range<usize>) {
    same(&FrameView::parse(&built).expect("reshaping makes frames"), view, rows);
}

/// Whether a frame has these rows of another.
fn same(part: &FrameView<'_>, of: &FrameView<'_>, rows: std::ops::Range<usize>) {
    assert_eq!((part.rows(), part.columns()), (rows.len(), of.columns()));
    for index in 0..of.columns() {
        let (part, of) = (part.column(index), of.column(index));
        for row in rows.clone().take(ROWS) {
            assert!(alike(part.value(row - rows.start), of.value(row)), "row {row} of column {index}");
        }
    }
}

/// Equal, numbers by their bits.
fn alike(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::F64(a), Value::F64(b)) => a.to_bits() == b.to_bits(),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| alike(a, b)),
        (a, b) => a == b,
    }
}

/// The columns with names that say nothing.
fn schema(view: &FrameView<'_>) -> Schema {
    let fields = (0..view.columns()).map(|index| {
        let column = view.column(index);
        Field {
            list: column.is_list(),
            optional: column.is_optional(),
            ..Field::new(index.to_string(), column.scalar())
        }
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn rebuild(view: &FrameView<'_>, schema: &Schema) {
    let mut builder = FrameBuilder::new(schema);
    let columns: Vec<Column<'_>> = (0..view.columns()).map(|index| view.column(index)).collect();
    for row in 0..view.rows() {
        let values: Vec<Value<'_>> = columns.iter().map(|column| column.value(row)).collect();
        builder.push_row(&values).expect("the values are of the columns' types");
    }
    match builder.finish() {
        Ok(bytes) => same(&FrameView::parse(bytes).expect("builders make frames"), view, 0..view.rows()),
        // Written out, a dictionary may be too long.
        Err(error) => assert!(matches!(error, FrameError::TooLarge { .. }), "{error}"),
    }
}

fn read(column: &Column<'_>, rows: usize) {
    assert_eq!(column.rows(), rows);
    column.strings().into_iter().for_each(read_strings);
    column.dictionary().into_iter().for_each(|(_, entries)| read_strings(entries));
    if let Some(validity) = column.validity() {
        assert_eq!(validity.len(), rows);
    }
    for row in 0..rows.min(ROWS) {
        let value = column.value(row);
        assert_eq!(column.is_present(row), value != Value::Null);
        match value {
            Value::Bool(value) => assert_eq!(column.bools().map(|bits| bits.get(row)), Some(value)),
            Value::I64(value) | Value::Timestamp(value) => assert_eq!(column.i64s().map(|all| all[row]), Some(value)),
            Value::F64(value) => {
                assert_eq!(column.f64s().map(|all| all[row].to_bits()), Some(value.to_bits()));
            }
            Value::String(value) => {
                // Whoever reads text relies on this.
                assert!(std::str::from_utf8(value.as_bytes()).is_ok());
                assert_eq!(column.bytes_at(row), value.as_bytes());
            }
            Value::Bytes(value) => assert_eq!(column.bytes_at(row), value),
            Value::List(list) => list.iter().for_each(|value| assert!(!value.type_name().is_empty())),
            Value::Null => {}
        }
    }
}

fn read_strings(strings: StringColumn<'_>) {
    assert!(strings.iter().enumerate().all(|(index, value)| strings.get(index) == value));
    assert_eq!(strings.iter().map(<[u8]>::len).sum::<usize>(), strings.bytes().len());
    let padding = &strings.padded_bytes()[strings.bytes().len()..];
    assert!(padding.len() >= 64 && padding.iter().all(|&byte| byte == 0));
}
