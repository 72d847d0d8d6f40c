//! The state block (docs/formats.md): written where it will be read, without a builder in between.

use crate::interner::KeyId;
use crate::prefetch::prefetch;
use crate::store::{Slots, Store};
use alloc::vec::Vec;
use petrel_frame::{FrameBuf, FrameBuilder, FrameError, MAX_FRAME_BYTES, PADDING, Scalar, Schema};

const FRAME_HEADER: usize = 48;
const COLUMN_HEADER: usize = 48;
/// How many keys ahead values are asked for.
const AHEAD: usize = 16;

fn align(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

/// Where the numbers of so many rows are in a block.
pub(crate) fn numbers(rows: usize) -> core::ops::Range<usize> {
    8..8 + 4 * rows
}

/// Starts a block: the header, but for the number of keys, and room for the rows' numbers.
pub(crate) fn start(block: &mut FrameBuf, rows: usize) {
    block.clear();
    block.resize(align(numbers(rows).end), 0);
    block[..4].copy_from_slice(&(rows as u32).to_le_bytes());
}

/// The keys' first rows, then the values frame. The size that a frame would have had to have if it is too large.
pub(crate) fn finish(block: &mut FrameBuf, first: &[u32], stores: &[&Store], ids: &[KeyId]) -> Result<(), usize> {
    block[4..8].copy_from_slice(&(ids.len() as u32).to_le_bytes());
    let at = block.len();
    block.resize(align(at + 4 * first.len()), 0);
    for (out, row) in block[at..].chunks_exact_mut(4).zip(first) {
        out.copy_from_slice(&row.to_le_bytes());
    }
    if stores.iter().any(|store| store.field().list) {
        let mut frame = FrameBuf::new();
        build(stores, ids, &mut frame)?;
        block.extend_from_slice(&frame);
        return Ok(());
    }
    let plan: Vec<Plan> = stores.iter().map(|store| Plan::new(store, ids)).collect();
    let bytes = FRAME_HEADER + plan.iter().map(|plan| COLUMN_HEADER + plan.bytes()).sum::<usize>();
    if bytes > MAX_FRAME_BYTES {
        return Err(bytes);
    }
    let at = block.len();
    block.resize(at + bytes, 0);
    let frame = &mut block[at..];
    put_header(frame, stores.len(), ids.len(), bytes);
    let mut at = FRAME_HEADER + COLUMN_HEADER * stores.len();
    for (number, (store, plan)) in stores.iter().zip(&plan).enumerate() {
        let (head, body) = frame.split_at_mut(at);
        plan.put_entry(&mut head[FRAME_HEADER + COLUMN_HEADER * number..], store, ids.len(), at);
        plan.put_values(&mut body[..plan.bytes()], store, ids);
        at += plan.bytes();
    }
    Ok(())
}

/// A values frame by way of a builder.
pub(crate) fn build(stores: &[&Store], ids: &[KeyId], out: &mut FrameBuf) -> Result<(), usize> {
    let fields: Vec<_> = stores.iter().map(|store| store.field().clone().optional()).collect();
    let mut builder = FrameBuilder::new(&Schema::new(fields));
    for &id in ids {
        for (column, store) in stores.iter().enumerate() {
            store.push(id, builder.column(column));
        }
        // Asked here, before a hostile batch has taken all memory.
        if builder.bytes() > MAX_FRAME_BYTES {
            return Err(builder.bytes());
        }
    }
    finish_built(&mut builder, out);
    Ok(())
}

/// Finishes a frame of stored values that is known not to be too large.
pub(crate) fn finish_built(builder: &mut FrameBuilder, out: &mut FrameBuf) {
    let finished: Result<(), FrameError> = builder.finish_into(out);
    finished.expect("stored values came out of frames, and the size was watched");
}

fn put_header(frame: &mut [u8], columns: usize, rows: usize, bytes: usize) {
    frame[..4].copy_from_slice(b"PTF1");
    frame[4..6].copy_from_slice(&1_u16.to_le_bytes());
    frame[6..8].copy_from_slice(&(columns as u16).to_le_bytes());
    frame[8..12].copy_from_slice(&(rows as u32).to_le_bytes());
    frame[16..24].copy_from_slice(&i64::MAX.to_le_bytes());
    frame[24..32].copy_from_slice(&i64::MIN.to_le_bytes());
    frame[32..40].copy_from_slice(&i64::MIN.to_le_bytes());
    frame[40..44].copy_from_slice(&(bytes as u32).to_le_bytes());
}

/// The buffers of one column, their lengths without padding.
struct Plan {
    validity: usize,
    /// Fixed values, or string offsets.
    values: usize,
    /// String bytes.
    strings: Option<usize>,
}

impl Plan {
    fn new(store: &Store, ids: &[KeyId]) -> Plan {
        let validity = ids.len().div_ceil(8);
        match &store.slots {
            Slots::Fixed(_) if store.field().scalar == Scalar::Bool => {
                Plan { validity, values: validity, strings: None }
            }
            Slots::Fixed(_) => Plan { validity, values: 8 * ids.len(), strings: None },
            Slots::Variable(slots) => {
                let strings = ids.iter().map(|id| slots[id.0 as usize].bytes.len()).sum();
                Plan { validity, values: 4 * (ids.len() + 1), strings: Some(strings) }
            }
        }
    }

    fn bytes(&self) -> usize {
        align(self.validity) + align(self.values) + self.strings.map_or(0, |strings| align(strings + PADDING))
    }

    /// The row of the column table. The buffers start at `at`.
    fn put_entry(&self, entry: &mut [u8], store: &Store, rows: usize, at: usize) {
        const OPTIONAL: u8 = 2;
        entry[..4].copy_from_slice(&[store.field().scalar as u8, OPTIONAL, 0, 0]);
        entry[4..8].copy_from_slice(&(rows as u32).to_le_bytes());
        let mut buffer = |number: usize, offset: usize, len: usize| {
            entry[8 + 8 * number..12 + 8 * number].copy_from_slice(&(offset as u32).to_le_bytes());
            entry[12 + 8 * number..16 + 8 * number].copy_from_slice(&(len as u32).to_le_bytes());
        };
        let values = at + align(self.validity);
        buffer(0, at, self.validity);
        match self.strings {
            None => buffer(2, values, self.values),
            Some(strings) => {
                buffer(3, values, self.values);
                buffer(4, values + align(self.values), strings);
            }
        }
    }

    /// The buffers, into bytes that are all 0.
    fn put_values(&self, out: &mut [u8], store: &Store, ids: &[KeyId]) {
        let (validity, out) = out.split_at_mut(align(self.validity));
        let (values, strings) = out.split_at_mut(align(self.values));
        match &store.slots {
            Slots::Fixed(slots) => {
                if store.field().scalar == Scalar::Bool {
                    put_bits(values, ids, |id| slots[id].bits != 0);
                    put_bits(validity, ids, |id| slots[id].present);
                    return;
                }
                for ((chunk, valid), values) in ids.chunks(8).zip(validity).zip(values.chunks_mut(64)) {
                    for (bit, (id, out)) in chunk.iter().zip(values.chunks_exact_mut(8)).enumerate() {
                        let slot = &slots[id.0 as usize];
                        out.copy_from_slice(&slot.bits.to_le_bytes());
                        *valid |= u8::from(slot.present) << bit;
                    }
                }
            }
            Slots::Variable(slots) => {
                put_bits(validity, ids, |id| slots[id].present);
                let mut end = 0;
                for (i, (id, offset)) in ids.iter().zip(values[4..].chunks_exact_mut(4)).enumerate() {
                    if let Some(later) = ids.get(i + AHEAD) {
                        prefetch(&slots[later.0 as usize].bytes, 0);
                    }
                    let bytes = &slots[id.0 as usize].bytes;
                    strings[end..end + bytes.len()].copy_from_slice(bytes);
                    end += bytes.len();
                    offset.copy_from_slice(&(end as i32).to_le_bytes());
                }
            }
        }
    }
}

fn put_bits(out: &mut [u8], ids: &[KeyId], bit: impl Fn(usize) -> bool) {
    for (chunk, out) in ids.chunks(8).zip(out) {
        *out = chunk.iter().enumerate().fold(0, |byte, (i, id)| byte | u8::from(bit(id.0 as usize)) << i);
    }
}
