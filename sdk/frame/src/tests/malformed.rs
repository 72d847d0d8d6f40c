//! Every malformed shape is refused by its own error.

use crate::*;
use std::string::ToString;
use std::vec::Vec;

/// Two rows of `a: string` (plain), `b: list<i64>` (3 children), `c: optional<bytes>` (dictionary of two), whose
/// buffers lie, without a gap but padding, as the constants below say.
fn valid() -> FrameBuf {
    let schema = Schema::new([
        Field::new("a", Scalar::String),
        Field::new("b", Scalar::I64).list(),
        Field::new("c", Scalar::Bytes).optional(),
    ]);
    let mut builder = FrameBuilder::new(&schema);
    builder.column(0).push_str("é");
    builder.column(0).push_str("abc");
    builder.column(1).push_i64_list(&[1, 2]);
    builder.column(1).push_i64_list(&[3]);
    builder.column(2).push_entry(b"x");
    builder.column(2).push_entry(b"yz");
    builder.column(2).push_null();
    builder.column(2).push_index(1);
    let mut frame = FrameBuf::new();
    builder.finish_into(&mut frame).unwrap();
    frame
}

const TABLE: [usize; 3] = [48, 96, 144];
const A_OFFSETS: usize = 192;
const A_BYTES: usize = 208;
const B_LISTS: usize = 280;
const B_VALUES: usize = 296;
const C_VALIDITY: usize = 320;
const C_INDICES: usize = 328;
const C_OFFSETS: usize = 336;
const C_BYTES: usize = 352;
const LENGTH: usize = 424;

/// Where the table says where a column's buffer starts; its length stands 4 bytes after.
fn buffer_at(column: usize, buffer: Buffer) -> usize {
    TABLE[column] + 8 + 8 * buffer as usize
}

#[track_caller]
fn refused(change: impl FnOnce(&mut FrameBuf), expected: FrameError) {
    let mut frame = valid();
    change(&mut frame);
    let error = FrameView::parse(&frame).expect_err("the frame is malformed");
    assert_eq!(error, expected);
    assert!(error.to_string().len() > 20, "{error}");
}

fn put(at: usize, bytes: &[u8]) -> impl FnOnce(&mut FrameBuf) {
    move |frame| frame[at..at + bytes.len()].copy_from_slice(bytes)
}

fn put_u32(at: usize, value: usize) -> impl FnOnce(&mut FrameBuf) {
    move |frame| put(at, &(value as u32).to_le_bytes())(frame)
}

#[test]
fn the_frame_lies_as_said() {
    let frame = valid();
    assert_eq!(frame.len(), LENGTH);
    let start = |column, buffer| {
        let at = buffer_at(column, buffer);
        u32::from_le_bytes(frame[at..at + 4].try_into().unwrap()) as usize
    };
    use Buffer::*;
    assert_eq!([start(0, StringOffsets), start(0, StringBytes)], [A_OFFSETS, A_BYTES]);
    assert_eq!([start(1, ListOffsets), start(1, Values)], [B_LISTS, B_VALUES]);
    assert_eq!([start(2, Validity), start(2, Values)], [C_VALIDITY, C_INDICES]);
    assert_eq!([start(2, StringOffsets), start(2, StringBytes)], [C_OFFSETS, C_BYTES]);
    assert!(FrameView::parse(&frame).is_ok());
}

#[test]
fn header() {
    use FrameError::*;
    refused(|frame| frame.clear(), TooShort { bytes: 0 });
    refused(|frame| frame.resize(47, 0), TooShort { bytes: 47 });
    refused(|frame| frame.resize(MAX_FRAME_BYTES + 1, 0), TooLong { bytes: MAX_FRAME_BYTES + 1 });
    refused(put(0, b"PTF2"), Magic { found: 0x3246_5450 });
    refused(put(4, &[2]), Version { found: 2 });
    refused(put_u32(40, LENGTH - 8), Length { claimed: LENGTH as u32 - 8, bytes: LENGTH });
    refused(put_u32(40, u32::MAX as usize), Length { claimed: u32::MAX, bytes: LENGTH });
    refused(|frame| frame.resize(LENGTH - 8, 0), Length { claimed: LENGTH as u32, bytes: LENGTH - 8 });
    let uneven = |frame: &mut FrameBuf| {
        frame.resize(LENGTH + 4, 0);
        put_u32(40, LENGTH + 4)(frame);
    };
    refused(uneven, LengthUneven { length: LENGTH as u32 + 4 });
    refused(put_u32(44, 1), HeaderReserved { found: 1 });
    refused(put(6, &1025_u16.to_le_bytes()), TooManyColumns { columns: 1025 });
    refused(put(6, &9_u16.to_le_bytes()), TableTruncated { columns: 9, bytes: LENGTH });
    refused(put_u32(8, u32::MAX as usize), TooManyRows { rows: u32::MAX as usize });
    refused(put_u32(8, MAX_ROWS + 1), TooManyRows { rows: MAX_ROWS + 1 });
    refused(put(16, &5_i64.to_le_bytes()), EventTimeReversed { least: 5, greatest: i64::MIN });
}

