//! How data is printed: for people, or as one JSON document.

use serde::Serialize;

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

/// Prints one JSON document.
pub(crate) fn print_json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("report types have string keys and finite numbers");
    println!("{text}");
}

/// A table without borders, as wide as its content.
pub(crate) fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(header.iter().map(|title| title.to_uppercase()));
    table
}
