//! `petrel top`: running topologies, watched from another terminal.

use super::time::parse_time;
use crate::control::{Answer, Ask, Client};
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::output::{Format, OutputFlag, print, print_json};
use crate::top::{Sample, TopDocument, TopologyView, text};
use anyhow::anyhow;
use console::Term;
use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::time::Duration;

/// Watch topologies that run: for each component its rates, queue, load, latency, memory and what went wrong.
///
/// Shows all that run in this PETREL_HOME, or those that are named, until Ctrl-C, or until those that are named have ended. Where
/// standard output is no terminal it shows them once.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel top
  petrel top word-count --interval 5s
  petrel top --once
  petrel top -o json")]
pub(crate) struct Top {
    /// Names of running topologies; all that run, if there are none.
    #[arg(value_name = "TOPOLOGY")]
    topologies: Vec<String>,
    /// The time that rates and shares are of, and how often they are shown anew.
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "1s")]
    interval: Duration,
    /// Show them once, after one interval.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    output: OutputFlag,
}

/// More often than this nothing can be read.
const INTERVAL_LEAST: Duration = Duration::from_millis(50);

/// Topologies that are watched, each by its connection.
struct Watched {
    home: Home,
    /// Only these.
    names: Option<Vec<String>>,
    clients: BTreeMap<String, Client>,
    last: BTreeMap<String, Sample>,
}

impl Top {
    /// Shows them.
    pub(crate) fn execute(self) -> CommandResult {
        let interval = self.interval.max(INTERVAL_LEAST);
        let names = (!self.topologies.is_empty()).then(|| self.topologies.clone());
        let mut watched = Watched { home: Home::open()?, names, clients: BTreeMap::new(), last: BTreeMap::new() };
        watched.connect_named()?;
        watched.look()?;
        let is_live = !self.once && self.output.format == Format::Table && std::io::stdout().is_terminal();
        if is_live {
            return watched.show_for_ever(interval);
        }
        if !watched.last.is_empty() {
            std::thread::sleep(interval);
        }
        let views = watched.look()?;
        match self.output.format {
            Format::Json => print_json(&TopDocument { topologies: &views }),
            Format::Table if views.is_empty() => {
                tell!("nothing runs here: `petrel run` starts a topology");
                Ok(())
            }
            Format::Table => print(&text(&views)),
        }
    }
}

impl Watched {
    /// Those that are named must run.
    fn connect_named(&mut self) -> CommandResult {
        for name in self.names.iter().flatten() {
            self.clients.insert(name.clone(), Client::connect(&self.home, name)?);
        }
        Ok(())
    }

    /// Asks all of them, and says what happened since they were asked last. Those that have ended are left out.
    fn look(&mut self) -> CommandResult<Vec<TopologyView>> {
        if self.names.is_none() {
            for name in self.home.run_names() {
                if !self.clients.contains_key(&name) {
                    self.clients.extend(Client::try_connect(&self.home, &name).map(|client| (name, client)));
                }
            }
        }
        let mut views = Vec::new();
        let mut ended = Vec::new();
        for (name, client) in &mut self.clients {
            match sample(client) {
                Ok(sample) => {
                    views.push(TopologyView::between(self.last.get(name), &sample));
                    self.last.insert(name.clone(), sample);
                }
                // It ends like that, and is looked for again.
                Err(_) if !self.home.is_running(name) => ended.push(name.clone()),
                Err(failure) => return Err(failure),
            }
        }
        for name in ended {
            self.clients.remove(&name);
            self.last.remove(&name);
        }
        Ok(views)
    }

    fn show_for_ever(mut self, interval: Duration) -> CommandResult {
        let term = Term::stdout();
        term.clear_screen().map_err(anyhow::Error::from)?;
        loop {
            let views = self.look()?;
            if views.is_empty() && self.names.is_some() {
                tell!("ended");
                return Ok(());
            }
            let text = match views.as_slice() {
                [] => "nothing runs here: `petrel run` starts a topology\n".to_owned(),
                views => text(views),
            };
            let (rows, columns) = term.size();
            match draw(&term, &fitted(&text, rows.into(), columns.into())) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                drawn => drawn.map_err(anyhow::Error::from)?,
            }
            std::thread::sleep(interval);
        }
    }
}

fn sample(client: &mut Client) -> CommandResult<Sample> {
    match client.ask(Ask::Report)? {
        Answer::Report { pid, report } => {
            let figures = serde_json::from_value(report);
            let figures = figures.map_err(|error| {
                Failure::Failed(anyhow!("a report of another version of petrel: {error}: use the same petrel for both"))
            })?;
            Ok(Sample { pid, figures })
        }
        other => Err(client.strange(&other)),
    }
}

/// Draws over what stands there, so that nothing flickers.
fn draw(term: &Term, lines: &[String]) -> std::io::Result<()> {
    let mut out = term;
    term.move_cursor_to(0, 0)?;
    for line in lines {
        // To the end of the line is cleared, after the text.
        write!(out, "{line}\u{1b}[K\r\n")?;
    }
    term.clear_to_end_of_screen()?;
    out.flush()
}

/// The lines that the terminal has room for, each as long as it is wide.
fn fitted(text: &str, rows: usize, columns: usize) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let room = rows.saturating_sub(1).max(1);
    let mut fitted: Vec<String> = lines.iter().map(|line| line.chars().take(columns).collect()).collect();
    if fitted.len() > room {
        let more = fitted.len() + 1 - room;
        fitted.truncate(room - 1);
        fitted.push(format!("and {more} lines more").chars().take(columns).collect());
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_told() {
        assert_eq!(fitted("one\ntwo\n", 24, 80), ["one", "two"]);
        assert_eq!(fitted("öne\ntwo\nthree\nfour", 4, 80), ["öne", "two", "and 2 lines more"]);
        assert_eq!(fitted("öne hundred", 24, 5), ["öne h"]);
    }
}
