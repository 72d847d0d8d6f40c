use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;

#[derive(Tuple)]
struct Line<'a> {
    line: &'a [u8],
}

fn test(config: serde_json::Value) -> BoltTest<Extract> {
    BoltTest::<Extract>::batch().config(config).input::<Line>("lines")
}

fn emitted(test: &BoltTest<Extract>) -> Vec<String> {
    test.emitted_rows("default").iter().map(ToString::to_string).collect()
}

#[test]
fn access_logs() {
    let mut common = test(json!({ "format": "common" }));
    common.send([
        Line { line: br#"192.0.2.1 - ann [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.0" 200 2326"# },
        Line { line: b"2001:db8::1 - - [10/Oct/2000:20:55:36 +0000] \"-\" 408 -\r" },
        Line { line: br#"h - - [10/Oct/2000:20:55:36 +0000] "\x16\x03\"" 400 0"# },
    ]);
    assert!(common.rejected().is_empty(), "{:?}", common.rejected());
    assert_eq!(
        emitted(&common),
        [
            r#"{ host: "192.0.2.1", user: "ann", time: 971211336000000µs, method: "GET", path: "/a?b=1", protocol: "HTTP/1.0", status: 200, size: 2326 }"#,
            r#"{ host: "2001:db8::1", user: null, time: 971211336000000µs, method: null, path: null, protocol: null, status: 408, size: null }"#,
            r#"{ host: "h", user: null, time: 971211336000000µs, method: null, path: null, protocol: null, status: 400, size: 0 }"#,
        ]
    );
    let mut combined = test(json!({ "format": "combined" }));
    combined.send([Line {
        line: br#"h - - [10/Oct/2000:20:55:36 +0000] "GET / HTTP/1.1" 304 - "-" "Mozilla/5.0 (\"X\")""#,
    }]);
    assert!(
        emitted(&combined)[0].ends_with(r#"size: null, referer: null, agent: "Mozilla/5.0 (\\\"X\\\")" }"#),
        "{:?}",
        emitted(&combined)
    );
}

#[test]
fn the_log_that_ships_matches() {
    let log = include_bytes!("../../topologies/access.log");
    let mut test = test(json!({ "format": "common" }));
    test.send(log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| Line { line }));
    assert!(test.rejected().is_empty(), "{:?}", test.rejected().first());
    assert!(emitted(&test).len() > 1_000);
}

#[test]
fn groups_of_ones_own() {
    let mut own = test(json!({
        "pattern": r"^(?<name>\w+)=(?:(?<n>-?\d+)|(?<raw>.*))( at (?<at>.*))?$",
        "fields": { "n": "optional<i64>", "raw": "optional<bytes>", "at": "optional<timestamp>" },
        "unmatched": "drop",
    }));
    own.send([Line { line: "größe=7".as_bytes() }, Line { line: b"nothing here" }, Line { line: b"x=y" }]);
    assert_eq!(
        emitted(&own),
        [r#"{ name: "größe", n: 7, raw: null, at: null }"#, r#"{ name: "x", n: null, raw: "y", at: null }"#]
    );
}

#[test]
fn what_does_not_fit_is_rejected() {
    let mut test = test(json!({ "pattern": r"(?-u)^(?<n>[^ ]+)( (?<word>.+))?$", "fields": { "n": "i64" } }));
    test.send([
        Line { line: b"1 one" },
        Line { line: b"" },
        Line { line: b"x y" },
        Line { line: b"2" },
        Line { line: b"3 \xff" },
    ]);
    assert_eq!(emitted(&test), [r#"{ n: 1, word: "one" }"#]);
    let reasons: Vec<&str> = test.rejected().iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(reasons[..3], ["\"\" does not match", "n: \"x\" is no i64", "word: absent in \"2\""]);
    assert!(reasons[3].contains("not UTF-8"), "{reasons:?}");
}

#[test]
fn rows_that_match_are_anchored_to_theirs() {
    let mut test = test(json!({ "pattern": "(?<d>\\d)", "unmatched": "drop" })).tracking(true);
    test.send((0..5_000).map(|i| Line { line: if i % 2 == 0 { b"7" } else { b"x" } }));
    assert_eq!(test.anchors("default")[1][..3], [1, 4_096, 4_098]);
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({}), "say what to look for"),
        (json!({ "pattern": "(?<a>.)", "format": "common" }), "choose one"),
        (json!({ "format": "iis" }), "\"iis\""),
        (json!({ "pattern": "(" }), "unclosed group"),
        (json!({ "pattern": "(a)" }), "no named group"),
        (json!({ "pattern": "(?<a>.)", "fields": { "b": "i64" } }), "no group `b`; there are `a`"),
        (json!({ "pattern": "(?<a>.)", "fields": { "a": "list<i64>" } }), "not a list"),
        (json!({ "pattern": "(?<a>.)", "time_format": "%Y" }), "no field is a timestamp"),
        (json!({ "pattern": "(?<a>.)", "unmatched": "keep" }), "choose \"reject\" or \"drop\""),
    ] {
        let error = test(config.clone()).try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}
