//! `petrel dead-letters show`.

use super::RunName;
use super::document::LetterDocument;
use crate::failure::CommandResult;
use crate::output::{Format, OutputFlag, print, print_json};
use crate::time_text::rfc3339;
use petrel_worker::dead_letters::Letter;

/// Shows one dead letter.
#[derive(clap::Args)]
pub(super) struct Show {
    /// The topology's name.
    #[arg(value_name = "NAME")]
    topology: String,
    /// The letter's number.
    #[arg(value_name = "N")]
    number: u64,
    #[command(flatten)]
    output: OutputFlag,
}

impl Show {
    pub(super) fn execute(self) -> CommandResult {
        let run = RunName::find(&self.topology)?;
        let mut found = None;
        run.read(|letter| {
            if letter.number == self.number {
                found = Some(letter);
            }
        })?;
        let Some(letter) = found else { return Err(run.has_no(&[self.number])) };
        match self.output.format {
            Format::Json => print_json(&LetterDocument::from(letter)),
            Format::Table => print(&text(&letter)),
        }
    }
}

/// A letter for people.
fn text(letter: &Letter) -> String {
    let mut text = format!("letter {} of {}, {}\n", letter.number, letter.topology, rfc3339(letter.time_us));
    let mut line = |label: &str, value: String| text.push_str(&format!("  {label:10} {value}\n"));
    line("component", format!("{}[{}], `{}`", letter.component, letter.task, letter.call));
    line("plugin", format!("{} (sha256 {})", letter.plugin.name, letter.plugin.digest));
    if let Some(input) = &letter.input {
        line("input", format!("{} ({})", input.stream, input.number));
        if let Some(frame) = &input.frame {
            line("frame", format!("{} of task {}, row {}", frame.sequence, frame.task, frame.row));
        }
    }
    if let Some(timer) = &letter.timer {
        line("timer", format!("of table {}, set for {}", timer.table, rfc3339(timer.time_us)));
    }
    for source in &letter.sources {
        line("source", format!("tuple {} of {}[{}]", source.tuple, source.spout, source.task));
        if let Some(position) = &source.position {
            line("position", printable(&position.to_string()));
        }
    }
    for path in &letter.paths {
        line("path", path.join(" → "));
    }
    line("kind", letter.kind.clone());
    line("reason", printable(letter.reason.trim_end()).replace('\n', "\n             "));
    line("tries", letter.attempts.to_string());
    line("tuple", format!("{} bytes", letter.tuple.len()));
    for (name, value) in &letter.fields {
        let field = letter.schema.iter().find(|field| field.name == *name);
        let kind = field.map_or(String::new(), |field| format!(": {}", field.r#type));
        line("", printable(&format!("{name}{kind} = {value}")));
    }
    if !letter.backtrace.is_empty() {
        line("backtrace", "innermost first".to_owned());
        for (depth, frame) in letter.backtrace.iter().enumerate() {
            line("", printable(&format!("{depth}: {frame}")));
        }
    }
    text
}

/// A plugin's words without what moves a cursor.
fn printable(text: &str) -> String {
    text.chars().filter(|character| *character == '\n' || !character.is_control()).collect()
}
