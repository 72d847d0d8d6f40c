//! `petrel test`.

use super::schema::assert_fits;
use crate::guests::guest;
use petrel_tests::Sandbox;
use serde_json::{Value, json};

fn words(sandbox: &Sandbox) {
    sandbox.write("words.jsonl", "{\"word\": \"storm\"}\n{\"word\": \"petrel\"}\n\n{\"word\": \"storm\"}\n");
}

/// Tries a plugin and checks that its outcome is the same each time.
fn test(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["test"], arguments, &["-o", "json"]].concat();
    let first = sandbox.run(&arguments).ok();
    let document = first.json();
    assert_fits(&document, "test");
    assert_eq!(sandbox.run(&arguments).stdout(), first.stdout());
    document
}

#[test]
fn a_keyed_bolt_shows_what_it_emits_and_keeps() {
    let sandbox = Sandbox::new();
    words(&sandbox);
    let outcome = test(&sandbox, &["count", "words.jsonl", "--key", "word", "--config", "emit=final"]);
    let rows = json!([{ "word": "storm", "count": 2 }, { "word": "petrel", "count": 1 }]);
    assert_eq!(outcome["streams"][0]["rows"], rows);
    let state = json!([
        { "key": { "word": "storm" }, "value": 2 },
        { "key": { "word": "petrel" }, "value": 1 },
    ]);
    assert_eq!(outcome["state"], json!([{ "table": "count", "kind": "value", "entries": state }]));
    assert_eq!(outcome["ended"], true);
    let text = sandbox.run(&["test", "count", "words.jsonl", "--key", "word", "--config", "emit=final"]).ok().stdout();
    let expected = "\
default (word: string, count: i64): 2 tuples
  word    count
  storm   2
  petrel  1
state count (value): 2 entries
  word    value
  storm   2
  petrel  1
";
    assert_eq!(text, expected);
}

#[test]
fn how_tuples_are_cut_into_batches_makes_no_difference() {
    let sandbox = Sandbox::new();
    words(&sandbox);
    let count = |batch: &str| test(&sandbox, &["count", "words.jsonl", "--key", "word", "--batch", batch]);
    let (one, many) = (count("1"), count("1000"));
    assert_eq!(one["streams"], many["streams"]);
    assert_eq!(one["state"], many["state"]);
    assert_eq!(one["calls"].as_u64().unwrap(), many["calls"].as_u64().unwrap() + 2);
}

