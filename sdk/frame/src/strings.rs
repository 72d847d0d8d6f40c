//! Strings of one column: offsets and bytes.

use crate::layout::PADDING;

/// Values of variable length, one after the other, with the offsets where each starts.
///
/// Rows of a plain string or bytes column, child values of a list, or entries of a dictionary.
#[derive(Clone, Copy)]
pub struct StringColumn<'a> {
    /// Invariant: one more than there are values; from 0, never falling, to the length without the padding.
    offsets: &'a [i32],
    /// Invariant: the values' bytes and then `PADDING` more.
    padded: &'a [u8],
}

impl<'a> StringColumn<'a> {
    /// A column of these offsets and bytes, of which the last [`PADDING`] are the padding.
    ///
    /// # Safety
    /// There is an offset at least; the first is 0, none is less than the one before it, and the last is the length
    /// of `padded` less the padding.
    pub(crate) unsafe fn new(offsets: &'a [i32], padded: &'a [u8]) -> StringColumn<'a> {
        debug_assert_eq!(offsets[offsets.len() - 1] as usize + PADDING, padded.len());
        StringColumn { offsets, padded }
    }

    /// How many values there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of that number.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn get(&self, index: usize) -> &'a [u8] {
        let (start, end) = (self.offsets[index] as usize, self.offsets[index + 1] as usize);
        // SAFETY: the invariant: offsets do not fall and end within the bytes.
        unsafe { self.padded.get_unchecked(start..end) }
    }

    /// Where the value of that number starts, and its length in bytes. [`PADDING`] bytes more are readable from the
    /// end of the value on, which [`get`](Self::get) does not allow: its slice ends with the value.
    ///
    /// # Safety
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn padded_at(&self, index: usize) -> (*const u8, usize) {
        debug_assert!(index < self.len());
        // SAFETY: there is one offset more than values, and by the invariant they do not fall and end within the
        // bytes.
        unsafe {
            let start = *self.offsets.get_unchecked(index) as usize;
            let end = *self.offsets.get_unchecked(index + 1) as usize;
            (self.padded.as_ptr().add(start), end - start)
        }
    }

    /// The values in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a [u8]> {
        self.offsets.windows(2).map(move |pair| {
            // SAFETY: the invariant: offsets do not fall and end within the bytes.
            unsafe { self.padded.get_unchecked(pair[0] as usize..pair[1] as usize) }
        })
    }

    /// Where each value starts in [`bytes`](Self::bytes), and where the last one ends.
    #[inline]
    pub fn offsets(&self) -> &'a [i32] {
        self.offsets
    }

    /// All values, one after the other.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        &self.padded[..self.padded.len() - PADDING]
    }

    /// The same and [`PADDING`] bytes more: a reader may load so many from the start, or the end, of any value.
    #[inline]
    pub fn padded_bytes(&self) -> &'a [u8] {
        self.padded
    }
}
