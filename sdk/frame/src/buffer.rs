//! Owned bytes that start at a multiple of 8.

use crate::cast::{self, Number};
use crate::layout::ALIGNMENT;
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::{fmt, slice};

/// Owned bytes, aligned to 8 so that a frame in them can be read in place, and reusable.
///
/// It grows as a `Vec<u8>` does, and dereferences to `[u8]`. Any bytes may be in it.
#[derive(Default)]
pub struct FrameBuf {
    /// Invariant: there are ⌈length / 8⌉ words, and the first `length` bytes of them are initialised.
    words: Vec<MaybeUninit<u64>>,
    length: usize,
}

impl FrameBuf {
    /// No bytes, no memory.
    pub const fn new() -> FrameBuf {
        FrameBuf { words: Vec::new(), length: 0 }
    }

    /// No bytes, with memory for that many.
    pub fn with_capacity(bytes: usize) -> FrameBuf {
        FrameBuf { words: Vec::with_capacity(bytes.div_ceil(ALIGNMENT)), length: 0 }
    }

    /// A copy of the bytes.
    pub fn from_slice(bytes: &[u8]) -> FrameBuf {
        let mut buffer = FrameBuf::with_capacity(bytes.len());
        buffer.extend_from_slice(bytes);
        buffer
    }

    /// How many bytes there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// For how many bytes there is memory.
    pub fn capacity(&self) -> usize {
        self.words.capacity() * ALIGNMENT
    }

    /// Removes all bytes and keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.length = 0;
    }

    /// Makes room for that many bytes more.
    pub fn reserve(&mut self, additional: usize) {
        let needed = self.length.checked_add(additional).expect("a capacity fits an address").div_ceil(ALIGNMENT);
        self.words.reserve(needed - self.words.len());
    }

    /// Appends bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        // SAFETY: the room has the length of `bytes`, all of it is written, and it is other memory, as `self` is
        // borrowed mutably.
        unsafe {
            self.append(bytes.len(), |room| core::ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len()));
        }
    }

    /// Cuts, or appends bytes of that value, until there are `length`.
    pub fn resize(&mut self, length: usize, value: u8) {
        if let Some(more) = length.checked_sub(self.length) {
            // SAFETY: the room has `more` bytes, and all of them are written.
            unsafe { self.append(more, |room| core::ptr::write_bytes(room, value, more)) };
        } else {
            self.length = length;
            self.words.truncate(length.div_ceil(ALIGNMENT));
        }
    }

    /// The bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: the invariant: the first `length` bytes are initialised.
        unsafe { slice::from_raw_parts(self.words.as_ptr().cast(), self.length) }
    }

    /// The bytes, to be changed.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is mutable.
        unsafe { slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), self.length) }
    }

    /// Appends what `number` makes of each item, as little-endian bytes. Does not pass over the memory first.
    ///
    /// The length must be a multiple of the number's alignment, as it is between buffers of a frame.
    pub(crate) fn extend_mapped<S: Copy, T: Number>(&mut self, items: &[S], mut number: impl FnMut(S) -> T) {
        assert!(self.length % align_of::<T>() == 0, "numbers are appended where they are aligned");
        let fill = |room: *mut u8| {
            let room = room.cast::<T>();
            for (i, &item) in items.iter().enumerate() {
                // SAFETY: there is room for one number an item, and it is aligned as the assertion says.
                unsafe { room.add(i).write(number(item)) };
            }
        };
        // SAFETY: `fill` writes a number for every item.
        unsafe { self.append(items.len() * size_of::<T>(), fill) };
    }

    /// Appends the memory of numbers.
    pub(crate) fn extend_numbers<T: Number>(&mut self, numbers: &[T]) {
        self.extend_from_slice(cast::bytes(numbers));
    }

    /// Makes room for `count` bytes, has `write` fill it, and counts it as filled.
    ///
    /// # Safety
    /// `write` gets the start of the room and initialises all `count` bytes of it, and no more.
    #[inline]
    unsafe fn append(&mut self, count: usize, write: impl FnOnce(*mut u8)) {
        self.reserve(count);
        // SAFETY: the capacity was just reserved, so that the end of the bytes lies within the allocation.
        write(unsafe { self.as_mut_ptr().add(self.length) });
        // SAFETY: `write` has initialised the new bytes; `reserve` made room for this many.
        unsafe { self.set_len(self.length + count) };
    }

    /// Where the bytes start, with room behind them as far as the capacity goes.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    /// Says how many bytes there are.
    ///
    /// # Safety
    /// At most the capacity, and all of them are initialised.
    pub(crate) unsafe fn set_len(&mut self, length: usize) {
        // SAFETY: the caller's promise; a word may be uninitialised.
        unsafe { self.words.set_len(length.div_ceil(ALIGNMENT)) };
        self.length = length;
    }
}

impl Deref for FrameBuf {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl DerefMut for FrameBuf {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
    }
}

impl AsRef<[u8]> for FrameBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for FrameBuf {
    fn from(bytes: &[u8]) -> FrameBuf {
        FrameBuf::from_slice(bytes)
    }
}

impl Clone for FrameBuf {
    fn clone(&self) -> FrameBuf {
        FrameBuf::from_slice(self)
    }
}

impl PartialEq for FrameBuf {
    fn eq(&self, other: &FrameBuf) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for FrameBuf {}

impl fmt::Debug for FrameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameBuf({} bytes)", self.length)
    }
}
