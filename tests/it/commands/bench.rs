//! `petrel bench`, as small as it can be: figures are nobody's business here.

use super::schema::assert_fits;
use petrel_tests::Sandbox;

#[test]
fn every_case_is_measured_and_does_the_same_work_as_native_rust() {
    let arguments = ["bench", "--rounds", "1", "--text-mb", "1", "--tuples-m", "1", "-o", "json"];
    let document = Sandbox::new().run(&arguments).ok().json();
    assert_fits(&document, "bench");
    let cases = document["cases"].as_array().unwrap();
    let has_ratio = |name: &str| {
        let case = cases.iter().find(|case| case["name"] == name).expect("the case is measured");
        assert_eq!(case["native"].is_null(), case["cpu_ratio"].is_null(), "{case:#}");
        case["cpu_ratio"].is_number()
    };
    assert!(has_ratio("spout-null") && has_ratio("word-count"), "{document:#}");
    assert!(!has_ratio("empty-bolt"), "doing nothing takes native Rust no time: {document:#}");
    assert!(cases.iter().any(|case| case["name"] == "word-count" && case["units"].as_u64() > Some(0)), "{document:#}");
}
