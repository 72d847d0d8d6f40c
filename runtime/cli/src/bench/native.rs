//! The same work in native Rust, on one thread, as somebody would write it who needs it once.

use hashbrown::HashMap;
use petrel_frame::{Field, FrameBuilder, FrameView, Scalar, Schema};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Numbers are made in frames of so many rows.
pub(crate) const FRAME_ROWS: u64 = 1_000;

fn numbers_schema() -> Schema {
    Schema::new([Field::new("number", Scalar::I64)])
}

/// Builds frames of numbers and gives each to `take`.
fn make_numbers(count: u64, mut take: impl FnMut(&FrameView<'_>)) -> anyhow::Result<u64> {
    let mut builder = FrameBuilder::new(&numbers_schema());
    let mut number = 0;
    while number < count {
        builder.clear();
        for value in number..(number + FRAME_ROWS).min(count) {
            builder.column(0).push_i64(value as i64);
        }
        number = (number + FRAME_ROWS).min(count);
        let frame = FrameView::parse(builder.finish()?)?;
        take(&frame);
    }
    Ok(count)
}

/// Makes numbers and drops them: what a constant spout and a null bolt do.
pub(crate) fn drop_numbers(count: u64) -> anyhow::Result<u64> {
    make_numbers(count, |frame| {
        black_box(frame.rows());
    })
}

/// Makes numbers, copies each tuple, drops the copies: with an identity bolt between them.
pub(crate) fn copy_numbers(count: u64) -> anyhow::Result<u64> {
    let mut copies = FrameBuilder::new(&numbers_schema());
    make_numbers(count, |frame| {
        copies.clear();
        for number in frame.column(0).i64s().unwrap_or_default() {
            copies.column(0).push_i64(*number);
        }
        black_box(copies.finish().map(<[u8]>::len).ok());
    })
}

/// Counts the words of a file with `split_ascii_whitespace` and a fast hash map. Returns the number of words.
pub(crate) fn count_words(path: &Path) -> anyhow::Result<u64> {
    let mut counts: HashMap<Box<[u8]>, u64> = HashMap::new();
    let mut reader = BufReader::with_capacity(64 << 10, File::open(path)?);
    let mut line = Vec::new();
    let mut words = 0;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        for word in text.split_ascii_whitespace() {
            words += 1;
            match counts.get_mut(word.as_bytes()) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(word.as_bytes().into(), 1);
                }
            }
        }
    }
    black_box(&counts);
    Ok(words)
}
