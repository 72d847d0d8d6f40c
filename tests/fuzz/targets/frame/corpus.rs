//! Frames to start from: each type in each encoding, and each rule of the layout broken once.

use super::specification::is_frame;
use petrel_frame::{Field, FrameBuf, FrameBuilder, ListView, Scalar, Schema, Value};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/targets/__fuzz__/frame/corpus");

const SCALARS: [Scalar; 6] = [Scalar::Bool, Scalar::I64, Scalar::F64, Scalar::String, Scalar::Bytes, Scalar::Timestamp];

#[test]
fn corpus() {
    let (valid, broken) = (valid(), broken());
    for (name, bytes) in &valid {
        assert!(is_frame(bytes), "{name} is no frame");
    }
    for (name, bytes) in &broken {
        assert!(!is_frame(bytes), "{name} is a frame");
    }
    let seeds = valid.into_iter().chain(broken).map(|(name, bytes)| (name, bytes.to_vec()));
    petrel_fuzz::keep_corpus(FOLDER, &seeds.collect::<Vec<_>>());
}

type Seeds = Vec<(String, FrameBuf)>;

fn valid() -> Seeds {
    let mut seeds = Vec::new();
    for scalar in SCALARS {
        for (list, optional) in [(false, false), (false, true), (true, false), (true, true)] {
            let field = Field { list, optional, ..Field::new("column", scalar) };
            let name = format!("valid-{}", field.type_name().replace(['<', '>'], "-").trim_end_matches('-'));
            seeds.push((name, plain(field)));
        }
    }
    for scalar in [Scalar::String, Scalar::Bytes] {
        for optional in [false, true] {
            let field = Field { optional, ..Field::new("column", scalar) };
            let name = format!("valid-dictionary-{}", field.type_name().replace(['<', '>'], "-").trim_end_matches('-'));
            seeds.push((name, dictionary(field)));
        }
    }
    seeds.push(("valid-nothing".into(), finish(FrameBuilder::new(&Schema::default()))));
    let mut rows = FrameBuilder::new(&Schema::default());
    rows.end_rows(1000);
    seeds.push(("valid-rows-alone".into(), finish(rows)));
    seeds.push(("valid-no-rows".into(), finish(FrameBuilder::new(&Schema::new([Field::new("a", Scalar::String)])))));
    seeds.push(("valid-times-and-columns".into(), times_and_columns()));
    seeds
}

/// A value of a type, and another.
fn values(scalar: Scalar) -> [Value<'static>; 2] {
    match scalar {
        Scalar::Bool => [Value::Bool(true), Value::Bool(false)],
        Scalar::I64 => [Value::I64(-1), Value::I64(i64::MAX)],
        Scalar::F64 => [Value::F64(0.5), Value::F64(f64::NAN)],
        Scalar::String => [Value::String("storm"), Value::String("né😀")],
        Scalar::Bytes => [Value::Bytes(b"\xff\0"), Value::Bytes(b"petrel")],
        Scalar::Timestamp => [Value::Timestamp(1_700_000_000_000_000), Value::Timestamp(i64::MIN)],
    }
}

fn plain(field: Field) -> FrameBuf {
    let values = values(field.scalar);
    let value = |row: usize| match (row, field.list) {
        (1, _) if field.optional => Value::Null,
        (row, true) => Value::List(ListView::from_values(&values[..row % 3])),
        (row, false) => values[row % 2],
    };
    let mut builder = FrameBuilder::new(&Schema::new([field.clone()]));
    (0..5).for_each(|row| builder.push_row(&[value(row)]).expect("the value is of the type"));
    finish(builder)
}

fn dictionary(field: Field) -> FrameBuf {
    let optional = field.optional;
    let mut builder = FrameBuilder::new(&Schema::new([field]));
    let column = builder.column(0);
    column.push_entry("né".as_bytes());
    column.push_entry(b"storm");
    [0, 1, 1].into_iter().for_each(|index| column.push_index(index));
    if optional {
        column.push_null();
    }
    finish(builder)
}

