//! `lines`: the lines of files or of standard input, byte for byte.
//!
//! ```toml
//! [component.lines]
//! plugin = "lines"
//! config = { path = "logs/*.log", file_field = "file" }     # or stdin = true
//! ```
//!
//! Emits `line: bytes`, without the newline at its end and otherwise unchanged: a carriage return stays, bytes that are
//! not UTF-8 stay, a last line without a newline counts. With `encoding = "utf8-lossy"` it is `line: string`, and what
//! is not UTF-8 becomes U+FFFD. With `file_field` a second field says which file the line is from.
//!
//! Of a folder the files in it are read, hidden ones too, but not those in folders below it. Files are read in the
//! order of their names; with several tasks, task *t* of *p* reads every *p*-th file from the *t*-th on. A line that no
//! frame can hold, of almost 16 MiB (5 MiB as `utf8-lossy`), comes in pieces that end after white space where there is some, with
//! a line in the log and the metric `lines_cut`. Whatever is silent is asked again a little later, and what came before is emitted
//! meanwhile. The position is the file's name and the byte where the next line begins, so that a spout that starts again
//! goes on with exactly the lines that were not emitted. Standard input and pipes cannot be read twice.

mod patience;
mod text;

use patience::Patience;
use petrel_sdk::batch::{BatchSpout, Next, SourceOutputs};
use petrel_sdk::host::{files, metrics, now};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, OutputStream, Scalar, Schema, warn,
};
use serde::Deserialize;
use text::{LINE_BYTES_MAX, Text};

/// How much is asked of the host at a time, in bytes.
const READ_BYTES: usize = 256 << 10;
/// A line that has so many bytes and no end yet is cut: what is read then may still be joined to it.
const CUT_BYTES: usize = LINE_BYTES_MAX - READ_BYTES;
/// As text each byte may become the three of U+FFFD.
const CUT_TEXT_BYTES: usize = LINE_BYTES_MAX / 3 - READ_BYTES;

#[derive(Debug, Deserialize)]
struct Config {
    path: Option<String>,
    #[serde(default)]
    stdin: bool,
    encoding: Option<String>,
    file_field: Option<String>,
}

impl Config {
    /// The key whose files are read.
    fn key(&self) -> Result<&'static str, ConfigError> {
        match (&self.path, self.stdin) {
            (Some(_), false) => Ok("path"),
            (None, true) => Ok("stdin"),
            (None, false) => {
                Err(ConfigError::new("path", "say what to read: a file, folder or glob as path, or stdin = true"))
            }
            (Some(_), true) => Err(ConfigError::new("stdin", "path is set as well; choose one of them")),
        }
    }

    fn is_text(&self) -> Result<bool, ConfigError> {
        match self.encoding.as_deref() {
            None | Some("bytes") => Ok(false),
            Some("utf8-lossy") => Ok(true),
            Some(other) => {
                Err(ConfigError::new("encoding", format!("\"{other}\" is none; choose \"bytes\" or \"utf8-lossy\"")))
            }
        }
    }

    fn read(configuration: &petrel_sdk::serde_json::Value) -> Result<Config, ConfigError> {
        Config::deserialize(configuration).map_err(|error| ConfigError::general(error.to_string()))
    }
}

/// The spout.
#[derive(Debug)]
pub struct Lines {
    key: &'static str,
    is_text: bool,
    names_file: bool,
    /// Name and number (for the host) of the files of this task, in order.
    files: Vec<(String, usize)>,
    /// Which of them is being read.
    current: usize,
    text: Text,
    /// Pieces of the line that is being read.
    pieces: u64,
    patience: Patience,
}

