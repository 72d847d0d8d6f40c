//! The main job: the words of a text, counted through sandboxed components, against a count made here.

use crate::texts::{assert_same, count_with_coreutils, count_words, random_text, read_counts};
use petrel_tests::{Finished, Sandbox, repository};
use std::io::Write;
use std::process::Stdio;

/// The arguments of the main job.
fn arguments<'a>(lines: &'a str, sink: &'a str, more: &[&'a str]) -> Vec<String> {
    let topology = repository().join("plugins/topologies/word_count.toml");
    let mut arguments = vec!["run".to_owned(), topology.to_str().expect("a path is text").to_owned()];
    arguments.extend(["--set".to_owned(), format!("lines.path={lines}")]);
    arguments.extend(["--set".to_owned(), format!("sink.path={sink}"), "--until-done".to_owned()]);
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    arguments
}

fn run(sandbox: &Sandbox, lines: &str, more: &[&str]) -> Finished {
    let arguments = arguments(lines, "out.tsv", more);
    sandbox.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Counts a text and compares.
#[track_caller]
fn counts_right(text: &[u8], more: &[&str]) {
    let sandbox = Sandbox::new();
    sandbox.write("text.txt", text);
    run(&sandbox, "text.txt", more).ok();
    assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &count_words(text));
}

#[test]
fn an_empty_file_has_no_words() {
    counts_right(b"", &[]);
}

#[test]
fn white_space_alone_has_no_words() {
    counts_right(b" \t\r\n\x0c\n\n   \n", &[]);
    counts_right(b"\n", &[]);
    counts_right(b" ", &[]);
}

#[test]
fn the_last_line_needs_no_newline() {
    counts_right(b"storm petrel\nstorm", &[]);
    counts_right(b"storm", &[]);
}

#[test]
fn carriage_returns_and_form_feeds_separate_and_vertical_tabs_do_not() {
    let text = b"one two\r\none\x0ctwo\rthree\r\n\x0bfour five\x0bsix\r\n\r\n";
    counts_right(text, &[]);
    let counts = count_words(text);
    assert_eq!(counts[&b"five\x0bsix"[..]], 1, "a check of the check");
    assert_eq!(counts[&b"one"[..]], 2);
}

#[test]
fn any_bytes_are_words_and_come_out_unchanged() {
    let text =
        b"caf\xc3\xa9 \xff\xfe \x00 a\x00b \x80\x80\x80 \xc3 \xe2\x82 \x00\n\xff\xfe \x85 \xc2\xa0 \xe2\x80\xa8\n";
    counts_right(text, &[]);
    let every_byte: Vec<u8> = (0..=255).flat_map(|byte| [b'x', byte, b'y', b' ']).collect();
    counts_right(&every_byte, &[]);
}

#[test]
fn a_line_of_a_megabyte_is_a_line() {
    let mut text = random_text(1, 1 << 20);
    text.retain(|byte| *byte != b'\n');
    counts_right(&text, &[]);
    // One word of a megabyte is a key as any other.
    let mut text = vec![b'x'; 1 << 20];
    text.extend_from_slice(b" y ");
    text.extend(vec![b'x'; 1 << 20]);
    counts_right(&text, &["--parallelism", "count=2"]);
}

#[test]
fn a_line_beyond_a_frame_comes_in_pieces_and_that_is_told_with_file_and_offset() {
    let sandbox = Sandbox::new();
    let mut text = b"short\n".to_vec();
    text.extend(b"some words of any length ".repeat(800_000));
    text.extend_from_slice(b"\nreached all the same\n");
    sandbox.write("long.txt", &text);
    let finished = run(&sandbox, "long.txt", &[]).ok();
    let told = finished.stderr();
    assert!(told.contains("long.txt: the line that begins at byte 6 has more than 16"), "{told}");
    assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &count_words(&text));
    // Close to the limit it goes through: so does its one word.
    let text = vec![b'x'; (16 << 20) - 400_000];
    sandbox.write("long.txt", &text);
    run(&sandbox, "long.txt", &[]).ok();
    assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &count_words(&text));
}

#[test]
fn five_megabytes_of_anything() {
    let text = random_text(2, 5 << 20);
    counts_right(&text, &[]);
    counts_right(&text, &["--parallelism", "split=2", "--parallelism", "count=2"]);
}

