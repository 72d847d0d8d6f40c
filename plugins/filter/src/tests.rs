use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;

#[derive(Tuple)]
struct Request<'a> {
    status: i64,
    path: &'a str,
    user: Option<&'a str>,
}

fn test(condition: &str) -> BoltTest<Filter> {
    BoltTest::<Filter>::batch().config(json!({ "where": condition })).input::<Request>("log").tracking(true)
}

fn send(test: &mut BoltTest<Filter>) {
    test.send([
        Request { status: 200, path: "/", user: Some("ann") },
        Request { status: 503, path: "/api", user: None },
        Request { status: 500, path: "/", user: Some("bob") },
    ]);
}

fn statuses(test: &BoltTest<Filter>) -> Vec<i64> {
    test.emitted::<Request>().iter().map(|request| request.status).collect()
}

#[test]
fn what_is_true_passes_unchanged() {
    let mut some = test("status >= 500 && path.startsWith('/')");
    send(&mut some);
    assert_eq!(
        some.emitted_rows("default").iter().map(ToString::to_string).collect::<Vec<_>>(),
        [r#"{ status: 503, path: "/api", user: null }"#, r#"{ status: 500, path: "/", user: "bob" }"#]
    );
    assert_eq!(some.anchors("default"), [vec![1, 1, 2]]);
    let mut all = test("true");
    send(&mut all);
    assert_eq!(statuses(&all), [200, 503, 500]);
    let mut none = test("status < 0");
    send(&mut none);
    assert!(none.emitted_rows("default").is_empty());
}

#[test]
fn a_tuple_on_which_it_fails_is_rejected() {
    let mut failing = test("user.startsWith('a') || 1000 / (status - 500) > 2");
    send(&mut failing);
    assert_eq!(statuses(&failing), [200, 503]);
    let [rejected] = failing.rejected() else { panic!("{:?}", failing.rejected()) };
    assert!(rejected.reason.contains("Division by zero"), "{}", rejected.reason);
}

#[test]
fn odd_conditions_are_refused() {
    for (condition, about) in [
        ("status", "is a int, not a bool"),
        ("state == 1", "no field `state`"),
        ("status ==", "at character"),
        ("status == 'x'", "does not go with"),
    ] {
        let error = test(condition).try_open().unwrap_err().to_string();
        assert!(error.contains(about) && error.contains("config.where"), "{condition}: {error}");
    }
    let missing = BoltTest::<Filter>::batch().input::<Request>("log").try_open().unwrap_err();
    assert!(missing.to_string().contains("config.where"), "{missing}");
}
