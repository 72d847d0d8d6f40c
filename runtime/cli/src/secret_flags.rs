//! Secrets on the command line: their names, and the files that hold them.

use crate::failure::{CommandResult, Failure};
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The flag that gives secrets.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SecretFlags {
    /// Give a secret to the components that are granted it.
    #[arg(long = "secret", value_name = "NAME=@FILE", value_parser = parse_secret)]
    secrets: Vec<(String, PathBuf)>,
}

fn parse_secret(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once("=@").ok_or("expected NAME=@FILE: a secret is read from a file")?;
    if name.is_empty() || file.is_empty() {
        return Err("NAME and FILE must not be empty".to_owned());
    }
    Ok((name.to_owned(), PathBuf::from(file)))
}

impl SecretFlags {
    /// Reads them, by name.
    pub(crate) fn read(&self) -> CommandResult<BTreeMap<String, Vec<u8>>> {
        let read = |(name, path): &(String, PathBuf)| {
            let mut secret = std::fs::read(path)
                .with_context(|| format!("cannot read the secret {name} from {}", path.display()))?;
            // A file written by an editor ends in a newline that is not part of the secret.
            if secret.last() == Some(&b'\n') {
                secret.pop();
            }
            Ok((name.clone(), secret))
        };
        self.secrets.iter().map(read).collect::<anyhow::Result<_>>().map_err(Failure::Failed)
    }
}
