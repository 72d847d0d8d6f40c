//! The state block that travels with a batch, as docs/formats.md has it.

use super::store::{Cell, Key, Store, finish};
use crate::describe::TableKind;
use crate::tuple::OwnedValue;
use petrel_frame::{FrameBuf, FrameBuilder, Schema};

/// The distinct keys of a batch, and the block that passes them and their values.
pub(super) fn pass(store: &Store, key_of_row: Vec<Key>) -> (Vec<Key>, FrameBuf) {
    let mut keys: Vec<Key> = Vec::new();
    let mut first_row = Vec::new();
    let mut numbers = Vec::new();
    for (row, key) in key_of_row.into_iter().enumerate() {
        let number = keys.iter().position(|seen| *seen == key).unwrap_or_else(|| {
            keys.push(key);
            first_row.push(row as u32);
            keys.len() - 1
        });
        numbers.push(number as u32);
    }
    let block = encode(store, &keys, &numbers, &first_row);
    (keys, block)
}

/// As [`pass`] for the keys of timers: each row is its own key.
pub(super) fn pass_each(store: &Store, keys: &[Key]) -> FrameBuf {
    let numbers: Vec<u32> = (0..keys.len() as u32).collect();
    encode(store, keys, &numbers, &numbers)
}

fn encode(store: &Store, keys: &[Key], numbers: &[u32], first_row: &[u32]) -> FrameBuf {
    let mut block = FrameBuf::new();
    let passed = || store.specs.iter().enumerate().filter(|(_, spec)| spec.kind == TableKind::Value);
    if passed().next().is_none() {
        return block;
    }
    block.extend_from_slice(&(numbers.len() as u32).to_le_bytes());
    block.extend_from_slice(&(keys.len() as u32).to_le_bytes());
    for words in [numbers, first_row] {
        words.iter().for_each(|word| block.extend_from_slice(&word.to_le_bytes()));
        let length = block.len().next_multiple_of(8);
        block.resize(length, 0);
    }
    let fields: Vec<_> = passed().map(|(_, spec)| spec.value.clone().optional()).collect();
    let mut values = FrameBuilder::new(&Schema::new(fields));
    for (column, (table, _)) in passed().enumerate() {
        for key in keys {
            let value = match store.cells[table].get(key) {
                Some(Cell::Value(value)) => value.clone(),
                _ => OwnedValue::Null,
            };
            value.push_to(values.column(column)).expect("what is stored is of the table's type");
        }
    }
    values.end_rows(keys.len());
    block.extend_from_slice(&finish(&mut values));
    block
}
