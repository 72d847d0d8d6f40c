//! Reads a table key by key, and reports every key that nobody asked for.

use super::place::{Located, Place};
use super::tree::{Entry, Node, Value};
use crate::problem::{Problem, did_you_mean};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;

/// A table that is being read. Each key may be asked for once; `finish` reports the others.
pub(crate) struct Table<'a> {
    /// What the table describes, for messages: "component `count`".
    owner: String,
    place: Place,
    entries: Vec<Entry>,
    known: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Table<'a> {
    /// Reads the entries of a table that describes `owner` and is named at `place`.
    pub(crate) fn new(
        owner: impl Into<String>,
        place: Place,
        entries: Vec<Entry>,
        problems: &'a mut Vec<Problem>,
    ) -> Table<'a> {
        Table { owner: owner.into(), place, entries, known: Vec::new(), problems }
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(crate) fn problems(&mut self) -> &mut Vec<Problem> {
        self.problems
    }

    /// Whether the key is there, and nobody has asked for it yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.value == key)
    }

    /// The value of a key, whatever its type.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        Some(self.entries.remove(at).node)
    }

    /// As `node`; reports the key as missing if it is not there.
    pub(crate) fn required(&mut self, key: &'static str, help: &str) -> Option<Node> {
        let node = self.node(key);
        if node.is_none() {
            let problem = Problem::at(&self.place, format!("{} has no `{key}`", self.owner)).help(help);
            self.problems.push(problem);
        }
        node
    }

    /// A node as text. `key` names it in messages.
    pub(crate) fn as_text(&mut self, key: impl Display, node: Node) -> Option<Located<String>> {
        match node.value {
            Value::Text(text) => Some(Located::new(text, node.place)),
            other => self.wrong_type(key, "a text", &other, &node.place),
        }
    }

    /// The texts of a list; none if any of them is something else.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Located<Vec<Located<String>>>> {
        let items = self.list(key)?;
        let texts: Vec<_> =
            items.value.into_iter().map(|item| self.as_text(format_args!("each of `{key}`"), item)).collect();
        Some(Located::new(texts.into_iter().collect::<Option<_>>()?, items.place))
    }

    /// The items of a list.
    pub(crate) fn list(&mut self, key: &'static str) -> Option<Located<Vec<Node>>> {
        let node = self.node(key)?;
        match node.value {
            Value::List(items) => Some(Located::new(items, node.place)),
            other => self.wrong_type(format_args!("`{key}`"), "a list", &other, &node.place),
        }
    }

    /// The entries of a table.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Located<Vec<Entry>>> {
        let node = self.node(key)?;
        self.as_table(format_args!("`{key}`"), node)
    }

    /// A node as the entries of a table.
    pub(crate) fn as_table(&mut self, key: impl Display, node: Node) -> Option<Located<Vec<Entry>>> {
        match node.value {
            Value::Table(entries) => Some(Located::new(entries, node.place)),
            other => self.wrong_type(key, "a table", &other, &node.place),
        }
    }

    /// An integer that is at least `least` and at most `most`.
    pub(crate) fn integer(&mut self, key: &'static str, least: u64, most: u64, help: &str) -> Option<Located<u64>> {
        let node = self.node(key)?;
        let integer = match node.value {
            Value::Integer(integer) => integer,
            other => return self.wrong_type(format_args!("`{key}`"), "an integer", &other, &node.place),
        };
        match u64::try_from(integer) {
            Ok(integer) if (least..=most).contains(&integer) => Some(Located::new(integer, node.place)),
            _ => {
                let bound =
                    if integer < least as i64 { format!("at least {least}") } else { format!("at most {most}") };
                let message = format!("`{key}` of {} must be {bound}, and is {integer}", self.owner);
                self.problems.push(Problem::at(&node.place, message).help(help));
                None
            }
        }
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self) {
        for entry in self.entries {
            let key = &entry.key;
            self.problems.push(
                Problem::at(&key.place, format!("{} has no key `{}`", self.owner, key.value)).help(did_you_mean(
                    key,
                    self.known.iter().copied(),
                    "it takes no keys",
                )),
            );
        }
    }

    fn wrong_type<T>(&mut self, key: impl Display, wanted: &str, found: &Value, place: &Place) -> Option<T> {
        let message = format!("{key} of {} must be {wanted}, and is {}", self.owner, found.type_name());
        let help = match wanted {
            "a text" => "texts stand in quotes: \"…\"",
            "a list" => "lists stand in brackets: […]",
            "a table" => "tables stand in braces: { key = value }",
            _ => "integers are digits alone, without quotes and fractions",
        };
        self.problems.push(Problem::at(place, message).help(help));
        None
    }
}
