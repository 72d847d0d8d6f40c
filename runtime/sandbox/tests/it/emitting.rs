use crate::bench::{Bench, With, frame, frame_of, schema};
use petrel_flow::{Call, Frame, HoldAction, Origin, Returned, RowFault, Trap, TrapKind};
use petrel_frame::{FrameBuf, Scalar, Value};
use petrel_model::Limits;
use petrel_state::Passed;

/// Has the guest emit these bytes to its first output.
fn emit(bytes: &[u8]) -> Result<Bench, Trap> {
    emit_as("emit 0", bytes)
}

fn emit_as(configuration: &str, bytes: &[u8]) -> Result<Bench, Trap> {
    let limits = Limits { emit_bytes: 40 << 20, ..Limits::default() };
    let mut bench = Bench::with(configuration, With { limits, ..With::default() });
    bench.process_with(bytes).map(|_| bench)
}

fn broken(configuration: &str, bytes: &[u8], expected: &str) {
    let trap = match emit_as(configuration, bytes) {
        Ok(_) => panic!("{configuration}: {expected}: accepted"),
        Err(trap) => trap,
    };
    assert_eq!(trap.kind, TrapKind::Contract, "{expected}: {trap:?}");
    assert!(trap.message.contains(expected), "{configuration}: {expected}: {}", trap.message);
}

#[test]
fn a_good_frame_comes_out_as_it_went_in() {
    for configuration in ["emit 0", "emit-odd"] {
        let bytes = frame(&["x", "y", "z"]);
        let bench = emit_as(configuration, &bytes).unwrap();
        let [emitted] = &bench.effects.emitted[..] else { panic!() };
        assert_eq!((emitted.output, emitted.direct), (0, None));
        assert_eq!(&emitted.frame[..], &bytes[..]);
        assert!(matches!(&emitted.origin, Origin::Anchors(anchors) if anchors.is_empty()));
    }
}

#[test]
fn effects_do_not_outlive_their_call() {
    let mut bench = Bench::new("echo");
    for _ in 0..3 {
        assert_eq!(bench.process(), Ok(Returned::Done));
        assert_eq!(bench.effects.emitted.len(), 1);
    }
}

#[test]
fn every_byte_of_a_frame_is_checked() {
    let good = frame(&["one", "two", "three"]);
    let mut refused = 0;
    for at in 0..good.len() {
        let mut bad = good.to_vec();
        bad[at] ^= 0x55;
        match emit(&bad) {
            Ok(bench) => {
                let emitted = &bench.effects.emitted[0].frame;
                petrel_frame::FrameView::parse(emitted).expect("what is accepted is valid");
            }
            Err(trap) => {
                assert_eq!(trap.kind, TrapKind::Contract, "byte {at}: {trap:?}");
                assert!(trap.message.starts_with("emitting to output \"default\" (number 0): "), "{}", trap.message);
                refused += 1;
            }
        }
    }
    assert!(refused > 60, "{refused}");
}

#[test]
fn a_frame_of_another_shape_is_refused() {
    broken("emit 0", b"", "emitting to output");
    broken("emit 0", &frame(&["x"])[..40], "emitting to output");
    broken("emit 0", &vec![0; 17 << 20], "at most 16777216 are allowed");
    let numbers = schema(&[("word", Scalar::I64)]);
    broken("emit 0", &frame_of(&numbers, &[vec![Value::I64(1)]]), "string");
    let two = schema(&[("word", Scalar::String), ("n", Scalar::I64)]);
    broken("emit 0", &frame_of(&two, &[vec![Value::String("a"), Value::I64(1)]]), "2");
}

#[test]
fn output_numbers_and_kinds_are_checked() {
    let bytes = frame(&["x"]);
    broken("emit 2", &bytes, "`describe` declared 2 outputs");
    broken("emit 1", &bytes, "only `emit-direct`");
    broken("emit-direct 0 0", &bytes, "is not direct");
    broken("emit-direct 1 3", &bytes, "a consumer has 3 tasks");
    let bench = emit_as("emit-direct 1 2", &bytes).unwrap();
    assert_eq!(bench.effects.emitted[0].direct, Some(2));
}

