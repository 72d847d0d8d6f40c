//! A frame that is known to be well-formed, shared between tasks without a copy.

use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;
use petrel_frame::{FrameBuf, FrameError, FrameView};

/// A validated frame behind a counted reference: cloning it copies no tuples.
///
/// Having one means that the bytes passed [`FrameView::parse`] or were built by this process, so that nobody
/// downstream pays for the checks again.
#[derive(Clone, PartialEq)]
pub struct Frame(Arc<FrameBuf>);

impl Frame {
    /// Validates the bytes completely.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn validate(bytes: FrameBuf) -> Result<Frame, FrameError> {
        FrameView::parse(&bytes)?;
        Ok(Frame(Arc::new(bytes)))
    }

    /// Takes bytes that need no validation.
    ///
    /// # Safety
    /// The bytes passed [`FrameView::parse`], or come from `FrameBuilder` or a reshaping function of `petrel-frame`.
    pub unsafe fn from_validated(bytes: FrameBuf) -> Frame {
        Frame(Arc::new(bytes))
    }

    /// A view of its columns, without the checks that take time per row.
    pub fn view(&self) -> FrameView<'_> {
        // SAFETY: a `Frame` only ever holds bytes that were validated or built here, by its two constructors.
        unsafe { FrameView::parse_trusted(&self.0) }.expect("a frame that was validated stays valid")
    }
}

impl Deref for Frame {
    type Target = FrameBuf;

    fn deref(&self) -> &FrameBuf {
        &self.0
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} rows, {} bytes)", self.view().rows(), self.0.len())
    }
}
