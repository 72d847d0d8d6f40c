//! Whether output is what the book shows.

/// Whether text is as shown. In what is shown, `…` stands for any text within a line, and alone on a line for any lines.
/// White space at the ends of lines, and empty lines at both ends, do not matter.
pub(super) fn is_as_shown(shown: &str, text: &str) -> bool {
    lines_match(&lines(shown), &lines(text))
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_matches('\n').lines().map(str::trim_end).collect()
}

fn lines_match(shown: &[&str], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "…" => (0..=lines.len()).any(|skip| lines_match(rest, &lines[skip..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others))
        }
    }
}

fn line_matches(shown: &str, line: &str) -> bool {
    match shown.split_once('…') {
        None => shown == line,
        Some((before, rest)) => line.strip_prefix(before).is_some_and(|line| {
            let mut starts = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            starts.any(|at| line_matches(rest, &line[at..]))
        }),
    }
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    for (shown, text, expected) in [
        ("a\nb", "a  \nb\n", true),
        ("a\nb", "a\nc", false),
        ("a", "a\nb", false),
        ("a\nb", "a", false),
        ("a\n…", "a\nb\nc", true),
        ("…\nc", "a\nb\nc", true),
        ("…\nc", "a\nb\nc\nd", false),
        ("…\nb\n…", "b", true),
        ("took … s", "took 1.5 s", true),
        ("took … s", "took 1.5 ms", false),
        ("…a…b", "xxaab", true),
        ("…a…b", "xxaac", false),
        ("", "\n", true),
    ] {
        assert_eq!(is_as_shown(shown, text), expected, "{shown:?} {text:?}");
    }
}
