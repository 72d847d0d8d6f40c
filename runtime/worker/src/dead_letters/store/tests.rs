//! What a store keeps, through restarts, damage and a disk that does not want to.

use super::*;
use crate::dead_letters::{Contents, read};
use tempfile::TempDir;

const HOUR_US: i64 = 3_600_000_000;

fn limits(max_bytes: u64) -> DeadLetterLimits {
    DeadLetterLimits { max_bytes, ..DeadLetterLimits::default() }
}

fn open(folder: &TempDir, max_bytes: u64) -> (Store, Vec<Damage>) {
    Store::open(&folder.path().join("letters"), limits(max_bytes)).unwrap()
}

fn put(store: &mut Store, reasons: &[&str], now_us: i64) -> Appended {
    let mut letters = reasons.iter().map(|reason| Letter::sample(reason, now_us, 100)).collect();
    store.append(&mut letters, now_us).unwrap()
}

fn contents(folder: &TempDir) -> (Vec<(u64, String)>, Contents) {
    let mut letters = Vec::new();
    let contents = read(&folder.path().join("letters"), false, |letter| {
        assert_eq!(letter.tuple, Letter::sample("", 0, 100).tuple);
        letters.push((letter.number, letter.reason));
    });
    (letters, contents.unwrap())
}

fn numbers(folder: &TempDir) -> Vec<u64> {
    contents(folder).0.into_iter().map(|(number, _)| number).collect()
}

fn files(folder: &TempDir) -> Vec<PathBuf> {
    let folder = folder.path().join("letters");
    segment::list(&folder).unwrap().iter().map(|name| name.path(&folder)).collect()
}

#[test]
fn letters_are_there_again_with_their_numbers() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    assert!(files(&folder).is_empty(), "nothing is written before there is a letter");
    put(&mut store, &["a", "b"], 1);
    put(&mut store, &["c"], 2);
    drop(store);
    let (mut store, damage) = open(&folder, 1 << 20);
    assert_eq!((store.letters(), damage), (3, vec![]));
    put(&mut store, &["d"], 3);
    let (letters, contents) = contents(&folder);
    let expected = [(1, "a"), (2, "b"), (3, "c"), (4, "d")].map(|(number, reason)| (number, reason.to_owned()));
    assert_eq!(letters, expected);
    assert_eq!(contents, Contents { letters: 4, ..Contents::default() });
}

#[test]
fn numbers_are_never_given_again() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    put(&mut store, &["a", "b", "c"], 1);
    assert_eq!(store.remove([2, 3, 9, 2]).unwrap(), [2, 3]);
    assert_eq!(store.remove([3]).unwrap(), [0; 0], "taken out once");
    drop(store);
    let (mut store, _) = open(&folder, 1 << 20);
    put(&mut store, &["d"], 2);
    assert_eq!(numbers(&folder), [1, 4]);
    assert_eq!(store.clear().unwrap(), 2);
    assert_eq!(numbers(&folder), [0; 0]);
    drop(store);
    let (mut store, _) = open(&folder, 1 << 20);
    assert_eq!((store.letters(), store.clear().unwrap()), (0, 0));
    put(&mut store, &["e"], 3);
    assert_eq!(numbers(&folder), [5]);
    assert_eq!(contents(&folder).1.dropped, 0, "what somebody takes out is not dropped");
}

#[test]
fn the_oldest_go_when_there_is_no_room() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 40_000);
    store.limits.max_bytes = 80_000;
    let mut dropped = 0;
    for round in 0..400 {
        dropped += put(&mut store, &["x"], round).dropped;
        let bytes: u64 = files(&folder).iter().map(|path| path.metadata().unwrap().len()).sum();
        assert!(bytes <= 80_000, "{bytes} bytes");
    }
    let (letters, contents) = contents(&folder);
    assert!(dropped > 150 && letters.len() > 50, "{dropped} went, {} are there", letters.len());
    assert_eq!(letters.last().map(|(number, _)| *number), Some(400));
    assert_eq!(letters.len() as u64 + dropped, 400, "every letter is there or counted");
    assert_eq!((contents.dropped, contents.letters, contents.unreadable), (dropped, letters.len() as u64, 0));
    drop(store);
    let (store, damage) = open(&folder, 80_000);
    assert_eq!((store.dropped(), store.letters(), damage.len()), (dropped, letters.len() as u64, 0));
}

#[test]
fn the_oldest_go_when_they_are_too_old() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    let week = 7 * 24 * HOUR_US;
    put(&mut store, &["a"], 1_000);
    put(&mut store, &["b"], week / 2);
    assert_eq!(store.trim(week).unwrap(), 0);
    assert_eq!(store.trim(week + 1_000).unwrap(), 1);
    assert_eq!(numbers(&folder), [2]);
    assert_eq!(store.trim(3 * week).unwrap(), 1, "also the last segment grows old");
    put(&mut store, &["c"], 3 * week);
    assert_eq!(numbers(&folder), [3]);
    assert_eq!(contents(&folder).1.dropped, 2);
}