#[test]
fn every_parallelism_counts_the_same() {
    let text = random_text(3, 200 << 10);
    for split in 1..=4 {
        for count in 1..=4 {
            let (split, count) = (format!("split={split}"), format!("count={count}"));
            counts_right(&text, &["--parallelism", &split, "--parallelism", &count]);
        }
    }
}

#[test]
fn frames_of_any_size_count_the_same() {
    let text = random_text(4, 100 << 10);
    for bytes in ["1", "64", "1000", "1048576"] {
        counts_right(&text, &["--frame-bytes", bytes]);
        counts_right(&text, &["--frame-bytes", bytes, "--parallelism", "split=3", "--parallelism", "count=3"]);
    }
}

#[test]
fn a_frame_size_that_cannot_be_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("text.txt", "storm");
    run(&sandbox, "text.txt", &["--frame-bytes", "0"]).fails(2, &["--frame-bytes"]);
}

#[test]
fn a_folder_and_a_glob_are_many_files() {
    let sandbox = Sandbox::new();
    let mut text = Vec::new();
    for file in 0..7 {
        // No newline at their ends: the last word of one and the first of the next are two words.
        let part = [random_text(file, 20 << 10), b"end".to_vec()].concat();
        sandbox.write(&format!("texts/part-{file}.txt"), &part);
        text.extend_from_slice(&part);
        text.push(b'\n');
    }
    let expected = count_words(&text);
    for path in ["texts", "texts/", "texts/*.txt"] {
        for tasks in 1..=3 {
            run(&sandbox, path, &["--parallelism", &format!("lines={tasks}")]).ok();
            assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &expected);
        }
    }
    sandbox.write("texts/notes.md", "not counted by the glob");
    run(&sandbox, "texts/part-[0-9].txt", &[]).ok();
    assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &expected);
}

#[test]
fn standard_input_is_a_text() {
    let sandbox = Sandbox::new();
    let topology =
        std::fs::read_to_string(repository().join("plugins/topologies/word_count.toml")).expect("it is there");
    sandbox.write("stdin.toml", topology.replace("config = { path = \"text.txt\" }\n", ""));
    let text = random_text(5, 1 << 20);
    let arguments = ["run", "stdin.toml", "--set", "lines.stdin=true", "--set", "sink.path=out.tsv", "--until-done"];
    let mut child =
        sandbox.command(&arguments).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("petrel starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(&text).expect("petrel reads it");
    drop(stdin);
    Finished(child.wait_with_output().expect("petrel ends")).ok();
    assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &count_words(&text));
}

#[test]
fn coreutils_count_the_same() {
    let sandbox = Sandbox::new();
    let mut text = random_text(6, 300 << 10);
    // `uniq` reads lines, and cannot be told from an end of text where there is a NUL.
    text.retain(|byte| *byte != 0);
    sandbox.write("text.txt", &text);
    run(&sandbox, "text.txt", &["--parallelism", "count=2"]).ok();
    let expected = count_with_coreutils(sandbox.path(), "cat text.txt");
    assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &expected);
    assert!(expected.len() > 1000, "a check of the check");
}

#[test]
fn the_report_agrees_with_the_text() {
    let sandbox = Sandbox::new();
    let text = random_text(7, 100 << 10);
    sandbox.write("text.txt", &text);
    let report = run(&sandbox, "text.txt", &["-o", "json", "--parallelism", "split=2"]).ok().json();
    let counts = count_words(&text);
    let words: u64 = counts.values().sum();
    let mut lines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
    lines += u64::from(text.last() != Some(&b'\n'));
    let figure = |component: &str, name: &str| report["components"][component][name].as_u64().expect("a number");
    assert_eq!(figure("lines", "emitted"), lines);
    assert_eq!(figure("split", "executed"), lines);
    assert_eq!(figure("split", "emitted"), words);
    assert_eq!(figure("count", "executed"), words);
    assert_eq!(figure("count", "emitted"), counts.len() as u64);
    assert_eq!(figure("sink", "executed"), counts.len() as u64);
    for component in ["lines", "split", "count", "sink"] {
        assert_eq!(figure(component, "rejected"), 0);
        assert_eq!(figure(component, "queued_bytes"), 0);
    }
}
