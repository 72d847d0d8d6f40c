//! Seed corpora that are made by code, so that they stay true to the formats.

use std::path::Path;

/// Compares what a corpus must have with what its folder has, and writes it there if `UPDATE_CORPUS` is set. Other files
/// in the folder, which once showed a mistake or were found by a fuzzer, are nobody's business here.
///
/// # Panics
/// If a file is missing or differs.
pub fn keep_corpus(folder: &str, seeds: &[(String, Vec<u8>)]) {
    let folder = Path::new(folder);
    let update = std::env::var_os("UPDATE_CORPUS").is_some();
    for (name, bytes) in seeds {
        let path = folder.join(name);
        if update {
            std::fs::create_dir_all(folder).expect("folders can be made");
            std::fs::write(&path, bytes).expect("the corpus can be written");
        }
        let found = std::fs::read(&path).ok();
        assert!(
            found.as_ref() == Some(bytes),
            "{} is not what it is made as: UPDATE_CORPUS=1 cargo test -p petrel-fuzz writes it",
            path.display()
        );
    }
}