#[test]
fn a_torn_end_is_cut_off_and_nothing_else_is_lost() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    put(&mut store, &["a", "b"], 1);
    let whole = files(&folder)[0].metadata().unwrap().len();
    put(&mut store, &["c"], 2);
    drop(store);
    let file = OpenOptions::new().write(true).open(&files(&folder)[0]).unwrap();
    file.set_len(whole + 50).unwrap();
    let live = read(&folder.path().join("letters"), true, |_| {}).unwrap();
    assert_eq!(live.damage, [], "a writer may be in the middle of it");
    let expected = Damage { path: files(&folder)[0].clone(), offset: whole, bytes: 50, torn: true };
    assert_eq!(contents(&folder).1.damage, std::slice::from_ref(&expected));
    let (mut store, damage) = open(&folder, 1 << 20);
    assert_eq!(damage, [expected]);
    put(&mut store, &["d"], 3);
    let (letters, contents) = contents(&folder);
    assert_eq!(letters.last(), Some(&(3, "d".to_owned())), "its number was told to nobody");
    assert_eq!((letters.len(), contents.damage), (3, vec![]));
}

#[test]
fn damage_is_told_with_its_place_and_the_rest_is_there() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    let mut starts = Vec::new();
    for reason in ["a", "b", "c", "d"] {
        put(&mut store, &[reason], 1);
        starts.push(files(&folder)[0].metadata().unwrap().len());
    }
    store.remove([3]).unwrap();
    drop(store);
    let path = files(&folder)[0].clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[starts[0] as usize + 60] ^= 1;
    bytes[starts[1] as usize + 60] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (letters, found) = contents(&folder);
    assert_eq!(letters, [(1, "a".to_owned()), (4, "d".to_owned())]);
    let expected = Damage { path, offset: starts[0], bytes: starts[2] - starts[0], torn: false };
    assert_eq!(found.damage, std::slice::from_ref(&expected));
    assert_eq!(found.unreadable, 1, "3 had been taken out");
    let text = expected.to_string();
    assert!(text.contains("is damaged") && text.contains(&format!("offset {}", starts[0])), "{text}");

    // Somebody goes on: what is damaged stays to be seen, and what is new is elsewhere.
    let (mut store, damage) = open(&folder, 1 << 20);
    assert_eq!(damage, std::slice::from_ref(&expected));
    put(&mut store, &["e"], 2);
    store.remove([1, 4]).unwrap();
    let (letters, found) = contents(&folder);
    assert_eq!((letters, found.damage), (vec![(5, "e".to_owned())], vec![expected]));
    assert_eq!(files(&folder).len(), 2);
    store.clear().unwrap();
    assert_eq!(contents(&folder).1, Contents::default());
}

#[test]
fn a_file_that_is_nothing_is_damaged_as_a_whole() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    put(&mut store, &["a"], 1);
    drop(store);
    std::fs::write(&files(&folder)[0], "this was never a segment, whoever wrote it").unwrap();
    let (mut store, damage) = open(&folder, 1 << 20);
    assert_eq!(damage.len(), 1);
    put(&mut store, &["b"], 2);
    assert_eq!(contents(&folder).0.len(), 1);
    std::fs::write(folder.path().join("letters/notes.txt"), "somebody's notes").unwrap();
    assert_eq!(contents(&folder).0.len(), 1);
}

#[test]
fn what_cannot_be_written_leaves_no_trace() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    put(&mut store, &["a"], 1);
    let path = files(&folder)[0].clone();
    // As a full disk does, a file that is open for reading only refuses to be written; it cannot be cut off either, so what
    // comes next goes to a new segment.
    store.open.as_mut().unwrap().file = File::open(&path).unwrap();
    let error = store.append(&mut vec![Letter::sample("b", 1, 100)], 1).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(numbers(&folder), [1]);
    put(&mut store, &["c"], 2);
    assert_eq!(numbers(&folder), [1, 2], "the number of what was not stored is given again");
    store.open.as_mut().unwrap().file = File::open(&path).unwrap();
    assert!(store.remove([1]).is_err());
    assert_eq!((numbers(&folder), store.letters()), (vec![1, 2], 2));
    assert_eq!(store.remove([1]).unwrap(), [1]);
    assert_eq!((numbers(&folder), contents(&folder).1.damage), (vec![2], vec![]));
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    std::fs::write(folder.path().join("letters"), "a file").unwrap();
    let error = store.append(&mut vec![Letter::sample("a", 1, 100)], 1).unwrap_err();
    assert!(error.to_string().starts_with("cannot create "), "{error}");
    std::fs::remove_file(folder.path().join("letters")).unwrap();
    put(&mut store, &["b"], 1);
    assert_eq!(numbers(&folder), [1]);
}

#[test]
fn a_tuple_larger_than_the_store_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let (mut store, _) = open(&folder, 1 << 20);
    let mut letters = vec![Letter::sample("large", 1, 1 << 20), Letter::sample("small", 1, 100)];
    let appended = store.append(&mut letters, 1).unwrap();
    assert_eq!(appended.too_large.len(), 1);
    assert!(appended.too_large[0].contains("max_mb"), "{:?}", appended.too_large);
    assert_eq!(contents(&folder).0, [(1, "small".to_owned())]);
}

#[test]
fn a_newer_layout_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("letters");
    std::fs::create_dir(&path).unwrap();
    let name = SegmentName { id: 1, salt: 5 };
    let mut bytes = Vec::new();
    append(&mut bytes, 0, 5, Kind::Begin, br#"{"version":2,"next":1,"dropped":0}"#, &[]);
    std::fs::write(name.path(&path), bytes).unwrap();
    let error = read(&path, false, |_| {}).unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
    assert!(Store::open(&path, limits(1 << 20)).is_err());
}
