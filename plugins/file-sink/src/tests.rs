use super::*;
use petrel_sdk::Tuple;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::BoltTest;

#[derive(Tuple)]
struct Count<'a> {
    word: &'a [u8],
    count: i64,
}

fn written(config: serde_json::Value, name: &str) -> String {
    let mut test = BoltTest::<FileSink>::batch().config(config).input::<Count>("count");
    test.send([Count { word: b"storm, \xff", count: 1 }]);
    test.send([Count { word: b"petrel", count: -2 }]);
    test.end();
    test.written("path", name).expect("the file was created").escape_ascii().to_string()
}

#[test]
fn formats() {
    assert_eq!(written(json!({ "path": "a" }), ""), r"storm, \xff\t1\npetrel\t-2\n");
    assert_eq!(
        written(json!({ "path": "a", "format": "csv", "header": true }), ""),
        r#"word,count\n\"storm, \xff\",1\npetrel,-2\n"#
    );
    assert_eq!(
        written(json!({ "path": "a", "format": "json", "fields": ["count", "word"] }), ""),
        r#"{\"count\":1,\"word\":\"storm, \xef\xbf\xbd\"}\n{\"count\":-2,\"word\":\"petrel\"}\n"#
    );
    assert_eq!(written(json!({ "path": "a", "bytes": "base64", "fields": ["word"] }), ""), r"c3Rvcm0sIP8=\ncGV0cmVs\n");
}

#[test]
fn a_folder_has_a_file_a_task() {
    assert_eq!(written(json!({ "path": "counts/", "fields": ["count"] }), "part-00000.tsv"), r"1\n-2\n");
}

fn sink(config: serde_json::Value) -> BoltTest<FileSink> {
    BoltTest::<FileSink>::batch().config(config).input::<Count>("count")
}

fn text(test: &BoltTest<FileSink>, name: &str) -> Option<String> {
    test.written("path", name).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn what_earlier_runs_wrote_is_kept_where_that_is_wanted() {
    let run = |append: bool, before: &str| {
        let config = json!({ "path": "a", "header": true, "append": append });
        let mut test = sink(config).written_before("path", "", before);
        test.send([Count { word: b"new", count: 1 }]);
        text(&test, "").unwrap()
    };
    assert_eq!(run(false, "word\tcount\nold\t7\n"), "word\tcount\nnew\t1\n");
    assert_eq!(run(true, "word\tcount\nold\t7\n"), "word\tcount\nold\t7\nnew\t1\n", "one header");
    assert_eq!(run(true, ""), "word\tcount\nnew\t1\n", "an empty file has none yet");
}

#[test]
fn a_task_that_starts_again_goes_on_where_it_was() {
    for append in [false, true] {
        let mut test = sink(json!({ "path": "a", "format": "csv", "header": true, "append": append })).written_before(
            "path",
            "",
            "word,count\nold,7\n",
        );
        test.send([Count { word: b"storm", count: 1 }]);
        test.restart();
        test.send([Count { word: b"petrel", count: 2 }]);
        test.restart();
        let kept = if append { "old,7\n" } else { "" };
        assert_eq!(text(&test, "").unwrap(), format!("word,count\n{kept}storm,1\npetrel,2\n"));
    }
}

#[test]
fn part_files_of_an_earlier_run_go_unless_they_are_appended_to() {
    let run = |append: bool| {
        let mut test = sink(json!({ "path": "a/", "append": append }))
            .written_before("path", "part-00000.tsv", "x\t1\n")
            .written_before("path", "part-00001.tsv", "y\t1\n")
            .written_before("path", "part-00000.csv", "z,1\n")
            .written_before("path", "notes.tsv", "mine");
        test.send([Count { word: b"new", count: 1 }]);
        let names = ["part-00000.tsv", "part-00001.tsv", "part-00000.csv", "notes.tsv"];
        names.map(|name| text(&test, name).unwrap_or_default())
    };
    assert_eq!(run(false), ["new\t1\n", "", "", "mine"]);
    assert_eq!(run(true), ["x\t1\nnew\t1\n", "y\t1\n", "z,1\n", "mine"]);
}

#[test]
fn nothing_came_and_the_file_is_there() {
    let mut test = BoltTest::<FileSink>::batch().config(json!({ "path": "a", "header": true })).input::<Count>("count");
    test.end();
    assert_eq!(test.written("path", "").as_deref(), Some(&b"word\tcount\n"[..]));
}

#[test]
fn several_inputs() {
    let sink = |config| {
        let other = petrel_sdk::Schema::new([petrel_sdk::Field::new("n", petrel_sdk::Scalar::I64)]);
        BoltTest::<FileSink>::batch().config(config).input::<Count>("count").input_of("other", other)
    };
    let error = sink(json!({ "path": "a" })).try_open().unwrap_err().to_string();
    assert!(error.contains("lines would not tell which is which"), "{error}");
    assert!(sink(json!({ "path": "a", "format": "json" })).try_open().is_ok());
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({}), "config.path"),
        (json!({ "path": "" }), "say where to write"),
        (json!({ "path": "a", "format": "xml" }), "config.format"),
        (json!({ "path": "a", "fields": ["x"] }), "no field `x`"),
        (json!({ "path": "a", "bytes": "hex" }), "config.bytes"),
    ] {
        let mut test = BoltTest::<FileSink>::batch().config(config.clone()).input::<Count>("count");
        let error = test.try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}
