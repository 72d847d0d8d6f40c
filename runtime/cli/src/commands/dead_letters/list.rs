//! `petrel dead-letters list`.

use super::document::{ListDocument, SummaryDocument};
use super::{RunName, letters};
use crate::commands::time::parse_time;
use crate::failure::CommandResult;
use crate::output::{Format, OutputFlag, lines, print, print_json, table};
use crate::time_text::rfc3339;
use petrel_worker::dead_letters::{Contents, Letter};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Lists dead letters.
#[derive(clap::Args)]
pub(super) struct List {
    /// The topology's name.
    #[arg(value_name = "NAME")]
    topology: String,
    /// Only those of this component.
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// Only those of this kind: rejected, trap, time-limit, and so on.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only those of the last so long, such as 30s, 10m or 1h.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Duration>,
    /// Only the newest so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    output: OutputFlag,
}

/// A reason is cut after so many characters in the table.
const REASON_CHARACTERS: usize = 60;
/// And so are the values of the fields.
const FIELD_CHARACTERS: usize = 60;

impl List {
    pub(super) fn execute(self) -> CommandResult {
        let run = RunName::find(&self.topology)?;
        let from_us = self.since.map(|since| now_us().saturating_sub(since.as_micros() as i64));
        let mut found: VecDeque<SummaryDocument> = VecDeque::new();
        let contents = run.read(|letter| {
            if self.wants(&letter, from_us) {
                found.push_back(SummaryDocument::from(letter));
                if self.limit.is_some_and(|limit| found.len() > limit) {
                    found.pop_front();
                }
            }
        })?;
        let found = Vec::from(found);
        match self.output.format {
            Format::Json => print_json(&ListDocument::of(&self.topology, &contents, &found)),
            Format::Table => {
                print(&shown(&found))?;
                self.tell_rest(&contents, found.len());
                Ok(())
            }
        }
    }

    fn wants(&self, letter: &Letter, from_us: Option<i64>) -> bool {
        self.component.as_ref().is_none_or(|name| *name == letter.component)
            && self.kind.as_ref().is_none_or(|kind| *kind == letter.kind)
            && from_us.is_none_or(|from_us| letter.time_us >= from_us)
    }

    /// What a list does not show.
    fn tell_rest(&self, contents: &Contents, shown: usize) {
        match contents.letters {
            0 => tell!("{} has no dead letters", self.topology),
            total if total > shown as u64 => tell!("{shown} of {}", letters(total)),
            _ => {}
        }
        if contents.dropped > 0 {
            tell!(
                "{} had to go for want of room or for their age: `dead_letters` in the topology says how much is kept",
                letters(contents.dropped)
            );
        }
        for damage in &contents.damage {
            tell!("{damage}");
        }
        if contents.unreadable > 0 {
            tell!("{} cannot be read", letters(contents.unreadable));
        }
    }
}

fn shown(found: &[SummaryDocument]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let mut table = table(&["number", "time", "component", "kind", "tries", "reason", "tuple"]);
    for letter in found {
        let fields = letter.fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
        table.add_row([
            letter.number.to_string(),
            rfc3339(letter.time_us),
            format!("{}[{}]", letter.component, letter.task),
            letter.kind.clone(),
            letter.attempts.to_string(),
            cut(&letter.reason, REASON_CHARACTERS),
            cut(&fields.collect::<Vec<_>>().join(", "), FIELD_CHARACTERS),
        ]);
    }
    lines(&table, "")
}

/// The first line of a text, and not too much of it. A plugin's words may hold anything that moves a cursor.
fn cut(text: &str, characters: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut start: String = line.chars().filter(|character| !character.is_control()).take(characters).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_strange_texts_are_cut() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("a\nb", 10), "a…");
        assert_eq!(cut("éééé", 3), "ééé…");
        assert_eq!(cut("\u{1b}[2Jgone", 20), "[2Jgone…");
        assert_eq!(cut("", 3), "");
    }
}
