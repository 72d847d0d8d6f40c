//! Seed corpora that are made by code, so that they stay true to the formats.

use std::path::Path;

/// Compares what a corpus must have with what its folder has, and writes it there if `UPDATE_CORPUS` is set. Other files
/// in the folder, which once showed a mistake or were found by a fuzzer, are nobody's business here.
///
/// # Panics
/// If a file is missing or differs.
pub fn keep_corpus(folder: &str, seeds: &[(String, Vec<u8>)]) {
    renew_corpus(folder, seeds);
    for (name, bytes) in seeds {
        let path = Path::new(folder).join(name);
        assert!(
            std::fs::read(&path).ok().as_ref() == Some(bytes),
            "{} is not what it is made as: the same test writes it with UPDATE_CORPUS=1",
            path.display()
        );
    }
}

/// Writes a corpus if `UPDATE_CORPUS` is set. For one that is taken from files which others change: an older copy of
/// them is as good to start from.
///
/// # Panics
/// If it cannot be written.
pub fn renew_corpus(folder: &str, seeds: &[(String, Vec<u8>)]) {
    if std::env::var_os("UPDATE_CORPUS").is_none() {
        return;
    }
    std::fs::create_dir_all(folder).expect("folders can be made");
    for (name, bytes) in seeds {
        std::fs::write(Path::new(folder).join(name), bytes).expect("the corpus can be written");
    }
}
