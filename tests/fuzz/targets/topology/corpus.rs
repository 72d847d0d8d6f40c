//! Topologies to start from: those that ship, and every case of the model's catalogue of problems.

use petrel_model::parse;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/targets/__fuzz__/topology/corpus");
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a line `...` of the catalogue stands for.
const HEAD: &str = "name = \"t\"\nguarantee = \"best-effort\"\n";

#[test]
fn corpus() {
    let shipped = shipped();
    for (name, text) in &shipped {
        assert!(parse(text).is_ok(), "{name} is not sound");
    }
    let seeds = shipped.into_iter().chain(catalogue()).chain(deep()).map(|(name, text)| (name, text.into_bytes()));
    petrel_fuzz::renew_corpus(FOLDER, &seeds.collect::<Vec<_>>());
    let read =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(entry.expect("it can be read").path());
    let texts = std::fs::read_dir(FOLDER).expect("there is a corpus").filter_map(|entry| read(entry).ok());
    let (sound, broken): (Vec<String>, Vec<String>) = texts.partition(|text| parse(text).is_ok());
    assert!(sound.len() >= 5 && broken.len() >= 20, "{} sound, {} broken", sound.len(), broken.len());
}

fn shipped() -> Vec<(String, String)> {
    let read = |path: &Path| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are text");
        (format!("shipped-{name}"), std::fs::read_to_string(path).expect("it can be read"))
    };
    files("plugins/topologies", "toml").iter().map(|path| read(path)).collect()
}

fn catalogue() -> Vec<(String, String)> {
    let mut cases = Vec::new();
    for path in files("coord/model/tests/model/problems", "txt") {
        let file = path.file_stem().and_then(|name| name.to_str()).expect("names are text").to_owned();
        let text = std::fs::read_to_string(&path).expect("the catalogue can be read");
        for case in text.split("=== ").skip(1) {
            let (name, rest) = case.split_once('\n').expect("a case has lines");
            let (input, _) = rest.split_once("---\n").expect("a case has an end");
            let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            cases.push((format!("{file}-{name}"), input.replace("...\n", HEAD)));
        }
    }
    assert!(cases.len() > 50, "the catalogue is somewhere else");
    cases
}

/// Nesting without end, in each way there is.
fn deep() -> Vec<(String, String)> {
    let (dots, brackets, braces) = (".a".repeat(2000), "[".repeat(2000), "{a=".repeat(2000));
    let text = [
        ("arrays", format!("a = {brackets}\n")),
        ("tables", format!("a = {braces}\n")),
        ("dotted-key", format!("a{dots} = 1\n")),
        ("header", format!("[a{dots}]\nx = 1\n")),
    ];
    text.map(|(name, text)| (format!("deep-{name}"), text)).into()
}

fn files(folder: &str, extension: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(Path::new(REPOSITORY).join(folder)).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}
