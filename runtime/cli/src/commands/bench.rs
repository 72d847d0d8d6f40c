//! `petrel bench`: what the sandbox costs on this machine.

use crate::bench::{
    Case, FRAME_ROWS, Faults, Measured, Pipelines, Spread, Workload, copy_numbers, count_words, drop_numbers, measure,
    measure_faults, numbers_frame, write_text,
};
use crate::failure::CommandResult;
use crate::home::Home;
use crate::output::{Format, OutputFlag, lines, print, print_json, table};
use crate::topology_source::sandbox;
use anyhow::Context;
use std::path::PathBuf;

/// Measure what the sandbox costs: each case beside the same work in native Rust, in this process.
///
/// Figures are CPU time of the whole process for one tuple or word; what travels between machines is the ratio.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  petrel bench
  petrel bench --text book.txt --rounds 9 -o json
  petrel bench faults"
)]
pub(crate) struct Bench {
    #[command(subcommand)]
    other: Option<Other>,
    /// The text to count words in. Without it one is made.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// The size of the text that is made, in MB.
    #[arg(long, value_name = "MB", default_value_t = 20)]
    text_mb: u64,
    /// Rounds that count, after one that warms up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Tuples for each round of the cases without a text, in millions.
    #[arg(long, value_name = "MILLIONS", default_value_t = 10)]
    tuples_m: u64,
    #[command(flatten)]
    output: OutputFlag,
}

/// Measurements of something else.
#[derive(clap::Subcommand)]
enum Other {
    Faults(BenchFaults),
}

/// Measure what faults cost: a trap, a fresh instance, a word count with lines at which the plugin panics, and one that is acked.
///
/// Cases take turns in this process; each is compared with the word count without bad lines in the same round.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel bench faults
  petrel bench faults --rounds 9 -o json")]
struct BenchFaults {
    /// Lines of the text that is made, in thousands.
    #[arg(long, value_name = "THOUSANDS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    lines_k: u64,
    /// Rounds that count, after one that warms up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    #[command(flatten)]
    output: OutputFlag,
}

impl Bench {
    /// Measures.
    pub(crate) fn execute(self) -> CommandResult {
        if let Some(Other::Faults(faults)) = self.other {
            return faults.execute();
        }
        let sandbox = sandbox(&Home::open()?)?;
        let pipelines = Pipelines::new(sandbox)?;
        let folder = tempfile::TempDir::with_prefix("petrel-bench-").context("cannot make a temporary folder")?;
        let text = match &self.text {
            Some(path) => path.clone(),
            None => {
                let path = folder.path().join("text.txt");
                write_text(&path, self.text_mb * 1_000_000).context("cannot write the text")?;
                path
            }
        };
        let count = self.tuples_m * 1_000_000;
        let frame = numbers_frame(FRAME_ROWS)?;
        let mut empty_bolt = pipelines.empty_bolt()?;
        let executed = |workload: Workload<'_>, component: &str| -> anyhow::Result<u64> {
            Ok(pipelines.run(workload)?.components[component].executed)
        };
        let (executed, text) = (&executed, text.as_path());
        let word_count = |name, parallelism, budget| Case {
            name,
            unit: "word",
            budget,
            petrel: Box::new(move || executed(Workload::WordCount { path: text, parallelism }, "count")),
            native: Some(Box::new(move || count_words(text))),
        };
        let mut cases = [
            Case {
                name: "empty-bolt",
                unit: "tuple",
                budget: "3 ns",
                petrel: Box::new(|| empty_bolt.process(&frame, count / FRAME_ROWS)),
                native: None,
            },
            Case {
                name: "spout-null",
                unit: "tuple",
                budget: "",
                petrel: Box::new(|| executed(Workload::Null { count }, "drop")),
                native: Some(Box::new(|| drop_numbers(count))),
            },
            Case {
                name: "spout-identity-null",
                unit: "tuple",
                budget: "",
                petrel: Box::new(|| executed(Workload::Identity { count }, "drop")),
                native: Some(Box::new(|| copy_numbers(count))),
            },
            word_count("word-count", 1, "ratio 1.1"),
            word_count("word-count-2", 2, "ratio 1.4"),
        ];
        let mut measured: Vec<Measured> = Vec::new();
        for case in &mut cases {
            tell!("measuring {}…", case.name);
            measured.push(measure(case, self.rounds as usize)?);
        }
        match self.output.format {
            Format::Json => print_json(&serde_json::json!({ "rounds": self.rounds, "cases": measured })),
            Format::Table => print_table(&measured),
        }
    }
}

impl BenchFaults {
    fn execute(self) -> CommandResult {
        let pipelines = Pipelines::new(sandbox(&Home::open()?)?)?;
        let folder = tempfile::TempDir::with_prefix("petrel-bench-").context("cannot make a temporary folder")?;
        tell!("measuring…");
        let faults = measure_faults(&pipelines, folder.path(), self.lines_k * 1_000, self.rounds as usize)?;
        match self.output.format {
            Format::Json => print_json(&serde_json::json!({ "rounds": self.rounds, "faults": faults })),
            Format::Table => print_faults(&faults),
        }
    }
}

fn print_faults(faults: &Faults) -> CommandResult {
    let spread = |spread: &Spread| format!("{:.1} µs ({:.1} to {:.1})", spread.median, spread.min, spread.max);
    let mut table = table(&["word count", "bad lines", "cpu", "wall", "cpu ratio"]);
    for count in &faults.word_counts {
        let ratio = &count.cpu_ratio;
        table.add_row([
            count.name.to_owned(),
            format!("{} of {}", count.bad_lines, count.lines),
            format!("{:.0} ns a line", count.figures.cpu_ns.median),
            format!("{:.0} ns a line", count.figures.wall_ns.median),
            format!("{:.2} ({:.2} to {:.2})", ratio.median, ratio.min, ratio.max),
        ]);
    }
    print(&format!(
        "from a trap to the next tuple  {}, budget 1000 µs\na fresh instance of that       {}\n\n{}",
        spread(&faults.trap_to_next_tuple_us),
        spread(&faults.instance_us),
        lines(&table, "")
    ))
}

fn print_table(measured: &[Measured]) -> CommandResult {
    let mut table = table(&["case", "unit", "petrel cpu", "native cpu", "ratio", "petrel wall", "budget"]);
    for case in measured {
        table.add_row([
            case.name.to_owned(),
            case.unit.to_owned(),
            format!("{:.2} ns", case.petrel.cpu_ns.median),
            case.native.map_or_else(|| "-".to_owned(), |native| format!("{:.2} ns", native.cpu_ns.median)),
            case.cpu_ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            format!("{:.2} ns", case.petrel.wall_ns.median),
            case.budget.to_owned(),
        ]);
    }
    print(&lines(&table, ""))
}