impl BatchSpout for Lines {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional("path", ConfigKind::PathRead, "the file, the folder or the glob to read"),
            ConfigKey::optional("stdin", ConfigKind::Stdin, "true: read standard input instead"),
            ConfigKey::with_default(
                "encoding",
                ConfigKind::Text,
                "bytes",
                "\"bytes\", or \"utf8-lossy\" for a string field",
            ),
            ConfigKey::optional("file_field", ConfigKind::Text, "the name of a field that is to hold the file's name"),
        ]
    }

    fn describe(configuration: &petrel_sdk::serde_json::Value) -> Result<Description, ConfigError> {
        let config = Config::read(configuration)?;
        config.key()?;
        let mut fields = vec![Field::new("line", if config.is_text()? { Scalar::String } else { Scalar::Bytes })];
        if let Some(name) = config.file_field {
            if name == "line" || name.is_empty() {
                return Err(ConfigError::new(
                    "file_field",
                    format!("a field cannot be called \"{name}\" beside `line`"),
                ));
            }
            fields.push(Field::new(name, Scalar::String));
        }
        Ok(Description { outputs: vec![OutputStream::default_stream(Schema::new(fields))], ..Description::default() })
    }

    fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let config = Config::read(&context.configuration)?;
        let key = config.key()?;
        let names = files::list(key)?;
        if names.is_empty() {
            let path = config.path.unwrap_or_default();
            return Err(Error::new(format_args!(
                "config.{key}: there is no file to read in {path:?}: put one there, or set another path"
            )));
        }
        let (task, step) = (context.task as usize, context.parallelism.max(1) as usize);
        let files: Vec<(String, usize)> = names.into_iter().zip(0..).skip(task).step_by(step).collect();
        let (current, offset) = match position {
            Some(position) => found(&files, position)?,
            None => (0, 0),
        };
        let (is_text, names_file) = (config.is_text()?, config.file_field.is_some());
        Ok(Lines {
            key,
            is_text,
            names_file,
            files,
            current,
            text: Text::at(offset),
            pieces: 0,
            patience: Patience::default(),
        })
    }

    fn next(&mut self, max_rows: usize, max_bytes: usize, out: &mut SourceOutputs) -> Result<Next, Error> {
        while self.current < self.files.len() {
            // What is at hand goes out before more is read.
            if self.take(max_rows, max_bytes, out) > 0 {
                self.pieces = 0;
                return Ok(Next::More);
            }
            if let Some(piece) = self.text.cut(if self.is_text { CUT_TEXT_BYTES } else { CUT_BYTES }) {
                self.tell_cut(piece.len());
                self.push(&piece, out);
                return Ok(Next::More);
            }
            let (name, number) = &self.files[self.current];
            let ready = files::read_ready(self.key, *number, self.text.read_to(), READ_BYTES)
                .map_err(|error| error.context(format_args!("reading {name}")))?;
            let Some(chunk) = ready else {
                return Ok(Next::Idle(now() + self.patience.wait()));
            };
            self.patience = Patience::default();
            if !chunk.is_empty() {
                self.text.feed(chunk);
                continue;
            }
            let last = self.text.last();
            if let Some(line) = &last {
                self.push(line, out);
            }
            self.current += 1;
            self.pieces = 0;
            let end = self.text.unread();
            self.text = Text::at(if self.current < self.files.len() { 0 } else { end });
            if last.is_some() {
                return Ok(Next::More);
            }
        }
        Ok(Next::End)
    }

    fn position(&self) -> Vec<u8> {
        let current = self.files.get(self.current).or(self.files.last());
        let name = current.map_or("", |(name, _)| name);
        [&self.text.unread().to_le_bytes(), name.as_bytes()].concat()
    }
}

impl Lines {
    /// Moves lines that are at hand to the frame. Returns how many.
    fn take(&mut self, max_rows: usize, max_bytes: usize, out: &mut SourceOutputs) -> usize {
        let builder = out.builder(0);
        let rows = if self.is_text {
            self.text.take(max_rows, max_bytes, |tail, length| {
                builder.column(0).push_str(&String::from_utf8_lossy(&tail[..length]));
            })
        } else {
            let column = builder.column(0);
            self.text.take(max_rows, max_bytes, |tail, length| {
                if tail.len() >= length + 16 {
                    // SAFETY: 16 bytes after the line are readable, and the column is one of bytes.
                    unsafe { column.push_bytes_wide(tail.as_ptr(), length) };
                } else {
                    column.push_bytes(&tail[..length]);
                }
            })
        };
        self.push_names(rows, out);
        rows
    }

    fn push(&self, line: &[u8], out: &mut SourceOutputs) {
        match self.is_text {
            true => out.builder(0).column(0).push_str(&String::from_utf8_lossy(line)),
            false => out.builder(0).column(0).push_bytes(line),
        }
        self.push_names(1, out);
    }

    fn tell_cut(&mut self, bytes: usize) {
        if self.pieces == 0 {
            warn!(
                "{}: the line that begins at byte {} has more than {bytes} bytes: no tuple holds it whole, it comes in pieces",
                self.files[self.current].0,
                self.text.unread() - bytes as u64
            );
        }
        self.pieces += 1;
        metrics::add("lines_cut", 1);
    }

    fn push_names(&self, rows: usize, out: &mut SourceOutputs) {
        if self.names_file && rows > 0 {
            let column = out.builder(0).column(1);
            column.push_entry(self.files[self.current].0.as_bytes());
            column.extend_indices(&vec![0; rows]);
        }
    }
}

/// Where a position is among the files: which of them, and the byte.
fn found(files: &[(String, usize)], position: &[u8]) -> Result<(usize, u64), Error> {
    let unreadable = || Error::new("the position to go on from is none that `lines` has written");
    let (offset, name) = position.split_first_chunk().ok_or_else(unreadable)?;
    let name = std::str::from_utf8(name).map_err(|_| unreadable())?;
    let current = files.iter().position(|(file, _)| file == name).ok_or_else(|| {
        Error::new(format_args!("the lines up to byte {} of {name} were read, but that file is not among this task's any more; put back the files that were there, or start anew", u64::from_le_bytes(*offset)))
    })?;
    Ok((current, u64::from_le_bytes(*offset)))
}

petrel_sdk::export_batch_spout!(Lines);

#[cfg(test)]
mod tests;
