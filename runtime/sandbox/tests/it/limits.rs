//! Every limit, reached by a guest that tries: each by its name, with its value and the key that raises it.

use crate::bench::{Bench, With, frame, frame_of, guest, sandbox, schema};
use crate::encoding::{leb128, sized};
use petrel_flow::{Call, Trap, TrapKind};
use petrel_frame::{Scalar, Value};
use petrel_model::{Grants, Limits, PathAccess, PathGrant};
use petrel_state::Passed;
use std::net::TcpListener;
use std::time::{Duration, Instant};

fn limited(configuration: &str, limits: Limits) -> Bench {
    Bench::with(configuration, With { limits, ..With::default() })
}

/// The call must fail by that limit, in those words, and be counted as such.
#[track_caller]
fn check(bench: &mut Bench, trap: Trap, kind: TrapKind, message: &str) {
    assert_eq!(trap.kind, kind, "{}", trap.message);
    assert_eq!(trap.message, message);
    assert!(!bench.instance.is_usable());
    assert_eq!(bench.instance.take_usage().limits_hit, [(kind.name(), 1)].into());
}

#[track_caller]
fn reaches(configuration: &str, limits: Limits, kind: TrapKind, message: &str) -> Bench {
    let mut bench = limited(configuration, limits);
    let started = Instant::now();
    let trap = bench.process_with(&frame(&["x"])).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20));
    check(&mut bench, trap, kind, message);
    bench
}

const MS_100: Limits = Limits { batch_ms: 100, io_ms: Some(200), ..DEFAULT };
const DEFAULT: Limits = Limits {
    memory_bytes: 64 << 20,
    state_bytes: 1 << 30,
    batch_ms: 10_000,
    io_ms: None,
    emit_bytes: 64 << 20,
    emit_rows: 10_000_000,
    host_call_bytes: 64 << 20,
    handles: 1_000,
    timers: 1_000_000,
    held_tuples: 1_000_000,
    log_lines: 1_000,
    compile: petrel_model::CompileLimits {
        component_bytes: 1 << 30,
        compile_ms: 60_000,
        compile_memory_bytes: 2 << 30,
    },
};

#[test]
fn running_ends_also_in_functions_of_the_host() {
    for configuration in ["spin", "spin-in-host", "copy-from-host"] {
        let message = "`process` took longer than 100 ms: do less in one call, or raise `batch_ms`";
        let mut bench = limited(configuration, MS_100);
        let trap = bench.process().unwrap_err();
        assert!(!trap.backtrace.is_empty(), "{configuration}: where it was");
        check(&mut bench, trap, TrapKind::TimeLimit, message);
    }
}

#[test]
fn one_long_function_of_the_host_is_the_guests_time() {
    let mut bench = limited("scan-once", Limits { batch_ms: 1, ..DEFAULT });
    // About 15 MB to be put together, which nothing interrupts.
    let words: Vec<String> = (0..500_000).map(|word| format!("word {word}")).collect();
    for part in words.chunks(100_000) {
        let keys: Vec<_> = part.iter().map(|word| vec![Value::String(word)]).collect();
        let values: Vec<_> = part.iter().map(|_| vec![Value::I64(1)]).collect();
        let value = schema(&[("value", Scalar::I64)]);
        bench.state.pass_task(&mut Passed::default()).unwrap();
        bench.state.set(0, &frame_of(&crate::bench::words(), &keys), &frame_of(&value, &values)).unwrap();
        bench.state.commit();
    }
    let trap = bench.process().unwrap_err();
    let message = "`process` took longer than 1 ms: do less in one call, or raise `batch_ms`";
    check(&mut bench, trap, TrapKind::TimeLimit, message);
}

