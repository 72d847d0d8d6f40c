//! The book's table of contents, and that no link leads nowhere, those of README and ARCHITECTURE included.

use super::chapter::text;
use super::markdown::headings;
use petrel_tests::repository;
use std::fs;
use std::path::{Path, PathBuf};

/// The chapters, in the order of the table of contents.
pub(super) fn chapters() -> Vec<String> {
    links(&text("SUMMARY.md"))
}

/// The targets of all links.
fn links(markdown: &str) -> Vec<String> {
    markdown.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchor that mdBook gives a heading.
fn anchor(heading: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_alphanumeric() || letter == '_' || letter == '-' => Some(letter.to_ascii_lowercase()),
        letter if letter.is_whitespace() => Some('-'),
        _ => None,
    };
    heading.chars().filter_map(letter).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let chapters: Vec<PathBuf> = chapters().iter().map(|chapter| Path::new("docs").join(chapter)).collect();
    assert!(chapters.len() > 5, "{chapters:?}");
    let beside = ["README.md", "ARCHITECTURE.md", "docs/SUMMARY.md"].map(PathBuf::from);
    for page in chapters.iter().chain(&beside) {
        let read = |page: &Path| fs::read_to_string(repository().join(page)).expect("a page is readable text");
        for link in links(&read(page)).iter().filter(|link| !link.starts_with("http")) {
            let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let shown = format!("{}: ({link})", page.display());
            assert!(repository().join(&target).exists(), "{shown}: there is no {}", target.display());
            let found = wanted.is_empty() || headings(&read(&target)).iter().any(|(_, it)| anchor(it) == wanted);
            assert!(found, "{shown}: {} has no heading #{wanted}", target.display());
        }
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let chapters = chapters();
    for entry in fs::read_dir(repository().join("docs")).expect("the book is there") {
        let name = entry.expect("it can be read").file_name().into_string().expect("it has a plain name");
        if name.ends_with(".md") && name != "SUMMARY.md" {
            assert!(chapters.contains(&name), "{name} is not in SUMMARY.md");
        }
    }
}

#[test]
fn anchors_are_those_of_mdbook() {
    assert_eq!(anchor("What a `guest` can, and cannot"), "what-a-guest-can-and-cannot");
}
