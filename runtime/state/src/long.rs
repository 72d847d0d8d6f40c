//! Where keys of more than fifteen bytes lie.

use alloc::vec::Vec;

/// Byte strings by id, one after the other in one buffer. Room of removed ones is won back when it is half of all.
#[derive(Debug, Default)]
pub(crate) struct LongKeys {
    bytes: Vec<u8>,
    /// By id: offset and length; (0, 0) where there is none. As short as the highest id that ever had one allows.
    spans: Vec<(u64, u32)>,
    removed: usize,
}

/// Below this, removed bytes are not worth moving the others.
const WORTHWHILE: usize = 64 << 10;

impl LongKeys {
    pub(crate) fn get(&self, id: u32) -> &[u8] {
        let (offset, len) = self.spans[id as usize];
        &self.bytes[offset as usize..offset as usize + len as usize]
    }

    /// How many bytes the id has; 0 where there are none.
    pub(crate) fn bytes_of(&self, id: u32) -> usize {
        self.spans.get(id as usize).map_or(0, |&(_, len)| len as usize)
    }

    /// The id must have none.
    pub(crate) fn set(&mut self, id: u32, bytes: &[u8]) {
        if self.spans.len() <= id as usize {
            self.spans.resize(id as usize + 1, (0, 0));
        }
        self.spans[id as usize] = (self.bytes.len() as u64, bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn remove(&mut self, id: u32) {
        let (_, len) = core::mem::take(&mut self.spans[id as usize]);
        self.removed += len as usize;
        if self.removed > WORTHWHILE && self.removed > self.bytes.len() / 2 {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let mut kept = Vec::with_capacity(self.bytes.len() - self.removed);
        for (offset, len) in &mut self.spans {
            let from = *offset as usize;
            *offset = kept.len() as u64;
            kept.extend_from_slice(&self.bytes[from..from + *len as usize]);
        }
        self.bytes = kept;
        self.removed = 0;
    }

    /// The bytes of those that were not removed.
    pub(crate) fn live(&self) -> usize {
        self.bytes.len() - self.removed
    }

    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<(u64, u32)>()
    }
}
