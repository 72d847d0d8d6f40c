//! The book's table of contents, and that no link leads nowhere.

use super::chapter::text;
use super::markdown::headings;
use petrel_tests::repository;

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
    let chapters = chapters();
    assert!(chapters.len() > 5, "{chapters:?}");
    for chapter in &chapters {
        for link in links(&text(chapter)).iter().filter(|link| !link.starts_with("http")) {
            let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { chapter } else { file };
            let path = repository().join("docs").join(file);
            assert!(path.exists(), "{chapter}: ({link}): there is no {}", path.display());
            let found = wanted.is_empty() || headings(&text(file)).iter().any(|(_, heading)| anchor(heading) == wanted);
            assert!(found, "{chapter}: ({link}): {file} has no heading #{wanted}");
        }
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let chapters = chapters();
    for entry in std::fs::read_dir(repository().join("docs")).expect("the book is there") {
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
