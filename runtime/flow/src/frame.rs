//! A frame that is known to be well-formed, shared between tasks without a copy.

use crate::watermark;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, Range};
use petrel_frame::{FrameBuf, FrameError, FrameView};

/// Where the header has the watermark. Every value is valid there.
const WATERMARK: Range<usize> = 32..40;

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

    /// Says in the header that no later tuple of the channel is older than this, in µs; [`NONE`](crate::watermark::NONE)
    /// takes back what was said. Copies nothing unless the frame is shared.
    pub(crate) fn set_watermark(&mut self, watermark_us: i64) {
        if self.view().watermark().unwrap_or(watermark::NONE) != watermark_us {
            Arc::make_mut(&mut self.0)[WATERMARK].copy_from_slice(&watermark_us.to_le_bytes());
        }
    }

    /// Its size as credit counts it.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.len() as u64
    }

    /// These rows as a frame of their own.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Frame {
        // SAFETY: reshaping a valid frame gives a valid frame.
        unsafe { Frame::from_validated(petrel_frame::slice(&self.view(), rows)) }
    }

    /// These rows, in this order, each once at most.
    pub(crate) fn take(&self, rows: &[u32]) -> Frame {
        let taken = petrel_frame::take(&self.view(), rows).expect("some rows of a frame fit into a frame");
        // SAFETY: as for `slice`.
        unsafe { Frame::from_validated(taken) }
    }

    /// These columns, in this order.
    ///
    /// # Errors
    /// If a column is taken twice and the result is longer than a frame may be.
    pub(crate) fn project(&self, columns: &[usize]) -> Result<Frame, FrameError> {
        let projected = petrel_frame::project(&self.view(), columns)?;
        // SAFETY: as for `slice`.
        Ok(unsafe { Frame::from_validated(projected) })
    }

    /// All rows of several frames of one schema, in order.
    ///
    /// # Errors
    /// If their columns differ, or if the result would be longer than a frame may be.
    pub(crate) fn concat<'a>(frames: impl Iterator<Item = &'a Frame>) -> Result<Frame, FrameError> {
        let views: Vec<FrameView<'a>> = frames.map(Frame::view).collect();
        let joined = petrel_frame::concat(&views)?;
        // SAFETY: as for `slice`.
        Ok(unsafe { Frame::from_validated(joined) })
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