#[test]
fn memory_that_is_not_aligned() {
    let frame = valid();
    let mut shifted = FrameBuf::from_slice(&[0; 4]);
    shifted.extend_from_slice(&frame);
    assert_eq!(FrameView::parse(&shifted[4..]).unwrap_err(), FrameError::Misaligned { remainder: 4 });
    let copy = FrameBuf::from_slice(&shifted[4..]);
    assert!(FrameView::parse(&copy).is_ok());
}

#[test]
fn column_types() {
    use FrameError::*;
    refused(put(TABLE[0], &[0]), UnknownScalar { column: 0, code: 0 });
    refused(put(TABLE[1], &[7]), UnknownScalar { column: 1, code: 7 });
    refused(put(TABLE[0] + 1, &[4]), UnknownFlags { column: 0, flags: 4 });
    refused(put(TABLE[2] + 2, &[2]), UnknownEncoding { column: 2, encoding: 2 });
    refused(put(TABLE[0] + 3, &[1]), ColumnReserved { column: 0, found: 1 });
    refused(put(TABLE[1] + 2, &[1]), DictionaryNotAllowed { column: 1, found: "list<i64>".into() });
    refused(put(TABLE[2], &[3, 0]), DictionaryNotAllowed { column: 2, found: "f64".into() });
    refused(put_u32(TABLE[0] + 4, 3), Entries { column: 0, entries: 3, rows: 2 });
    refused(put_u32(TABLE[0] + 4, u32::MAX as usize), Entries { column: 0, entries: u32::MAX as usize, rows: 2 });
}

#[test]
fn places_of_buffers() {
    use Buffer::*;
    use FrameError::*;
    refused(
        put_u32(buffer_at(0, Validity), 192),
        UnexpectedBuffer { column: 0, buffer: Validity, offset: 192, length: 0 },
    );
    // An optional column must have its validity, also where the table says that it has none.
    refused(put(TABLE[0] + 1, &[2]), BufferOverlaps { column: 0, buffer: Validity, offset: 0, free_from: 192 });
    refused(
        put_u32(buffer_at(0, StringOffsets), A_OFFSETS + 4),
        BufferMisaligned { column: 0, buffer: StringOffsets, offset: A_OFFSETS + 4 },
    );
    refused(
        put_u32(buffer_at(0, StringOffsets), 0),
        BufferOverlaps { column: 0, buffer: StringOffsets, offset: 0, free_from: 192 },
    );
    refused(
        put_u32(buffer_at(1, Values), B_LISTS + 8),
        BufferOverlaps { column: 1, buffer: Values, offset: B_LISTS + 8, free_from: B_VALUES },
    );
    // Within the padding of the column before it.
    refused(
        put_u32(buffer_at(1, ListOffsets), B_LISTS - 8),
        BufferOverlaps { column: 1, buffer: ListOffsets, offset: B_LISTS - 8, free_from: B_LISTS },
    );
    refused(
        put_u32(buffer_at(2, StringBytes), LENGTH + 8),
        BufferOutside { column: 2, buffer: StringBytes, offset: LENGTH + 8, length: 3, frame: LENGTH },
    );
    refused(
        put_u32(buffer_at(2, StringBytes) + 4, u32::MAX as usize),
        BufferOutside { column: 2, buffer: StringBytes, offset: C_BYTES, length: u32::MAX as usize, frame: LENGTH },
    );
    refused(
        put_u32(buffer_at(2, Validity), 0xffff_fff8),
        BufferOutside { column: 2, buffer: Validity, offset: 0xffff_fff8, length: 1, frame: LENGTH },
    );
}

#[test]
fn lengths_of_buffers() {
    use Buffer::*;
    use FrameError::*;
    let length = |column, buffer, length, expected| {
        refused(put_u32(buffer_at(column, buffer) + 4, length), BufferLength { column, buffer, length, expected });
    };
    length(0, StringOffsets, 8, 12);
    length(1, ListOffsets, 16, 12);
    length(1, Values, 16, 24);
    length(2, Validity, 0, 1);
    length(2, Values, 4, 8);
    length(2, StringOffsets, 16, 12);
    // Four billion children, of which there are three.
    refused(
        put_u32(TABLE[1] + 4, u32::MAX as usize),
        BufferLength { column: 1, buffer: Values, length: 24, expected: 8 * (u32::MAX as usize) },
    );
    refused(
        put_u32(TABLE[2] + 4, u32::MAX as usize),
        BufferLength { column: 2, buffer: StringOffsets, length: 12, expected: 4 * (u32::MAX as usize + 1) },
    );
}

