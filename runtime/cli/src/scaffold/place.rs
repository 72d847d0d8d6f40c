//! Writes new things whole or not at all.

use crate::failure::{CommandResult, Failure};
use anyhow::Context;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes files into a folder that must not exist yet. They are put together beside it and appear all at once.
///
/// # Errors
/// When there is something of that name, or the files cannot be written. Nothing is left behind then.
pub(crate) fn create_folder(folder: &Path, files: &[(String, Vec<u8>)]) -> CommandResult {
    if folder.symlink_metadata().is_ok() {
        return Err(exists(folder));
    }
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !parent.is_dir() {
        return Err(no_parent(parent));
    }
    let cannot = || format!("cannot write into {}", parent.display());
    let beside = tempfile::Builder::new().prefix(".petrel-new-").tempdir_in(parent).with_context(cannot)?;
    // A folder within: what is moved into place has the permissions of any new folder.
    let whole = beside.path().join("new");
    std::fs::create_dir(&whole).with_context(cannot)?;
    for (name, content) in files {
        let path = whole.join(name);
        let within = path.parent().unwrap_or(&whole);
        std::fs::create_dir_all(within).and_then(|()| std::fs::write(&path, content)).with_context(cannot)?;
    }
    match std::fs::rename(&whole, folder) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) => {
            Err(exists(folder))
        }
        Err(error) => Err(Failure::Failed(
            anyhow::Error::new(error).context(format!("cannot create the folder {}", folder.display())),
        )),
    }
}

/// Writes a file that must not exist yet.
///
/// # Errors
/// When there is something of that name, or it cannot be written.
pub(crate) fn create_file(path: &Path, content: &str) -> CommandResult {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(no_parent(path.parent().unwrap_or(Path::new("."))));
        }
        Err(error) => {
            return Err(anyhow::Error::new(error).context(format!("cannot create {}", path.display())).into());
        }
    };
    if let Err(error) = file.write_all(content.as_bytes()) {
        let _ = std::fs::remove_file(path);
        return Err(anyhow::Error::new(error).context(format!("cannot write {}", path.display())).into());
    }
    Ok(())
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("{} exists already: choose another name, or remove it first", path.display()))
}

fn no_parent(folder: &Path) -> Failure {
    Failure::usage(format!("there is no folder {}: make it first, or choose another place", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_folder_appears_whole() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("new");
        create_folder(&folder, &[("a/b.txt".into(), b"b".to_vec()), ("c".into(), Vec::new())]).unwrap();
        assert_eq!(std::fs::read(folder.join("a/b.txt")).unwrap(), b"b");
        assert_eq!(names(place.path()), ["new"]);
        assert!(matches!(create_folder(&folder, &[]), Err(Failure::Usage(_))));
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        // The second file needs a folder where the first one is.
        let files = [("a".to_owned(), Vec::new()), ("a/b".to_owned(), Vec::new())];
        assert!(matches!(create_folder(&place.path().join("new"), &files), Err(Failure::Failed(_))));
        assert!(matches!(create_folder(&place.path().join("no/new"), &[]), Err(Failure::Usage(_))));
        assert_eq!(names(place.path()), [""; 0]);
    }

    #[test]
    fn a_file_is_never_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("t.toml");
        create_file(&path, "one").unwrap();
        assert!(matches!(create_file(&path, "two"), Err(Failure::Usage(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    }
}
