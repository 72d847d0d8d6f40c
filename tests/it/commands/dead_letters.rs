//! `petrel dead-letters`.

use super::schema::assert_fits;
use crate::faults::trouble;
use crate::living::{Living, endless, wait_until};
use petrel_tests::Sandbox;
use serde_json::{Value, json};

/// A run that rejects one of its numbers.
fn rejecting(sandbox: &Sandbox, at: u64) -> Value {
    sandbox.write("t.toml", trouble("t", "count = 1000", &format!("how = \"reject\", at = {at}"), ""));
    sandbox.run(&["run", "t.toml", "-o", "json"]).ok().json()
}

fn list(sandbox: &Sandbox, flags: &[&str]) -> Value {
    let document = sandbox.run(&[&["dead-letters", "list", "t", "-o", "json"], flags].concat()).ok().json();
    assert_fits(&document, "dead-letters-list");
    document
}

fn numbers(document: &Value) -> Vec<u64> {
    document["letters"].as_array().unwrap().iter().map(|letter| letter["number"].as_u64().unwrap()).collect()
}

#[test]
fn a_rejected_tuple_is_kept_with_what_is_known_of_it() {
    let sandbox = Sandbox::new();
    let report = rejecting(&sandbox, 500);
    assert_fits(&report, "run");
    assert_eq!(report["dead_letters"], json!({ "stored": 1, "lost": 0, "dropped": 0 }));
    assert_eq!(report["components"]["trouble"]["dead_letters"], 1);
    assert_eq!(report["components"]["sink"]["dead_letters"], 0);

    let document = list(&sandbox, &[]);
    let letter = &document["letters"][0];
    assert_eq!((numbers(&document), &document["total"]), (vec![1], &json!(1)));
    assert_eq!(letter["component"], "trouble");
    assert_eq!((&letter["kind"], &letter["reason"]), (&json!("rejected"), &json!("it is odd")));
    assert_eq!((&letter["input"], &letter["attempts"]), (&json!("numbers.default"), &json!(1)));
    assert_eq!(letter["fields"]["number"], "500");

    let shown = sandbox.run(&["dead-letters", "show", "t", "1", "-o", "json"]).ok().json();
    assert_fits(&shown, "dead-letters-show");
    assert_eq!(shown["values"]["number"], 500);
    assert_eq!(shown["schema"][0], json!({ "name": "number", "type": "i64" }));
    assert_eq!(shown["plugin"]["digest"].as_str().map(str::len), Some(64));
    assert!(shown["plugin"]["name"].as_str().unwrap().contains("trouble"));
    assert!(shown["tuple"].as_str().unwrap().starts_with("50544631"), "a frame begins with PTF1");
    let text = sandbox.run(&["dead-letters", "show", "t", "1"]).ok().stdout();
    for part in ["letter 1 of t", "trouble[0], `process`", "numbers.default", "it is odd", "number: i64 = 500"] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    let text = sandbox.run(&["dead-letters", "list", "t"]).ok().stdout();
    assert!(text.contains("NUMBER") && text.contains("it is odd") && text.contains("number=500"), "{text}");
}

#[test]
fn a_tracked_tuple_tells_its_spouts_position_and_its_path() {
    let sandbox = Sandbox::new();
    let text = trouble("t", "count = 1000", "how = \"reject\", at = 500", "parallelism = 2");
    sandbox.write("t.toml", text.replace("best-effort", "at-least-once"));
    sandbox.run(&["run", "t.toml"]).ok();
    let show = |number: &str| {
        let shown = sandbox.run(&["dead-letters", "show", "t", number, "-o", "json"]).ok().json();
        assert_fits(&shown, "dead-letters-show");
        shown
    };
    let shown = show("1");
    let way = format!("trouble[{}]", shown["task"]);
    assert_eq!(shown["paths"], json!([["numbers[0]", way]]));
    let source = &shown["sources"][0];
    assert_eq!((&source["spout"], &source["task"]), (&json!("numbers"), &json!(0)));
    // The next number, eight bytes, the lowest first: that of 500 or of one after it.
    let hex = source["position"]["hex"].as_str().expect("the position is no text");
    let next = u64::from_str_radix(hex, 16).unwrap().swap_bytes();
    assert!(hex.len() == 16 && (501..=1_000).contains(&next), "{hex}");
    let text = sandbox.run(&["dead-letters", "show", "t", "1"]).ok().stdout();
    for part in [format!("position   0x{hex}"), format!("path       numbers[0] → {way}")] {
        assert!(text.contains(&part), "{part:?} is missing in\n{text}");
    }
    let listed = &list(&sandbox, &[])["letters"][0];
    assert_eq!((&listed["sources"], &listed["paths"]), (&shown["sources"], &shown["paths"]));
    // Nobody follows it when it is tried again, and where it came from is known all the same.
    sandbox.run(&["dead-letters", "retry", "t", "1"]).fails(1, &["is letter 2 now"]);
    let again = show("2");
    assert_eq!((&again["sources"], &again["paths"]), (&shown["sources"], &shown["paths"]));

    rejecting(&sandbox, 10);
    let untracked = show("3");
    assert_eq!((&untracked["sources"], &untracked["paths"]), (&json!([]), &json!([])));
}

