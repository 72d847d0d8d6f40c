//! `petrel resume`: what is paused goes on.

use crate::control::{Answer, Ask, Client};
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::output::{Format, OutputFlag, print_json};
use anyhow::anyhow;
use serde::Serialize;

/// Let components go on that were paused because they failed again and again.
///
/// Mend first what makes them fail: a file, a server that was away. What has waited before them is processed then.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  petrel resume word-count
  petrel resume word-count split
  petrel resume word-count -o json")]
pub(crate) struct Resume {
    /// The name of a running topology.
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
    /// Only this component.
    #[arg(value_name = "COMPONENT")]
    component: Option<String>,
    #[command(flatten)]
    output: OutputFlag,
}

/// The document of `petrel resume`.
#[derive(Serialize)]
struct ResumeDocument<'a> {
    topology: &'a str,
    /// The one that was named.
    component: Option<&'a str>,
    /// How many tasks go on.
    resumed: u64,
}

impl Resume {
    /// Does it.
    pub(crate) fn execute(self) -> CommandResult {
        let mut client = Client::connect(&Home::open()?, &self.topology)?;
        let (topology, component) = (self.topology.as_str(), self.component.as_deref());
        let answer = client.ask(Ask::Resume { component: self.component.clone() })?;
        let Answer::Resumed { tasks: resumed } = answer else { return Err(client.strange(&answer)) };
        if resumed == 0 {
            let what = component.map_or_else(|| topology.to_owned(), |component| format!("{component} of {topology}"));
            return Err(Failure::Failed(anyhow!(
                "nothing of {what} is paused: `petrel top {topology} --once` shows what it does"
            )));
        }
        match self.output.format {
            Format::Json => print_json(&ResumeDocument { topology, component, resumed }),
            Format::Table => {
                tell!("{resumed} task{} of {topology} go{} on", plural(resumed, "s", ""), plural(resumed, "", "es"));
                Ok(())
            }
        }
    }
}

/// The ending of a word beside a number: `many` unless it is one.
fn plural(count: u64, many: &'static str, one: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
