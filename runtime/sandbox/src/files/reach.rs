//! What a path grant stands for on this machine, looked at before anything is opened, and where two grants stand for
//! the same files.

use super::listing::{self, Listed};
use glob::{MatchOptions, Pattern};
use petrel_model::{PathAccess, PathGrant};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How many links are followed on the way to a file that is not there yet; the kernel follows as many.
const LINKS: u32 = 40;

/// The files that a path grant stands for on this machine, links followed, also those that are not there yet.
#[derive(Debug)]
pub struct Reach(Shape);

/// How what a component writes meets what another grant stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// It writes this very file, as the other grant finds it.
    File(String),
    /// It writes into the folder that the other grant is about, or into one where the other's glob finds files.
    Folder,
    /// It writes a file that the other grant finds in its folder or by its glob, or may write there.
    FileOfTheirs,
    /// It writes into the folder in which the other grant's file lies, and may write that one.
    TheirFile(String),
}

#[derive(Debug)]
enum Shape {
    /// Nothing whose content could be lost: a pipe, a terminal, a device.
    Nothing,
    Written(Written),
    Read(Read),
}

/// What is written. Where nothing is yet, the plugin decides whether it becomes a file or a folder: it counts as both.
#[derive(Debug)]
struct Written {
    path: PathBuf,
    shown: String,
    is_file: bool,
    is_folder: bool,
    id: Option<FileId>,
}

/// What is read: the files that are there, and those that would be read if they were.
#[derive(Debug)]
struct Read {
    /// By identity, with the name under which each is read.
    files: BTreeMap<FileId, String>,
    /// The folders in which they lie, each with the name of one of them.
    folders: BTreeMap<PathBuf, String>,
    future: Future,
}

/// What would be read as well if it were there.
#[derive(Debug)]
enum Future {
    Nothing,
    File(PathBuf),
    Folder(PathBuf),
    Glob {
        pattern: Pattern,
        /// Its last part, which matches the names of files.
        name: Pattern,
        /// The folders in which it looks, links followed.
        folders: BTreeSet<PathBuf>,
    },
}

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(metadata: &Metadata) -> FileId {
        FileId { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Reach {
    /// Looks at what a grant stands for. Blocks; opens nothing, and so never waits for a pipe.
    pub fn of(grant: &PathGrant) -> Reach {
        Reach(match grant.access {
            PathAccess::Write => written(&grant.path),
            PathAccess::Read => read(&grant.path),
            PathAccess::Stdin => stdin(),
        })
    }

    /// Where what this grant writes meets what another one reads or writes. Of a grant to read, nowhere.
    pub fn meets(&self, other: &Reach) -> Option<Meeting> {
        match (&self.0, &other.0) {
            (Shape::Written(mine), Shape::Written(theirs)) => mine.meets_written(theirs),
            (Shape::Written(mine), Shape::Read(theirs)) => mine.meets_read(theirs),
            _ => None,
        }
    }
}

/// Whether a grant to read can be used: the path is there, and each of its files can be opened; standard input is something
/// that can be read. A pipe is not opened, which would wait for whoever writes to it. Blocks.
///
/// # Errors
/// The path and why not.
pub fn check_readable(grant: &PathGrant) -> Result<(), String> {
    match grant.access {
        PathAccess::Read => {}
        PathAccess::Write => return Ok(()),
        PathAccess::Stdin => return check_stdin(io::stdin()),
    }
    for file in listing::list(&grant.path)?.files {
        if fs::metadata(file.path()).is_ok_and(|metadata| metadata.is_file()) {
            file.open()?;
        }
    }
    Ok(())
}

/// A shell redirects a folder as readily as a file, and only the first read fails.
fn check_stdin(input: impl AsFd) -> Result<(), String> {
    let input = input.as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata());
    match input {
        Ok(metadata) if metadata.is_dir() => {
            Err("cannot read standard input, which is a folder: redirect a file to it, or pipe to it".to_owned())
        }
        _ => Ok(()),
    }
}

impl Written {
    fn meets_written(&self, theirs: &Written) -> Option<Meeting> {
        let same = self.path == theirs.path || (self.id.is_some() && self.id == theirs.id);
        let is_in = |file: &Written, folder: &Written| {
            file.is_file && folder.is_folder && file.path.parent() == Some(&*folder.path)
        };
        if same && self.is_file && theirs.is_file {
            Some(Meeting::File(theirs.shown.clone()))
        } else if same {
            Some(Meeting::Folder)
        } else if is_in(self, theirs) {
            Some(Meeting::FileOfTheirs)
        } else if is_in(theirs, self) {
            Some(Meeting::TheirFile(theirs.shown.clone()))
        } else {
            None
        }
    }

    fn meets_read(&self, theirs: &Read) -> Option<Meeting> {
        if let Some(name) = self.id.and_then(|id| theirs.files.get(&id)) {
            return Some(Meeting::File(name.clone()));
        }
        let file = self.is_file.then(|| theirs.future.would_read(&self.path)).flatten();
        let folder = || {
            let would_read = self.is_folder && theirs.future.looks_in(&self.path);
            would_read.then_some(Meeting::Folder)
        };
        let theirs_in_mine = || {
            let name = theirs.folders.get(&self.path).filter(|_| self.is_folder);
            name.map(|name| Meeting::TheirFile(name.clone()))
        };
        file.or_else(folder).or_else(theirs_in_mine)
    }
}

impl Future {
    /// Whether a file that is written at that path would be read.
    fn would_read(&self, path: &Path) -> Option<Meeting> {
        match self {
            Future::Nothing => None,
            Future::File(file) => (file == path).then(|| Meeting::File(file.to_string_lossy().into_owned())),
            Future::Folder(folder) => (path.parent() == Some(folder)).then_some(Meeting::FileOfTheirs),
            Future::Glob { pattern, name, folders } => {
                let is_found = path.parent().is_some_and(|parent| folders.contains(parent))
                    && path.file_name().is_some_and(|file| name.matches(&file.to_string_lossy()));
                (is_found || matches(pattern, path)).then_some(Meeting::FileOfTheirs)
            }
        }
    }

    /// Whether files that are written into that folder may be read.
    fn looks_in(&self, folder: &Path) -> bool {
        match self {
            Future::Nothing | Future::File(_) => false,
            Future::Folder(other) => other == folder,
            Future::Glob { pattern, folders, .. } => {
                let Some((above, _)) = pattern.as_str().rsplit_once('/') else { return false };
                // What a file there would be called is for the plugin to say.
                let any = Pattern::new(&format!("{above}/any"));
                folders.contains(folder) || any.is_ok_and(|any| matches(&any, &folder.join("any")))
            }
        }
    }
}

fn matches(pattern: &Pattern, path: &Path) -> bool {
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    pattern.matches_path_with(path, options)
}

fn written(path: &str) -> Shape {
    let metadata = fs::metadata(path).ok();
    let (is_file, is_folder) = match &metadata {
        Some(metadata) if metadata.is_dir() => (false, true),
        Some(metadata) if metadata.is_file() => (true, false),
        Some(_) => return Shape::Nothing,
        None => (!path.ends_with('/'), true),
    };
    let id = metadata.as_ref().map(FileId::of);
    Shape::Written(Written { path: followed(Path::new(path), LINKS), shown: path.into(), is_file, is_folder, id })
}

fn read(path: &str) -> Shape {
    let future = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Future::Folder(followed(Path::new(path), LINKS)),
        Ok(metadata) if metadata.is_file() => Future::Nothing,
        Ok(_) => return Shape::Nothing,
        Err(error) if error.kind() == io::ErrorKind::NotFound && listing::is_glob(path) => glob(path),
        Err(_) => Future::File(followed(Path::new(path), LINKS)),
    };
    let mut read = Read { files: BTreeMap::new(), folders: BTreeMap::new(), future };
    // What cannot be listed cannot be read either; that is told elsewhere.
    for file in listing::list(path).unwrap_or_default().files {
        let Ok(metadata) = fs::metadata(file.path()) else { continue };
        read.files.insert(FileId::of(&metadata), file.name());
        read.folders.insert(folder_of(&file), file.name());
    }
    Shape::Read(read)
}