#[test]
fn a_later_run_adds_to_the_letters_of_the_earlier() {
    let sandbox = Sandbox::new();
    for at in [10, 20, 30] {
        rejecting(&sandbox, at);
    }
    let document = list(&sandbox, &[]);
    let fields: Vec<&Value> =
        document["letters"].as_array().unwrap().iter().map(|it| &it["fields"]["number"]).collect();
    assert_eq!((numbers(&document), fields), (vec![1, 2, 3], vec![&json!("10"), &json!("20"), &json!("30")]));

    let limited = list(&sandbox, &["--limit", "2"]);
    assert_eq!((numbers(&limited), &limited["total"]), (vec![2, 3], &json!(3)), "the newest");
    for (flags, found) in [
        (["--component", "trouble"], 3),
        (["--component", "sink"], 0),
        (["--kind", "rejected"], 3),
        (["--kind", "trap"], 0),
        (["--since", "1h"], 3),
        (["--since", "0s"], 0),
    ] {
        assert_eq!(numbers(&list(&sandbox, &flags)).len(), found, "{flags:?}");
    }
}

#[test]
fn letters_that_are_dropped_are_gone_and_their_numbers_too() {
    let sandbox = Sandbox::new();
    for at in [10, 20, 30] {
        rejecting(&sandbox, at);
    }
    let document = sandbox.run(&["dead-letters", "drop", "t", "2", "-o", "json"]).ok().json();
    assert_fits(&document, "dead-letters-drop");
    assert_eq!(document, json!({ "topology": "t", "dropped": 1, "missing": [], "left": 2 }));
    assert_eq!(numbers(&list(&sandbox, &[])), [1, 3]);
    sandbox.run(&["dead-letters", "drop", "t", "2", "3"]).fails(
        1,
        &["1 letter taken out, 1 letter left", "error: t has no dead letter 2: `petrel dead-letters list t`"],
    );
    rejecting(&sandbox, 40);
    assert_eq!(numbers(&list(&sandbox, &[])), [1, 4]);
    sandbox.run(&["dead-letters", "drop", "t", "--all"]).ok();
    assert_eq!(numbers(&list(&sandbox, &[])), [0; 0]);
    rejecting(&sandbox, 50);
    assert_eq!(numbers(&list(&sandbox, &[])), [5]);
}

/// Whoever asks for a letter that is not there is told the same.
#[test]
fn a_number_that_is_not_there_is_told_alike() {
    let sandbox = Sandbox::new();
    rejecting(&sandbox, 10);
    for what in ["show", "drop"] {
        let finished = sandbox.run(&["dead-letters", what, "t", "3", "-o", "json"]);
        finished.fails(1, &["error: t has no dead letter 3: `petrel dead-letters list t` shows which there are"]);
    }
    let finished = sandbox.run(&["dead-letters", "drop", "t", "9", "7", "1", "-o", "json"]);
    let finished = finished.fails(1, &["error: t has no dead letters 7, 9: "]);
    assert_eq!(finished.json(), json!({ "topology": "t", "dropped": 1, "missing": [7, 9], "left": 0 }));
}

#[test]
fn letters_are_dropped_while_the_topology_runs() {
    let sandbox = Sandbox::new();
    for at in [10, 20, 30] {
        rejecting(&sandbox, at);
    }
    endless(&sandbox, "t", "how = \"reject\", at = 5", "");
    let run = Living::start(&sandbox, &["run", "t.toml", "-o", "json"]);
    wait_until("there is a letter of this run", || numbers(&list(&sandbox, &[])) == [1, 2, 3, 4]);
    let document = sandbox.run(&["dead-letters", "drop", "t", "2", "4", "-o", "json"]).ok().json();
    assert_fits(&document, "dead-letters-drop");
    assert_eq!(document, json!({ "topology": "t", "dropped": 2, "missing": [], "left": 2 }));
    let missing = ["1 letter taken out, 1 letter left", "error: t has no dead letter 2: `petrel dead-letters list t`"];
    sandbox.run(&["dead-letters", "drop", "t", "2", "3"]).fails(1, &missing);
    assert_eq!(numbers(&list(&sandbox, &[])), [1]);
    sandbox.run(&["dead-letters", "drop", "t", "--all"]).ok();
    run.signal("INT");
    assert_eq!(run.end().ok().json()["dead_letters"], json!({ "stored": 1, "lost": 0, "dropped": 0 }));
    assert_eq!(numbers(&list(&sandbox, &[])), [0; 0], "what was taken out does not come back at the end");
    let folder = sandbox.path().join(".home/runs/t/dead-letters");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "nothing of them takes room any more");
}

