use super::*;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;
use petrel_sdk::{Scalar, Tuple};

#[derive(Tuple)]
struct Line<'a> {
    line: &'a [u8],
}

#[derive(Tuple)]
struct Sentence<'a> {
    number: i64,
    sentence: &'a str,
}

fn words(test: &BoltTest<Split>) -> Vec<String> {
    test.emitted_rows("default").iter().map(|tuple| tuple.to_string()).collect()
}

#[test]
fn words_of_bytes_are_bytes() {
    let mut test = BoltTest::<Split>::batch().input::<Line>("lines");
    test.send([
        Line { line: b" a\tstorm\x0cpetrel\r" },
        Line { line: b"" },
        Line { line: b"   " },
        Line { line: b"\xff \xe9t\xe9" },
    ]);
    let expected = ["a", "storm", "petrel", "\\xff", "\\xe9t\\xe9"].map(|word| format!("{{ word: \"{word}\" }}"));
    assert_eq!(words(&test), expected);
}

#[test]
fn words_of_text_are_text() {
    let mut test = BoltTest::<Split>::batch().input::<Sentence>("sentences");
    test.send([Sentence { number: 1, sentence: "über\u{a0}dem Meer" }]);
    assert_eq!(
        words(&test),
        ["{ word: \"über\\u{a0}dem\" }", "{ word: \"Meer\" }"],
        "only ASCII white space separates"
    );
}

#[test]
fn long_lines_and_many_words() {
    let line = "petrel ".repeat(400_000);
    let mut test = BoltTest::<Split>::batch().input::<Line>("lines");
    test.send([Line { line: line.as_bytes() }]);
    assert_eq!(words(&test).len(), 400_000);
}

#[test]
fn words_are_anchored_to_their_line() {
    let mut test = BoltTest::<Split>::batch().input::<Line>("lines").tracking(true);
    test.send([Line { line: b"a b" }, Line { line: b"" }, Line { line: b"c" }]);
    assert_eq!(test.anchors("default"), [vec![0, 2, 0, 1]]);
}

#[test]
fn the_field_must_be_clear() {
    let schema =
        Schema::new([Field::new("a", Scalar::String), Field::new("b", Scalar::Bytes), Field::new("n", Scalar::I64)]);
    let test = || BoltTest::<Split>::batch().input_of("x", schema.clone());
    assert!(test().try_open().unwrap_err().to_string().contains("name one"));
    assert!(test().config(json!({ "field": "n" })).try_open().unwrap_err().to_string().contains("no string or bytes"));
    assert!(test().config(json!({ "field": "c" })).try_open().unwrap_err().to_string().contains("no field `c`"));
    assert!(test().config(json!({ "field": "b" })).try_open().is_ok());
    assert!(BoltTest::<Split>::batch().try_open().unwrap_err().to_string().contains("needs an input"));
    let mixed =
        test().config(json!({ "field": "a" })).input_of("y", Schema::new([Field::new("a", Scalar::Bytes)])).try_open();
    assert!(mixed.unwrap_err().to_string().contains("the inputs differ"));
}

#[test]
fn poison_is_any_text_in_a_line() {
    let test = |poison| BoltTest::<Split>::batch().input::<Line>("lines").config(json!({ "poison": poison }));
    let mut harmless = test("POISON");
    harmless.send([Line { line: b"POISO N poison" }, Line { line: b"" }]);
    assert_eq!(words(&harmless).len(), 3);
    for (poison, line) in [("POISON", "POISON"), ("POISON", "a POISONED b"), ("two words", "of two words")] {
        let lines = || [Line { line: b"ok" }, Line { line: line.as_bytes() }];
        let poisoned = std::panic::catch_unwind(|| test(poison).send(lines()));
        let message = poisoned.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains(&format!("{poison:?}")) && message.contains("config.poison"), "{message}");
    }
    let error = test("").try_open().unwrap_err().to_string();
    assert!(error.contains("config.poison"), "{error}");
}
