//! How data is printed: for people, or as one JSON document.

use crate::failure::CommandResult;
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

/// What `-o` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document on standard output and nothing else there; its schema is in docs/formats.md.
    Json,
}

/// The `-o` flag, for every command that prints data.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct OutputFlag {
    /// How to print.
    #[arg(short = 'o', long = "output", value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Whether what goes to standard error may be coloured: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn errors_in_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints to standard output. Nobody reading it any more, as after `| head`, is no failure.
///
/// # Errors
/// When it cannot be written for another reason.
pub(crate) fn print(text: &str) -> CommandResult {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to standard output").into())
        }
        _ => Ok(()),
    }
}

/// Prints one JSON document.
///
/// # Errors
/// As for [`print`].
pub(crate) fn print_json(value: &impl Serialize) -> CommandResult {
    let text = serde_json::to_string_pretty(value).expect("report types have string keys and finite numbers");
    print(&format!("{text}\n"))
}

/// A table without borders, as wide as its content; its header in capitals.
pub(crate) fn table(header: &[&str]) -> comfy_table::Table {
    let capitals: Vec<String> = header.iter().map(|title| title.to_uppercase()).collect();
    table_of_fields(&capitals)
}

/// The same with the header as it is: names of fields.
pub(crate) fn table_of_fields(header: &[impl AsRef<str>]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header.iter().map(AsRef::as_ref));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// The lines of a table, each after an indent, without blanks at their ends.
pub(crate) fn lines(table: &comfy_table::Table, indent: &str) -> String {
    table.lines().map(|line| format!("{indent}{}\n", line.trim_end())).collect()
}

/// A path as it is shown: from the current folder, if it lies below it.
pub(crate) fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).display().to_string()
}

/// Bytes in the unit that reads best.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
