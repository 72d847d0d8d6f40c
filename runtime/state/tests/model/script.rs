//! What happens to the state: calls, chosen by chance.

use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Put { table: u32, seed: u32, flags: Option<u64> },
    Set { table: u32, keys: Vec<u32>, seed: u32, dictionary: bool },
    Append { table: u32, keys: Vec<u32>, seed: u32 },
    Get { table: u32, keys: Vec<u32>, dictionary: bool },
    Scan { table: u32, page: u32 },
    Entries { table: u32, key: u32 },
    Timers { clock: bool, keys: Vec<u32>, time: i64, cancel: bool },
    TimersPassed { keys: Vec<u32>, time: i64 },
}

#[derive(Clone, Debug)]
pub(crate) enum Begin {
    Frame { keys: Vec<u32>, dictionary: bool },
    Due { clock: bool, until: i64, max: usize },
    Task,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) begin: Begin,
    pub(crate) ops: Vec<Op>,
    pub(crate) commit: bool,
    pub(crate) epoch: bool,
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let keys = || prop::collection::vec(0..40u32, 0..12);
    let table = || 0..8u32;
    prop_oneof![
        4 => (0..3u32, any::<u32>(), any::<Option<u64>>())
            .prop_map(|(table, seed, flags)| Op::Put { table, seed: seed % 1000, flags }),
        4 => (table(), keys(), 0..1000u32, any::<bool>())
            .prop_map(|(table, keys, seed, dictionary)| Op::Set { table, keys, seed, dictionary }),
        2 => (prop::sample::select(vec![4u32, 7]), keys(), 0..1000u32)
            .prop_map(|(table, keys, seed)| Op::Append { table, keys, seed }),
        2 => (table(), keys(), any::<bool>()).prop_map(|(table, keys, dictionary)| Op::Get { table, keys, dictionary }),
        1 => (table(), 1..9u32).prop_map(|(table, page)| Op::Scan { table, page }),
        1 => (5..7u32, 0..40u32).prop_map(|(table, key)| Op::Entries { table, key }),
        2 => (any::<bool>(), keys(), 0..5i64, prop::bool::weighted(0.3))
            .prop_map(|(clock, keys, time, cancel)| Op::Timers { clock, keys, time, cancel }),
        1 => (keys(), 0..5i64).prop_map(|(keys, time)| Op::TimersPassed { keys, time }),
    ]
}

pub(crate) fn call() -> impl Strategy<Value = Call> {
    let begin = prop_oneof![
        6 => (prop::collection::vec(0..40u32, 0..50), any::<bool>())
            .prop_map(|(keys, dictionary)| Begin::Frame { keys, dictionary }),
        2 => (any::<bool>(), 0..8i64, 1..20usize).prop_map(|(clock, until, max)| Begin::Due { clock, until, max }),
        1 => Just(Begin::Task),
    ];
    (begin, prop::collection::vec(op(), 0..8), prop::bool::weighted(0.7), prop::bool::weighted(0.1))
        .prop_map(|(begin, ops, commit, epoch)| Call { begin, ops, commit, epoch })
}