fn times_and_columns() -> FrameBuf {
    let schema = Schema::new([
        Field::new("word", Scalar::String),
        Field::new("count", Scalar::I64).optional(),
        Field::new("at", Scalar::Timestamp),
    ]);
    let mut builder = FrameBuilder::new(&schema);
    builder.set_schema_id(5);
    builder.set_event_time(1, 2);
    builder.set_watermark(-1);
    builder.push_row(&[Value::String("storm"), Value::I64(2), Value::Timestamp(1)]).expect("the values fit");
    builder.push_row(&[Value::String("né"), Value::Null, Value::Timestamp(2)]).expect("the values fit");
    finish(builder)
}

fn finish(mut builder: FrameBuilder) -> FrameBuf {
    FrameBuf::from_slice(builder.finish().expect("it is within the limits"))
}

/// The example of docs/formats.md, with a third column, and one thing wrong.
fn broken() -> Seeds {
    let good = times_and_columns();
    let offsets = number(&good, 48 + 8 + 8 * 3) as usize;
    let text = number(&good, 48 + 8 + 8 * 4) as usize;
    let mut seeds: Seeds = Vec::new();
    let mut with = |name: &str, at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        seeds.push((format!("broken-{name}"), bad));
    };
    with("magic", 0, b"PTF2");
    with("version", 4, &[2]);
    with("columns-claimed", 6, &[0xff, 0xff]);
    with("rows-claimed", 8, &[0xff; 4]);
    with("event-time-reversed", 16, &[9]);
    with("length-claimed", 40, &[0xff; 4]);
    with("header-reserved", 44, &[1]);
    with("scalar", 48, &[7]);
    with("flags", 49, &[0x80]);
    with("dictionary-of-integers", 48 + 48 + 2, &[1]);
    with("column-reserved", 51, &[1]);
    with("entries", 52, &[3]);
    with("buffer-claims-4-gib", 48 + 8 + 8 * 4 + 4, &[0xff; 4]);
    with("buffer-far-away", 48 + 8 + 8 * 4, &[0xf8, 0xff, 0xff, 0xff]);
    with("buffer-over-the-table", 48 + 8 + 8 * 3, &[0; 4]);
    with("buffer-that-should-not-be", 48 + 8, &[8]);
    with("offset-below-zero", offsets, &[0xff; 4]);
    with("offsets-fall", offsets + 4, &[9, 0, 0, 0]);
    with("offsets-end-elsewhere", offsets + 8, &[7]);
    with("not-utf-8", text + 6, &[0xff]);
    with("character-split", offsets + 4, &[7]);
    with("padding", text + 8 + 63, &[1]);
    for (name, length) in [("cut-in-the-header", 40), ("cut-in-the-table", 56), ("cut-in-the-columns", good.len() - 16)]
    {
        let mut cut = FrameBuf::from_slice(&good[..length]);
        cut[40.min(length)..44.min(length)].copy_from_slice(&(length as u32).to_le_bytes()[..44.min(length) - 40]);
        seeds.push((format!("broken-{name}"), cut));
    }
    let mut indices = dictionary(Field::new("column", Scalar::Bytes));
    let at = number(&indices, 48 + 8 + 8 * 2) as usize;
    indices[at] = 2;
    seeds.push(("broken-dictionary-index".into(), indices));
    let mut lists = plain(Field::new("column", Scalar::I64).list());
    let at = number(&lists, 48 + 8 + 8) as usize;
    lists[at + 4] = 200;
    seeds.push(("broken-list-offsets".into(), lists));
    seeds.push(("broken-length-wraps".into(), wrapped()));
    seeds
}

/// A list of so many children that their bytes, counted in 32 bits, are none at all.
fn wrapped() -> FrameBuf {
    const CHILDREN: u32 = 1 << 29;
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("column", Scalar::I64).list()]));
    builder.column(0).push_i64_list(&[]);
    let mut frame = finish(builder);
    let lists = number(&frame, 48 + 8 + 8) as usize;
    frame[52..56].copy_from_slice(&CHILDREN.to_le_bytes());
    frame[lists + 4..lists + 8].copy_from_slice(&CHILDREN.to_le_bytes());
    frame
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
