//! What goes wrong, and what the user is told: guests that fail, files that cannot be read or written, grants that are missing.
//!
//! `numbers → trouble → file-sink`, where the bolt `trouble` does what its configuration says at a certain number.

use crate::guests::guest;
use petrel_tests::{Finished, Sandbox, repository};
use serde_json::Value;

/// A topology around the bolt `trouble`; `more` are further lines of its table.
pub(crate) fn trouble(name: &str, numbers: &str, config: &str, more: &str) -> String {
    format!(
        r#"
        name = "{name}"
        guarantee = "best-effort"
        [component.numbers]
        plugin = "numbers"
        config = {{ {numbers} }}
        [component.trouble]
        plugin = "{}"
        config = {{ {config} }}
        inputs = [{{ from = "numbers", grouping = "shuffle" }}]
        {more}
        [component.sink]
        plugin = "file-sink"
        config = {{ path = "out.tsv" }}
        inputs = [{{ from = "trouble", grouping = "global" }}]
        "#,
        guest("trouble")
    )
}

/// Runs it with a thousand numbers.
fn run(config: &str, more: &str) -> (Sandbox, Finished) {
    run_with(config, more, &[])
}

fn run_with(config: &str, more: &str, arguments: &[&str]) -> (Sandbox, Finished) {
    let sandbox = Sandbox::new();
    sandbox.write("trouble.toml", trouble("trouble", "count = 1000", config, more));
    sandbox.write("token.txt", "open sesame\n");
    let finished = sandbox.run(&[&["run", "trouble.toml"], arguments].concat());
    (sandbox, finished)
}

#[test]
fn without_trouble_everything_arrives() {
    let (sandbox, finished) = run("", "");
    finished.ok();
    let numbers: Vec<String> = sandbox.read("out.tsv").lines().map(|line| line.trim_end().to_owned()).collect();
    assert!(numbers.iter().map(String::as_str).eq((0..1000).map(|number| number.to_string()).collect::<Vec<_>>()));
}

// Input and output that cannot be had.

fn word_count(sandbox: &Sandbox, lines: &str, sink: &str) -> Finished {
    let topology = repository().join("plugins/topologies/word_count.toml");
    let topology = topology.to_str().expect("a path is text");
    let (lines, sink) = (format!("lines.path={lines}"), format!("sink.path={sink}"));
    sandbox.run(&["run", topology, "--set", &lines, "--set", &sink, "--until-done"])
}

#[test]
fn input_that_cannot_be_read_is_told_with_its_path() {
    let sandbox = Sandbox::new();
    sandbox.write("text.txt", "storm");
    word_count(&sandbox, "missing.txt", "out.tsv")
        .fails(1, &["lines cannot start", "missing.txt", "No such file", "--set lines.path=PATH"]);
    word_count(&sandbox, "text.txt/below", "out.tsv")
        .fails(1, &["lines cannot start", "text.txt/below", "Not a directory"]);
    word_count(&sandbox, "no/such/*.txt", "out.tsv").fails(1, &["lines cannot start", "no/such/*.txt"]);
    std::fs::create_dir(sandbox.path().join("empty")).expect("folders can be made");
    word_count(&sandbox, "empty", "out.tsv").fails(1, &["no file to read in \"empty\": put one there"]);
}

#[test]
fn a_folder_as_standard_input_is_told_at_once() {
    let sandbox = Sandbox::new();
    let topology = "name = \"t\"\nguarantee = \"best-effort\"\n[component.lines]\nplugin = \"lines\"\n\
                    config = { stdin = true }\n[component.out]\nplugin = \"print\"\n\
                    inputs = [{ from = \"lines\", grouping = \"shuffle\" }]\n";
    sandbox.write("t.toml", topology);
    let mut run = sandbox.command(&["run", "t.toml"]);
    let folder = std::fs::File::open(sandbox.path()).expect("a folder can be opened");
    let finished = Finished(run.stdin(folder).output().expect("petrel starts"));
    assert!(!finished.stderr().contains("--set"), "no key leads elsewhere: {}", finished.stderr());
    finished.fails(1, &["lines cannot start", "standard input, which is a folder", "nothing was started"]);
}

#[test]
fn output_that_cannot_be_written_is_told_with_its_path() {
    let sandbox = Sandbox::new();
    sandbox.write("text.txt", "storm petrel");
    word_count(&sandbox, "text.txt", "/dev/full")
        .fails(1, &["sink[0] cannot write to \"/dev/full\": No space left", "make room"]);
    word_count(&sandbox, "text.txt", "nodir/x.tsv").fails(1, &["nodir/x.tsv", "Make the folder \"nodir\""]);
    word_count(&sandbox, "text.txt", "no/such/out.tsv").fails(1, &["sink[0]", "no/such/out.tsv", "No such file"]);
    word_count(&sandbox, "text.txt", "text.txt/out.tsv").fails(1, &["sink[0]", "text.txt/out.tsv", "Not a directory"]);
    std::fs::create_dir(sandbox.path().join("folder")).expect("folders can be made");
    word_count(&sandbox, "text.txt", "folder").fails(1, &["sink[0]", "folder", "set a file"]);
}

