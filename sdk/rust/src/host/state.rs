//! State below the levels of this crate: frames of keys and values, as the contract has them.
//!
//! A *keys frame* has the key columns in order, then, for a map, the subkey. A *values frame* has one optional column.
//! Writes are staged and applied when the call returns ok; reads see what was committed before the call.

use super::imports;

/// Hands back the values of a passed table: a row for each key of the call, in the order they were passed.
/// A second column, a bool, says which rows were changed.
pub fn put(table: usize, values: &[u8]) {
    imports::put(table as u32, values);
}

/// The committed values for a keys frame: a values frame with a row for each of its rows. For a list table the value
/// is a list.
pub fn get(table: usize, keys: &[u8]) -> Vec<u8> {
    imports::get(table as u32, keys)
}

/// Sets values for explicit keys, row by row; an absent value deletes. For a list table it replaces the list.
pub fn set(table: usize, keys: &[u8], values: &[u8]) {
    imports::set(table as u32, keys, values);
}

/// Appends a value to the list of each row's key without reading it.
pub fn append(table: usize, keys: &[u8], values: &[u8]) {
    imports::append(table as u32, keys, values);
}

/// Walks a table: from 0, up to `max` rows. Returns where to go on, and a frame of key columns, subkey and value, which
/// has no rows at the end.
pub fn scan(table: usize, from: u64, max: u32) -> (u64, Vec<u8>) {
    imports::scan(table as u32, from, max)
}

/// The subkeys and values of one key of a map table; `key` is a keys frame of one row without the subkey.
pub fn entries(table: usize, key: &[u8]) -> Vec<u8> {
    imports::entries(table as u32, key)
}