#[test]
fn padding() {
    use FrameError::*;
    for at in [A_OFFSETS + 12, A_BYTES + 5, A_BYTES + 68, B_LISTS + 12, C_VALIDITY + 1, C_BYTES + 3, LENGTH - 1] {
        refused(put(at, &[1]), PaddingNotZero { offset: at });
    }
    refused(
        |frame| {
            frame.resize(LENGTH - 8, 0);
            put_u32(40, LENGTH - 8)(frame);
        },
        PaddingMissing { column: 2, end: C_BYTES + 3, frame: LENGTH - 8 },
    );
}

#[test]
fn offsets() {
    use Buffer::*;
    use FrameError::*;
    let put_i32 = |at: usize, value: i32| put_u32(at, value as u32 as usize);
    refused(put_i32(A_OFFSETS, 1), OffsetsStart { column: 0, buffer: StringOffsets, first: 1 });
    refused(put_i32(A_OFFSETS, -1), OffsetsStart { column: 0, buffer: StringOffsets, first: -1 });
    refused(put_i32(A_OFFSETS + 4, 6), OffsetsFall { column: 0, buffer: StringOffsets, index: 2 });
    refused(put_i32(A_OFFSETS + 4, -1), OffsetsFall { column: 0, buffer: StringOffsets, index: 1 });
    refused(put_i32(A_OFFSETS + 4, i32::MIN), OffsetsFall { column: 0, buffer: StringOffsets, index: 1 });
    refused(put_i32(A_OFFSETS + 4, i32::MAX), OffsetsFall { column: 0, buffer: StringOffsets, index: 2 });
    refused(put_i32(A_OFFSETS + 8, 6), OffsetsEnd { column: 0, buffer: StringOffsets, last: 6, expected: 5 });
    refused(put_i32(A_OFFSETS + 8, 4), OffsetsEnd { column: 0, buffer: StringOffsets, last: 4, expected: 5 });
    refused(put_i32(B_LISTS + 4, 4), OffsetsFall { column: 1, buffer: ListOffsets, index: 2 });
    refused(put_i32(B_LISTS + 8, 4), OffsetsEnd { column: 1, buffer: ListOffsets, last: 4, expected: 3 });
    refused(put_i32(C_OFFSETS + 4, 4), OffsetsFall { column: 2, buffer: StringOffsets, index: 2 });
}

#[test]
fn text() {
    use FrameError::*;
    refused(put(A_BYTES + 1, b"a"), NotUtf8 { column: 0, entry: 0, offset: 0 });
    refused(put(A_BYTES + 4, &[0xff]), NotUtf8 { column: 0, entry: 1, offset: 4 });
    refused(put_u32(A_OFFSETS + 4, 1), SplitCharacter { column: 0, entry: 1, offset: 1 });
    // The same in a column of bytes is nobody's business.
    let mut frame = valid();
    put(C_BYTES, &[0xff])(&mut frame);
    assert_eq!(FrameView::parse(&frame).unwrap().column(2).bytes_at(1), b"yz");
}

#[test]
fn dictionary_indices() {
    use FrameError::*;
    refused(put_u32(C_INDICES + 4, 2), IndexOutOfRange { column: 2, row: 1, index: 2, entries: 2 });
    // Also in rows that are absent.
    refused(put_u32(C_INDICES, u32::MAX as usize), IndexOutOfRange { column: 2, row: 0, index: u32::MAX, entries: 2 });
}

#[test]
fn columns_that_the_schema_does_not_have() {
    let frame = valid();
    let view = FrameView::parse(&frame).unwrap();
    let fields: Vec<Field> = std::vec![
        Field::new("a", Scalar::String),
        Field::new("b", Scalar::I64).list(),
        Field::new("c", Scalar::Bytes).optional(),
    ];
    let expect = |fields: &[Field]| view.expect(&Schema::new(fields));
    assert_eq!(expect(&fields), Ok(()));
    assert_eq!(expect(&fields[..2]), Err(FrameError::ColumnCount { found: 3, expected: 2 }));
    for (column, other, found) in [
        (0, Field::new("a", Scalar::Bytes), "string"),
        (1, Field::new("b", Scalar::I64), "list<i64>"),
        (2, Field::new("c", Scalar::Bytes), "optional<bytes>"),
    ] {
        let mut fields = fields.clone();
        let expected = other.type_name();
        fields[column] = other;
        let name = fields[column].name.clone();
        let error = FrameError::ColumnType { column, name, found: found.into(), expected };
        assert_eq!(expect(&fields), Err(error.clone()));
        assert_eq!(FrameView::parse_expecting(&frame, &Schema::new(fields)).unwrap_err(), error);
    }
}
