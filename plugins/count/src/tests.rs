use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;

#[derive(Tuple)]
struct Word<'a> {
    word: &'a [u8],
    length: i64,
    weight: f64,
}

fn send(test: &mut BoltTest<Count>, words: &[&str]) {
    test.send(words.iter().map(|word| Word { word: word.as_bytes(), length: word.len() as i64, weight: 0.0 }));
}

fn emitted(test: &BoltTest<Count>) -> Vec<String> {
    test.emitted_rows("default").iter().map(|tuple| tuple.to_string()).collect()
}

#[test]
fn every_tuple_has_the_count_so_far() {
    let mut test = BoltTest::<Count>::batch().key(["word"]).input::<Word>("split").tracking(true);
    send(&mut test, &["a", "b", "a"]);
    send(&mut test, &["a"]);
    test.end();
    let expected = [
        r#"{ word: "a", count: 1 }"#,
        r#"{ word: "b", count: 1 }"#,
        r#"{ word: "a", count: 2 }"#,
        r#"{ word: "a", count: 3 }"#,
    ];
    assert_eq!(emitted(&test), expected);
    assert_eq!(test.anchors("default"), [vec![1, 0, 1, 2], vec![1, 0]]);
    assert_eq!(test.value::<i64>("count", [b"a"]), Some(3));
}

#[test]
fn the_final_counts_come_once_all_inputs_have_ended() {
    let mut test = BoltTest::<Count>::batch()
        .config(json!({ "emit": "final" }))
        .key(["word"])
        .input::<Word>("one")
        .input::<Word>("two");
    let words: Vec<String> = (0..5_000).map(|i| format!("w{}", i % 2_500)).collect();
    send(&mut test, &words.iter().map(String::as_str).collect::<Vec<_>>());
    test.end_input("one");
    assert!(emitted(&test).is_empty());
    test.end_input("two");
    let mut all = emitted(&test);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2_500);
    assert!(all.iter().all(|tuple| tuple.ends_with("count: 2 }")), "{:?}", &all[..3]);
}

#[test]
fn nothing_came() {
    let mut test = BoltTest::<Count>::batch().config(json!({ "emit": "final" })).key(["word"]).input::<Word>("split");
    test.end();
    assert!(emitted(&test).is_empty());
}

#[test]
fn other_keys_and_names() {
    let mut test = BoltTest::<Count>::batch()
        .config(json!({ "fields": ["length", "word"], "into": "times", "emit": "final" }))
        .input::<Word>("split");
    send(&mut test, &["storm", "storm"]);
    test.end();
    assert_eq!(emitted(&test), [r#"{ length: 5, word: "storm", times: 2 }"#]);

    let mut everything =
        BoltTest::<Count>::batch().config(json!({ "fields": [], "emit": "final" })).input::<Word>("split");
    send(&mut everything, &["a", "b", "c"]);
    everything.end();
    assert_eq!(emitted(&everything), ["{ count: 3 }"]);
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({}), "give split.default a fields grouping"),
        (json!({ "fields": ["wort"] }), "no field `wort`"),
        (json!({ "fields": ["weight"] }), "can be no key"),
        (json!({ "fields": ["word"], "emit": "sometimes" }), "choose \"every\" or \"final\""),
        (json!({ "fields": ["word"], "into": "word" }), "already a field"),
    ] {
        let mut test = BoltTest::<Count>::batch().config(config.clone()).input::<Word>("split");
        let error = test.try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
    assert!(BoltTest::<Count>::batch().try_open().is_err());
}
