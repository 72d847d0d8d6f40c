//! Secrets on the command line: their names, and the files that hold them.

use crate::failure::{CommandResult, Failure};
use crate::file_errors::with_next_step;
use anyhow::anyhow;
use petrel_model::Assignment;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Whether none is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Reads them, by name.
    ///
    /// # Errors
    /// When one cannot be read, when a component is granted one that is not given, and when one is given that no component
    /// is granted: a slip of the pen, found before it looks like a plugin's fault.
    pub(crate) fn read_for(&self, assignments: &[&Assignment]) -> CommandResult<BTreeMap<String, Vec<u8>>> {
        let secrets = self.read()?;
        let mut granted = BTreeSet::new();
        for component in assignments.iter().flat_map(|assignment| &assignment.components) {
            for name in &component.grants.secrets {
                granted.insert(name);
                if !secrets.contains_key(name) {
                    return Err(Failure::usage(format!(
                        "component {} is granted the secret {name}, which is not given: add --secret {name}=@FILE",
                        component.name
                    )));
                }
            }
        }
        match secrets.keys().find(|name| !granted.contains(name)) {
            None => Ok(secrets),
            Some(name) => Err(Failure::usage(format!(
                "no component is granted the secret {name}: add `grants = {{ secrets = [\"{name}\"] }}` to the one that \
                 needs it, or leave --secret {name} out"
            ))),
        }
    }

    fn read(&self) -> CommandResult<BTreeMap<String, Vec<u8>>> {
        let read = |(name, path): &(String, PathBuf)| {
            let mut secret = std::fs::read(path).map_err(|error| {
                anyhow!("cannot read the secret {name} from {}: {}", path.display(), with_next_step(&error))
            })?;
            // A file written by an editor ends in a newline that is not part of the secret.
            if secret.last() == Some(&b'\n') {
                secret.pop();
            }
            Ok((name.clone(), secret))
        };
        self.secrets.iter().map(read).collect::<anyhow::Result<_>>().map_err(Failure::Usage)
    }
}
