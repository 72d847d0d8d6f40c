//! Which of 64 bytes are whitespace, as the bits of a word.

/// How many bytes are looked at together.
pub(super) const CHUNK: usize = 64;

/// Bit i is set where byte i is a space, tab, line feed, form feed or carriage return.
#[inline(always)]
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) fn whitespace(chunk: &[u8; CHUNK]) -> u64 {
    use std::arch::wasm32::{u8x16, u8x16_bitmask, u8x16_eq, u8x16_splat, u8x16_swizzle, v128, v128_load, v128_or};
    // All but the space are less than 16, so that a table lookup finds them; larger bytes look up 0.
    let small = u8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0xff, 0xff, 0, 0);
    let mut mask = 0;
    for part in 0..4 {
        // SAFETY: the four parts of 16 bytes are the chunk; `v128_load` needs no alignment.
        let bytes = unsafe { v128_load(chunk.as_ptr().add(16 * part).cast::<v128>()) };
        let found = v128_or(u8x16_eq(bytes, u8x16_splat(b' ')), u8x16_swizzle(small, bytes));
        mask |= u64::from(u8x16_bitmask(found)) << (16 * part);
    }
    mask
}

/// Bit i is set where byte i is a space, tab, line feed, form feed or carriage return.
#[inline(always)]
#[cfg(target_arch = "x86_64")]
pub(super) fn whitespace(chunk: &[u8; CHUNK]) -> u64 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};
    let mut mask = 0;
    for part in 0..4 {
        // SAFETY: SSE2 is part of x86_64. The four parts of 16 bytes are the chunk; `loadu` needs no alignment.
        unsafe {
            let bytes = _mm_loadu_si128(chunk.as_ptr().add(16 * part).cast::<__m128i>());
            let is = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
            let breaks = _mm_or_si128(_mm_or_si128(is(b'\n'), is(b'\r')), is(0x0c));
            let found = _mm_or_si128(_mm_or_si128(is(b' '), is(b'\t')), breaks);
            mask |= u64::from(_mm_movemask_epi8(found) as u32) << (16 * part);
        }
    }
    mask
}

/// Bit i is set where byte i is a space, tab, line feed, form feed or carriage return.
#[inline(always)]
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(super) fn whitespace(chunk: &[u8; CHUNK]) -> u64 {
    portable(chunk)
}

/// The same eight bytes at a time, for machines without vectors.
#[inline(always)]
#[cfg(any(test, not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))))]
fn portable(chunk: &[u8; CHUNK]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let mut mask = 0;
    for (part, bytes) in chunk.chunks_exact(8).enumerate() {
        let bytes = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        // The highest bit of each byte that is equal to the one looked for, exactly.
        let is = |byte: u8| {
            let zero = bytes ^ (u64::from(byte) * 0x0101_0101_0101_0101);
            !(((zero & LOW) + LOW) | zero | LOW)
        };
        let found = is(b' ') | is(b'\n') | is(b'\t') | is(b'\r') | is(0x0c);
        // A multiplication gathers the eight bits.
        mask |= ((found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * part);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=255u8 {
            for place in 0..CHUNK {
                let mut chunk = [b'x'; CHUNK];
                chunk[place] = byte;
                let expected = if byte.is_ascii_whitespace() { 1 << place } else { 0 };
                assert_eq!(whitespace(&chunk), expected, "byte {byte} at {place}");
                assert_eq!(portable(&chunk), expected, "portable, byte {byte} at {place}");
            }
        }
    }
}
