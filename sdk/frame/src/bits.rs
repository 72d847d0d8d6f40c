//! Bits in bytes, least significant first: validity and bool values.

use alloc::vec::Vec;

/// A view of bits.
#[derive(Clone, Copy)]
pub struct Bitmap<'a> {
    bytes: &'a [u8],
    length: usize,
}

impl<'a> Bitmap<'a> {
    /// The first `length` bits of the bytes.
    pub(crate) fn new(bytes: &'a [u8], length: usize) -> Bitmap<'a> {
        Bitmap { bytes: &bytes[..length.div_ceil(8)], length }
    }

    /// How many bits there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bit of that number.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn get(&self, index: usize) -> bool {
        assert!(index < self.length, "bit {index} of {}", self.length);
        self.bytes[index / 8] >> (index % 8) & 1 != 0
    }

    /// How many bits are set.
    pub fn count_ones(&self) -> usize {
        let whole: usize = self.bytes[..self.length / 8].iter().map(|byte| byte.count_ones() as usize).sum();
        whole + (self.length / 8 * 8..self.length).filter(|&index| self.get(index)).count()
    }

    /// The bits in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = bool> + 'a {
        (0..self.length).map(move |index| self.get(index))
    }

    /// The bytes that hold the bits. Bits past the end may be anything.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Bits that grow. Invariant: there are ⌈length / 8⌉ bytes, and bits past the end are 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    length: usize,
}

impl Bits {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.length = 0;
    }

    /// Keeps the first `length` bits.
    pub(crate) fn truncate(&mut self, length: usize) {
        if length < self.length {
            self.length = length;
            self.bytes.truncate(length.div_ceil(8));
            self.clear_tail();
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, bit: bool) {
        if self.length % 8 == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (self.length % 8);
        }
        self.length += 1;
    }

    /// Appends ones until there are `length` bits.
    pub(crate) fn fill_to(&mut self, length: usize) {
        if length <= self.length {
            return;
        }
        if let (Some(last), used @ 1..) = (self.bytes.last_mut(), self.length % 8) {
            *last |= 0xff << used;
        }
        self.bytes.resize(length.div_ceil(8), 0xff);
        self.length = length;
        self.clear_tail();
    }

    /// Appends `count` bits of `source` from bit `start` on.
    pub(crate) fn extend(&mut self, source: Bitmap<'_>, start: usize, count: usize) {
        assert!(start + count <= source.len(), "bits {start}..{} of {}", start + count, source.len());
        let mut taken = 0;
        while taken < count && self.length % 8 != 0 {
            self.push(source.get(start + taken));
            taken += 1;
        }
        // The target is at a byte boundary now: a byte of it is made of two neighbours of the source.
        let (byte, shift) = ((start + taken) / 8, (start + taken) % 8);
        let bytes = &source.bytes()[byte.min(source.bytes().len())..];
        let needed = (count - taken).div_ceil(8);
        if shift == 0 {
            self.bytes.extend_from_slice(&bytes[..needed]);
        } else {
            let next = |i: usize| bytes.get(i).copied().unwrap_or(0);
            self.bytes.extend((0..needed).map(|i| next(i) >> shift | next(i + 1) << (8 - shift)));
        }
        self.length += count - taken;
        self.clear_tail();
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn clear_tail(&mut self) {
        if let (Some(last), used @ 1..) = (self.bytes.last_mut(), self.length % 8) {
            *last &= !(0xff << used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn extending_copies_any_range(
            bits in prop::collection::vec(any::<bool>(), 0..100),
            before in 0usize..20,
            a in 0usize..100,
            b in 0usize..100,
        ) {
            let (a, b) = (a.min(bits.len()), b.min(bits.len()));
            let (start, end) = (a.min(b), a.max(b));
            let mut source = Bits::default();
            bits.iter().for_each(|&bit| source.push(bit));
            let mut target = Bits::default();
            target.fill_to(before);
            target.extend(Bitmap::new(source.as_bytes(), source.len()), start, end - start);
            target.fill_to(target.len() + 3);
            let mut expected = vec![true; before];
            expected.extend_from_slice(&bits[start..end]);
            expected.extend([true; 3]);
            let bitmap = Bitmap::new(target.as_bytes(), target.len());
            prop_assert_eq!(bitmap.iter().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(bitmap.count_ones(), expected.iter().filter(|bit| **bit).count());
        }

        #[test]
        fn truncating_leaves_no_bit_behind(length in 0usize..70, keep in 0usize..70) {
            let mut bits = Bits::default();
            bits.fill_to(length);
            bits.truncate(keep);
            let kept = keep.min(length);
            bits.push(false);
            prop_assert_eq!(Bitmap::new(bits.as_bytes(), bits.len()).count_ones(), kept);
        }
    }
}
