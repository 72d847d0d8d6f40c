use super::*;
use petrel_sdk::serde_json::json;
use petrel_sdk::testing::SpoutTest;

fn lines(test: &SpoutTest<Lines>) -> Vec<String> {
    test.emitted_rows("default").iter().map(|tuple| tuple.to_string()).collect()
}

#[test]
fn files_in_order_byte_for_byte() {
    let mut test = SpoutTest::<Lines>::batch()
        .config(json!({ "path": "logs/" }))
        .file("path", "a.log", "one\r\n\ntwo")
        .file("path", "b.log", "")
        .file("path", "c.log", b"\xff\xfe\n".to_vec());
    assert_eq!(test.drain(), Next::End);
    assert_eq!(
        lines(&test),
        [r#"{ line: "one\r" }"#, r#"{ line: "" }"#, r#"{ line: "two" }"#, r#"{ line: "\xff\xfe" }"#]
    );
}

#[test]
fn an_empty_file_has_no_lines() {
    let mut test = SpoutTest::<Lines>::batch().config(json!({ "path": "a" })).file("path", "a", "");
    assert_eq!(test.drain(), Next::End);
    assert!(lines(&test).is_empty());
    assert_eq!(test.drain(), Next::End, "and goes on having none");
}

#[test]
fn text_and_file_names() {
    let mut test = SpoutTest::<Lines>::batch()
        .config(json!({ "path": "*", "encoding": "utf8-lossy", "file_field": "file" }))
        .file("path", "a", b"gr\xfcn\nblau".to_vec())
        .file("path", "b", "rot\n");
    test.drain();
    assert_eq!(
        lines(&test),
        [r#"{ line: "gr�n", file: "a" }"#, r#"{ line: "blau", file: "a" }"#, r#"{ line: "rot", file: "b" }"#]
    );
}

#[test]
fn standard_input() {
    let mut test = SpoutTest::<Lines>::batch().config(json!({ "stdin": true })).file("stdin", "-", "a\nb");
    test.drain();
    assert_eq!(lines(&test), [r#"{ line: "a" }"#, r#"{ line: "b" }"#]);
}

/// Whatever was emitted, a new instance goes on with exactly the rest.
#[test]
fn every_position_can_be_gone_on_from() {
    let long = "x".repeat(300_000);
    let content = format!("first\n{long}\n\nlast");
    let spout = || {
        SpoutTest::<Lines>::batch()
            .config(json!({ "path": "*" }))
            .file("path", "a", content.clone())
            .file("path", "b", "b1\nb2\n")
    };
    let mut all = spout();
    all.drain();
    assert_eq!(lines(&all).len(), 6);
    for restart_after in 1..=6 {
        let mut test = spout();
        while test.frame_rows().iter().sum::<usize>() < restart_after {
            test.next(1);
        }
        test.restart();
        assert_eq!(test.drain(), Next::End);
        assert_eq!(lines(&test), lines(&all), "restarted after {restart_after} lines");
    }
}

#[test]
fn frames_are_about_as_large_as_asked() {
    let mut test = SpoutTest::<Lines>::batch().config(json!({ "path": "a" })).max_bytes(10_000).file(
        "path",
        "a",
        "0123456789\n".repeat(20_000),
    );
    test.drain();
    let frames = test.frame_rows();
    assert_eq!(frames.iter().sum::<usize>(), 20_000);
    assert!(frames.iter().all(|rows| *rows <= 910), "{frames:?}");
}

#[test]
fn a_silent_pipe_keeps_nothing_back() {
    let mut test = SpoutTest::<Lines>::batch().config(json!({ "stdin": true })).pipe("stdin");
    assert!(matches!(test.drain(), Next::Idle(_)));
    test.feed("stdin", "a\nb\nhalf a l");
    let Next::Idle(first) = test.drain() else { panic!("the pipe is open") };
    assert_eq!(lines(&test), [r#"{ line: "a" }"#, r#"{ line: "b" }"#]);
    // It is asked again soon, and then less and less often.
    assert_eq!(first, petrel_sdk::Timestamp(1_000));
    let waits: Vec<Next> = (0..10).map(|_| test.next(10)).collect();
    assert_eq!(waits[9], Next::Idle(petrel_sdk::Timestamp(32_000)));
    // Whoever takes over goes on with the half line.
    test.restart();
    test.feed("stdin", "ine\nlast");
    assert!(matches!(test.drain(), Next::Idle(_)));
    test.close("stdin");
    assert_eq!(test.drain(), Next::End);
    assert_eq!(lines(&test)[2..], [r#"{ line: "half a line" }"#, r#"{ line: "last" }"#]);
}

#[test]
fn a_line_no_frame_can_hold_comes_in_pieces() {
    let mut content = b"ok\n".to_vec();
    content.extend(b"word ".repeat(text::LINE_BYTES_MAX / 4));
    content.extend_from_slice(b"end\ngo on\n");
    for (encoding, at_least) in [("bytes", 2), ("utf8-lossy", 4)] {
        let config = json!({ "path": "a", "encoding": encoding });
        let spout = || SpoutTest::<Lines>::batch().config(config.clone()).file("path", "big.txt", content.clone());
        let mut test = spout();
        assert_eq!(test.drain(), Next::End);
        let rows = test.frame_rows().iter().sum::<usize>();
        assert!(rows >= 2 + at_least, "{rows}");
        assert_eq!(test.metric("lines_cut"), Some((rows - 3) as f64));
        let logs = test.logs();
        assert_eq!(logs.len(), 1, "one word for each line, not for each piece");
        let message = &logs[0].message;
        assert!(message.contains("big.txt") && message.contains("byte 3 ") && message.contains("pieces"), "{message}");
        // Who takes over in the middle of it goes on there: not a piece more, and none less.
        let mut test = spout();
        while test.frame_rows().len() < 2 {
            test.next(1);
        }
        test.restart();
        assert_eq!(test.drain(), Next::End);
        assert_eq!(test.frame_rows().iter().sum::<usize>(), rows);
    }
}

#[test]
fn odd_configurations_are_refused() {
    for (config, about) in [
        (json!({}), "say what to read"),
        (json!({ "path": "a", "stdin": true }), "choose one"),
        (json!({ "path": "a", "encoding": "latin-1" }), "utf8-lossy"),
        (json!({ "path": "a", "file_field": "line" }), "cannot be called \"line\""),
        (json!({ "path": "nothing/*.log" }), "path"),
    ] {
        let error = SpoutTest::<Lines>::batch().config(config.clone()).try_open().unwrap_err().to_string();
        assert!(error.contains(about), "{config}: {error}");
    }
}

#[test]
fn a_file_that_is_gone_is_named() {
    let files = [("other.log".to_string(), 0)];
    let position = [&7u64.to_le_bytes()[..], b"old.log"].concat();
    let error = found(&files, &position).unwrap_err().to_string();
    assert!(error.contains("byte 7 of old.log"), "{error}");
    assert!(found(&files, b"odd").is_err());
}
