//! From a column of text to a column of words.

use super::mask::{CHUNK, whitespace};
use super::{NONE, edges, words};
use crate::batch::StreamOutput;
use petrel_frame::{Column, ColumnBuilder, PADDING, Scalar, StringColumn};
use std::ops::Range;

/// So many bytes of text are split before the output is looked at: it may grow to three times that.
const BATCH_BYTES: usize = 128 << 10;

/// The words of every row of a string or bytes column, each anchored to its row, to column 0 of a stream that has no
/// other. Emits frames as they fill. Absent rows have no words; a column of another type has none at all.
///
/// # Panics
/// The stream's first column is of neither strings nor bytes, or is one of strings where the text is of bytes.
pub fn emit_words(text: &Column<'_>, out: &mut StreamOutput) {
    let Some(lines) = text.strings() else {
        for row in 0..text.rows() {
            if text.is_dictionary() && text.is_present(row) {
                emit_row(text.bytes_at(row), out);
            }
            out.anchor(row);
        }
        return;
    };
    same_text(text.scalar(), out.builder().column(0));
    let offsets = lines.offsets();
    let mut ends = Vec::new();
    let mut row = 0;
    while row < lines.len() {
        let start = offsets[row] as usize;
        let mut end_row = row + 1;
        while end_row < lines.len() && offsets[end_row + 1] as usize - start <= BATCH_BYTES {
            end_row += 1;
        }
        if offsets[end_row] as usize - start > BATCH_BYTES {
            emit_row(lines.get(row), out);
            out.anchor(row);
        } else if out.tracking() {
            ends.clear();
            push(lines, row..end_row, out.builder().column(0), |rows| ends.push(rows));
            out.anchor_each(row, &ends);
        } else {
            push(lines, row..end_row, out.builder().column(0), |_| {});
            out.flush_if_large();
        }
        row = end_row;
    }
}

/// The words of some rows of a string or bytes column, pushed to a column of the same type. Each word takes up to
/// four bytes beside its own: split what is larger than a few MiB in several frames.
///
/// # Panics
/// The rows are not there, the column is of neither strings nor bytes, or it is one of strings where `text` is `bytes`.
pub fn push_words(text: Scalar, lines: StringColumn<'_>, rows: Range<usize>, column: &mut ColumnBuilder) {
    same_text(text, column);
    push(lines, rows, column, |_| {});
}

fn same_text(text: Scalar, column: &ColumnBuilder) {
    assert!(
        column.scalar() == Scalar::Bytes || (column.scalar() == Scalar::String && text == Scalar::String),
        "words of {} are pushed to a column of {}",
        text.name(),
        column.scalar().name()
    );
}

/// A row so large that its words may not fit one frame.
fn emit_row(text: &[u8], out: &mut StreamOutput) {
    for word in words(text) {
        out.builder().column(0).push_bytes(word);
        out.flush_if_large();
    }
}

/// Tells after each row how many rows the column has.
#[inline]
fn push(lines: StringColumn<'_>, rows: Range<usize>, column: &mut ColumnBuilder, mut row_done: impl FnMut(usize)) {
    let (offsets, padded) = (lines.offsets(), lines.padded_bytes());
    let bytes = offsets[rows.end] as usize - offsets[rows.start] as usize;
    // Two words of a row are a byte apart, so a row of n bytes has (n + 1) / 2 words at most.
    let mut words = column.wide(bytes / 2 + rows.len() + 1, bytes);
    for row in rows {
        let (start, end) = (offsets[row] as usize, offsets[row + 1] as usize);
        debug_assert!(end + CHUNK <= padded.len() && PADDING >= CHUNK);
        let text = &padded[..end + CHUNK];
        let mut at = start;
        let mut open = NONE;
        while at < end {
            // SAFETY: `at` is less than `end`, and `text` goes on for a chunk after that.
            let chunk = unsafe { &*text.as_ptr().add(at).cast::<[u8; CHUNK]>() };
            let mut spaces = whitespace(chunk);
            if end - at < CHUNK {
                spaces |= !0 << (end - at);
            }
            let (mut starts, mut ends) = edges(spaces, open != NONE);
            if open != NONE && ends != 0 {
                let word_end = at + ends.trailing_zeros() as usize;
                ends &= ends - 1;
                // SAFETY: as below.
                unsafe { words.push(text.as_ptr().add(open), word_end - open) };
                open = NONE;
            }
            while ends != 0 {
                let word_start = at + starts.trailing_zeros() as usize;
                let word_end = at + ends.trailing_zeros() as usize;
                starts &= starts - 1;
                ends &= ends - 1;
                // SAFETY: the word lies within the row, after which a chunk of 64 bytes, more than 16, is readable.
                // No row has more words, nor more bytes of words, than were asked of `wide`. The text is UTF-8 where
                // the column must be (`same_text`), and so is what lies between its ASCII bytes.
                unsafe { words.push(text.as_ptr().add(word_start), word_end - word_start) };
            }
            if starts != 0 {
                open = at + starts.trailing_zeros() as usize;
            }
            at += CHUNK;
        }
        if open != NONE {
            // SAFETY: as above.
            unsafe { words.push(text.as_ptr().add(open), end - open) };
        }
        row_done(words.rows());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_frame::{Field, FrameBuilder, FrameView, Schema};
    use proptest::prelude::*;

    fn split(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let schema = Schema::new([Field::new("text", Scalar::Bytes)]);
        let mut builder = FrameBuilder::new(&schema);
        lines.iter().for_each(|line| builder.column(0).push_bytes(line));
        let frame = builder.finish().unwrap().to_vec();
        let frame = petrel_frame::FrameBuf::from_slice(&frame);
        let column = FrameView::parse(&frame).unwrap().column(0).strings().unwrap();
        let mut words = FrameBuilder::new(&schema);
        push_words(Scalar::Bytes, column, 0..lines.len(), words.column(0));
        let words = petrel_frame::FrameBuf::from_slice(words.finish().unwrap());
        let words = FrameView::parse(&words).unwrap().column(0);
        (0..words.rows()).map(|row| words.bytes_at(row).to_vec()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn columns_split_as_rows_do(lines in proptest::collection::vec(proptest::collection::vec(prop_oneof![
            3 => Just(b' '), 1 => Just(b'\n'), 9 => any::<u8>(),
        ], 0..200), 0..8)) {
            let expected: Vec<Vec<u8>> = lines.iter().flat_map(|line| words(line)).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(split(&lines), expected);
        }
    }

    #[test]
    fn single_letters_are_the_most_words_a_row_can_have() {
        let line: Vec<u8> = (0..301).map(|at| if at % 2 == 0 { b'a' } else { b' ' }).collect();
        assert_eq!(split(&[line.clone(), line]).len(), 302);
    }

    #[test]
    #[should_panic(expected = "words of bytes are pushed to a column of string")]
    fn bytes_are_not_pushed_to_a_column_of_strings() {
        let schema = Schema::new([Field::new("text", Scalar::String)]);
        same_text(Scalar::Bytes, FrameBuilder::new(&schema).column(0));
    }
}
