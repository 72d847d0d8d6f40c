//! `print`: writes tuples to the standard output of the process.
//!
//! ```toml
//! [component.out]
//! plugin = "print"
//! config = { format = "json" }
//! inputs = ["count"]
//! ```
//!
//! The formats are those of `file-sink`: `tsv`, `csv` and `json`. Lines of a batch stay together; those of several tasks
//! come in any order.

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::host::files;
use petrel_sdk::{ConfigError, ConfigKey, Context, Description, Error, FrameView, InputStream, serde_json};
use records::{Options, Writer};

/// The bolt.
#[derive(Debug)]
pub struct Print {
    writers: Vec<Writer>,
    lines: Vec<u8>,
}

impl BatchBolt for Print {
    fn config_keys() -> Vec<ConfigKey> {
        Options::config_keys()
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let columns = Options::read(configuration)?.columns(inputs)?;
        Ok(Description { inputs: columns, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let options = Options::read(&context.configuration)?;
        let writers = options.writers(&options.columns(&context.inputs)?);
        let mut lines = Vec::new();
        if options.header && context.task == 0 {
            writers[0].header(&mut lines);
            files::print(&lines)?;
        }
        Ok(Print { writers, lines })
    }

    fn process(
        &mut self,
        input: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        _: &mut Outputs,
    ) -> Result<(), Error> {
        self.lines.clear();
        self.writers[input].rows(frame, &mut self.lines);
        files::print(&self.lines)
    }
}

petrel_sdk::export_batch_bolt!(Print);

#[cfg(test)]
mod tests;
