//! `petrel top`, and who may not be asked.

use super::schema::assert_fits;
use crate::faults::trouble;
use crate::living::{Living, endless, wait_until};
use petrel_tests::Sandbox;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// Where a run of the sandbox listens.
fn socket(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.path().join(".home/runs").join(name).join("control.sock")
}

/// Says something on the socket, and gives the first answer.
fn say(sandbox: &Sandbox, line: &[u8]) -> Value {
    let mut stream = UnixStream::connect(socket(sandbox, "t")).expect("it listens");
    stream.write_all(line).expect("it reads");
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).expect("it answers");
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("no answer ({error}): {answer:?}"))
}

#[test]
fn what_runs_is_shown_with_its_figures() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "t", "how = \"reject\", at = 50", "parallelism = 2");
    endless(&sandbox, "u", "", "");
    let tracked = sandbox.read("u.toml").replace("best-effort", "at-least-once");
    sandbox.write("u.toml", tracked);
    let run = Living::start(&sandbox, &["run", "t.toml", "u.toml", "-o", "json"]);
    wait_until("both listen", || socket(&sandbox, "t").exists() && socket(&sandbox, "u").exists());
    wait_until("tuples arrive", || sandbox.path().join("u.tsv").metadata().is_ok_and(|file| file.len() > 1_000));

    let document = sandbox.run(&["top", "-o", "json", "--interval", "500ms"]).ok().json();
    assert_fits(&document, "top");
    let [t, u] = document["topologies"].as_array().unwrap().as_slice() else { panic!("{document:#}") };
    assert_eq!((&t["topology"], &u["topology"]), (&json!("t"), &json!("u")));
    assert_eq!((&t["status"], &t["pid"]), (&json!("running"), &json!(run.id())));
    let figures = &t["components"]["trouble"];
    assert_eq!((&figures["tasks"], &figures["rejected"], &figures["dead_letters"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(t["dead_letters"]["stored"], 1);
    // A thousand a second, measured over half a second on a busy machine.
    let rate = figures["executed_per_s"].as_f64().unwrap();
    assert!((200.0..5_000.0).contains(&rate), "{figures}");
    let interval_s = t["interval_s"].as_f64().unwrap();
    assert!((0.4..5.0).contains(&interval_s), "{t}");
    assert!(figures["memory_bytes"].as_u64() > Some(0) && figures["acking"].is_null(), "{figures}");
    let acking = &u["components"]["numbers"]["acking"];
    assert!(acking["acked"].as_u64() > Some(0) && acking["failed"] == 0, "{acking}");

    let text = sandbox.run(&["top", "t", "--once", "--interval", "100ms"]).ok().stdout();
    assert!(text.starts_with("t: running, ") && !text.contains("u: "), "{text}");
    for part in [&format!("process {}", run.id()), "COMPONENT", "QUEUE", "DEAD LETTERS", "trouble", " /s "] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    let text = sandbox.run(&["top", "u", "--interval", "100ms"]).ok().stdout();
    assert!(text.contains("ACKED") && text.contains("PENDING") && !text.contains("DEAD LETTERS"), "{text}");
    sandbox.run(&["top", "v", "--once"]).fails(1, &["no topology named v is running", "there run t, u"]);
    run.signal("INT");
    assert_eq!(run.end().code(), Some(0));
    assert!(!socket(&sandbox, "t").exists(), "the socket goes with the run");
}

#[test]
fn where_nothing_runs_there_is_nothing_to_show() {
    let sandbox = Sandbox::new();
    let finished = sandbox.run(&["top", "--once"]).ok();
    assert_eq!(finished.stdout(), "");
    assert!(finished.stderr().contains("nothing runs here: `petrel run` starts a topology"), "{}", finished.stderr());
    let document = sandbox.run(&["top", "-o", "json"]).ok().json();
    assert_eq!(document, json!({ "topologies": [] }));
    sandbox.run(&["top", "t"]).fails(1, &["no topology named t is running", "`petrel run` starts"]);
    sandbox.run(&["top", "../t"]).fails(1, &["no topology named ../t is running"]);
}

#[test]
fn only_its_user_asks_and_nothing_that_is_asked_harms_the_run() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "t", "", "");
    // A run that was killed has left this behind.
    std::fs::create_dir_all(socket(&sandbox, "t").parent().unwrap()).unwrap();
    drop(UnixListener::bind(socket(&sandbox, "t")).unwrap());
    sandbox.run(&["top", "t", "--once"]).fails(1, &["no topology named t is running"]);
    let run = Living::start(&sandbox, &["run", "t.toml", "-o", "json"]);
    wait_until("it listens", || UnixStream::connect(socket(&sandbox, "t")).is_ok());
    let metadata = socket(&sandbox, "t").symlink_metadata().unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);

    let answer = say(&sandbox, b"{\"version\":1,\"ask\":\"report\"}\n");
    assert_eq!(
        (&answer["answer"], &answer["version"], &answer["pid"]),
        (&json!("report"), &json!(1), &json!(run.id()))
    );
    assert_fits(&answer["report"], "run");
    for (line, why) in [
        (&b"nonsense\n"[..], "a line of JSON"),
        (b"\n", "a line of JSON"),
        (b"{\"version\":1,\"ask\":\"dance\"}\n", "no known kind"),
        (b"{\"version\":7,\"ask\":\"report\"}\n", "version 1 of the control protocol and not 7"),
        (&[b'x'; (1 << 20) + 1], "1048576 bytes at most"),
    ] {
        let answer = say(&sandbox, line);
        assert_eq!(answer["answer"], "refused");
        assert!(answer["reason"].as_str().unwrap().contains(why), "{why}: {answer}");
    }
    let mut silent: Vec<UnixStream> =
        (0..16).map(|_| UnixStream::connect(socket(&sandbox, "t")).expect("it listens")).collect();
    wait_until("all have been let in", || {
        say(&sandbox, b"{\"version\":1,\"ask\":\"report\"}\n")["answer"] == "refused"
    });
    sandbox.run(&["top", "t", "--once"]).fails(1, &["16 others are connected already: try again"]);
    drop(silent.split_off(1));
    wait_until("there is room again", || sandbox.run(&["top", "t", "--once", "--interval", "50ms"]).code() == Some(0));
    run.signal("INT");
    let report = run.end().ok().json();
    assert_eq!(report["status"], "drained");
    let mut rest = Vec::new();
    let _ = silent[0].read_to_end(&mut rest);
    assert_eq!(rest, b"", "who asks nothing keeps no run");
}

#[test]
fn a_home_with_a_long_path_is_served_too() {
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", trouble("t", "rate = 1000", "", ""));
    let home = sandbox.path().join("a-folder-with-a-long-name/".repeat(6));
    let command = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("PETREL_HOME", &home);
        command
    };
    let run = Living::spawn(command(&["run", "t.toml", "-o", "json"]));
    wait_until("it listens", || home.join("runs/t/control.sock").exists());
    let output = command(&["top", "t", "--once", "--interval", "50ms"]).output().expect("petrel starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    run.signal("INT");
    assert_eq!(run.end().code(), Some(0));
}
