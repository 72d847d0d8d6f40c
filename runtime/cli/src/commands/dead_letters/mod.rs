//! `petrel dead-letters`: the tuples that a topology could not process.

mod document;
mod drop;
mod list;
mod retry;
mod show;

use crate::failure::{CommandResult, Failure};
use crate::home::{Home, dead_letters};
use anyhow::anyhow;
use petrel_model::nearest;
use petrel_worker::dead_letters::{Contents, Letter, read};
use std::path::PathBuf;

/// Look at the tuples that a topology could not process, try them again, and take them out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel dead-letters list word-count
  petrel dead-letters show word-count 3
  petrel dead-letters retry word-count 3 4
  petrel dead-letters drop word-count 3 4")]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List them, the newest last.
    #[command(after_help = "\
Examples:
  petrel dead-letters list word-count
  petrel dead-letters list word-count --component split --since 1h --limit 20
  petrel dead-letters list word-count -o json")]
    List(list::List),
    /// Show one: the tuple, where it came from, and why it is here.
    #[command(
        after_help = "Examples:\n  petrel dead-letters show word-count 3\n  petrel dead-letters show word-count 3 -o json"
    )]
    Show(show::Show),
    /// Try them again.
    #[command(after_help = "\
Examples:
  petrel dead-letters retry word-count 3 4
  petrel dead-letters retry word-count --all --component split --kind trap
  petrel dead-letters retry word-count --all --plugin split=./split.wasm
  petrel dead-letters retry word-count --all --set split.field=word -o json")]
    Retry(retry::Retry),
    /// Take some of them out, or all.
    #[command(
        after_help = "Examples:\n  petrel dead-letters drop word-count 3 4\n  petrel dead-letters drop word-count --all"
    )]
    Drop(drop::Drop),
}

impl DeadLetters {
    /// Does it.
    pub(crate) fn execute(self) -> CommandResult {
        match self.what {
            What::List(list) => list.execute(),
            What::Show(show) => show.execute(),
            What::Retry(retry) => retry.execute(),
            What::Drop(drop) => drop.execute(),
        }
    }
}

/// The folder of a run, which must be there.
struct RunName {
    home: Home,
    name: String,
}

impl RunName {
    /// Looks for it.
    ///
    /// # Errors
    /// When nothing of that name has run.
    fn find(name: &str) -> CommandResult<RunName> {
        let home = Home::open()?;
        // A name with a path in it could lead out of the folder of runs.
        if petrel_model::is_name(name) && home.run(name).is_dir() {
            return Ok(RunName { home, name: name.to_owned() });
        }
        let names = home.run_names();
        let hint = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None if names.is_empty() => "nothing has run yet".to_owned(),
            None => format!("there are {}", names.join(", ")),
        };
        Err(Failure::usage(format!("no topology named {name} has run here: {hint}")))
    }

    /// Where its letters are.
    fn letters(&self) -> PathBuf {
        dead_letters(&self.home.run(&self.name))
    }

    /// What is said of numbers that are not there.
    fn has_no(&self, numbers: &[u64]) -> Failure {
        let (name, text) = (&self.name, numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
        let s = if numbers.len() == 1 { "" } else { "s" };
        Failure::Failed(anyhow!(
            "{name} has no dead letter{s} {text}: `petrel dead-letters list {name}` shows which there are"
        ))
    }

    /// Gives every letter, and what else is known of them.
    fn read(&self, each: impl FnMut(Letter)) -> CommandResult<Contents> {
        // What is being written now is not damaged.
        let live = self.home.is_running(&self.name);
        Ok(read(&self.letters(), live, each).map_err(anyhow::Error::from)?)
    }
}

/// `1 letter`, `2 letters`.
fn letters(count: u64) -> String {
    format!("{count} letter{}", if count == 1 { "" } else { "s" })
}
