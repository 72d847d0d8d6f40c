//! The frame decoder: whatever the bytes are, it says whether they are a frame as `docs/formats.md` says, and what it takes
//! for one can be read, taken apart and put together again.

mod corpus;
mod specification;
mod use_up;

use petrel_frame::{FrameBuf, FrameError, FrameView, MAX_FRAME_BYTES};
use specification::is_frame;
use use_up::use_up;

const WORDS: &[&[u8]] = &[
    b"PTF1",
    &[0; 8],
    &[0; 64],
    &[1, 0, 0, 0, 0, 0, 0, 0],
    "é".as_bytes(),
    &[0xff, 0xff, 0xff, 0x7f],
    // The head of a column without buffers: an optional bool, a list of strings, a dictionary.
    &[1, 2, 0, 0, 0, 0, 0, 0],
    &[4, 1, 0, 0, 0, 0, 0, 0],
    &[5, 0, 1, 0, 0, 0, 0, 0],
];

#[test]
fn frame() {
    petrel_fuzz::check!("frame", 30_000, WORDS, check);
}

fn check(input: &[u8]) {
    let mut frame = FrameBuf::from_slice(input);
    judge(&frame);
    misplaced(input);
    // Few changes leave the length right, so the same bytes are tried with a length that is.
    frame.resize(frame.len().next_multiple_of(8), 0);
    if frame.len() >= 48 {
        let length = frame.len() as u32;
        frame[40..44].copy_from_slice(&length.to_le_bytes());
        judge(&frame);
    }
}

fn judge(frame: &FrameBuf) {
    match FrameView::parse(frame) {
        Ok(view) => {
            assert!(is_frame(frame), "the decoder takes what the specification does not");
            use_up(&view);
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!is_frame(frame), "the decoder refuses what the specification takes: {message}");
            assert!(!message.is_empty() && message.len() < 1000, "{message}");
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
    }
}

/// The same bytes at an address at which they cannot be read in place.
fn misplaced(input: &[u8]) {
    let mut moved = FrameBuf::new();
    moved.resize(input.len() + 1, 0);
    moved[1..].copy_from_slice(input);
    let error = FrameView::parse(&moved[1..]).expect_err("the address is odd");
    let expected = if input.len() < 48 {
        FrameError::TooShort { bytes: input.len() }
    } else {
        FrameError::Misaligned { remainder: 1 }
    };
    assert!(error == expected || input.len() > MAX_FRAME_BYTES, "{error:?}");
}