#[test]
fn a_topology_that_cannot_be_read_is_told_with_its_path() {
    let sandbox = Sandbox::new();
    sandbox.run(&["run", "missing.toml"]).fails(2, &["missing.toml", "No such file"]);
    std::fs::create_dir(sandbox.path().join("folder")).expect("folders can be made");
    sandbox.run(&["run", "folder"]).fails(2, &["folder"]);
    sandbox.write("latin.toml", b"name = \"\xe4\"");
    sandbox.run(&["run", "latin.toml"]).fails(2, &["latin.toml", "UTF-8"]);
}

// Guests that fail.

/// Runs it, and gives what the dead letters say of the only tuple at which the bolt fails. All others came, each once.
fn one_letter(config: &str, more: &str, number: i64) -> Value {
    let (sandbox, finished) = run_with(config, more, &["-o", "json"]);
    let finished = finished.ok();
    let trouble = &finished.json()["components"]["trouble"];
    assert_eq!((&trouble["dead_letters"], &trouble["rejected"]), (&1.into(), &0.into()), "{trouble}");
    assert!(trouble["restarts"].as_u64() >= Some(1), "{trouble}");
    assert!(finished.stderr().contains("goes to the dead letters"), "{}", finished.stderr());
    let mut numbers: Vec<i64> =
        sandbox.read("out.tsv").lines().map(|line| line.trim_end().parse().expect("a number")).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq((0..1000).filter(|other| *other != number)), "all others came, each once");
    let letter = sandbox.run(&["dead-letters", "show", "trouble", "1", "-o", "json"]).ok().json();
    assert_eq!(letter["values"]["number"], number, "{letter}");
    letter
}

#[test]
fn a_trap_costs_one_tuple_and_is_told_with_its_origin_and_function_names() {
    let letter = one_letter("how = \"panic\", at = 617", "", 617);
    let text = letter.to_string();
    for part in ["index out of bounds: the len is 3 but the index is 7", "trouble::stumble", "numbers.default"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        (&letter["kind"], &letter["call"], &letter["component"]),
        (&"trap".into(), &"process".into(), &"trouble".into())
    );
    assert!(text.contains("trouble::Trouble as petrel_sdk::batch::BatchBolt>::process"), "{text}");
    assert_eq!(letter["input"]["frame"]["task"], 0, "{letter}");
}

#[test]
fn an_error_costs_one_tuple_too_and_one_at_the_start_stops_the_topology() {
    let letter = one_letter("how = \"error\", at = 3", "", 3);
    assert_eq!(letter["kind"], "error");
    assert!(letter["reason"].as_str().expect("a text").contains("I do not like this number"), "{letter}");
    let (_, finished) = run("how = \"open\"", "");
    finished.fails(1, &["trouble[0] failed in `open`", "the door is stuck"]);
}

#[test]
fn an_endless_loop_ends_at_its_time_limit() {
    let letter = one_letter("how = \"loop\", at = 500", "limits = { batch_ms = 100 }", 500);
    assert_eq!(letter["kind"], "time-limit");
    assert!(letter["reason"].as_str().expect("a text").contains("100 ms"), "{letter}");
}

#[test]
fn a_memory_bomb_ends_at_its_memory_limit() {
    let letter = one_letter("how = \"memory\", at = 500", "limits = { memory_bytes = 16_777_216 }", 500);
    assert_eq!(letter["kind"], "memory-limit");
    assert!(letter["reason"].as_str().expect("a text").contains("16777216"), "{letter}");
}

#[test]
fn a_flood_ends_at_its_limit_of_emission() {
    let config = "how = \"flood\", with = \"again and again\", at = 500";
    let letter = one_letter(config, "limits = { emit_bytes = 1_048_576 }", 500);
    assert_eq!(letter["kind"], "emit-limit");
    assert!(letter["reason"].as_str().expect("a text").contains("1048576"), "{letter}");
}

#[test]
fn a_malformed_frame_is_refused() {
    let letter = one_letter("how = \"malformed\", at = 500", "", 500);
    assert_eq!(letter["kind"], "contract");
    assert!(letter["reason"].as_str().expect("a text").contains("frame"), "{letter}");
}

