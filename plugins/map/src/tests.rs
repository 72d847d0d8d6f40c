use super::*;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;
use petrel_sdk::{Timestamp, Tuple};

#[derive(Tuple)]
struct Request<'a> {
    time: Timestamp,
    status: i64,
    path: &'a str,
}

fn test(config: serde_json::Value) -> BoltTest<Map> {
    BoltTest::<Map>::batch().config(config).input::<Request>("log")
}

fn send(test: &mut BoltTest<Map>) {
    test.send([
        Request { time: Timestamp(61_000_000), status: 200, path: "/A" },
        Request { time: Timestamp(119_999_999), status: 503, path: "/b" },
    ]);
}

fn emitted(test: &BoltTest<Map>) -> Vec<String> {
    test.emitted_rows("default").iter().map(ToString::to_string).collect()
}

#[test]
fn sets_replaces_and_keeps() {
    let mut test = test(json!({
        "set": { "minute": "truncate(time, duration('1m'))", "path": "path.lowerAscii()", "failed": "status >= 500" },
        "keep": ["status"],
    }));
    send(&mut test);
    assert_eq!(
        emitted(&test),
        [
            r#"{ status: 200, path: "/a", failed: false, minute: 60000000µs }"#,
            r#"{ status: 503, path: "/b", failed: true, minute: 60000000µs }"#,
        ]
    );
}

#[test]
fn only_what_is_needed_is_read() {
    let log = InputStream { stream: "log.default".into(), schema: Request::schema(), key: Vec::new() };
    for (config, expected) in [
        (json!({ "set": { "x": "status + 1" }, "keep": [] }), "status: i64"),
        (json!({ "set": { "path": "'-'" }, "keep": ["time"] }), "time: timestamp, path: string"),
        (json!({ "drop": ["time"] }), "time: timestamp, status: i64, path: string"),
    ] {
        let described = Map::describe(&config, std::slice::from_ref(&log)).unwrap();
        assert_eq!(described.inputs[0].to_string(), expected, "{config}");
        let projected = InputStream { schema: described.inputs[0].clone(), ..log.clone() };
        assert_eq!(Map::describe(&config, &[projected]), Ok(described), "{config}");
    }
}

#[test]
fn drops_and_passes() {
    let mut dropped = test(json!({ "drop": ["time", "path"] }));
    send(&mut dropped);
    assert_eq!(emitted(&dropped), ["{ status: 200 }", "{ status: 503 }"]);
    let mut nothing_left = test(json!({ "keep": [] }));
    send(&mut nothing_left);
    assert_eq!(emitted(&nothing_left).len(), 2);
    let mut all = test(json!({}));
    send(&mut all);
    assert_eq!(emitted(&all)[0], r#"{ time: 61000000µs, status: 200, path: "/A" }"#);
}

#[test]
fn many_rows_go_out_in_parts() {
    let mut test = test(json!({ "set": { "next": "status + 1" }, "keep": [] })).tracking(true);
    test.send((0..10_000).map(|status| Request { time: Timestamp(0), status, path: "" }));
    assert_eq!(emitted(&test)[9_999], "{ next: 10000 }");
    let anchors = test.anchors("default");
    assert_eq!(anchors.len(), 3);
    assert_eq!(anchors[1][..3], [1, 4_096, 4_097]);
}

#[test]
fn a_tuple_on_which_an_expression_fails_is_rejected() {
    let mut test = test(json!({ "set": { "a": "1 / (status - 200)", "b": "int(path)" }, "keep": [] }));
    send(&mut test);
    assert!(emitted(&test).is_empty());
    assert_eq!(test.rejected().len(), 2);
    test.send([Request { time: Timestamp(0), status: 201, path: "7" }]);
    assert_eq!(emitted(&test), ["{ a: 1, b: 7 }"]);
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({ "set": { "a": "nothing" } }), "config.set: a: `nothing`: there is no field"),
        (json!({ "set": { "a": "null" } }), "no type"),
        (json!({ "set": { "a": 1 } }), "expected { FIELD"),
        (json!({ "set": "a" }), "expected { FIELD"),
        (json!({ "keep": ["statu"] }), "config.keep: log.default has no field `statu`"),
        (json!({ "drop": ["x"] }), "config.drop"),
        (json!({ "keep": [], "drop": [] }), "choose one"),
    ] {
        let error = test(config.clone()).try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}
