//! Telling the processor what will be needed soon, so that the waits for memory of many keys overlap.

/// Asks for the cache line of an element. Any number is allowed, also one past the end; on processors without such an
/// instruction nothing happens.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint: the instruction reads nothing the program can see and faults on no address. SSE, which it
        // belongs to, is part of every x86_64 target.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, at);
}