/// The one who takes out and the one who writes do not get in each other's way.
#[test]
fn letters_that_come_while_others_are_dropped_are_kept() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "t", "how = \"reject\", from = 0", "");
    let run = Living::start(&sandbox, &["run", "t.toml", "-o", "json", "--log-level", "off"]);
    wait_until("there are letters", || {
        sandbox.path().join(".home/runs/t/dead-letters").exists() && list(&sandbox, &[])["total"] != 0
    });
    let mut dropped = 0;
    for _ in 0..20 {
        let document = sandbox.run(&["dead-letters", "drop", "t", "--all", "-o", "json"]).ok().json();
        dropped += document["dropped"].as_u64().unwrap();
    }
    assert!(dropped > 0);
    run.signal("INT");
    let report = run.end().ok().json();
    let (stored, left) = (report["dead_letters"]["stored"].as_u64().unwrap(), list(&sandbox, &[]));
    assert_eq!(left["total"].as_u64(), Some(stored - dropped));
    assert_eq!((&left["unreadable"], &left["damage"]), (&json!(0), &json!([])));
    assert_eq!(report["dead_letters"]["lost"], 0);
}

#[test]
fn damage_is_told_with_file_and_offset_and_stops_nothing() {
    let sandbox = Sandbox::new();
    for at in [10, 20, 30] {
        rejecting(&sandbox, at);
    }
    let folder = sandbox.path().join(".home/runs/t/dead-letters");
    let segment = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(8).position(|window| window == b"\"number\"".as_slice()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();

    let document = list(&sandbox, &[]);
    assert_eq!((numbers(&document), &document["unreadable"]), (vec![2, 3], &json!(1)));
    assert_eq!(document["damage"][0]["file"], segment.to_str().unwrap());
    assert_eq!(document["damage"][0]["torn"], false);
    let offset = document["damage"][0]["offset"].as_u64().unwrap();
    assert!(offset < at as u64 && document["damage"][0]["bytes"].as_u64().unwrap() > at as u64 - offset);
    let text = sandbox.run(&["dead-letters", "list", "t"]).ok().stderr();
    assert!(text.contains(&format!("at offset {offset}")) && text.contains("1 letter cannot be read"), "{text}");
    let finished = sandbox.run(&["run", "t.toml"]).ok();
    assert!(finished.stderr().contains("is damaged"), "{}", finished.stderr());
    assert_eq!(numbers(&list(&sandbox, &[])), [2, 3, 4]);
}

#[test]
fn a_store_that_cannot_be_written_is_told_and_the_run_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.write(".home/runs/t/dead-letters", "a file where a folder should be");
    sandbox.write("t.toml", trouble("t", "count = 1000", "how = \"reject\", at = 500", ""));
    let finished = sandbox.run(&["run", "t.toml", "-o", "json"]).ok();
    assert_eq!(finished.json()["dead_letters"], json!({ "stored": 0, "lost": 1, "dropped": 0 }));
    let stderr = finished.stderr();
    assert!(stderr.contains("are lost, the topology goes on") && stderr.contains("runs/t/dead-letters"), "{stderr}");
    assert_eq!(sandbox.read("out.tsv").lines().count(), 999);
}

#[test]
fn the_topology_as_it_ran_runs_again() {
    let sandbox = Sandbox::new();
    sandbox.write("t.toml", trouble("t", "count = 1000", "", ""));
    sandbox.run(&["run", "t.toml", "--set", "numbers.count=7", "--parallelism", "trouble=2"]).ok();
    sandbox.run(&["run", ".home/runs/t/topology.toml", "--set", "sink.path=again.tsv"]).ok();
    assert_eq!(sandbox.read("again.tsv").lines().count(), 7);
    let text = sandbox.read(".home/runs/t/topology.toml");
    assert!(text.contains("parallelism = 2") && text.contains("again.tsv"), "{text}");
    let plugins = std::fs::read_dir(sandbox.path().join(".home/runs/t/plugins")).unwrap().count();
    assert_eq!(plugins, 3, "each plugin once, and nothing else");
}

#[test]
fn what_is_not_there_is_told() {
    let sandbox = Sandbox::new();
    sandbox.run(&["dead-letters", "list", "t"]).fails(2, &["no topology named t has run here", "nothing has run yet"]);
    sandbox.write("t.toml", trouble("t", "count = 10", "", ""));
    sandbox.run(&["run", "t.toml"]).ok();
    assert_eq!(list(&sandbox, &[])["total"], 0);
    let text = sandbox.run(&["dead-letters", "list", "t"]).ok().stderr();
    assert!(text.contains("t has no dead letters"), "{text}");
    sandbox.run(&["dead-letters", "show", "tt", "1"]).fails(2, &["no topology named tt", "did you mean t?"]);
    sandbox.run(&["dead-letters", "list", "../runs/t"]).fails(2, &["no topology named"]);
    sandbox.run(&["dead-letters", "drop", "t"]).fails(2, &["--all"]);
    sandbox.run(&["dead-letters", "drop", "t", "1", "--all"]).fails(2, &["--all"]);
    sandbox.run(&["dead-letters", "drop", "t", "one"]).fails(2, &["one"]);
}
