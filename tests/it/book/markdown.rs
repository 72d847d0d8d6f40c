//! Code blocks and headings out of Markdown.

/// A fenced code block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What stands after the fence up to the first comma.
    pub(super) language: String,
    /// What stands after it, comma by comma.
    pub(super) words: Vec<String>,
    /// Its content, each line with its newline.
    pub(super) text: String,
    /// The line of the fence, from 1.
    pub(super) line: usize,
}

impl Block {
    /// The value of `name=VALUE`.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// All code blocks, in order.
pub(super) fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1..).zip(markdown.lines()) {
        match (open.as_mut(), line.strip_prefix("```")) {
            (None, Some(info)) => {
                let mut words = info.split(',').map(|word| word.trim().to_owned());
                let language = words.next().unwrap_or_default();
                open = Some(Block { language, words: words.collect(), text: String::new(), line: number });
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => assert!(!line.trim_start().starts_with("```"), "line {number}: an indented block"),
        }
    }
    assert!(open.is_none(), "the block of line {} has no end", open.map_or(0, |block| block.line));
    blocks
}

/// All headings, in order, with their number of `#`.
pub(super) fn headings(markdown: &str) -> Vec<(usize, String)> {
    let mut in_block = false;
    let mut headings = Vec::new();
    for line in markdown.lines() {
        in_block ^= line.starts_with("```");
        let level = line.len() - line.trim_start_matches('#').len();
        if !in_block && level > 0 && line[level..].starts_with(' ') {
            headings.push((level, line[level..].trim().to_owned()));
        }
    }
    headings
}

/// What is under a heading, up to the next of its level or above.
pub(super) fn section<'a>(markdown: &'a str, heading: &str) -> Option<&'a str> {
    let start = markdown.find(&format!("\n{heading}\n"))? + 1;
    let level = heading.len() - heading.trim_start_matches('#').len();
    let rest = &markdown[start + heading.len()..];
    let next = (1..=level).filter_map(|level| rest.find(&format!("\n{} ", "#".repeat(level)))).min();
    Some(&rest[..next.unwrap_or(rest.len())])
}

#[test]
fn blocks_are_found_with_their_words() {
    let found = blocks("a\n```sh,run, file=x\none\n\ntwo\n```\n```\n```\n");
    let words = vec!["run".to_owned(), "file=x".to_owned()];
    let first = Block { language: "sh".into(), words, text: "one\n\ntwo\n".into(), line: 2 };
    assert_eq!(found[0], first);
    assert_eq!(found[0].value("file"), Some("x"));
    assert_eq!((found[1].language.as_str(), found[1].line), ("", 7));
}

#[test]
fn headings_are_those_outside_of_blocks() {
    let text = "# One\n```sh\n# no\n```\n## Two\nunder\n### Three\n## Four\n";
    assert_eq!(headings(text), [(1, "One".into()), (2, "Two".into()), (3, "Three".into()), (2, "Four".into())]);
    assert_eq!(section(text, "## Two"), Some("\nunder\n### Three"));
    assert_eq!(section(text, "## Five"), None);
}