#[test]
fn waiting_ends_apart_from_running() {
    let message =
        "`process` waited longer than 200 ms for sockets, files or to wake up: wait less in one call, or raise `io_ms`";
    for configuration in ["sleep", "nap-for-ever"] {
        let mut bench = limited(configuration, MS_100);
        let trap = bench.process().unwrap_err();
        assert_eq!((trap.kind, trap.message.as_str()), (TrapKind::IoLimit, message));
        let usage = bench.instance.take_usage();
        assert!(usage.io >= Duration::from_millis(200) && usage.cpu < Duration::from_millis(100), "{usage:?}");
        assert_eq!(usage.limits_hit, [("io-limit", 1)].into());
    }
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap().to_string();
    let grants = Grants { net: Some(vec![address.clone()]), ..Grants::default() };
    let configuration = format!("wait-for-peer {address}");
    let mut bench = Bench::with(&configuration, With { grants, limits: MS_100, ..With::default() });
    let trap = bench.process().unwrap_err();
    check(&mut bench, trap, TrapKind::IoLimit, message);
}

#[test]
fn a_silent_pipe_has_no_limit_unless_one_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let grant = PathGrant { key: "path".into(), access: PathAccess::Read, path: pipe.to_str().unwrap().into() };
    let grants = Grants { paths: vec![grant], ..Grants::default() };
    let mut bench = Bench::of("spout", "read path 0", With { grants, limits: MS_100, ..With::default() });
    let trap = bench.call(Call::Next { max_rows: 1, max_bytes: 1 }).unwrap_err();
    let message =
        "`next` waited longer than 200 ms for sockets, files or to wake up: wait less in one call, or raise `io_ms`";
    check(&mut bench, trap, TrapKind::IoLimit, message);
    // Somebody opens the other end, so that the thread that waits for it can go.
    drop(std::fs::OpenOptions::new().write(true).open(pipe).unwrap());
}

#[test]
fn memory_ends() {
    let mut bench = limited("memory", DEFAULT);
    let trap = bench.process().unwrap_err();
    assert_eq!(trap.kind, TrapKind::MemoryLimit);
    assert!(trap.message.contains("bytes of memory in all, and the limit is 67108864: "), "{}", trap.message);
    assert!(trap.message.contains(", or raise `memory_bytes`"), "{}", trap.message);
    assert!(bench.instance.memory_bytes() <= 64 << 20);
    assert_eq!(bench.instance.take_usage().limits_hit, [("memory-limit", 1)].into());
    let mut bench = limited("memory-handled", DEFAULT);
    bench.process().unwrap();
    assert_eq!(bench.instance.take_usage().limits_hit, [("memory-limit", 1)].into(), "also where it lives on");
}

#[test]
fn many_memories_are_no_way_around_the_limit() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let instantiate = |memories: u32, pages: u32| {
        let plugin = sandbox().load(&with_memories(&guest("bolt"), memories, pages)).unwrap();
        let (spec, _lines) = crate::bench::spec("nothing", With { limits: DEFAULT, ..With::default() });
        runtime.block_on(plugin.instantiate(&spec)).map(drop).map_err(|error| error.to_string())
    };
    instantiate(3, 200).unwrap(); // 37.5 MiB
    let message = instantiate(3, 500).unwrap_err();
    assert!(message.contains("the limit is 67108864") && message.contains("raise `memory_bytes`"), "{message}");
    let message = instantiate(200, 1).unwrap_err();
    assert!(message.contains("at most 100 instances, memories and tables each"), "{message}");
}

/// The component with a core module that has a memory, instantiated so often beside what is in it already.
fn with_memories(component: &[u8], memories: u32, pages: u32) -> Vec<u8> {
    let module = [&b"\0asm\x01\0\0\0\x05"[..], &sized(&[&[1, 0][..], &leb128(pages)].concat())].concat();
    let modules = sections(component).filter(|(id, _)| *id == 1).count() as u32;
    let mut instances = leb128(memories);
    (0..memories).for_each(|_| instances.extend([&[0][..], &leb128(modules), &[0]].concat()));
    [component, &[1], &sized(&module), &[2], &sized(&instances)].concat()
}

fn sections(component: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = &component[8..];
    std::iter::from_fn(move || {
        let (&id, tail) = rest.split_first()?;
        let length = tail.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let size = tail[..length].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
        let (content, next) = tail[length..].split_at(size);
        rest = next;
        Some((id, content))
    })
}

