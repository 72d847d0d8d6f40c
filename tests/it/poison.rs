//! Lines at which `split` panics: they go to the dead letters, and the words of all others are counted as if they had not been
//! there.

use crate::texts::{Dice, assert_same, count_with_coreutils, random_text, read_counts};
use petrel_tests::{Sandbox, repository};

const NEEDLE: &str = "xNEEDLEx";

/// A text of which about one line in a thousand has the needle: alone, at its start, in its middle, some of them one after the
/// other, and the first and the last line of all. Also how many lines have it.
fn poisoned_text() -> (Vec<u8>, usize) {
    let mut dice = Dice(17);
    let mut clean = random_text(17, 400 << 10);
    // `uniq` takes a NUL for the end of a line.
    clean.retain(|byte| *byte != 0);
    let mut lines: Vec<Vec<u8>> = clean.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let many = (lines.len() / 1_000).max(5);
    let mut bad: Vec<usize> = (0..many).map(|_| dice.roll(lines.len() as u64) as usize).collect();
    bad.extend([0, 1, 2, lines.len() - 1]);
    bad.sort_unstable();
    bad.dedup();
    for line in &bad {
        let words = std::mem::take(&mut lines[*line]);
        lines[*line] = match dice.roll(3) {
            0 => NEEDLE.into(),
            1 => [NEEDLE.as_bytes(), b" ", &words].concat(),
            _ => [b"before ", NEEDLE.as_bytes(), b"\t", &words].concat(),
        };
    }
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    (text, bad.len())
}

#[test]
fn the_others_are_counted_once_and_the_poisoned_are_kept() {
    let topology = repository().join("plugins/topologies/poison.toml");
    let topology = topology.to_str().expect("a path is text");
    let (text, poisoned) = poisoned_text();
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    assert!(poisoned >= 9 && lines > 4_000, "a check of the check: {poisoned} of {lines}");
    let needle = format!("split.poison={NEEDLE}");
    for guarantee in ["best-effort", "at-least-once"] {
        for (parallelism, frame_bytes) in [(1, "65536"), (2, "1"), (3, "1048576"), (4, "4096")] {
            let sandbox = Sandbox::new();
            sandbox.write("text.txt", &text);
            let expected = count_with_coreutils(sandbox.path(), &format!("grep -av {NEEDLE} text.txt"));
            let (split, count) = (format!("split={parallelism}"), format!("count={parallelism}"));
            let report = sandbox
                .run(&[
                    "run",
                    topology,
                    "--guarantee",
                    guarantee,
                    "--set",
                    "lines.path=text.txt",
                    "--set",
                    "sink.path=out.tsv",
                    "--set",
                    &needle,
                    "--parallelism",
                    &split,
                    "--parallelism",
                    &count,
                    "--frame-bytes",
                    frame_bytes,
                    "--until-done",
                    "--log-level",
                    "error",
                    "-o",
                    "json",
                ])
                .ok()
                .json();
            let what = format!("{guarantee}, parallelism {parallelism}, frames of {frame_bytes} bytes");
            println!("{what}: {}", report["components"]["split"]);
            assert_same(&read_counts(&sandbox.read_bytes("out.tsv")), &expected);
            let split = &report["components"]["split"];
            assert_eq!(split["dead_letters"], poisoned, "{what}: {split}");
            let restarts = split["restarts"].as_u64().expect("a number");
            // `split` says at which line it panics: that line is tried again in an instance made for it, and nothing is searched.
            assert!((poisoned as u64..=3 * poisoned as u64).contains(&restarts), "{what}: {split}");
            if guarantee == "at-least-once" {
                let acking = &report["components"]["lines"]["acking"];
                assert_eq!((&acking["acked"], &acking["failed"]), (&lines.into(), &0.into()), "{what}: {acking}");
            }
            let letters = sandbox.run(&["dead-letters", "list", "poison", "-o", "json"]).ok().json();
            let letters = letters["letters"].as_array().expect("a list of letters");
            assert_eq!(letters.len(), poisoned, "{what}");
            // Without numbers, all of them: they fail again, and are letters with other numbers.
            let again = sandbox.run(&["dead-letters", "retry", "poison", "-o", "json"]).fails(1, &[]).json();
            assert_eq!((&again["failed"], &again["processed"]), (&poisoned.into(), &0.into()), "{what}: {again}");
            assert!(letters.iter().all(|letter| letter["fields"]["line"].to_string().contains(NEEDLE)));
        }
    }
}
