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

#[test]
fn faults_are_measured_with_the_lines_that_were_given_up() {
    let arguments = ["bench", "faults", "--rounds", "1", "--lines-k", "2", "-o", "json"];
    let document = Sandbox::new().run(&arguments).ok().json();
    assert_fits(&document, "bench-faults");
    let counts = document["faults"]["word_counts"].as_array().unwrap();
    let bad: Vec<u64> = counts.iter().map(|count| count["bad_lines"].as_u64().unwrap()).collect();
    assert_eq!(bad, [0, 2, 20, 0]);
    assert_eq!(counts[0]["cpu_ratio"]["median"], 1.0, "it is what the others are compared with");
    // A tenth of a second would be a hundred times the budget, on any machine.
    let figure = |name: &str| document["faults"][name]["median"].as_f64().unwrap();
    let (trap_us, instance_us) = (figure("trap_to_next_tuple_us"), figure("instance_us"));
    assert!(0.0 < instance_us && instance_us < trap_us && trap_us < 100_000.0, "{document:#}");
}
