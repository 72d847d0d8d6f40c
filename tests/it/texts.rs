//! Texts to count the words of, and an independent count: on bytes, one at a time, with a map.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// How often each word occurs.
pub(crate) type Counts = BTreeMap<Vec<u8>, u64>;

/// Counts what lies between space, tab, line feed, form feed and carriage return; nothing else separates.
pub(crate) fn count_words(text: &[u8]) -> Counts {
    let mut counts = Counts::new();
    let mut word = Vec::new();
    for byte in text.iter().chain([&b'\n']) {
        match *byte {
            0x20 | 0x09 | 0x0a | 0x0c | 0x0d => {
                if !word.is_empty() {
                    *counts.entry(std::mem::take(&mut word)).or_default() += 1;
                }
            }
            byte => word.push(byte),
        }
    }
    counts
}

/// Counts what a command prints, run in a folder, with the tools that every system has. There must be no NUL in it: `uniq`
/// reads lines, and takes one for an end.
pub(crate) fn count_with_coreutils(folder: &Path, command: &str) -> Counts {
    let script = format!("{command} | tr ' \\t\\f\\r' '\\n\\n\\n\\n' | grep -av '^$' | sort | uniq -c");
    let output =
        Command::new("sh").args(["-c", &script]).env("LC_ALL", "C").current_dir(folder).output().expect("sh runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut counts = Counts::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = line.trim_ascii_start();
        let (count, word) = line.split_at(line.iter().position(|byte| *byte == b' ').expect("a blank"));
        counts.insert(word[1..].to_vec(), std::str::from_utf8(count).expect("a number").parse().expect("a number"));
    }
    counts
}

/// Reads what `file-sink` wrote: a word, a tab, its count, in any order and each word once.
#[track_caller]
pub(crate) fn read_counts(tsv: &[u8]) -> Counts {
    let mut counts = Counts::new();
    assert!(tsv.is_empty() || tsv.ends_with(b"\n"), "the last line is complete");
    for line in tsv.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let tab = line.iter().rposition(|byte| *byte == b'\t').expect("a line has a tab");
        let count =
            std::str::from_utf8(&line[tab + 1..]).expect("a count is text").parse().expect("a count is a number");
        let before = counts.insert(line[..tab].to_vec(), count);
        assert_eq!(before, None, "{:?} comes twice", String::from_utf8_lossy(&line[..tab]));
    }
    counts
}

/// Fails unless both are the same, and says where they differ without printing megabytes.
#[track_caller]
pub(crate) fn assert_same(counted: &Counts, expected: &Counts) {
    let words = counted.keys().chain(expected.keys());
    if let Some(word) = words.into_iter().find(|word| counted.get(*word) != expected.get(*word)) {
        let shown = String::from_utf8_lossy(&word[..word.len().min(80)]);
        panic!("{shown:?} ({} bytes): counted {:?}, is {:?}", word.len(), counted.get(word), expected.get(word));
    }
}

/// Numbers by splitmix64: the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// About so many bytes of words of any bytes that do not separate, a few of them long, with any separators in between. Some
/// words are frequent, most are rare.
pub(crate) fn random_text(seed: u64, bytes: usize) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut text = Vec::with_capacity(bytes + 200);
    while text.len() < bytes {
        match dice.roll(100) {
            0 => (0..dice.roll(100)).for_each(|_| text.push(word_byte(&mut dice))),
            1..40 => text.extend_from_slice(["the", "of", "and", "storm", "bär"][dice.roll(5) as usize].as_bytes()),
            _ => {
                let bits = dice.roll(16);
                let number = dice.roll(1 << bits);
                text.extend_from_slice(format!("w{number:x}").as_bytes());
            }
        }
        for _ in 0..1 + dice.roll(10) / 9 {
            let separator = b"      \n\t\x0c\r"[dice.roll(10) as usize];
            text.push(separator);
        }
    }
    text
}

fn word_byte(dice: &mut Dice) -> u8 {
    match dice.roll(256) as u8 {
        0x20 | 0x09 | 0x0a | 0x0c | 0x0d => b'_',
        byte => byte,
    }
}
