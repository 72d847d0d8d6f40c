use crate::bench::{Bench, With, frame, spec};
use petrel_flow::{Call, Origin, Returned, TrapKind};
use petrel_frame::Schema;
use petrel_model::{Grants, PathAccess, PathGrant};
use std::fs;
use std::io::Write;
use std::time::Duration;

const NEXT: Call = Call::Next { max_rows: 10, max_bytes: 1000 };

fn spout(configuration: &str) -> Bench {
    Bench::of("spout", configuration, With::default())
}

#[test]
fn every_call_of_a_spout_arrives() {
    let mut bench = spout("end");
    let calls = [
        Call::Open { position: Some(vec![1, 2]) },
        Call::Ack(vec![3]),
        Call::Fail(vec![4, 5]),
        Call::Activate,
        Call::Deactivate,
    ];
    for call in calls {
        assert_eq!(bench.call(call), Ok(Returned::Done));
    }
    assert_eq!(
        bench.log(),
        ["log: open Some([1, 2])", "log: ack [3]", "log: fail [4, 5]", "log: activate", "log: deactivate"]
    );
    assert_eq!(bench.call(NEXT), Ok(Returned::End));
    assert_eq!(spout("more").call(NEXT), Ok(Returned::More));
    assert_eq!(spout("idle").call(NEXT), Ok(Returned::Idle(1010)));
}

#[test]
fn a_call_of_another_world_is_refused() {
    let trap = spout("more").process().unwrap_err();
    assert_eq!(trap.kind, TrapKind::Contract);
    let trap = Bench::new("nothing").call(NEXT).unwrap_err();
    assert!(trap.message.contains("`next` was asked of a plugin whose world does not have it"), "{}", trap.message);
}

/// A spout whose output has no columns, as the guest emits it.
fn bare(configuration: &str) -> (petrel_sandbox::Instance, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut spec, _lines) = spec(configuration, With::default());
    spec.outputs[0].schema = Schema::default();
    let instance = runtime.block_on(crate::bench::plugin("spout").instantiate(&spec)).unwrap();
    (instance, runtime)
}

#[test]
fn frames_come_with_their_position_and_ids() {
    for (configuration, expected) in [("emit 2 7 8", vec![7, 8]), ("emit 2", vec![])] {
        let (mut instance, runtime) = bare(configuration);
        let mut state = petrel_state::TaskState::new(petrel_state::KeySpec::default(), &[], 1);
        let mut effects = petrel_flow::Effects::default();
        let result = runtime.block_on(instance.call(&NEXT, &mut state, &mut effects, 0));
        assert_eq!(result, Ok(Returned::More));
        let [emitted] = &effects.emitted[..] else { panic!() };
        let Origin::Source { ids, position } = &emitted.origin else { panic!() };
        assert_eq!((ids, position.as_slice()), (&expected, &b"here"[..]));
        assert_eq!(emitted.frame.view().rows(), 2);
    }
    let (mut instance, runtime) = bare("emit 2 7");
    let mut state = petrel_state::TaskState::new(petrel_state::KeySpec::default(), &[], 1);
    let trap = runtime.block_on(instance.call(&NEXT, &mut state, &mut Default::default(), 0)).unwrap_err();
    assert!(trap.message.contains("1 ids for 2 rows"), "{}", trap.message);
}

#[test]
fn waiting_for_a_silent_pipe_is_not_the_guests_time() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let grant = PathGrant { key: "path".into(), access: PathAccess::Read, path: pipe.to_str().unwrap().into() };
    let limits = petrel_model::Limits { batch_ms: 50, ..Default::default() };
    let grants = Grants { paths: vec![grant], ..Grants::default() };
    let mut bench = Bench::of("spout", "read path 0", With { grants, limits, ..With::default() });
    let writer = std::thread::spawn(move || {
        let mut pipe = fs::OpenOptions::new().write(true).open(pipe).unwrap();
        std::thread::sleep(Duration::from_millis(200)); // longer than the guest may take
        pipe.write_all(b"at last").unwrap();
    });
    assert_eq!(bench.call(NEXT).unwrap_err().message, "at last");
    writer.join().unwrap();
}

#[test]
fn groupings_choose() {
    let mut bench = Bench::of("grouping", "row", With::default());
    let rows = frame(&["a", "b", "c", "d"]);
    assert_eq!(bench.block_on(async |instance| instance.choose(&rows, 3).await), Ok(vec![0, 1, 2, 0]));
    for (configuration, kind, expected) in [
        ("too-few", TrapKind::Contract, "1 tasks for 4 rows"),
        ("too-far", TrapKind::Contract, "named task 3 of 3"),
        ("refuse", TrapKind::Refused, "not so"),
        ("else", TrapKind::Trapped, "no such configuration"),
    ] {
        let mut bench = Bench::of("grouping", configuration, With::default());
        let trap = bench.block_on(async |instance| instance.choose(&rows, 3).await).unwrap_err();
        assert_eq!(trap.kind, kind, "{trap:?}");
        assert!(trap.message.contains(expected), "{}", trap.message);
    }
}
