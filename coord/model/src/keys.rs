//! Which task a key belongs to.
//!
//! The key of a tuple becomes *key bytes*, those become one of 1,024 *key groups*, and a group belongs to a task. Groups
//! are what moves when work is spread anew, so the first two steps may never change: `docs/formats.md` fixes them, and
//! the tests below pin them.

use crate::id::TaskIndex;
use alloc::vec::Vec;
use core::fmt;
use petrel_frame::{Column, FrameView, Scalar};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The number of key groups.
pub const KEY_GROUPS: u32 = 1_024;

/// One of the [`KEY_GROUPS`] parts into which all keys fall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyGroup(pub u16);

impl fmt::Display for KeyGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

/// Appends the key bytes of a row: for each key column a type tag, 0 where the value is absent, then the value.
///
/// # Panics
///
/// If a column is an `f64` or a list, which `resolve` refuses as keys, or if the row is not there.
pub fn key_bytes(view: &FrameView<'_>, columns: &[usize], row: usize, out: &mut Vec<u8>) {
    for &column in columns {
        push_value(&view.column(column), row, out);
    }
}

/// The group of a key: the low 10 bits of XXH3-64, seed 0, over its key bytes.
#[inline]
pub fn key_group(key_bytes: &[u8]) -> KeyGroup {
    KeyGroup((xxh3_64(key_bytes) % u64::from(KEY_GROUPS)) as u16)
}

/// The task that a key group belongs to until a rescale moves it: ⌊group × parallelism / 1024⌋.
#[inline]
pub fn owner(group: KeyGroup, parallelism: u32) -> TaskIndex {
    TaskIndex((u64::from(group.0) * u64::from(parallelism) / u64::from(KEY_GROUPS)) as u32)
}

#[inline]
fn push_value(column: &Column<'_>, row: usize, out: &mut Vec<u8>) {
    if !column.is_present(row) {
        out.push(0);
        return;
    }
    out.push(column.scalar() as u8);
    match column.scalar() {
        Scalar::String | Scalar::Bytes => {
            let bytes = column.bytes_at(row);
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(bytes);
        }
        Scalar::I64 | Scalar::Timestamp => {
            let Some(values) = column.i64s() else { refused() };
            out.extend_from_slice(&values[row].to_le_bytes());
        }
        Scalar::Bool => {
            let Some(values) = column.bools() else { refused() };
            out.push(values.get(row).into());
        }
        Scalar::F64 => refused(),
    }
}

