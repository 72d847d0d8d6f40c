//! What the guests share: the numbers of a frame whose first column is `number`, and a loop without an end.

use petrel_sdk::{Error, FrameView};
use std::hint::black_box;

/// The first column.
pub fn numbers<'a>(frame: &FrameView<'a>) -> Result<&'a [i64], Error> {
    frame.column(0).i64s().ok_or_else(|| Error::new("the first column is no i64"))
}

/// Computes for ever.
pub fn spin() -> ! {
    loop {
        black_box(0);
    }
}
