//! The bytes of one frame, so that nobody changes the layout without noticing. `docs/formats.md` shows the same.

use crate::*;

/// Rows `("storm", 2)` and `("né", absent)` of `word: string, count: optional<i64>`, with event times and watermark.
#[rustfmt::skip]
const GOLDEN: &str = "
50 54 46 31 01 00 02 00 02 00 00 00 05 00 00 00
01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00
ff ff ff ff ff ff ff ff 00 01 00 00 00 00 00 00
04 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
90 00 00 00 0c 00 00 00 a0 00 00 00 08 00 00 00
02 02 00 00 02 00 00 00 e8 00 00 00 01 00 00 00
00 00 00 00 00 00 00 00 f0 00 00 00 10 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 05 00 00 00 08 00 00 00 00 00 00 00
73 74 6f 72 6d 6e c3 a9 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
";

fn built() -> FrameBuf {
    let schema = Schema::new([Field::new("word", Scalar::String), Field::new("count", Scalar::I64).optional()]);
    let mut builder = FrameBuilder::new(&schema);
    builder.set_schema_id(5);
    builder.set_event_time(1, 2);
    builder.set_watermark(-1);
    builder.push_row(&[Value::String("storm"), Value::I64(2)]).unwrap();
    builder.push_row(&[Value::String("né"), Value::Null]).unwrap();
    let mut frame = FrameBuf::new();
    builder.finish_into(&mut frame).unwrap();
    frame
}

fn golden() -> FrameBuf {
    let mut bytes = FrameBuf::new();
    for byte in GOLDEN.split_ascii_whitespace() {
        bytes.extend_from_slice(&[u8::from_str_radix(byte, 16).expect("two hexadecimal digits")]);
    }
    bytes
}

#[test]
fn the_layout_stays() {
    assert_eq!(built().as_slice(), golden().as_slice());
}

#[test]
fn the_golden_bytes_are_read() {
    let frame = golden();
    let view = FrameView::parse(&frame).unwrap();
    assert_eq!(
        std::format!("{view}"),
        "2 rows, 256 bytes, event time 1..=2µs, watermark -1µs: string optional<i64>\n\"storm\"\t2\n\"né\"\t-"
    );
}

#[test]
fn the_document_shows_the_same_bytes() {
    let document = include_str!("../../../../docs/formats.md");
    let lines: std::vec::Vec<&str> = GOLDEN.trim().lines().collect();
    for (i, line) in lines.iter().enumerate() {
        let expected = std::format!("{:3}  {line}", 16 * i);
        assert!(document.contains(&expected), "docs/formats.md does not show the line {expected:?}");
    }
}
