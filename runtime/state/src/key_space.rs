//! The keys of a task: between the columns of a frame and ids.

use crate::batch::Batch;
use crate::input::expanded;
use crate::interner::{Interner, KeyId};
use crate::key::{Key, NumberKeys, StringKeys};
use alloc::vec::Vec;
use petrel_frame::{Column, Field, FrameBuilder, FrameView, Scalar};
use petrel_model::{key_bytes, key_group};

/// What the keys of a task's tables are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySpec {
    /// The key columns: scalars other than `f64`. None: the whole task is one key.
    pub fields: Vec<Field>,
}

/// Encoded keys of one batch take at most so many bytes. Only rows that repeat long dictionary entries come near.
pub(crate) const MAX_ENCODED_BYTES: usize = 64 << 20;

/// The keys of a task, each with an id.
///
/// A single key column is kept as its values' own bytes, which is what makes looking up a word fast; several are kept
/// as key bytes (docs/formats.md).
#[derive(Debug)]
pub(crate) struct KeySpace {
    fields: Vec<Field>,
    pub(crate) interner: Interner,
    encoded: Vec<u8>,
}

/// The keys of a batch would take more than [`MAX_ENCODED_BYTES`].
#[derive(Debug)]
pub(crate) struct TooLong {
    /// How many they would take.
    pub(crate) bytes: usize,
}

impl KeySpace {
    pub(crate) fn new(spec: KeySpec, seed: u64) -> KeySpace {
        for field in &spec.fields {
            assert!(field.scalar.is_key() && !field.list, "a topology was resolved with the key field {field}");
        }
        KeySpace { fields: spec.fields, interner: Interner::new(seed), encoded: Vec::new() }
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Numbers the keys of all rows into `numbers`, four bytes each.
    pub(crate) fn number(
        &mut self,
        frame: &FrameView<'_>,
        columns: &[usize],
        numbers: &mut [u8],
        batch: &mut Batch,
    ) -> Result<(), TooLong> {
        if let &[column] = columns {
            let column = self.key_column(frame, column);
            if let Some((indices, entries)) = column.dictionary() {
                let entries = StringKeys(entries);
                batch.add_dictionary(&mut self.interner, indices, column.validity(), entries, numbers);
                return Ok(());
            }
            match (column.validity(), column.strings(), column.i64s()) {
                (None, Some(strings), _) => {
                    batch.add_column(&mut self.interner, StringKeys(strings), numbers);
                    return Ok(());
                }
                (None, _, Some(values)) => {
                    batch.add_column(&mut self.interner, NumberKeys(values), numbers);
                    return Ok(());
                }
                _ => {}
            }
        }
        // Asked before the first is written down: that alone would take hours where rows repeat long entries.
        let bytes: usize = columns.iter().map(|column| expanded(&frame.column(*column))).sum();
        if bytes > MAX_ENCODED_BYTES {
            return Err(TooLong { bytes });
        }
        batch.start(frame.rows(), &mut self.interner);
        let mut total = 0;
        self.for_each(frame, columns, |interner, row, key| {
            total += key.len();
            if total <= MAX_ENCODED_BYTES {
                let id = interner.intern(key);
                let number = batch.add(interner, row, id);
                numbers[4 * row..4 * row + 4].copy_from_slice(&number.to_le_bytes());
            }
        });
        if total > MAX_ENCODED_BYTES { Err(TooLong { bytes: total }) } else { Ok(()) }
    }

    /// Calls `each` with the key of every row in order.
    pub(crate) fn for_each(
        &mut self,
        frame: &FrameView<'_>,
        columns: &[usize],
        mut each: impl FnMut(&mut Interner, usize, &Key<'_>),
    ) {
        let rows = 0..frame.rows();
        if let &[column] = columns {
            let column = self.key_column(frame, column);
            rows.for_each(|row| each(&mut self.interner, row, &single(&column, row)));
            return;
        }
        assert_eq!(columns.len(), self.fields.len(), "key columns of a frame and of the state");
        for row in rows {
            self.encoded.clear();
            key_bytes(frame, columns, row, &mut self.encoded);
            let len = self.encoded.len();
            self.encoded.resize(len + 16, 0);
            each(&mut self.interner, row, &Key::load(&self.encoded, len));
        }
    }

    /// The id of the key of every row, a new one if it has none.
    pub(crate) fn intern_rows(&mut self, frame: &FrameView<'_>, columns: &[usize], into: &mut Vec<KeyId>) {
        into.clear();
        self.for_each(frame, columns, |interner, _, key| into.push(interner.intern(key)));
    }

    /// The id of the key of every row, [`KeyId::NONE`] if it has none.
    pub(crate) fn find_rows(&mut self, frame: &FrameView<'_>, columns: &[usize], into: &mut Vec<KeyId>) {
        into.clear();
        self.for_each(frame, columns, |interner, _, key| into.push(interner.find(key).unwrap_or(KeyId::NONE)));
    }

    fn key_column<'a>(&self, frame: &FrameView<'a>, column: usize) -> Column<'a> {
        let column = frame.column(column);
        let fits = matches!(&*self.fields, [field] if field.scalar == column.scalar() && !column.is_list());
        assert!(fits, "key column of type {} for keys of {:?}", column.scalar().name(), self.fields);
        column
    }

