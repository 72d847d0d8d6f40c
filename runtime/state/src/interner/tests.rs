//! The interner against a map.

use super::*;
use alloc::collections::BTreeMap;
use alloc::vec;
use proptest::prelude::*;

fn padded(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0xee; 16]].concat()
}

fn bytes_of(interner: &Interner, id: KeyId) -> Option<Vec<u8>> {
    interner.bytes(id, &mut [0; 16]).map(<[u8]>::to_vec)
}

/// Bytes of 0 to 40: zeros, equal beginnings, all lengths around the fifteen that fit into words.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(0..2u8, 0..4),
        (0..41usize, prop::sample::select(vec![0, b'a'])).prop_map(|(len, byte)| vec![byte; len]),
        (0..40usize, 0..4u8).prop_map(|(len, last)| [vec![b'x'; len], vec![last]].concat()),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Intern(Vec<u8>),
    Keep(Vec<u8>),
    Drop(Vec<u8>),
    Sweep,
    Epoch,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => key().prop_map(Step::Intern),
        3 => key().prop_map(Step::Keep),
        3 => key().prop_map(Step::Drop),
        1 => Just(Step::Sweep),
        1 => Just(Step::Epoch),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// Ids are found as long as they are kept, differ from each other, and are gone after.
    #[test]
    fn ids_are_those_of_a_map(seed in any::<u64>(), steps in prop::collection::vec(step(), 0..300)) {
        let mut interner = Interner::new(seed);
        let mut kept: BTreeMap<Vec<u8>, (KeyId, u32)> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Intern(bytes) => {
                    let id = interner.intern(&Key::load(&padded(&bytes), bytes.len()));
                    prop_assert_eq!(interner.find(&Key::load(&padded(&bytes), bytes.len())), Some(id));
                    prop_assert_eq!(bytes_of(&interner, id), Some(bytes));
                }
                Step::Keep(bytes) => {
                    let id = interner.intern(&Key::load(&padded(&bytes), bytes.len()));
                    interner.retain(id);
                    let (known, references) = kept.entry(bytes).or_insert((id, 0));
                    *references += 1;
                    prop_assert_eq!(*known, id);
                }
                Step::Drop(bytes) => {
                    if let Some((id, references)) = kept.get_mut(&bytes) {
                        interner.release(*id);
                        *references -= 1;
                        if *references == 0 {
                            kept.remove(&bytes);
                        }
                    }
                }
                Step::Sweep => interner.sweep(),
                Step::Epoch => {
                    interner.next_epoch();
                    prop_assert_eq!(interner.len(), kept.len());
                }
            }
            for (bytes, (id, _)) in &kept {
                prop_assert_eq!(interner.find(&Key::load(&padded(bytes), bytes.len())), Some(*id));
                prop_assert_eq!(bytes_of(&interner, *id), Some(bytes.clone()));
            }
        }
    }
}

#[test]
fn growing_and_shrinking_loses_no_key() {
    let mut interner = Interner::new(3);
    let key = |n: u32| Key::number(i64::from(n)).words;
    let key = |n: u32| Key { words: key(n), long: &[] };
    for n in 0..50_000 {
        let id = interner.intern(&key(n));
        interner.retain(id);
    }
    for n in (0..50_000).filter(|n| n % 7 != 0) {
        let id = interner.find(&key(n)).unwrap();
        interner.release(id);
    }
    interner.sweep();
    assert_eq!(interner.len(), 50_000_usize.div_ceil(7));
    assert!((0..50_000).all(|n| interner.find(&key(n)).is_some() == (n % 7 == 0)));
    let bound = interner.bound();
    (0..40_000).for_each(|n| _ = interner.intern(&key(60_000 + n)));
    assert_eq!(interner.bound(), bound, "ids are given again");
}

#[test]
fn the_absent_key_is_no_other() {
    let mut interner = Interner::new(3);
    let absent = interner.intern(&Key::ABSENT);
    for bytes in [&[][..], &[0], &[0; 15], &[0; 16]] {
        assert_ne!(interner.intern(&Key::load(&padded(bytes), bytes.len())), absent);
    }
    assert_eq!(interner.bytes(absent, &mut [0; 16]), None);
}

#[test]
fn long_keys_give_their_memory_back() {
    let mut interner = Interner::new(3);
    for n in 0..200_u32 {
        let bytes = [&n.to_le_bytes()[..], &[1; 20_000]].concat();
        interner.intern(&Key::load(&padded(&bytes), bytes.len()));
        interner.sweep();
    }
    assert!(interner.memory() < 1 << 20, "{} bytes", interner.memory());
}

/// Keys are told apart by all their bytes, also where their hashes are the same.
#[test]
fn a_hash_is_not_trusted() {
    let mut interner = Interner::new(3);
    let keys = [
        b"a".to_vec(),
        b"b".to_vec(),
        [b'x'; 20].to_vec(),
        [[b'x'; 19].as_slice(), b"y"].concat(),
        [b'x'; 21].to_vec(),
    ];
    let ids: Vec<KeyId> = keys
        .iter()
        .map(|bytes| {
            let padded = padded(bytes);
            let key = Key::load(&padded, bytes.len());
            interner.number(key.words, 7, || key.long, 0).0
        })
        .collect();
    assert_eq!(ids, (0..keys.len() as u32).map(KeyId).collect::<Vec<_>>());
}