#[test]
fn a_plugin_that_fails_at_everything_is_paused_and_then_the_run_fails() {
    let (sandbox, finished) = run_with("how = \"panic\", from = 0", "", &["--until-done", "--log-level", "error"]);
    let finished = finished.fails(
        1,
        &["trouble[0] was paused, because it fails again and again", "index out of bounds", "guest backtrace"],
    );
    assert!(finished.stderr().contains("dead letters"), "{}", finished.stderr());
    assert_eq!(sandbox.read("out.tsv"), "");
}

#[test]
fn a_rejected_tuple_leaves_no_trace_and_stops_nothing() {
    let (sandbox, finished) = run_with("how = \"reject\", at = 500", "", &["-o", "json"]);
    let finished = finished.ok();
    assert_eq!(finished.json()["components"]["trouble"]["rejected"], 1);
    assert!(finished.stderr().contains("it is odd"), "{}", finished.stderr());
    assert!(finished.stderr().contains("number=500"), "{}", finished.stderr());
    let numbers: Vec<i64> =
        sandbox.read("out.tsv").lines().map(|line| line.trim_end().parse().expect("a number")).collect();
    assert!(numbers.iter().copied().eq((0..1000).filter(|number| *number != 500)), "all others came, each once");
}

#[test]
fn a_tuple_that_is_retried_in_vain_is_rejected() {
    let (sandbox, finished) = run_with("how = \"retry\", at = 500", "", &["-o", "json"]);
    let finished = finished.ok();
    assert_eq!(finished.json()["components"]["trouble"]["rejected"], 1);
    assert!(finished.stderr().contains("perhaps later"), "{}", finished.stderr());
    assert_eq!(sandbox.read("out.tsv").lines().count(), 999);
}

#[test]
fn what_goes_wrong_in_describe_is_a_wrong_topology() {
    for (how, texts) in [
        (
            "panic",
            &[
                "of component `trouble` failed in `describe`: ",
                "no description today",
                "guest backtrace, innermost first: 0: ",
                "trouble::Trouble",
                "this is a fault of the plugin and not of the topology",
            ][..],
        ),
        ("nonsense", &["does not keep to the contract", "No Name"]),
        ("refuse", &["`how`", "not like this"]),
    ] {
        let (sandbox, finished) = run(&format!("describe = \"{how}\""), "");
        finished.fails(2, texts);
        assert!(!sandbox.path().join("out.tsv").exists(), "{how}: nothing was started");
    }
}

#[test]
fn a_describe_that_never_ends_is_a_wrong_topology() {
    let (_, finished) = run("describe = \"loop\"", "");
    let finished =
        finished.fails(2, &["component `trouble`", "`describe` took longer than 5000 ms: do less in one call"]);
    assert!(!finished.stderr().contains("batch_ms"), "that limit is fixed");
}

#[test]
fn what_is_no_plugin_is_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    sandbox.write("trouble.toml", trouble("trouble", "count = 10", "", "").replace(&guest("trouble"), "./x.wasm"));
    sandbox.run(&["run", "trouble.toml"]).fails(2, &["component `trouble`", "there is no file ./x.wasm"]);
    sandbox.write("x.wasm", b"");
    sandbox.run(&["run", "trouble.toml"]).fails(2, &["x.wasm", "component `trouble`"]);
    sandbox.write("x.wasm", b"\0asm\x01\0\0\0");
    sandbox.run(&["run", "trouble.toml"]).fails(2, &["x.wasm", "this is a WebAssembly core module"]);
    let bytes = std::fs::read(guest("trouble")).expect("it is there");
    sandbox.write("x.wasm", &bytes[..bytes.len() / 2]);
    sandbox.run(&["run", "trouble.toml"]).fails(2, &["x.wasm"]);
    sandbox.write("x.wasm", std::fs::read(guest("remainder")).expect("it is there"));
    sandbox.run(&["run", "trouble.toml"]).fails(2, &["grouping"]);
}

#[test]
fn a_failure_stops_the_whole_topology_and_no_other() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "bad.toml",
        trouble("bad", "rate = 10_000", "how = \"panic\", from = 20", "").replace("out.tsv", "bad.tsv"),
    );
    sandbox.write("good.toml", trouble("good", "rate = 1000, count = 800", "", "").replace("out.tsv", "good.tsv"));
    let finished = sandbox.run(&["run", "bad.toml", "good.toml", "--until-done", "-o", "json"]);
    let finished = finished.fails(1, &["error: bad: trouble[0] was paused", "index out of bounds"]);
    let document = finished.json();
    let status = |index: usize| {
        (document["topologies"][index]["topology"].clone(), document["topologies"][index]["status"].clone())
    };
    assert_eq!(status(0), ("bad".into(), "failed".into()));
    assert_eq!(status(1), ("good".into(), "done".into()));
    assert_eq!(sandbox.read("good.tsv").lines().count(), 800);
}

// Grants.