#[test]
fn both_stacks_end() {
    let message = "`process` exhausted its call stack of 1048576 bytes: a recursion without an end? This limit cannot be raised: \
                   recurse less deeply";
    reaches("recurse", DEFAULT, TrapKind::StackLimit, message);
    let message = "`process` exhausted the stack in its memory: a recursion without an end, or very large values on the stack? \
                   Its size is fixed when the plugin is built: 1 MiB, or as `-C link-arg=-zstack-size=BYTES` says";
    reaches("recurse-wide", DEFAULT, TrapKind::StackLimit, message);
}

#[test]
fn emissions_end_in_bytes_and_in_rows() {
    let limits = Limits { emit_bytes: 1 << 20, emit_rows: 1000, ..DEFAULT };
    let message = "`process` emitted more than 1000 rows: emit less in one call, or raise `emit_rows`";
    let bench = reaches("emit-for-ever", limits, TrapKind::RowLimit, message);
    assert_eq!(bench.effects.emitted.len(), 1000);
    let message = "`process` emitted and staged more than 1048576 bytes: emit less in one call, or raise `emit_bytes`";
    reaches("emit-for-ever", Limits { emit_rows: 1 << 40, ..limits }, TrapKind::EmitLimit, message);
    reaches("reject-for-ever", limits, TrapKind::EmitLimit, message);
}

#[test]
fn what_functions_of_the_host_take_ends() {
    let limits = Limits { memory_bytes: 256 << 20, host_call_bytes: 32 << 20, ..DEFAULT };
    let message = "`process` handed more than 33554432 bytes to functions of the host: hand over less at a time, or raise \
                   `host_call_bytes`";
    reaches("log-for-ever", limits, TrapKind::HostCallLimit, message);
    reaches("log-once", limits, TrapKind::HostCallLimit, message);
    let mut bench = limited("set-for-ever", limits);
    let rows = [vec![Value::I64(1)], vec![Value::I64(2)]];
    let trap = bench.process_with(&frame_of(&schema(&[("value", Scalar::I64)]), &rows)).unwrap_err();
    check(&mut bench, trap, TrapKind::HostCallLimit, message);
}

#[test]
fn handles_end() {
    let limits = Limits { handles: 50, ..DEFAULT };
    let message = "`process` wanted more than 50 handles of files, sockets and streams: close those that are done with, or raise \
                   `handles`";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let grants = Grants {
        dirs: vec![path.into()],
        net: Some(vec!["*:*".into()]),
        paths: vec![PathGrant { key: "out".into(), access: PathAccess::Write, path: format!("{path}/parts/") }],
        ..Grants::default()
    };
    for configuration in [format!("open-files {path}/file"), "open-sockets".into(), "create-files out".into()] {
        let mut bench = Bench::with(&configuration, With { grants: grants.clone(), limits, ..With::default() });
        let trap = bench.process().unwrap_err();
        check(&mut bench, trap, TrapKind::HandleLimit, message);
    }
    assert_eq!(std::fs::read_dir(folder.path().join("parts")).unwrap().count(), 50);
}

/// A call of a bolt whose batch has the keys `a` and `b`.
#[test]
fn state_ends() {
    let values = frame_of(&schema(&[("value", Scalar::I64)]), &[vec![Value::I64(1)], vec![Value::I64(2)]]);
    let mut bench = limited("put 0", Limits { state_bytes: 160, ..DEFAULT });
    bench.process_keyed(&values).unwrap();
    bench.state.commit();
    let mut bench = limited("put 0", Limits { state_bytes: 159, ..DEFAULT });
    let trap = bench.process_keyed(&values).unwrap_err();
    let message = "the state of the task would take 160 bytes, and the limit is 159: keep less for each key, delete keys that are \
                   done with, spread the keys over more tasks (`parallelism`), or raise `state_bytes`";
    check(&mut bench, trap, TrapKind::StateLimit, message);
    bench.state.discard();
    assert_eq!(bench.state.size(), 0, "the fault of that call, and of nothing else");
}

