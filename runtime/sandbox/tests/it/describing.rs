use crate::bench::{plugin, words};
use petrel_flow::TrapKind;
use petrel_frame::Scalar;
use petrel_model::{ConfigKind, Description, InputStream, TableKind};
use petrel_sandbox::DescribeError;

fn describe(configuration: &str) -> Result<Description, DescribeError> {
    let input = InputStream { stream: "lines.default".into(), schema: words(), key: vec!["word".into()] };
    plugin("bolt").describe(configuration, &[input])
}

fn trap(configuration: &str) -> petrel_flow::Trap {
    match describe(configuration) {
        Err(DescribeError::Trap(trap)) => trap,
        other => panic!("{configuration}: {other:?}"),
    }
}

#[test]
fn configuration_keys_come_with_their_defaults() {
    let keys = plugin("bolt").config_keys().unwrap();
    assert_eq!(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    assert!(keys[0].required && keys[0].default.is_none());
    assert_eq!(keys[1].default, Some(2.into()));
    assert_eq!((keys[1].kind, keys[1].help.as_str()), (ConfigKind::Integer, "the second"));
}

#[test]
fn a_description_crosses_whole() {
    let description = describe("fine").unwrap();
    assert_eq!(description.inputs, [words()]);
    assert_eq!(description.outputs[0].schema.fields[0].scalar, Scalar::String);
    assert_eq!((description.tables[0].name.as_str(), description.tables[0].kind), ("seen", TableKind::Value));
    assert_eq!(description.tables[0].version, 3);
    assert_eq!(description.state_key, ["word"]);
    assert_eq!(description.capabilities, ["net"]);
}

#[test]
fn it_works_within_a_runtime_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { describe("fine").unwrap() });
}

#[test]
fn a_refused_configuration_names_its_key() {
    let Err(DescribeError::Config { key, message }) = describe("refuse") else { panic!() };
    assert_eq!((key.as_str(), message.as_str()), ("first", "too small"));
}

#[test]
fn failures_are_contained() {
    let panic = trap("panic");
    assert_eq!(panic.kind, TrapKind::Trapped);
    assert!(panic.message.contains("index out of bounds: the len is 3 but the index is 7"), "{}", panic.message);
    let memory = trap("memory");
    assert_eq!(memory.kind, TrapKind::MemoryLimit, "{}", memory.message);
    assert!(memory.message.contains("268435456"), "{}", memory.message);
}

#[test]
fn describing_for_ever_ends_after_five_seconds() {
    let started = std::time::Instant::now();
    let spin = trap("spin");
    assert_eq!(spin.kind, TrapKind::TimeLimit, "{}", spin.message);
    assert!(started.elapsed().as_secs_f64() < 8.0);
}

#[test]
fn there_are_no_capabilities() {
    let Err(DescribeError::Config { message, .. }) = describe("net") else { panic!() };
    assert!(message.starts_with("Err"), "{message}");
}

#[test]
fn nonsense_is_not_believed() {
    for (configuration, expected) in
        [("twice", "two of its outputs"), ("wide", "2000 fields"), ("bad-map", "one subkey field")]
    {
        match describe(configuration) {
            Err(DescribeError::Nonsense(what)) => assert!(what.contains(expected), "{what}"),
            other => panic!("{configuration}: {other:?}"),
        }
    }
}