/// What the bolt answered at the one number.
fn answer(config: &str, more: &str, arguments: &[&str]) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("trouble.toml", trouble("trouble", "count = 1", &format!("{config}, at = 0"), more));
    sandbox.write("token.txt", "open sesame\n");
    let mut command = sandbox.command(&[&["run", "trouble.toml"], arguments].concat());
    Finished(command.env("REGION", "north").output().expect("petrel starts")).ok();
    sandbox.read("out.tsv").trim_end().strip_prefix("0\t").expect("the number is there").to_owned()
}

#[test]
fn the_environment_is_seen_as_far_as_it_is_granted() {
    let ask = "how = \"env\", with = \"REGION\"";
    assert_eq!(answer(ask, "", &[]), "Err(NotPresent)");
    assert_eq!(answer(ask, "grants = { env = [\"HOME\"] }", &[]), "Err(NotPresent)");
    assert_eq!(answer(ask, "grants = { env = [\"REGION\"] }", &[]), "Ok(\"north\")");
}

#[test]
fn a_secret_is_seen_where_it_is_granted_and_given() {
    let ask = "how = \"secret\", with = \"token\"";
    let (granted, given) = ("grants = { secrets = [\"token\"] }", ["--secret", "token=@token.txt"]);
    // What another component is granted is that one's alone.
    let other = "[component.other]\nplugin = \"print\"\ngrants = { secrets = [\"token\"] }\n\
                 inputs = [{ from = \"numbers\", grouping = \"global\" }]";
    let refused = answer(ask, other, &given);
    assert!(refused.starts_with("no secret: ") && refused.contains("token"), "{refused}");
    assert_eq!(answer(ask, granted, &given), "open sesame", "one newline at the end is left out");
    let (_, finished) = run(&format!("{ask}, at = 0"), granted);
    finished.fails(2, &["component trouble is granted the secret token", "--secret token=@FILE"]);
    let (sandbox, finished) = run_with("", "", &given);
    finished.fails(2, &["no component is granted the secret token"]);
    assert!(!sandbox.path().join("out.tsv").exists(), "nothing was started");
    let (_, finished) = run_with(ask, granted, &["--secret", "token=@missing.txt"]);
    finished.fails(2, &["token", "missing.txt", "No such file", "correct the path"]);
    let (_, finished) = run_with(ask, granted, &["--secret", "token=sesame"]);
    finished.fails(2, &["NAME=@FILE"]);
}

#[test]
fn secrets_are_in_no_log_and_no_report() {
    let (sandbox, finished) =
        run_with("how = \"panic\", at = 5", "grants = { secrets = [\"token\"] }", &["--secret", "token=@token.txt"]);
    assert!(!finished.stderr().contains("sesame"));
    let folder = sandbox.path().join(".home/runs/trouble");
    for file in [folder.join("topology.toml"), folder.join("logs/tasks.jsonl")] {
        assert!(!std::fs::read_to_string(&file).expect("it is written").contains("sesame"), "{file:?}");
    }
}

#[test]
fn the_network_is_reached_as_far_as_it_is_granted() {
    use std::io::Write;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    // Ends with the test's process, whether or not somebody came.
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(b"welcome");
        }
    });
    let ask = format!("how = \"net\", with = \"127.0.0.1:{port}\"");
    assert_eq!(answer(&ask, &format!("grants = {{ net = [\"127.0.0.1:{port}\"] }}"), &[]), "welcome");
    assert!(answer(&ask, "", &[]).starts_with("no connection: "));
    let other = if port == 9 { 10 } else { 9 };
    assert!(answer(&ask, &format!("grants = {{ net = [\"127.0.0.1:{other}\"] }}"), &[]).starts_with("no connection: "));
}

#[test]
fn folders_are_seen_as_far_as_they_are_granted() {
    let ask = "how = \"file\", with = \"token.txt\"";
    assert!(answer(ask, "", &[]).starts_with("Err("));
    assert_eq!(answer(ask, "grants = { dirs = [\".\"] }", &[]), "Ok(\"open sesame\\n\")");
    let out = "how = \"file\", with = \"/etc/passwd\"";
    assert!(answer(out, "grants = { dirs = [\".\"] }", &[]).starts_with("Err("));
}

// What this version does not do.

#[test]
fn guarantees_that_do_not_exist_yet_are_refused() {
    let guarantee = "exactly-once";
    let sandbox = Sandbox::new();
    let text = trouble("trouble", "count = 10", "", "");
    sandbox.write("file.toml", text.replace("best-effort", guarantee));
    sandbox.run(&["run", "file.toml"]).fails(2, &[guarantee, "does not exist yet"]);
    sandbox.write("flag.toml", text);
    sandbox.run(&["run", "flag.toml", "--guarantee", guarantee]).fails(2, &[guarantee, "does not exist yet"]);
    assert!(!sandbox.path().join("out.tsv").exists(), "nothing was started");
}