#[test]
fn timers_end() {
    let mut bench = limited("timer 0", Limits { timers: 1, ..DEFAULT });
    bench.process_keyed(&frame(&["a"])).unwrap();
    bench.state.commit();
    let trap = bench.process_keyed(&frame(&["b"])).unwrap_err();
    let message = "the task would have 2 timers, and the limit is 1: set fewer, cancel those that are no longer wanted, spread the \
                   keys over more tasks (`parallelism`), or raise `timers`";
    check(&mut bench, trap, TrapKind::TimerLimit, message);
}

#[test]
fn held_tuples_end_within_a_call_and_over_calls() {
    let message = |limit| {
        format!(
            "`process` wanted to hold more than {limit} tuples: ack or fail earlier ones first, or raise `held_tuples`"
        )
    };
    let limits = Limits { held_tuples: 1000, ..DEFAULT };
    reaches("hold-for-ever", limits, TrapKind::HoldLimit, &message(1000));
    let mut bench = limited("keep 0 1", Limits { held_tuples: 5, ..DEFAULT });
    bench.process().unwrap();
    bench.process().unwrap();
    let trap = bench.process().unwrap_err();
    check(&mut bench, trap, TrapKind::HoldLimit, &message(5));
}

#[test]
fn a_flood_of_lines_is_dropped_and_counted() {
    let mut bench = limited("log-lines 500", Limits { log_lines: 100, ..DEFAULT });
    bench.process().unwrap();
    let lines = bench.log().len() as u64;
    let usage = bench.instance.take_usage();
    assert!((100..500).contains(&lines), "{lines}");
    assert_eq!(usage.dropped_log_lines, 500 - lines);
    assert_eq!(usage.limits_hit, [("log-limit", 1)].into());
    let mut bench = limited("flood", Limits { log_lines: 100, ..DEFAULT });
    bench.process().unwrap();
    let lines = bench.log().len() as u64;
    assert_eq!(bench.instance.take_usage().dropped_log_lines, 20_000 - lines, "what is printed has the same limit");
}

#[test]
fn words_of_ten_megabytes_are_cut_before_they_are_kept() {
    let at_most = |words: &str| assert!(words.len() < 8300, "{} bytes", words.len());
    let mut bench = limited("panic-at-length", DEFAULT);
    let trap = bench.process().unwrap_err();
    at_most(&trap.message);
    assert!(trap.message.starts_with("panicked at bolt/limits.rs:"), "{}", &trap.message[..100]);
    assert!(trap.message.ends_with("ä… (10481664 more bytes cut)"), "{}", &trap.message[trap.message.len() - 50..]);
    assert!(bench.log().iter().all(|line| line.len() < 4200));
    let trap = limited("panic-in-lines", DEFAULT).process().unwrap_err();
    at_most(&trap.message);
    assert!(trap.message.starts_with("panicked at bolt/limits.rs:"), "{}", &trap.message[..100]);
    assert!(trap.message.ends_with(" more bytes cut)"), "{}", trap.message);
    let trap = limited("refuse-at-length", DEFAULT).process().unwrap_err();
    assert_eq!(trap.kind, TrapKind::Refused);
    at_most(&trap.message);
    assert!(trap.message.ends_with("ä… (10477568 more bytes cut)"));
    let mut bench = limited("reject-at-length", DEFAULT);
    bench.process().unwrap();
    let reason = &bench.effects.faults[0].reason;
    at_most(reason);
    assert!(reason.ends_with("ä… (10477568 more bytes cut)"));
}

#[test]
fn what_an_instance_uses_is_told() {
    let mut bench = limited("wait-by-looking", DEFAULT);
    bench.process().unwrap();
    let usage = bench.instance.take_usage();
    assert!(usage.memory_bytes >= 1 << 20 && usage.cpu > Duration::ZERO, "{usage:?}");
    assert_eq!((usage.io, usage.limits_hit.len()), (Duration::ZERO, 0));
    let usage = bench.instance.take_usage();
    assert!(usage.cpu == Duration::ZERO && usage.memory_bytes >= 1 << 20, "since it was last asked");
}
