use super::*;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;
use petrel_sdk::{Timestamp, Tuple};

#[derive(Tuple)]
struct Line<'a> {
    line: &'a [u8],
}

fn parse(config: serde_json::Value) -> BoltTest<Json> {
    let mut config = config;
    config["mode"] = "parse".into();
    BoltTest::<Json>::batch().config(config).input::<Line>("lines")
}

fn emitted(test: &BoltTest<Json>) -> Vec<String> {
    test.emitted_rows("default").iter().map(ToString::to_string).collect()
}

#[test]
fn documents_to_fields() {
    let mut test = parse(json!({ "fields": {
        "n": "i64", "x": "f64", "s": "string", "raw": "bytes", "ok": "bool", "at": "timestamp",
        "tags": "list<string>", "times": "optional<list<timestamp>>", "user": "optional<string>",
    } }));
    test.send([
        Line { line: br#"{"n":1,"x":2,"s":"\u00fc","raw":"ab","ok":true,"at":"1970-01-01T00:00:01Z","tags":["a","b\n"],"times":[1,2],"user":"ann","more":{"deep":[1,{"x":null}]}}"# },
        Line { line: br#" {"s":"first","n":-7,"x":1.5e3,"raw":"","ok":false,"at":5,"tags":[],"user":null,"s":"last wins"} "# },
    ]);
    assert_eq!(
        emitted(&test),
        [
            "{ at: 1000000µs, n: 1, ok: true, raw: \"ab\", s: \"ü\", tags: [\"a\", \"b\\n\"], times: [1µs, 2µs], user: \"ann\", x: 2 }",
            "{ at: 5µs, n: -7, ok: false, raw: \"\", s: \"last wins\", tags: [], times: null, user: null, x: 1500 }",
        ]
    );
}

#[test]
fn what_does_not_fit_is_rejected_and_the_rest_goes_on() {
    let mut test = parse(json!({ "fields": { "n": "i64", "l": "optional<list<i64>>" } }));
    let odd: [(&[u8], &str); 12] = [
        (b"", "EOF"),
        (b"[]", "expected a JSON object"),
        (b"{\"n\":1} x", "trailing"),
        (b"{\"n\":", "EOF"),
        (b"{}", "`n` is missing"),
        (b"{\"n\":null}", "`n` is missing"),
        (b"{\"n\":\"1\"}", "`n` is text, not i64"),
        (b"{\"n\":1.5}", "`n` is 1.5, not i64"),
        (b"{\"n\":9223372036854775808}", "not i64"),
        (b"{\"n\":1,\"l\":2}", "`l` is 2, not a list"),
        (b"{\"n\":1,\"l\":[2,\"3\"]}", "`l` is text, not i64"),
        (b"\xff\xfe", "expected value"),
    ];
    let good = Line { line: b"{\"n\":1}" };
    test.send(odd.iter().map(|(line, _)| Line { line }).chain([good]));
    assert_eq!(emitted(&test), ["{ l: null, n: 1 }"]);
    for ((line, about), rejected) in odd.iter().zip(test.rejected()) {
        assert!(rejected.reason.contains(about), "{}: {}", line.escape_ascii(), rejected.reason);
    }
    assert_eq!(test.rejected().len(), odd.len());
}

#[test]
fn times_in_a_format() {
    let mut test = parse(json!({ "fields": { "at": "timestamp" }, "time_format": "%d.%m.%Y" }));
    test.send([Line { line: br#"{"at":"02.01.1970"}"# }]);
    assert_eq!(emitted(&test), ["{ at: 86400000000µs }"]);
}

#[derive(Tuple)]
struct Event<'a> {
    at: Timestamp,
    name: &'a str,
    raw: &'a [u8],
    size: Option<f64>,
}

#[test]
fn fields_to_documents() {
    let format = |config| BoltTest::<Json>::batch().config(config).input::<Event>("events");
    let event = || Event { at: Timestamp(1_500_000), name: "a \"b\"\n", raw: b"\xff", size: Some(f64::NAN) };
    let mut text = format(json!({ "mode": "format" }));
    text.send([event()]);
    assert_eq!(
        emitted(&text),
        [
            r#"{ json: "{\"at\":\"1970-01-01T00:00:01.500Z\",\"name\":\"a \\\"b\\\"\\n\",\"raw\":\"�\",\"size\":null}" }"#
        ]
    );
    let mut base64 = format(json!({ "mode": "format", "into": "event", "bytes": "base64" }));
    base64.send([event()]);
    assert!(
        emitted(&base64)[0].starts_with("{ event: ") && emitted(&base64)[0].contains("/w=="),
        "{:?}",
        emitted(&base64)
    );
}

#[test]
fn there_and_back() {
    let fields = json!({ "at": "timestamp", "name": "string", "raw": "bytes", "size": "optional<f64>" });
    let mut format = BoltTest::<Json>::batch().config(json!({ "mode": "format" })).input::<Event>("events");
    format.send((0..9_000).map(|i| Event { at: Timestamp(i), name: "ü", raw: b"x", size: None }));
    let documents = format.emitted_rows("default");
    let mut back = BoltTest::<Json>::batch()
        .config(json!({ "mode": "parse", "fields": fields }))
        .input_of("documents", Schema::new([petrel_sdk::Field::new("json", petrel_sdk::Scalar::String)]));
    back.send_rows(documents);
    assert_eq!(back.emitted::<Event>().len(), 9_000);
    assert_eq!(emitted(&back)[8_999], r#"{ at: 8999µs, name: "ü", raw: "x", size: null }"#);
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({ "mode": "both" }), "\"both\" is none"),
        (json!({ "mode": "parse" }), "config.fields"),
        (json!({ "mode": "parse", "fields": { "a": "int" } }), "types are"),
        (json!({ "mode": "parse", "fields": { "a": "i64" }, "into": "x" }), "mode = \"format\" only"),
        (json!({ "mode": "parse", "fields": { "a": "timestamp" }, "time_format": "%Q" }), "no time format"),
        (json!({ "mode": "format", "fields": { "a": "i64" } }), "mode = \"parse\" only"),
        (json!({ "mode": "format", "bytes": "hex" }), "config.bytes"),
    ] {
        let error =
            BoltTest::<Json>::batch().config(config.clone()).input::<Line>("lines").try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}
