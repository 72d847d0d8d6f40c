//! Copying short strings by whole words: a length of 1 to 16 costs one load and one store and no branch.

/// How far past the end of source and target [`copy_wide`] may reach, in bytes.
pub(crate) const WIDE: usize = 16;

/// Copies `length` bytes in steps of 16, so that up to 16 bytes after the end of the target are overwritten.
///
/// # Safety
/// `from` is readable and `to` writable for `length` + 16 bytes, and they do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy_wide(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: the first step touches bytes 0 to 15; each further one starts below `length`. The caller
    // promises 16 bytes past that.
    unsafe {
        to.cast::<[u8; WIDE]>().write(from.cast::<[u8; WIDE]>().read());
        let mut at = WIDE;
        while at < length {
            to.add(at).cast::<[u8; WIDE]>().write(from.add(at).cast::<[u8; WIDE]>().read());
            at += WIDE;
        }
    }
}

/// Copies exactly `length` bytes; up to 16 without a call, which is what words, names and keys have.
///
/// # Safety
/// `from` is readable and `to` writable for `length` bytes, and they do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy_short(from: *const u8, to: *mut u8, length: usize) {
    /// Copies a first and a last word that overlap where the length asks for it.
    ///
    /// # Safety
    /// As `copy_short`, and `length` is from `N` to 2 × `N`.
    #[inline(always)]
    unsafe fn both_ends<const N: usize>(from: *const u8, to: *mut u8, length: usize) {
        // SAFETY: both words lie within `length` bytes, which is at least `N`.
        unsafe {
            let first = from.cast::<[u8; N]>().read();
            let last = from.add(length - N).cast::<[u8; N]>().read();
            to.cast::<[u8; N]>().write(first);
            to.add(length - N).cast::<[u8; N]>().write(last);
        }
    }
    // SAFETY: each arm's range is the one its helper asks for; the rest is the caller's promise.
    unsafe {
        match length {
            0 => {}
            1 => to.write(from.read()),
            2..4 => both_ends::<2>(from, to, length),
            4..8 => both_ends::<4>(from, to, length),
            8..=16 => both_ends::<8>(from, to, length),
            _ => core::ptr::copy_nonoverlapping(from, to, length),
        }
    }
}
