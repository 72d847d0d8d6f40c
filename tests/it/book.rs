//! The book keeps its word: its commands run, its topologies check, its Rust compiles, its output is what comes out.
//!
//! What is done with a block is said by the words after its language:
//!
//! | block | what is done |
//! |---|---|
//! | `sh,run`, `sh,fails` | run in the chapter's shell, where folder and variables stay from block to block; it must end well, or not |
//! | `text,output` | compared with what the block before it printed; `…` stands for any text, alone on a line for any lines |
//! | `LANGUAGE,file=PATH` | written to that file, from the shell's folder on |
//! | `toml` | a whole topology, which must pass `petrel check` |
//! | `toml,part` | part of one topology: all parts of the chapter together must pass `petrel check` |
//! | `rust` | a module of one crate, which must compile, and whose tests must pass |
//! | `text`, `wit`, `json` | nothing |
//!
//! Anything else is refused, so that no block escapes by a slip of the pen.

mod chapter;
mod links;
mod markdown;
mod output;
mod reference;
mod rust;
mod shell;

use chapter::play;

#[test]
fn introduction() {
    play("introduction.md");
}

#[test]
fn tutorial() {
    play("tutorial.md");
}

#[test]
fn topologies() {
    play("topologies.md");
}

#[test]
fn plugins() {
    play("plugins.md");
}

#[test]
fn writing_plugins() {
    play("writing-plugins.md");
}

#[test]
fn command_line() {
    play("command-line.md");
}

#[test]
fn guarantees() {
    play("guarantees.md");
}

#[test]
fn sandbox() {
    play("sandbox.md");
}

#[test]
fn performance() {
    play("performance.md");
}

#[test]
fn the_bolt_of_the_readme_compiles() {
    let readme = markdown::blocks(&chapter::text("../README.md"));
    let bolts: Vec<_> = readme.iter().filter(|block| block.language == "rust").collect();
    assert!(!bolts.is_empty());
    rust::compile("README.md", &bolts);
}

/// Chapters that have no test above, because they have nothing to try.
const WITHOUT_TEST: [&str; 3] = ["formats.md", "roadmap.md", "testing.md"];

#[test]
fn every_chapter_is_tried() {
    let tests = include_str!("book.rs");
    for chapter in links::chapters() {
        let tried = tests.contains(&format!("play(\"{chapter}\")"));
        assert_ne!(tried, WITHOUT_TEST.contains(&chapter.as_str()), "{chapter} is tried: {tried}");
        if !tried {
            let blocks = markdown::blocks(&chapter::text(&chapter));
            let left = blocks.iter().find(|block| chapter::is_tried(block));
            assert!(left.is_none(), "{chapter}:{} is not tried", left.map_or(0, |block| block.line));
        }
    }
}
