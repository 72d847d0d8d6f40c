//! What a guest may hand over by mistake or in malice: each is an error that says what is wrong, and leaves no trace.

use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Scalar, Schema, Value};
use petrel_model::{TableKind, TableSpec};
use petrel_state::{Clock, KeySpec, Passed, StateError, StateLimits, TaskState};
use proptest::prelude::*;

/// What one call may stage unless it is set otherwise.
const STAGED_BYTES: usize = 64 << 20;

fn spec(name: &str, kind: TableKind, scalar: Scalar) -> TableSpec {
    TableSpec { name: name.into(), kind, subkey: None, value: Field::new("value", scalar), version: 1 }
}

/// A word's count, texts seen with it, and notes.
fn state() -> TaskState {
    let tables = [
        spec("count", TableKind::Value, Scalar::I64),
        spec("seen", TableKind::List, Scalar::String),
        spec("note", TableKind::LazyValue, Scalar::Bytes),
        spec("broken", TableKind::Map, Scalar::I64),
    ];
    TaskState::new(KeySpec { fields: vec![Field::new("word", Scalar::String)] }, &tables, 5)
}

fn frame(scalar: Scalar, rows: &[Value<'_>]) -> FrameBuf {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("column", scalar).optional()]));
    rows.iter().for_each(|&row| builder.column(0).push_value(row).unwrap());
    let mut out = FrameBuf::new();
    builder.finish_into(&mut out).unwrap();
    out
}

fn words(words: &[&str]) -> FrameBuf {
    frame(Scalar::String, &words.iter().map(|word| Value::String(word)).collect::<Vec<_>>())
}

fn numbers(numbers: &[i64]) -> FrameBuf {
    frame(Scalar::I64, &numbers.iter().map(|&number| Value::I64(number)).collect::<Vec<_>>())
}

fn begin(state: &mut TaskState, keys: &[&str]) {
    let frame = words(keys);
    state.pass_frame(&FrameView::parse(&frame).unwrap(), &[0], &mut Passed::default()).unwrap();
}

/// The message of an operation that must fail on a fresh state that has passed the keys `a` and `b`.
fn refused(operation: impl FnOnce(&mut TaskState) -> Result<(), StateError>) -> String {
    let mut state = state();
    begin(&mut state, &["a", "b", "a"]);
    let message = operation(&mut state).unwrap_err().to_string();
    state.discard();
    assert_eq!((state.keys(), state.next_due(Clock::Event)), (0, None));
    message
}

#[test]
fn errors_say_what_is_wrong() {
    let out = &mut FrameBuf::new();
    let cases = [
        (refused(|s| s.put(9, &numbers(&[1, 2]))), "`put` names state table 9, but the plugin declares 4"),
        (
            refused(|s| s.put(0, &numbers(&[1]))),
            "`put` on state table `count` needs 2 rows, one for each passed key, got 1",
        ),
        (refused(|s| s.put(0, &words(&["a", "b"]))), "needs a values frame of (i64), got (string)"),
        (refused(|s| s.put(0, &[1, 2, 3])), "was given a malformed values frame"),
        (refused(|s| s.put(2, &words(&["a", "b"]))), "does not work on state table `note` of kind lazy-value"),
        (refused(|s| s.set(0, &numbers(&[1]), &numbers(&[1]))), "needs a keys frame of (string), got (i64)"),
        (refused(|s| s.set(0, &words(&["a"]), &numbers(&[1, 2]))), "needs 1 values, one for each key, got 2"),
        (refused(|s| s.set(1, &words(&["a"]), &words(&["x"]))), "needs a values frame of (list<string>), got (string)"),
        (refused(|s| s.append(0, &words(&["a"]), &numbers(&[1]))), "only `list` tables can be appended to"),
        (
            refused(|s| s.append(1, &words(&["a"]), &frame(Scalar::String, &[Value::Null]))),
            "was given an absent value in row 0",
        ),
        (refused(|s| s.get(3, &words(&["a"]), out)), "state table `broken` cannot be used: a map table needs a subkey"),
        (
            refused(|s| s.entries(0, &words(&["a"]), &mut FrameBuf::new())),
            "`entries` does not work on state table `count`",
        ),
        (refused(|s| s.scan(7, 0, 1, &mut FrameBuf::new()).map(drop)), "`scan` names state table 7"),
        (refused(|s| s.set_timers(0, Clock::Event, &words(&["a"]), &[])), "needs 1 times, one for each key, got 0"),
        (refused(|s| s.set_timers_passed(0, Clock::Event, &[2], &[5])), "names key 2, but the call passed 2"),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    }
}

#[test]
fn nothing_is_handed_back_that_was_not_passed() {
    let mut state = state();
    state.pass_task(&mut Passed::default()).unwrap();
    let error = state.put(0, &numbers(&[])).unwrap_err();
    assert_eq!(error, StateError::NothingPassed { operation: "put", table: "count".into(), instead: "set" });
    assert!(state.set_timers_passed(0, Clock::Event, &[], &[]).is_err());
}

#[test]
fn a_call_cannot_stage_without_end() {
    let mut state = state();
    begin(&mut state, &["a"]);
    let note = vec![7; 9 << 20];
    let values = frame(Scalar::Bytes, &[Value::Bytes(&note)]);
    let staged = (0..100).take_while(|_| state.set(2, &words(&["a"]), &values).is_ok()).count();
    assert_eq!(staged, STAGED_BYTES / values.len());
    let error = state.put(0, &numbers(&[1])).unwrap_err();
    assert_eq!(error, StateError::TooMuchStaged { limit: STAGED_BYTES });
    state.discard();
    begin(&mut state, &["a"]);
    state.put(0, &numbers(&[1])).unwrap();
}

#[test]
fn writes_without_rows_are_not_free() {
    let mut state = state();
    begin(&mut state, &["a"]);
    let staged = (0..10_000_000).take_while(|_| state.set_timers_passed(0, Clock::Event, &[], &[]).is_ok()).count();
    assert!(staged < 2_000_000, "{staged} writes");
    state.discard();
    begin(&mut state, &["a"]);
    state.put(0, &numbers(&[1])).unwrap();
}

/// Nothing can stop a guest while the host looks up what it asks for.
#[test]
fn keys_that_share_a_long_entry_are_not_looked_up_without_end() {
    let mut state = state();
    begin(&mut state, &[]);
    let mut keys = FrameBuilder::new(&Schema::new([Field::new("word", Scalar::String)]));
    keys.column(0).push_entry(&vec![b'a'; 1 << 20]);
    keys.column(0).extend_indices(&[0; 100]);
    let error = state.get(0, keys.finish().unwrap(), &mut FrameBuf::new()).unwrap_err();
    assert!(matches!(error, StateError::KeysTooLong { keys: 100, .. }), "{error}");
    assert!(error.to_string().contains("take 104857600 bytes"), "{error}");
}

/// Without the check before them, writing down the keys of these rows takes minutes.
#[test]
fn a_batch_whose_keys_share_a_long_entry_is_refused_at_once() {
    let fields = vec![Field::new("word", Scalar::Bytes), Field::new("flag", Scalar::Bool)];
    let mut builder = FrameBuilder::new(&Schema::new(fields.clone()));
    builder.column(0).push_entry(&vec![7; 8 << 20]);
    builder.column(0).extend_indices(&vec![0; 1_000_000]);
    (0..1_000_000).for_each(|_| builder.column(1).push_bool(true));
    let mut state = TaskState::new(KeySpec { fields }, &[spec("count", TableKind::Value, Scalar::I64)], 5);
    let frame = FrameView::parse(builder.finish().unwrap()).unwrap();
    assert!(matches!(
        state.pass_frame(&frame, &[0, 1], &mut Passed::default()),
        Err(StateError::TooLarge { operation: "pass", keys: 1_000_000, .. })
    ));
    assert_eq!(state.keys(), 0);
}

/// A few bytes of frame can stand for a lot of state.
#[test]
fn rows_that_share_an_entry_count_each() {
    let mut state = state();
    begin(&mut state, &[]);
    let mut values = FrameBuilder::new(&Schema::new([Field::new("value", Scalar::Bytes)]));
    values.column(0).push_entry(&vec![7; 1 << 20]);
    values.column(0).extend_indices(&[0; 100]);
    let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let keys = words(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let error = state.set(2, &keys, values.finish().unwrap()).unwrap_err();
    assert_eq!(error, StateError::TooMuchStaged { limit: STAGED_BYTES });
}

#[test]
fn an_answer_that_is_no_frame_is_refused() {
    let mut state = state();
    begin(&mut state, &["a"]);
    state.set(2, &words(&["a"]), &frame(Scalar::Bytes, &[Value::Bytes(&[7; 1 << 20])])).unwrap();
    state.commit();
    let out = &mut FrameBuf::new();
    state.get(2, &words(&["a"; 15]), out).unwrap();
    assert!(matches!(state.get(2, &words(&["a"; 100_000]), out), Err(StateError::TooLarge { .. })));
}

/// Values that do not go into one frame with a batch: the batch is not begun, a smaller one is.
#[test]
fn a_batch_whose_values_are_too_large_is_refused_whole() {
    let tables = [spec("text", TableKind::Value, Scalar::Bytes)];
    let mut state = TaskState::new(KeySpec { fields: vec![Field::new("word", Scalar::String)] }, &tables, 5);
    for word in ["a", "b", "c"] {
        begin(&mut state, &[word]);
        state.put(0, &frame(Scalar::Bytes, &[Value::Bytes(&vec![1; 7 << 20])])).unwrap();
        state.commit();
    }
    let frame = words(&["new", "a", "b", "c"]);
    let mut passed = Passed::default();
    let error = state.pass_frame(&FrameView::parse(&frame).unwrap(), &[0], &mut passed).unwrap_err();
    assert!(error.to_string().contains("the values of 4 keys make a frame of 220"), "{error}");
    assert_eq!((passed.keys, passed.block.len(), state.keys()), (0, 0, 3));
    begin(&mut state, &["new", "a", "b"]);
}

#[test]
fn a_scan_ends_before_its_frame_is_too_large() {
    let mut state = state();
    for n in 0..5 {
        begin(&mut state, &[]);
        let note = vec![n; 6 << 20];
        state.set(2, &words(&[&n.to_string()]), &frame(Scalar::Bytes, &[Value::Bytes(&note)])).unwrap();
        state.commit();
    }
    let (mut out, mut at, mut pages) = (FrameBuf::new(), 0, vec![]);
    loop {
        at = state.scan(2, at, u32::MAX, &mut out).unwrap();
        match FrameView::parse(&out).unwrap().rows() {
            0 => break,
            rows => pages.push(rows),
        }
    }
    assert_eq!(pages, [2, 2, 1]);
    assert_eq!(state.scan(2, u64::MAX, 10, &mut out).unwrap(), at, "a cursor from nowhere is the end");
}

proptest! {
    /// Frames with a few wrong bytes are refused or read, but nothing breaks.
    #[test]
    fn no_bytes_break_it(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<Option<prop::sample::Index>>(),
        commit in any::<bool>(),
    ) {
        let mut state = state();
        begin(&mut state, &["a", "b"]);
        let spoil = |frame: FrameBuf| {
            let mut bytes = frame.to_vec();
            for (at, byte) in &flips {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            bytes
        };
        let keys = spoil(words(&["a", "long enough to be long", "a"]));
        let out = &mut FrameBuf::new();
        _ = state.put(0, &spoil(numbers(&[1, 2])));
        _ = state.set(0, &keys, &spoil(numbers(&[1, 2, 3])));
        _ = state.append(1, &keys, &spoil(words(&["x", "y", "z"])));
        _ = state.get(2, &keys, out);
        _ = state.set_timers(0, Clock::Event, &keys, &[1, 2, 3]);
        if commit { state.commit() } else { state.discard() }
        while state.take_due(Clock::Event, 10, 10).is_some() {}
        state.commit();
        state.scan(0, 0, 10, out).unwrap();
        FrameView::parse(out).unwrap();
        state.scan(1, 0, 10, out).unwrap();
        FrameView::parse(out).unwrap();
    }
}

#[test]
fn a_state_cannot_grow_without_end() {
    let mut state = state();
    state.set_limits(StateLimits { state_bytes: 100_000, ..StateLimits::default() });
    let mut committed = 0;
    let error = loop {
        begin(&mut state, &[&format!("key {committed}")]);
        state.put(0, &numbers(&[1])).unwrap();
        match state.check_limits() {
            Ok(()) => state.commit(),
            Err(error) => break error,
        }
        committed += 1;
    };
    assert_eq!(committed, 100_000 / (64 + 16), "a key with a number counts 80 bytes");
    assert_eq!(
        error.to_string(),
        "the state of the task would take 100080 bytes, and the limit is 100000: keep less for each key, delete keys that \
         are done with, spread the keys over more tasks (`parallelism`), or raise `state_bytes`"
    );
    state.discard();
    // What is there can still be changed and deleted, and then something else fits.
    for value in [numbers(&[2]), frame(Scalar::I64, &[Value::Null])] {
        begin(&mut state, &["key 0"]);
        state.put(0, &value).unwrap();
        state.check_limits().unwrap();
        state.commit();
    }
    begin(&mut state, &["another"]);
    state.put(0, &numbers(&[1])).unwrap();
    state.check_limits().unwrap();
    state.commit();
    assert_eq!(state.size(), 100_000);
}

/// A task whose limit was lowered is not stuck for good.
#[test]
fn a_state_beyond_its_limit_may_shrink_and_stay() {
    let mut state = state();
    begin(&mut state, &["a", "b"]);
    state.put(0, &numbers(&[1, 2])).unwrap();
    state.commit();
    state.set_limits(StateLimits { state_bytes: 10, ..StateLimits::default() });
    begin(&mut state, &["a"]);
    state.put(0, &numbers(&[5])).unwrap();
    state.check_limits().unwrap();
    state.put(0, &frame(Scalar::I64, &[Value::Null])).unwrap();
    state.check_limits().unwrap();
    state.commit();
    begin(&mut state, &["c"]);
    state.put(0, &numbers(&[1])).unwrap();
    assert!(matches!(state.check_limits(), Err(StateError::StateTooLarge { bytes: 160, limit: 10 })));
}

#[test]
fn timers_cannot_be_set_without_end() {
    let mut state = state();
    state.set_limits(StateLimits { timers: 2, ..StateLimits::default() });
    begin(&mut state, &["a"]);
    for time in [1, 2, 1, 2] {
        state.set_timers_passed(0, Clock::Event, &[0], &[time]).unwrap();
    }
    state.check_limits().unwrap();
    state.set_timers(0, Clock::Processing, &words(&["b"]), &[1]).unwrap();
    let message = state.check_limits().unwrap_err().to_string();
    assert!(message.starts_with("the task would have 3 timers, and the limit is 2: "), "{message}");
    assert!(message.ends_with("or raise `timers`"), "{message}");
    state.cancel_timers(0, Clock::Event, &words(&["a"]), &[1]).unwrap();
    state.check_limits().unwrap();
    state.commit();
    assert_eq!(state.timers(), 2);
}
