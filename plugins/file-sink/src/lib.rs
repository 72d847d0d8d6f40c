//! `file-sink`: writes tuples to a file, or with several tasks to a file a task in a folder.
//!
//! ```toml
//! [component.sink]
//! plugin = "file-sink"
//! config = { path = "counts.tsv", format = "tsv" }
//! inputs = [{ from = "count", grouping = "global" }]
//! ```
//!
//! | `format` | a line is |
//! |---|---|
//! | `tsv` | values with tabs between them, written as they are: text that is not UTF-8 passes unchanged, and a tab or newline *within* a value is not told from one between values |
//! | `csv` | values with commas between them, quoted where RFC 4180 wants it |
//! | `json` | an object; bytes that are not UTF-8 become U+FFFD, unless `bytes = "base64"` |
//!
//! The file is created, or emptied, when the task starts; with `append = true` what is in it stays. With `parallelism`
//! above 1, or a `path` that ends with `/`, `path` is a folder and task *t* writes `part-0000t.tsv` in it. Part files of
//! an earlier run that this one does not write are removed, so that the folder has what this run wrote and nothing
//! else; with `append = true` they stay. What a batch writes is written when the batch is through, and not at all if it
//! fails. A task that starts again after a failure goes on at the end of its file, whatever `append` says.

mod parts;

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::host::files::{self, FileHandle};
use petrel_sdk::{ConfigError, ConfigKey, ConfigKind, Context, Description, Error, FrameView, InputStream, serde_json};
use records::{Options, Writer};

/// The bolt.
#[derive(Debug)]
pub struct FileSink {
    file: FileHandle,
    writers: Vec<Writer>,
    lines: Vec<u8>,
}

impl BatchBolt for FileSink {
    fn config_keys() -> Vec<ConfigKey> {
        let mut keys = vec![ConfigKey::required(
            "path",
            ConfigKind::PathWrite,
            "the file to write, or the folder where several tasks write a file each",
        )];
        keys.push(ConfigKey::with_default(
            "append",
            ConfigKind::Boolean,
            false,
            "true: keep what earlier runs wrote, and go on at its end",
        ));
        keys.extend(Options::config_keys());
        keys
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        if configuration["path"].as_str().is_none_or(str::is_empty) {
            return Err(ConfigError::new("path", "say where to write: a file, or a folder that ends with /"));
        }
        let columns = Options::read(configuration)?.columns(inputs)?;
        Ok(Description { inputs: columns, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let options = Options::read(&context.configuration)?;
        let writers = options.writers(&options.columns(&context.inputs)?);
        let is_folder = context.configuration["path"].as_str().is_some_and(|path| path.ends_with('/'));
        let name = match is_folder || context.parallelism > 1 {
            true => parts::name(context.task, options.format.extension()),
            false => String::new(),
        };
        let append = context.configuration["append"].as_bool().unwrap_or(false);
        let (file, kept) = files::open("path", &name, append)?;
        if !name.is_empty() && !append && context.task == 0 {
            parts::remove_stale(context.parallelism, options.format.extension())?;
        }
        let mut lines = Vec::new();
        // What was kept has one already.
        if options.header && kept == 0 {
            writers[0].header(&mut lines);
            files::append(file, &lines)?;
        }
        Ok(FileSink { file, writers, lines })
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
        files::append(self.file, &self.lines)
    }
}

petrel_sdk::export_batch_bolt!(FileSink);

#[cfg(test)]
mod tests;