#[test]
fn anchors_are_checked() {
    let bytes = frame(&["x", "y", "z"]);
    // The batch has two rows, the emission three.
    for good in ["emit 0 0 1 2", "emit 0 1 0 1 1", "emit 0 2 0 1 2 4 0 1 0 1"] {
        let bench = emit_as(good, &bytes).unwrap();
        assert!(matches!(&bench.effects.emitted[0].origin, Origin::Anchors(anchors) if anchors.len() > 2));
    }
    broken("emit 0 0 1 1", &bytes, "add up to the output rows: 2, not 3");
    broken("emit 0 1 0 1 2", &bytes, "input row 2");
    broken("emit 0 9", &bytes, "anchors start with");
    // In a tick there are no input rows.
    let mut bench = Bench::new("emit 0 1 0 0 0");
    let trap = bench.call(Call::Tick { now_us: 0, state: Passed { block: bytes, keys: 0 } }).unwrap_err();
    assert!(trap.message.contains("the call has 0 rows"), "{}", trap.message);
}

#[test]
fn emissions_end_at_their_limit() {
    let limits = Limits { emit_bytes: 1 << 20, batch_ms: 60_000, ..Limits::default() };
    for configuration in ["emit-for-ever", "reject-for-ever"] {
        let mut bench = Bench::with(configuration, With { limits, ..With::default() });
        let trap = bench.process_with(&frame(&["x"])).unwrap_err();
        assert_eq!(trap.kind, TrapKind::EmitLimit, "{trap:?}");
        assert!(trap.message.contains("1048576 bytes") && trap.message.contains("`emit_bytes`"), "{}", trap.message);
        assert!(bench.effects.emitted.len() <= 4096, "{}", bench.effects.emitted.len());
    }
}

#[test]
fn tuples_are_rejected_retried_and_held() {
    let mut bench = Bench::new("reject 1");
    bench.process().unwrap();
    assert_eq!(bench.effects.faults, [RowFault { row: 1, reason: "bad".into(), retry_after_ms: None }]);
    let mut bench = Bench::new("retry 0 250");
    bench.process().unwrap();
    assert_eq!(bench.effects.faults, [RowFault { row: 0, reason: "later".into(), retry_after_ms: Some(250) }]);
    let mut bench = Bench::new("hold 0 1");
    bench.process().unwrap();
    let [HoldAction::Hold(handle, rows), rest @ ..] = &bench.effects.holds[..] else { panic!() };
    assert_eq!(rows, &[0, 1]);
    let handle = *handle;
    assert_eq!(
        rest,
        [HoldAction::ResetTimeout(vec![handle]), HoldAction::Ack(vec![handle]), HoldAction::Fail(vec![handle, 7])]
    );
}

#[test]
fn rows_that_are_not_there_are_refused() {
    for (configuration, expected) in [
        ("reject 2", "`reject` names row 2 of a batch of 2 rows"),
        ("retry 7 0", "`retry` names row 7"),
        ("hold 0 9", "`hold` names row 9"),
    ] {
        broken(configuration, b"", expected);
    }
    let mut bench = Bench::new("reject 0");
    let trap = bench.call(Call::Tick { now_us: 0, state: Passed::default() }).unwrap_err();
    assert!(trap.message.contains("in a call without a batch"), "{}", trap.message);
}

#[test]
fn a_large_frame_crosses() {
    let word = "w".repeat(1 << 20);
    let bytes = frame(&[word.as_str(); 15]);
    let bench = emit(&bytes).unwrap();
    assert_eq!(&bench.effects.emitted[0].frame[..], &bytes[..]);
    // And into the guest and out again.
    let mut bench = Bench::new("echo");
    let frame = Frame::validate(FrameBuf::from_slice(&bytes)).unwrap();
    bench.call(Call::Process { input: 0, frame, state: Passed::default() }).unwrap();
    assert_eq!(&bench.effects.emitted[0].frame[..], &bytes[..]);
}
