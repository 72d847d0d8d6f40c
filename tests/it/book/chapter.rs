//! Plays a chapter: does with each block what its words say.

use super::markdown::{Block, blocks};
use super::output::is_as_shown;
use super::rust;
use super::shell::{Ran, Shell};
use petrel_tests::repository;

/// The text of a chapter.
pub(super) fn text(chapter: &str) -> String {
    let path = repository().join("docs").join(chapter);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a block is one that this test does something with.
pub(super) fn is_tried(block: &Block) -> bool {
    !block.words.is_empty() || matches!(block.language.as_str(), "sh" | "toml" | "rust")
}

/// Does what the blocks of a chapter say, in order.
pub(super) fn play(chapter: &str) {
    let blocks = blocks(&text(chapter));
    let shell = Shell::new();
    let mut parts = String::new();
    let mut modules = Vec::new();
    let mut last: Option<Ran> = None;
    for block in &blocks {
        let place = format!("{chapter}:{}", block.line);
        let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
        match (block.language.as_str(), &words[..]) {
            ("sh", ["run"]) => last = Some(run(&shell, block, &place, true)),
            ("sh", ["fails"]) => last = Some(run(&shell, block, &place, false)),
            ("text", ["output"]) => {
                let output = last.take().unwrap_or_else(|| panic!("{place}: the output of which block?")).output;
                assert!(is_as_shown(&block.text, &output), "{place} shows\n{}\nand it is\n{output}", block.text);
            }
            (_, [word]) if word.starts_with("file=") => {
                let path = shell.folder().join(block.value("file").unwrap_or_default());
                std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("it may be made");
                std::fs::write(path, &block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            ("toml", []) => check(&shell, &block.text, &place),
            ("toml", ["part"]) => parts.push_str(&format!("{}\n", block.text)),
            ("rust", []) => modules.push(block),
            ("text" | "wit" | "json", []) => {}
            (language, _) => panic!("{place}: ```{language},{} is no kind of block that is tried", words.join(",")),
        }
    }
    if !parts.is_empty() {
        check(&shell, &format!("name = \"parts\"\nguarantee = \"best-effort\"\n\n{parts}"), chapter);
    }
    if !modules.is_empty() {
        rust::compile(chapter, &modules);
    }
}

fn run(shell: &Shell, block: &Block, place: &str, succeeds: bool) -> Ran {
    let ran = shell.run(&block.text);
    let outcome = if ran.succeeded { "ended well" } else { "failed" };
    assert_eq!(ran.succeeded, succeeds, "{place} {outcome}:\n{}\n{}", block.text, ran.output);
    ran
}

fn check(shell: &Shell, topology: &str, place: &str) {
    let path = shell.folder().join("book-check.toml");
    std::fs::write(&path, topology).expect("it may be written");
    let ran = shell.run("petrel check book-check.toml && rm book-check.toml");
    assert!(ran.succeeded, "{place}:\n{topology}\n{}", ran.output);
}
