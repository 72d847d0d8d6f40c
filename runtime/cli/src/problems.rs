//! Problems of a topology, shown in its source: file, line, column, what, why, what to do next.

use crate::excerpt::Excerpt;
use crate::output::errors_in_colour;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, Severity, SourceCode};
use petrel_model::Problem;
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// All problems, or all warnings, of one topology file.
#[derive(Debug)]
pub(crate) struct Problems {
    /// What it means that they are there.
    pub(crate) weight: Weight,
    /// The file's name as the user gave it.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// What is to be said about it.
    pub(crate) problems: Vec<Problem>,
}

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The topology cannot run.
    Error,
    /// It can, and may not do what its author thinks.
    Warning,
}

impl Problems {
    /// Line and column of a place in the text, each from 1.
    fn position(&self, span: Option<&Range<usize>>) -> Option<(usize, usize)> {
        let at = span?.start.min(self.text.len());
        let before = &self.text.as_bytes()[..at];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        Some((line, String::from_utf8_lossy(&before[line_start..]).chars().count() + 1))
    }

    /// The same for a reader that is a program.
    pub(crate) fn documents(&self) -> Vec<ProblemDocument<'_>> {
        let at =
            |span: &Option<Range<usize>>| self.position(span.as_ref()).map(|(line, column)| Position { line, column });
        let note = |note: &'_ petrel_model::Note| (note.text.clone(), at(&note.span));
        self.problems
            .iter()
            .map(|problem| ProblemDocument {
                message: &problem.message,
                help: problem.help.as_deref(),
                at: at(&problem.span),
                notes: problem.notes.iter().map(note).map(|(text, at)| NoteDocument { text, at }).collect(),
            })
            .collect()
    }

    /// A problem with the part of the text that it is about.
    fn shown(&self, problem: &Problem) -> Shown<'_> {
        let noted = problem.notes.iter().filter_map(|note| note.span.clone());
        let places: Vec<Range<usize>> = problem.span.iter().cloned().chain(noted).collect();
        let excerpt = Excerpt::new(&self.file, &self.text, &places);
        let mut diagnostic = MietteDiagnostic::new(shortened(&problem.message)).with_severity(match self.weight {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
        });
        if let Some(span) = &problem.span {
            diagnostic = diagnostic.and_label(LabeledSpan::new_primary_with_span(None, excerpt.span(span)));
        }
        // A note about another place is a second label; the others have no place to stand but the help.
        let mut below = Vec::new();
        for note in &problem.notes {
            match &note.span {
                Some(span) => {
                    let label = LabeledSpan::new_with_span(Some(note.text.clone()), excerpt.span(span));
                    diagnostic = diagnostic.and_label(label);
                }
                None => below.push(note.text.as_str()),
            }
        }
        below.extend(problem.help.as_deref());
        if !below.is_empty() {
            diagnostic = diagnostic.with_help(shortened(&below.join("\n")));
        }
        Shown { diagnostic, excerpt }
    }
}

/// A message that quotes what nobody reads to its end, a name of 60,000 letters for example, without its middle.
fn shortened(text: &str) -> String {
    const START: usize = 6_000;
    const END: usize = 2_000;
    let count = text.chars().count();
    if count <= START + END {
        return text.to_owned();
    }
    let (start, end) = (text.chars().take(START), text.chars().skip(count - END));
    start.chain(std::iter::once('…')).chain(end).collect()
}

/// A problem as the printer takes it.
#[derive(Debug)]
struct Shown<'a> {
    diagnostic: MietteDiagnostic,
    excerpt: Excerpt<'a>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        self.diagnostic.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.diagnostic.labels()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }
}

/// A problem as a JSON document.
#[derive(Serialize)]
pub(crate) struct ProblemDocument<'a> {
    message: &'a str,
    help: Option<&'a str>,
    at: Option<Position>,
    notes: Vec<NoteDocument>,
}

/// A fact that belongs to a problem.
#[derive(Serialize)]
struct NoteDocument {
    text: String,
    at: Option<Position>,
}

/// A place in a file, counted from 1.
#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theme = if errors_in_colour() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
        let (label, noun) = match self.weight {
            Weight::Error => ("error", "problem"),
            Weight::Warning => ("warning", "warning"),
        };
        for problem in &self.problems {
            match self.position(problem.span.as_ref()) {
                Some((line, column)) => writeln!(f, "{label}: {}:{line}:{column}", self.file)?,
                None => writeln!(f, "{label}: {}", self.file)?,
            }
            handler.render_report(f, &self.shown(problem))?;
        }
        let count = self.problems.len();
        writeln!(f, "{}: {count} {noun}{}", self.file, if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_model::Note;

    fn problems(problems: Vec<Problem>) -> Problems {
        Problems {
            weight: Weight::Error,
            file: "t.toml".into(),
            text: "name = \"ä\"\nother = 1\nname = \"b\"\n".into(),
            problems,
        }
    }

    #[test]
    fn a_problem_is_shown_with_its_place_its_notes_and_what_to_do() {
        let first = Note { span: Some(0..4), text: "first named here".into() };
        let flag = Note { span: None, text: "this comes from a flag".into() };
        let problem = Problem {
            span: Some(22..26),
            message: "`name` is there twice".into(),
            help: Some("remove one".into()),
            notes: vec![first, flag],
        };
        let shown = problems(vec![problem]).to_string();
        for text in [
            "error: t.toml:3:1",
            "`name` is there twice",
            "first named here",
            "this comes from a flag",
            "remove one",
            "1 problem\n",
        ] {
            assert!(shown.contains(text), "{text:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn a_place_far_to_the_right_is_shown_without_the_rest_of_its_line() {
        let text = format!("path = \"{}\", bad = 1\n", "x".repeat(66_000));
        let at = text.find("bad").unwrap();
        let note = Note { span: Some(0..4), text: "this is set".into() };
        let problem = Problem { span: Some(at..at + 3), notes: vec![note], ..Problem::new("`bad` is not known") };
        let shown = Problems { text, ..problems(vec![problem]) }.to_string();
        for text in [format!("t.toml:1:{}]", at + 1), "bad = 1".into(), "path = ".into(), "this is set".into()] {
            assert!(shown.contains(&text), "{text:?} is missing in\n{shown}");
        }
        assert!(shown.chars().count() < 3_000, "{shown}");
    }

    #[test]
    fn of_a_message_without_end_both_ends_are_shown() {
        let message = format!("`{}` is no name", "ä".repeat(60_000));
        let shown = problems(vec![Problem::new(message)]).to_string();
        assert!(shown.contains("`ää") && shown.contains("` is no name"), "{shown}");
        assert!(shown.chars().count() < 10_000, "{}", shown.len());
        assert_eq!(shortened(&"ä".repeat(8_000)), "ä".repeat(8_000));
    }

    #[test]
    fn a_warning_is_called_one() {
        let problem = Problem { span: Some(0..4), ..Problem::new("it may not be what you want") };
        let shown = Problems { weight: Weight::Warning, ..problems(vec![problem]) }.to_string();
        assert!(shown.starts_with("warning: t.toml:1:1\n") && shown.ends_with("t.toml: 1 warning\n"), "{shown}");
        assert!(!shown.contains("error") && !shown.contains("problem"), "{shown}");
    }

    #[test]
    fn places_count_characters() {
        let problems = problems(vec![]);
        assert_eq!(problems.position(Some(&(10..11))), Some((1, 10)));
        assert_eq!(problems.position(Some(&(12..13))), Some((2, 1)));
        assert_eq!(problems.position(Some(&(1000..1001))), Some((4, 1)));
        assert_eq!(problems.position(None), None);
    }
}
