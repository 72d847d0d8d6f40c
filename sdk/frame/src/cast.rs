//! Bytes as numbers and numbers as bytes, without a copy.
//!
//! Little-endian machines only, as WebAssembly is; the layout of a frame is that of their memory.

#[cfg(target_endian = "big")]
compile_error!("frames are read in place and need a little-endian machine");

/// Numbers for which every bit pattern is a value and which have no padding.
///
/// # Safety
/// Implementors must be both, and must not need an alignment greater than 8.
pub(crate) unsafe trait Number: Copy + 'static {}
// SAFETY: all are primitive numbers of at most 8 bytes.
unsafe impl Number for u8 {}
// SAFETY: as above.
unsafe impl Number for i32 {}
// SAFETY: as above.
unsafe impl Number for u32 {}
// SAFETY: as above.
unsafe impl Number for i64 {}
// SAFETY: as above.
unsafe impl Number for f64 {}

/// The bytes as numbers.
///
/// # Panics
/// If the bytes do not start at a multiple of the number's alignment or are not a whole number of them.
#[inline]
pub(crate) fn numbers<T: Number>(bytes: &[u8]) -> &[T] {
    // SAFETY: `Number` promises that every bit pattern is a value.
    let (before, numbers, after) = unsafe { bytes.align_to::<T>() };
    assert!(before.is_empty() && after.is_empty(), "buffers are aligned and whole");
    numbers
}

/// The memory of the numbers.
#[inline]
pub(crate) fn bytes<T: Number>(numbers: &[T]) -> &[u8] {
    // SAFETY: `Number` promises that there is no padding, so that all bytes are initialised; the length is the
    // slice's own, and u8 has no alignment.
    unsafe { core::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}