/// The folder in which a file lies, at the end of all links.
fn folder_of(file: &Listed) -> PathBuf {
    let mut path = followed(&file.path(), LINKS);
    path.pop();
    path
}

/// Standard input, which may be a file that the shell opened.
fn stdin() -> Shape {
    let input = io::stdin().as_fd().try_clone_to_owned();
    match input.and_then(|input| File::from(input).metadata()) {
        Ok(metadata) if metadata.is_file() => Shape::Read(Read {
            files: BTreeMap::from([(FileId::of(&metadata), "standard input".into())]),
            folders: BTreeMap::new(),
            future: Future::Nothing,
        }),
        _ => Shape::Nothing,
    }
}

fn glob(path: &str) -> Future {
    let (root, rest) = listing::glob_root(path);
    let Ok(root) = root.canonicalize() else { return Future::File(followed(Path::new(path), LINKS)) };
    let escaped = Pattern::escape(&root.to_string_lossy());
    let rest = rest.to_string_lossy();
    let (above, name) = rest.rsplit_once('/').unwrap_or(("", &rest));
    let (Ok(pattern), Ok(name)) = (Pattern::new(&format!("{escaped}/{rest}")), Pattern::new(name)) else {
        return Future::Nothing;
    };
    let folders = match above {
        "" => BTreeSet::from([root]),
        above => {
            let found = glob::glob(&format!("{escaped}/{above}")).into_iter().flatten().flatten();
            found.filter_map(|folder| folder.canonicalize().ok()).collect()
        }
    };
    Future::Glob { pattern, name, folders }
}

/// A path with every link followed, also where its last parts are not there yet.
fn followed(path: &Path, links: u32) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return path.to_owned(),
    };
    if links > 0
        && let Ok(target) = fs::read_link(path)
    {
        return followed(&parent.join(target), links - 1);
    }
    if path == Path::new(".") {
        // The current folder is gone.
        return path.to_owned();
    }
    let mut path_so_far = followed(parent, links);
    match path.file_name() {
        Some(name) => path_so_far.push(name),
        // `..` after something that is not there.
        None => drop(path_so_far.pop()),
    }
    path_so_far
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
