use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;

#[derive(Tuple)]
struct Count<'a> {
    word: &'a str,
    count: i64,
}

fn test(config: serde_json::Value) -> BoltTest<Top> {
    BoltTest::<Top>::batch().config(config).input::<Count>("count")
}

fn send(test: &mut BoltTest<Top>, counts: &[(&str, i64)]) {
    test.send(counts.iter().map(|&(word, count)| Count { word, count }));
}

fn emitted(test: &BoltTest<Top>) -> Vec<String> {
    test.emitted_rows("default").iter().map(ToString::to_string).collect()
}

#[test]
fn the_greatest_at_the_end() {
    let mut test = test(json!({ "k": 2, "by": "count" }));
    send(&mut test, &[("a", 1), ("b", 5)]);
    send(&mut test, &[("c", 3), ("d", 0)]);
    assert!(emitted(&test).is_empty());
    test.end();
    assert_eq!(emitted(&test), [r#"{ word: "b", count: 5, rank: 1 }"#, r#"{ word: "c", count: 3, rank: 2 }"#]);
}

#[test]
fn the_greatest_so_far_at_every_tick() {
    let mut test = test(json!({ "k": 2, "by": "count", "key": ["word"] }));
    test.tick();
    assert!(emitted(&test).is_empty());
    send(&mut test, &[("a", 1), ("b", 1), ("a", 2)]);
    test.tick();
    assert_eq!(emitted(&test), [r#"{ word: "a", count: 2, rank: 1 }"#, r#"{ word: "b", count: 1, rank: 2 }"#]);
    test.clear_emitted();
    send(&mut test, &[("c", 9)]);
    test.tick();
    assert_eq!(emitted(&test)[0], r#"{ word: "c", count: 9, rank: 1 }"#);
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({ "k": 0, "by": "count" }), "config.k"),
        (json!({ "by": "count", "k": 10_001 }), "config.k"),
        (json!({ "by": "word" }), "has no size"),
        (json!({ "by": "n" }), "no field `n`"),
        (json!({ "by": "count", "key": ["x"] }), "config.key"),
        (json!({}), "config.by"),
    ] {
        let error = test(config.clone()).try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}