    /// Frees the ids of keys for which nothing is kept; gives the others, where they are new, their key groups.
    pub(crate) fn sweep(&mut self) {
        let (fields, encoded) = (&self.fields, &mut self.encoded);
        self.interner.set_groups(|bytes| {
            encoded.clear();
            encode(fields, bytes, encoded);
            key_group(encoded)
        });
        self.interner.sweep();
    }

    /// The key bytes (docs/formats.md) of an id, appended.
    pub(crate) fn key_bytes(&self, id: KeyId, into: &mut Vec<u8>) {
        encode(&self.fields, self.interner.bytes(id, &mut [0; 16]), into);
    }

    /// How many bytes the key of an id takes in a frame, at most.
    pub(crate) fn frame_bytes(&self, id: KeyId) -> usize {
        self.interner.bytes(id, &mut [0; 16]).map_or(0, <[u8]>::len) + 9 * self.fields.len()
    }

    /// Pushes a key to the first columns of a frame.
    pub(crate) fn push(&self, id: KeyId, to: &mut FrameBuilder) {
        let mut short = [0; 16];
        let bytes = self.interner.bytes(id, &mut short);
        if let [field] = &*self.fields {
            return push_scalar(field.scalar, bytes, to, 0);
        }
        let mut rest = bytes.unwrap_or_default();
        for (column, field) in self.fields.iter().enumerate() {
            let tag = take(&mut rest, 1)[0];
            let len = match field.scalar {
                _ if tag == 0 => 0,
                Scalar::Bool => 1,
                Scalar::String | Scalar::Bytes => {
                    u32::from_le_bytes(take(&mut rest, 4).try_into().expect("four bytes")) as usize
                }
                _ => 8,
            };
            let value = take(&mut rest, len);
            push_scalar(field.scalar, (tag != 0).then_some(value), to, column);
        }
    }
}

fn take<'a>(from: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = from.split_at(len);
    *from = rest;
    taken
}

/// The key of a row of a single key column.
#[inline(always)]
pub(crate) fn single<'a>(column: &Column<'a>, row: usize) -> Key<'a> {
    if !column.is_present(row) {
        Key::ABSENT
    } else if let Some(strings) = column.strings() {
        StringKeys(strings).into_key(row)
    } else if let Some(values) = column.i64s() {
        Key::number(values[row])
    } else if let Some((indices, entries)) = column.dictionary() {
        StringKeys(entries).into_key(indices[row] as usize)
    } else {
        Key::truth(column.bools().is_some_and(|bits| bits.get(row)))
    }
}

/// Key bytes from what the interner keeps.
fn encode(fields: &[Field], bytes: Option<&[u8]>, into: &mut Vec<u8>) {
    let [field] = fields else {
        return into.extend_from_slice(bytes.unwrap_or_default());
    };
    let Some(bytes) = bytes else {
        return into.push(0);
    };
    into.push(field.scalar as u8);
    if field.scalar.is_variable() {
        into.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    }
    into.extend_from_slice(bytes);
}

/// Pushes a value kept as bytes; none is absent.
pub(crate) fn push_scalar(scalar: Scalar, bytes: Option<&[u8]>, to: &mut FrameBuilder, column: usize) {
    let to = to.column(column);
    match (bytes, scalar) {
        (None, _) => to.push_null(),
        (Some(bytes), Scalar::String | Scalar::Bytes) => to.push_bytes(bytes),
        (Some(bytes), Scalar::Bool) => to.push_bool(bytes[0] != 0),
        (Some(bytes), _) => to.push_i64(i64::from_le_bytes(bytes.try_into().expect("eight bytes"))),
    }
}
