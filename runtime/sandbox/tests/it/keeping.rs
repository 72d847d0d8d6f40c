use crate::bench::{Bench, frame, frame_of, schema};
use petrel_flow::TrapKind;
use petrel_frame::{Field, FrameBuf, Scalar, Schema, Value};
use petrel_state::Clock;

fn values(values: &[i64]) -> FrameBuf {
    let schema = Schema::new([Field::new("value", Scalar::I64).optional()]);
    frame_of(&schema, &values.iter().map(|value| vec![Value::I64(*value)]).collect::<Vec<_>>())
}

#[test]
fn values_go_into_the_state_and_come_back() {
    let mut bench = Bench::new("put 0");
    bench.process_keyed(&values(&[10, 20])).unwrap();
    bench.state.commit();
    assert_eq!(bench.state.keys(), 2);
    let mut out = FrameBuf::new();
    bench.state.get(0, &frame(&["b"]), &mut out).unwrap();
    assert_eq!(petrel_frame::FrameView::parse(&out).unwrap().column(0).value(0), Value::I64(20));
}

#[test]
fn the_guest_reads_what_is_committed() {
    for (configuration, bytes) in [("get 0", frame(&["b"])), ("scan 0", FrameBuf::new())] {
        let mut bench = Bench::new(configuration);
        bench.state.set(0, &frame(&["b"]), &values(&[77])).unwrap();
        bench.state.commit();
        let trap = bench.process_keyed(&bytes).unwrap_err();
        assert_eq!(trap.kind, TrapKind::Refused, "{trap:?}");
        assert!(trap.message.contains(", 77, 0, 0, 0, 0, 0, 0, 0"), "{configuration}: {}", trap.message);
    }
}

#[test]
fn explicit_writes_and_timers_arrive() {
    let mut bench = Bench::new("set 0");
    bench.process_keyed(&values(&[1, 2])).unwrap();
    bench.state.commit();
    assert_eq!(bench.state.keys(), 2);
    for (configuration, clock, bytes) in
        [("timer 0", Clock::Processing, frame(&["k"])), ("timer-passed 0", Clock::Event, FrameBuf::new())]
    {
        let mut bench = Bench::new(configuration);
        bench.process_keyed(&bytes).unwrap();
        bench.state.commit();
        assert_eq!(bench.state.next_due(clock), Some(5), "{configuration}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let numbers = schema(&[("word", Scalar::I64)]);
    let cases: [(&str, FrameBuf, &str); 6] = [
        ("put 9", values(&[1, 2]), "9"),
        ("put 0", values(&[1]), "2"),
        ("put 0", FrameBuf::from_slice(b"rubbish!"), "`put`"),
        ("get 0", frame_of(&numbers, &[vec![Value::I64(1)]]), "string"),
        ("entries 0", frame(&["a"]), "`entries`"),
        ("append 0", values(&[1]), "`append`"),
    ];
    for (configuration, bytes, expected) in cases {
        let mut bench = Bench::new(configuration);
        let trap = bench.process_keyed(&bytes).unwrap_err();
        assert_eq!(trap.kind, TrapKind::Contract, "{configuration}: {trap:?}");
        assert!(trap.message.contains(expected), "{configuration}: {}", trap.message);
    }
}