#[test]
fn without_an_end_nothing_is_said_that_the_end_brings() {
    let sandbox = Sandbox::new();
    words(&sandbox);
    let outcome = test(&sandbox, &["count", "words.jsonl", "--key", "word", "--config", "emit=final", "--no-end"]);
    assert_eq!(outcome["streams"][0]["rows"], json!([]));
    assert_eq!(outcome["ended"], false);
    assert_eq!(outcome["state"][0]["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn a_bolt_gets_the_fields_that_it_reads_wherever_they_stand_in_the_samples() {
    let sandbox = Sandbox::new();
    sandbox.write("words.jsonl", "{\"a\": 1, \"word\": \"x y\", \"z\": true}\n");
    let outcome = test(&sandbox, &["split", "words.jsonl", "--config", "field=word"]);
    let words: Vec<&Value> = outcome["streams"][0]["rows"].as_array().unwrap().iter().map(|row| &row["word"]).collect();
    assert_eq!(words, ["x", "y"]);
    let outcome = test(&sandbox, &["count", "words.jsonl", "--key", "word"]);
    assert_eq!(outcome["streams"][0]["rows"], json!([{ "word": "x y", "count": 1 }]));
    assert_eq!(outcome["state"][0]["entries"], json!([{ "key": { "word": "x y" }, "value": 1 }]));
    // Two inputs, each with its own order, and keys of two fields.
    sandbox.write("left.jsonl", "{\"v\": 7, \"id\": \"i\", \"at\": \"a\"}\n");
    sandbox.write("right.jsonl", "{\"at\": \"a\", \"z\": 9, \"id\": \"i\"}\n");
    let outcome = test(&sandbox, &["count", "left.jsonl", "right.jsonl", "--key", "id,at"]);
    let counted = json!([{ "id": "i", "at": "a", "count": 1 }, { "id": "i", "at": "a", "count": 2 }]);
    assert_eq!(outcome["streams"][0]["rows"], counted);
}

#[test]
fn bytes_come_back_as_they_went_in() {
    let sandbox = Sandbox::new();
    sandbox.write("lines.jsonl", "{\"line\": \"eins zwei\"}\n{\"line\": {\"hex\": \"ff20fe\"}}\n");
    let outcome = test(&sandbox, &["split", "lines.jsonl", "--schema", "line:bytes"]);
    let words: Vec<&Value> = outcome["streams"][0]["rows"].as_array().unwrap().iter().map(|row| &row["word"]).collect();
    assert_eq!(words, [&json!("eins"), &json!("zwei"), &json!({ "hex": "ff" }), &json!({ "hex": "fe" })]);
}

#[test]
fn a_spout_emits_as_much_as_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let outcome = test(&sandbox, &["sentences", "--rows", "4"]);
    assert_eq!(outcome["streams"][0]["rows"].as_array().unwrap().len(), 4);
    assert_eq!(outcome["world"], "spout");
    sandbox.write("text.txt", "one\ntwo\n");
    let outcome = test(&sandbox, &["lines", "--config", "path=text.txt"]);
    assert_eq!(outcome["streams"][0]["rows"], json!([{ "line": "one" }, { "line": "two" }]));
    assert_eq!(outcome["ended"], true);
}

#[test]
fn a_sink_writes_and_what_is_printed_is_kept_out_of_the_document() {
    let sandbox = Sandbox::new();
    words(&sandbox);
    test(&sandbox, &["file-sink", "words.jsonl", "--config", "path=out.tsv"]);
    assert_eq!(sandbox.read("out.tsv"), "storm\npetrel\nstorm\n");
    let outcome = test(&sandbox, &["print", "words.jsonl"]);
    assert!(outcome["printed"].as_str().unwrap().contains("petrel"), "{outcome:#}");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_tried() {
    let sandbox = Sandbox::new();
    words(&sandbox);
    sandbox.write("bad.jsonl", "{\"word\": \"storm\"}\n[1]\n");
    sandbox.run(&["test", "count", "words.jsonl", "--key", "wrod"]).fails(2, &["`wrod`", "did you mean `word`?"]);
    sandbox
        .run(&["test", "count", "words.jsonl", "--config", "emti=x"])
        .fails(2, &["`emti`", "`--config emti=x`", "`emit`"]);
    sandbox.run(&["test", "count", "words.jsonl", "--config", "emti"]).fails(2, &["expected KEY=VALUE"]);
    sandbox.run(&["test", "count"]).fails(2, &["a bolt needs tuples"]);
    sandbox.run(&["test", "numbers", "words.jsonl"]).fails(2, &["a spout reads no tuples"]);
    sandbox.run(&["test", "count", "bad.jsonl"]).fails(2, &["bad.jsonl: line 2", "a tuple is an object"]);
    sandbox.run(&["test", "count", "none.jsonl"]).fails(2, &["cannot read the tuples of none.jsonl"]);
    sandbox.run(&["test", "count", "words.jsonl", "--schema", "word:i64"]).fails(2, &["line 1", "should be i64"]);
    sandbox.run(&["test", "cuont", "words.jsonl"]).fails(2, &["did you mean \"count\"?"]);
    sandbox.run(&["test", "./none.wasm", "words.jsonl"]).fails(2, &["there is no file ./none.wasm"]);
}

#[test]
fn rejected_tuples_are_shown_and_the_others_go_through() {
    let sandbox = Sandbox::new();
    sandbox.write("numbers.jsonl", "{\"number\": 1}\n{\"number\": 2}\n{\"number\": 3}\n");
    let trouble = guest("trouble");
    let with =
        |how: &str| test(&sandbox, &[&trouble, "numbers.jsonl", "--config", "at=2", "--config", &format!("how={how}")]);
    let outcome = with("reject");
    let rejected =
        json!([{ "stream": "numbers.default", "tuple": { "number": 2 }, "reason": "it is odd", "attempts": 1 }]);
    assert_eq!(outcome["rejected"], rejected);
    assert_eq!(outcome["streams"][0]["rows"].as_array().unwrap().len(), 2);
    // Retries wait in virtual time, until there have been enough.
    let outcome = with("retry");
    assert_eq!(outcome["rejected"][0]["reason"], "perhaps later");
    assert!(outcome["rejected"][0]["attempts"].as_u64() > Some(1), "{outcome:#}");
}

#[test]
fn a_failure_names_the_tuple_and_where_it_happened() {
    let sandbox = Sandbox::new();
    sandbox.write("numbers.jsonl", "{\"number\": 1}\n{\"number\": 2}\n{\"number\": 3}\n");
    let trouble = guest("trouble");
    let arguments = ["test", &trouble, "numbers.jsonl", "--config", "at=2", "--config", "how=panic", "-o", "json"];
    let failed = sandbox.run(&arguments);
    let outcome = failed.json();
    assert_fits(&outcome, "test");
    let failure = outcome["failure"].as_str().unwrap();
    assert!(failure.contains("number = 2") && failure.contains("stumble"), "{failure}");
    assert_eq!(outcome["ended"], true, "the others are tried all the same");
    failed.fails(1, &["trouble[0] failed in `process`", "number = 2"]);
}
