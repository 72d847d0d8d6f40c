//! What is wrong with a topology: said so that its author can repair it.

use crate::topology::{Located, Place};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// One thing that is wrong: what and why, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the topology's text that it is about; none where there is no such place.
    pub span: Option<Range<usize>>,
    /// What is wrong and why, in one sentence without its full stop.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// Other places and facts that matter.
    pub notes: Vec<Note>,
}

/// A fact that belongs to a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The bytes of the topology's text that it is about.
    pub span: Option<Range<usize>>,
    /// The fact.
    pub text: String,
}

impl Problem {
    /// A problem of a place: of the topology's text, or of a flag.
    pub fn at(place: &Place, message: impl Into<String>) -> Problem {
        let mut problem = Problem { span: place.span(), message: message.into(), help: None, notes: Vec::new() };
        if let Place::Flag(flag) = place {
            problem.notes.push(Note { span: None, text: format!("this comes from `{flag}`") });
        }
        problem
    }

    /// A problem that belongs to no place in particular.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem::at(&Place::Nowhere, message)
    }

    /// The same problem with what to do next.
    pub fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }

    /// The same problem with one more fact.
    pub fn note(mut self, place: &Place, text: impl Into<String>) -> Problem {
        self.notes.push(Note { span: place.span(), text: text.into() });
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for note in &self.notes {
            write!(f, "\n  note: {}", note.text)?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Problem {}

/// Puts problems in the order of the text they are about, those without a place first.
pub(crate) fn in_text_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
    problems
}

/// The candidate that a name was probably meant to be; none if none is near.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + name.len().min(candidate.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// "did you mean `split`?" if a candidate is near, else the list of all of them.
///
/// `none` is what to say when there are no candidates at all.
pub(crate) fn did_you_mean<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>, none: &str) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(wrong, candidates.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if candidates.is_empty() => String::from(none),
        None => format!("there {} {}", if candidates.len() == 1 { "is only" } else { "are" }, list(&candidates)),
    }
}

/// `a`, `b` and `c`, each in backquotes; at most sixteen of them.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 16;
    let mut text = String::new();
    for (i, name) in names.iter().take(SHOWN).enumerate() {
        let last = i + 1 == names.len();
        text.push_str(match i {
            0 => "",
            _ if last => " and ",
            _ => ", ",
        });
        text.push_str(&format!("`{}`", name.as_ref()));
    }
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// Reports every value that equals an earlier one. `what` says what the values are: "field", "output stream".
pub(crate) fn report_repeated<T: Ord + fmt::Display>(
    values: &[Located<T>],
    what: &str,
    within: &str,
    problems: &mut Vec<Problem>,
) {
    let mut first = alloc::collections::BTreeMap::new();
    for value in values {
        if let Some(earlier) = first.get(&value.value) {
            problems.push(
                Problem::at(&value.place, format!("{what} `{}` is named twice in {within}", value.value))
                    .note(earlier, "first named here")
                    .help("remove one of the two"),
            );
        } else {
            first.insert(&value.value, value.place.clone());
        }
    }
}

/// How many letters must be put in, left out, changed or swapped with their neighbour, upper and lower case being
/// alike.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().map(|c| c.to_ascii_lowercase()).take(64).collect();
    let b: Vec<char> = b.chars().map(|c| c.to_ascii_lowercase()).take(64).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = alloc::vec![i];
        for j in 1..=b.len() {
            let mut least = (last[j - 1] + usize::from(a[i - 1] != b[j - 1])).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = core::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_slips() {
        for (a, b, expected) in [
            ("split", "split", 0),
            ("splt", "split", 1),
            ("splits", "split", 1),
            ("spilt", "split", 1),
            ("Split", "split", 0),
            ("", "abc", 3),
            ("count", "split", 4),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn a_near_name_is_suggested_and_otherwise_all_are_listed() {
        assert_eq!(did_you_mean("paralelism", ["plugin", "parallelism"], ""), "did you mean `parallelism`?");
        assert_eq!(did_you_mean("x", ["lines", "split"], ""), "there are `lines` and `split`");
        assert_eq!(did_you_mean("x", ["lines"], ""), "there is only `lines`");
        assert_eq!(did_you_mean("x", [], "it takes none"), "it takes none");
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..19).map(|i| format!("f{i}")).collect();
        assert!(list(&names).ends_with("`f14`, `f15` and 3 more"), "{}", list(&names));
    }

    #[test]
    fn a_problem_prints_all_it_knows() {
        let problem = Problem::at(&Place::Flag("--set a.b=1".into()), "it is wrong").help("do it right");
        assert_eq!(
            alloc::string::ToString::to_string(&problem),
            "it is wrong\n  note: this comes from `--set a.b=1`\n  help: do it right"
        );
    }
}
