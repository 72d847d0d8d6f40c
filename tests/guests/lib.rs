//! What the guests share: a configuration is a command, `VERB ARGUMENT...`, or a script.

pub mod script;

/// A command.
pub struct Command<'a>(Vec<&'a str>);

impl<'a> Command<'a> {
    pub fn new(configuration: &'a str) -> Command<'a> {
        Command(configuration.split_whitespace().collect())
    }

    pub fn verb(&self) -> &'a str {
        self.0.first().copied().unwrap_or("")
    }

    pub fn text(&self, argument: usize) -> &'a str {
        self.0.get(1 + argument).copied().unwrap_or("")
    }

    pub fn number(&self, argument: usize) -> u64 {
        self.text(argument).parse().expect("a number")
    }

    /// All arguments from one on, as numbers.
    pub fn numbers(&self, from: usize) -> Vec<u32> {
        self.0.iter().skip(1 + from).map(|text| text.parse().expect("a number")).collect()
    }
}
