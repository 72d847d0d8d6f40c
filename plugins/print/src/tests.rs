use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;

#[derive(Tuple)]
struct Count<'a> {
    word: &'a str,
    count: i64,
}

#[test]
fn prints_what_comes() {
    let mut test = BoltTest::<Print>::batch().config(json!({ "header": true })).input::<Count>("count");
    test.send([Count { word: "storm", count: 1 }, Count { word: "", count: 2 }]);
    assert_eq!(test.printed(), b"word\tcount\nstorm\t1\n\t2\n");
}

#[test]
fn json_takes_any_inputs() {
    let other = petrel_sdk::Schema::new([petrel_sdk::Field::new("word", petrel_sdk::Scalar::String)]);
    let mut test =
        BoltTest::<Print>::batch().config(json!({ "format": "json" })).input::<Count>("count").input_of("other", other);
    test.send_to("count", [Count { word: "storm", count: 1 }]);
    test.send_to("other", [Count { word: "petrel", count: 0 }]);
    assert_eq!(test.printed(), b"{\"word\":\"storm\",\"count\":1}\n{\"word\":\"petrel\"}\n");
}

#[test]
fn odd_configurations_are_refused() {
    let mut test = BoltTest::<Print>::batch().config(json!({ "format": "yaml" })).input::<Count>("count");
    assert!(test.try_open().unwrap_err().to_string().contains("config.format"));
    assert!(BoltTest::<Print>::batch().try_open().unwrap_err().to_string().contains("needs an input"));
}
