//! From TOML to the tree.

use super::place::{Located, Place};
use super::tree::{Entry, Node, Value};
use crate::problem::Problem;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Range;
use toml::de::{DeTable, DeValue};

/// The entries of a TOML document in the order in which they were written.
///
/// # Errors
///
/// Everything that is not TOML, and integers beyond 64 bits.
pub(crate) fn document(text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax_problems(text, &errors));
    }
    let mut reader = Reader { text, flag: None, problems: Vec::new() };
    let entries = reader.table(document.into_inner());
    if reader.problems.is_empty() { Ok(entries) } else { Err(reader.problems) }
}

/// A single TOML value, as a flag gives it; none if the text is not one.
pub(crate) fn value(text: &str, flag: &str) -> Option<Node> {
    let parsed = DeValue::parse(text).ok()?;
    let mut reader = Reader { text, flag: Some(flag), problems: Vec::new() };
    let span = parsed.span();
    let node = reader.value(parsed.into_inner(), span);
    reader.problems.is_empty().then_some(node)
}

struct Reader<'a> {
    text: &'a str,
    flag: Option<&'a str>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        self.flag.map_or(Place::Text(span), |flag| Place::Flag(flag.to_string()))
    }

    fn table(&mut self, table: DeTable<'_>) -> Vec<Entry> {
        let mut entries: Vec<(usize, Entry)> = Vec::with_capacity(table.len());
        for (key, value) in table {
            let start = key.span().start;
            let key = Located::new(key.get_ref().to_string(), self.place(key.span()));
            let span = value.span();
            entries.push((start, Entry { key, node: self.value(value.into_inner(), span) }));
        }
        // The parser sorts by name; people read by position.
        entries.sort_by_key(|(start, _)| *start);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    fn value(&mut self, value: DeValue<'_>, span: Range<usize>) -> Node {
        let place = self.place(span.clone());
        let value = match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(integer) => Value::Integer(integer),
                Err(_) => {
                    self.problems.push(Problem::at(&place, format!("the integer {integer} is beyond 64 bits")).help(
                        "the largest is 9223372036854775807; write it as a text if it is not to be counted with",
                    ));
                    Value::Integer(0)
                }
            },
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(float) => Value::Float(float),
                Err(_) => {
                    self.problems.push(Problem::at(&place, format!("`{float}` is not a number")));
                    Value::Float(0.0)
                }
            },
            DeValue::Boolean(boolean) => Value::Boolean(boolean),
            // Nothing in a topology is a date: as written, it is a text like any other.
            DeValue::Datetime(_) => Value::Text(self.text.get(span).unwrap_or_default().to_string()),
            DeValue::Array(array) => Value::List(
                array
                    .into_iter()
                    .map(|item| {
                        let span = item.span();
                        self.value(item.into_inner(), span)
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node::new(value, place)
    }
}

/// What the parser found, without what only follows: the keys below a table that is there twice are there twice too.
fn syntax_problems(text: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut repeated_table = 0..0;
    for error in errors {
        let span = error.span();
        let start = span.as_ref().map_or(0, |span| span.start).min(text.len());
        if error.message() == REPEATED {
            if repeated_table.contains(&start) {
                continue;
            }
            let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
            if text[line..].trim_start().starts_with('[') {
                repeated_table = start..text[start..].find("\n[").map_or(text.len(), |at| start + at);
            }
        }
        let problem = syntax_problem(text, error.message(), span);
        // Of a hundred arrays that are open where the text ends, each is told by the parser, and all are told by one.
        if problems.last() != Some(&problem) {
            problems.push(problem);
        }
    }
    problems
}

const REPEATED: &str = "duplicate key";

/// What the parser found, in words that say what to do.
fn syntax_problem(text: &str, found: &str, span: Option<Range<usize>>) -> Problem {
    let (what, expected) = found.split_once(", expected ").unwrap_or((found, ""));
    let is_bare =
        matches!(what, "string values must be quoted" | "invalid boolean" | "invalid float" | "invalid integer");
    let span = span.map(|span| if is_bare { bare(text, span.start) } else { span });
    let written = span.clone().and_then(|span| text.get(span));
    let place = span.map_or(Place::Nowhere, |span| Place::Text(visible(text, span)));
    let written = written.unwrap_or_default();
    match what {
        REPEATED => Problem::at(&place, format!("`{written}` is defined twice"))
            .help("give one of the two another name, or remove it"),
        _ if is_bare && written.is_empty() => {
            Problem::at(&place, "a value is missing here").help("write a value after the `=`; texts stand in quotes")
        }
        _ if is_bare => {
            Problem::at(&place, format!("`{written}` is not a TOML value; if it is a text, it needs quotes"))
                .help(format!("write \"{written}\""))
        }
        "invalid basic string" | "invalid literal string" if expected == "`\"`" || expected == "`'`" => {
            Problem::at(&place, "the closing quote of this text is missing")
                .help(format!("add a {expected} where the text ends"))
        }
        _ if expected.is_empty() => Problem::at(&place, format!("this is not TOML: {what}")).help(LANGUAGE),
        _ => Problem::at(&place, format!("this is not TOML: {what}: expected {expected}")).help(LANGUAGE),
    }
}

const LANGUAGE: &str = "https://toml.io/en/v1.0.0 shows the whole language on one page";

/// Where a value without quotes starts and ends, of which that is a part.
fn bare(text: &str, part: usize) -> Range<usize> {
    const ENDS: [char; 8] = ['\n', ',', '=', '[', ']', '{', '}', '#'];
    let part = part.min(text.len());
    let start = text[..part].rfind(ENDS).map_or(0, |before| before + 1);
    let end = text[part..].find(ENDS).map_or(text.len(), |after| part + after);
    let value = text[start..end].trim();
    let start = start + text[start..end].find(value).unwrap_or(0);
    start..start + value.len()
}

/// An empty span cannot be shown: it grows by the character before or after it.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    if !span.is_empty() {
        return span;
    }
    let at = span.start.min(text.len());
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(next) if next != '\n' => at..at + next.len_utf8(),
        _ => match text.get(..at).and_then(|before| before.chars().next_back()) {
            Some(last) => at - last.len_utf8()..at,
            None => span,
        },
    }
}