#[cold]
fn refused() -> ! {
    panic!("an f64 or a list is no key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use petrel_frame::{Field, FrameBuf, FrameBuilder, Schema, Value};
    use proptest::prelude::*;

    /// The key bytes of a frame of one row, all of whose columns are the key.
    fn bytes_of(values: &[(Scalar, Value<'_>)]) -> Vec<u8> {
        let fields: Vec<Field> =
            values.iter().map(|(scalar, _)| Field::new(alloc::format!("{scalar:?}"), *scalar).optional()).collect();
        let mut builder = FrameBuilder::new(&Schema::new(fields));
        builder.push_row(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>()).unwrap();
        let mut frame = FrameBuf::new();
        builder.finish_into(&mut frame).unwrap();
        let view = FrameView::parse(&frame).unwrap();
        let mut out = Vec::new();
        key_bytes(&view, &(0..values.len()).collect::<Vec<_>>(), 0, &mut out);
        out
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
    }

    /// Computed with the reference implementation of XXH3 from bytes written by hand. A change here loses every state
    /// that was ever kept.
    #[test]
    fn pinned() {
        type Key<'a> = &'a [(Scalar, Value<'a>)];
        let cases: &[(Key<'_>, &str, u16)] = &[
            (&[], "", 194),
            (&[(Scalar::Bool, Value::Bool(true))], "0101", 499),
            (&[(Scalar::I64, Value::I64(-1))], "02ffffffffffffffff", 101),
            (&[(Scalar::String, Value::String(""))], "0400000000", 78),
            (&[(Scalar::String, Value::String("the"))], "0403000000746865", 387),
            (&[(Scalar::Bytes, Value::Bytes(b"the"))], "0503000000746865", 91),
            (&[(Scalar::Timestamp, Value::Timestamp(1_700_000_000_000_000))], "0600401e18240a0600", 565),
            (&[(Scalar::String, Value::Null)], "00", 219),
            (&[(Scalar::I64, Value::Null)], "00", 219),
            (
                &[(Scalar::String, Value::String("the")), (Scalar::I64, Value::I64(7))],
                "0403000000746865020700000000000000",
                143,
            ),
        ];
        for (values, bytes, group) in cases {
            let key = bytes_of(values);
            assert_eq!(hex(&key), *bytes, "{values:?}");
            assert_eq!(key_group(&key), KeyGroup(*group), "{values:?}");
        }
        let long = "x".repeat(300);
        assert_eq!(key_group(&bytes_of(&[(Scalar::String, Value::String(&long))])), KeyGroup(120));
    }

    #[test]
    fn encodings_of_one_value_give_one_key() {
        let schema = Schema::new([Field::new("word", Scalar::String)]);
        let mut builder = FrameBuilder::new(&schema);
        let column = builder.column(0);
        column.push_entry(b"unused");
        column.push_entry(b"the");
        column.push_index(1);
        let mut frame = FrameBuf::new();
        builder.finish_into(&mut frame).unwrap();
        let view = FrameView::parse(&frame).unwrap();
        assert!(view.column(0).is_dictionary());
        let mut out = vec![];
        key_bytes(&view, &[0], 0, &mut out);
        assert_eq!(out, bytes_of(&[(Scalar::String, Value::String("the"))]));
    }

    #[test]
    fn tasks_own_runs_of_groups() {
        assert_eq!(owner(KeyGroup(0), 1), TaskIndex(0));
        assert_eq!(owner(KeyGroup(1023), 1), TaskIndex(0));
        assert_eq!(owner(KeyGroup(341), 3), TaskIndex(0));
        assert_eq!(owner(KeyGroup(342), 3), TaskIndex(1));
        assert_eq!(owner(KeyGroup(1023), 1024), TaskIndex(1023));
    }

    /// Few and short, so that equal ones and parts of each other come up.
    fn keys() -> impl Strategy<Value = [Option<String>; 2]> {
        prop::array::uniform2(prop::option::of("[\\x00\\x04a]{0,3}"))
    }

    proptest! {
        /// Every task owns groups, as many as any other but for one, and owners never fall from group to group.
        #[test]
        fn groups_are_spread_evenly(parallelism in 1..=KEY_GROUPS) {
            let mut owned = vec![0_u32; parallelism as usize];
            let mut last = TaskIndex(0);
            for group in 0..KEY_GROUPS {
                let task = owner(KeyGroup(group as u16), parallelism);
                prop_assert!(task >= last);
                owned[task.0 as usize] += 1;
                last = task;
            }
            prop_assert!(owned.iter().max().unwrap() - owned.iter().min().unwrap() <= 1, "{owned:?}");
        }

        /// Different keys have different bytes, whatever the values contain.
        #[test]
        fn key_bytes_tell_keys_apart(a in keys(), b in keys()) {
            let bytes = |key: &[Option<String>; 2]| {
                bytes_of(&key.each_ref().map(|text| {
                    (Scalar::String, text.as_deref().map_or(Value::Null, Value::String))
                }))
            };
            prop_assert_eq!(bytes(&a) == bytes(&b), a == b);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// 64 keys a group on average, so a group strays far from that only if the hash is not one.
        #[test]
        fn keys_are_spread_evenly(prefix in "[a-z]{0,12}") {
            let mut counts = vec![0_u32; KEY_GROUPS as usize];
            for i in 0..65_536_u32 {
                let mut key = vec![Scalar::String as u8];
                let text = alloc::format!("{prefix}{i}");
                key.extend_from_slice(&(text.len() as u32).to_le_bytes());
                key.extend_from_slice(text.as_bytes());
                counts[usize::from(key_group(&key).0)] += 1;
            }
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            prop_assert!((20..64).contains(least) && (65..130).contains(most), "{least} to {most}");
        }
    }
}
