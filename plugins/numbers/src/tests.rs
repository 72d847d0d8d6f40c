use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::SpoutTest;
use std::time::Duration;

#[derive(Tuple)]
struct Number {
    number: i64,
}

fn numbers(test: &SpoutTest<Numbers>) -> Vec<i64> {
    test.emitted::<Number>().into_iter().map(|tuple| tuple.number).collect()
}

#[test]
fn counts_up_and_ends() {
    let mut test = SpoutTest::<Numbers>::batch().config(json!({ "start": -2, "count": 2_500 }));
    assert_eq!(test.drain(), Next::End);
    assert_eq!(numbers(&test), (-2..2_498).collect::<Vec<_>>());
}

#[test]
fn keeps_the_rate_and_goes_on_after_a_restart() {
    let mut test = SpoutTest::<Numbers>::batch().config(json!({ "rate": 10 }));
    assert_eq!(test.drain(), Next::Idle(Timestamp(100_000)));
    test.advance(Duration::from_millis(250));
    assert_eq!(test.drain(), Next::Idle(Timestamp(300_000)));
    assert_eq!(numbers(&test), [0, 1, 2]);
    test.restart();
    test.next(1);
    assert_eq!(numbers(&test), [0, 1, 2, 3]);
}

#[test]
fn nothing_at_all() {
    let mut test = SpoutTest::<Numbers>::batch().config(json!({ "count": 0 }));
    assert_eq!(test.drain(), Next::End);
    assert!(numbers(&test).is_empty());
}

#[test]
fn the_greatest_number_is_the_last() {
    let mut test = SpoutTest::<Numbers>::batch().config(json!({ "start": i64::MAX - 2 }));
    assert_eq!(test.drain(), Next::End);
    assert_eq!(numbers(&test), [i64::MAX - 2, i64::MAX - 1]);
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({ "rate": 0 }), "cannot be kept"),
        (json!({ "rate": -1.5 }), "cannot be kept"),
        (json!({ "count": -1 }), "less than nothing"),
        (json!({ "start": 1, "count": i64::MAX }), "goes beyond"),
    ] {
        let error = SpoutTest::<Numbers>::batch().config(config.clone()).try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}
