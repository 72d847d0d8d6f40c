//! A source with its long lines cut to what is around the places that are pointed at.
//!
//! A line that does not fit onto a screen shows nobody where in it the problem is, and the printer cannot point at columns
//! beyond 65,535.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::ops::Range;

/// So many characters of a long line are kept before a place, and so many after it.
const WINDOW: usize = 120;
/// What stands for what was left out.
const LEFT_OUT: char = '…';

/// The text as it is shown. It has all lines of the source, so that their numbers stay.
#[derive(Debug)]
pub(crate) struct Excerpt<'a> {
    file: &'a str,
    source: &'a str,
    text: String,
    /// What was kept, in order: parts of the source and where they are in the text.
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    source: Range<usize>,
    at: usize,
}

impl<'a> Excerpt<'a> {
    /// A source that is to be shown with these places.
    pub(crate) fn new(file: &'a str, source: &'a str, places: &[Range<usize>]) -> Excerpt<'a> {
        let mut excerpt = Excerpt { file, source, text: String::new(), kept: Vec::new() };
        let mut start = 0;
        for line in source.split_inclusive('\n') {
            let content = line.trim_end_matches(['\r', '\n']);
            for (number, window) in windows(content, start, places).into_iter().enumerate() {
                if number == 0 && window.start > 0 {
                    excerpt.text.push(LEFT_OUT);
                }
                excerpt.keep(start + window.start..start + window.end);
                if window.end < content.len() {
                    excerpt.text.push(LEFT_OUT);
                }
            }
            excerpt.keep(start + content.len()..start + line.len());
            start += line.len();
        }
        excerpt
    }

    fn keep(&mut self, source: Range<usize>) {
        self.kept.push(Kept { at: self.text.len(), source: source.clone() });
        self.text.push_str(&self.source[source]);
    }

    /// Where a place is in the text. What of it was left out is not pointed at.
    pub(crate) fn span(&self, place: &Range<usize>) -> Range<usize> {
        let start = self.at(place.start);
        start..self.at(place.end).max(start)
    }

    fn at(&self, place: usize) -> usize {
        let next = self.kept.partition_point(|kept| kept.source.start <= place);
        let kept = next.checked_sub(1).map(|last| &self.kept[last]);
        kept.map_or(0, |kept| kept.at + place.min(kept.source.end) - kept.source.start)
    }

    /// The column in the source, from 0 and in characters, of what is there in the text.
    fn column(&self, at: usize) -> usize {
        let next = self.kept.partition_point(|kept| kept.at <= at);
        let kept = next.checked_sub(1).map(|last| &self.kept[last]);
        let place = kept.map_or(0, |kept| (kept.source.start + at - kept.at).min(kept.source.end));
        let before = &self.source.as_bytes()[..place];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        String::from_utf8_lossy(&before[line_start..]).chars().count()
    }
}

/// What is kept of a line that starts there in the source: all of it, or what is around the places in it, or else its start.
fn windows(line: &str, start: usize, places: &[Range<usize>]) -> Vec<Range<usize>> {
    if line.chars().nth(2 * WINDOW).is_none() {
        return std::iter::once(0..line.len()).collect();
    }
    let is_here = |place: &usize| (start..=start + line.len()).contains(place);
    let mut around: Vec<usize> = places
        .iter()
        // Of a place that does not fit the start is shown, and the end if that is in another line.
        .filter_map(|place| [place.start, place.end].into_iter().find(is_here))
        .collect();
    around.sort_unstable();
    let mut windows: Vec<Range<usize>> = Vec::new();
    for place in around {
        let mut at = place - start;
        while !line.is_char_boundary(at) {
            at -= 1;
        }
        let first = line[..at].char_indices().rev().nth(WINDOW - 1).map_or(0, |(first, _)| first);
        let end = line[at..].char_indices().nth(WINDOW).map_or(line.len(), |(end, _)| at + end);
        match windows.last_mut() {
            Some(last) if first <= last.end => last.end = end,
            _ => windows.push(first..end),
        }
    }
    if windows.is_empty() {
        windows.push(0..line.char_indices().nth(2 * WINDOW).map_or(line.len(), |(end, _)| end));
    }
    windows
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, lines_before, lines_after)?;
        // Without lines before it this is the place that the printer names.
        let column = if lines_before == 0 { self.column(span.offset()) } else { read.column() };
        let (data, span, line, lines) = (read.data(), *read.span(), read.line(), read.line_count());
        Ok(Box::new(MietteSpanContents::new_named(self.file.to_owned(), data, span, line, column, lines)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt<'a>(source: &'a str, places: &[Range<usize>]) -> Excerpt<'a> {
        Excerpt::new("t.toml", source, places)
    }

    #[test]
    fn lines_that_fit_stay_as_they_are() {
        let source = format!("a = 1\r\n{}\n\nb", "ä".repeat(2 * WINDOW));
        let shown = excerpt(&source, &[0..1, 7..9]);
        assert_eq!(shown.text, source);
        for place in [0..1, 7..9, 5..7, source.len()..source.len()] {
            assert_eq!(shown.span(&place), place);
        }
    }

    #[test]
    fn a_long_line_is_cut_to_what_is_around_its_places() {
        let source = format!("a\n{}BAD{}WORSE{}\nz", "x".repeat(70_000), "y".repeat(1_000), "z".repeat(1_000));
        let bad = 2 + 70_000..2 + 70_003;
        let worse = bad.end + 1_000..bad.end + 1_005;
        let shown = excerpt(&source, &[bad.clone(), worse.clone()]);
        let expected = format!(
            "a\n…{}BAD{}…{}WORSE{}…\nz",
            "x".repeat(WINDOW),
            "y".repeat(WINDOW - 3),
            "y".repeat(WINDOW),
            "z".repeat(WINDOW - 5)
        );
        assert_eq!(shown.text, expected);
        assert_eq!(&shown.text[shown.span(&bad)], "BAD");
        assert_eq!(&shown.text[shown.span(&worse)], "WORSE");
        assert_eq!(shown.column(shown.span(&bad).start), 70_000);
        assert_eq!(shown.column(shown.span(&worse).start), 71_003);
        assert_eq!(&shown.text[shown.span(&(source.len() - 1..source.len()))], "z");
    }

    #[test]
    fn of_a_long_place_the_start_is_shown() {
        let source = "ö".repeat(5_000);
        let shown = excerpt(&source, std::slice::from_ref(&(0..source.len())));
        assert_eq!(shown.text, format!("{}…", "ö".repeat(WINDOW)));
        assert_eq!(shown.span(&(0..source.len())), 0..shown.text.len());
        assert_eq!(shown.span(&(0..source.len() - 2)), 0..2 * WINDOW);
        // Nothing in it is pointed at: its start.
        assert_eq!(excerpt(&source, &[]).text, format!("{}…", "ö".repeat(2 * WINDOW)));
    }

    #[test]
    fn a_place_over_several_lines_has_its_start_and_its_end() {
        let source = format!("{}[\n{}]\n", "a".repeat(900), "b".repeat(900));
        let place = 900..source.len() - 1;
        let shown = excerpt(&source, std::slice::from_ref(&place));
        assert_eq!(shown.text, format!("…{}[\n…{}]\n", "a".repeat(WINDOW), "b".repeat(WINDOW - 1)));
        assert!(shown.text[shown.span(&place)].starts_with('[') && shown.text[shown.span(&place)].ends_with(']'));
    }
}
