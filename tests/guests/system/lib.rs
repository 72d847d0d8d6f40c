//! What the guests share: the numbers of a frame whose first column is `number`.

use petrel_sdk::{Error, FrameView};

/// The first column.
pub fn numbers<'a>(frame: &FrameView<'a>) -> Result<&'a [i64], Error> {
    frame.column(0).i64s().ok_or_else(|| Error::new("the first column is no i64"))
}
