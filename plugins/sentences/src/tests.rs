use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::SpoutTest;

#[derive(Tuple)]
struct Sentence<'a> {
    sentence: &'a str,
}

fn sentences(test: &SpoutTest<Sentences>) -> Vec<String> {
    test.emitted::<Sentence>().into_iter().map(|tuple| tuple.sentence.to_string()).collect()
}

#[test]
fn as_many_as_asked_and_the_same_again() {
    let run = |seed| {
        let mut test = SpoutTest::<Sentences>::batch().config(json!({ "count": 3_000, "seed": seed }));
        assert_eq!(test.drain(), Next::End);
        sentences(&test)
    };
    assert_eq!(run(3).len(), 3_000);
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(-3));
}

#[test]
fn bytes_are_respected_and_nothing_is_lost_over_a_restart() {
    let config = json!({ "count": 100 });
    let mut whole = SpoutTest::<Sentences>::batch().config(config.clone());
    whole.drain();
    let mut test = SpoutTest::<Sentences>::batch().config(config).max_bytes(200);
    test.next(1_000);
    assert!(sentences(&test).len() < 20);
    test.restart();
    test.drain();
    assert_eq!(sentences(&test), sentences(&whole));
}

#[test]
fn odd_configurations_are_refused() {
    let mut test = SpoutTest::<Sentences>::batch().config(json!({ "rate": 0 }));
    assert!(test.try_open().unwrap_err().to_string().contains("config.rate"));
}
