//! Which files a path grant stands for, and opening them without ever leaving it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// Granted by its own name.
    File(PathBuf),
    /// Found in a granted folder or by a granted glob.
    Within {
        /// The folder, or the part of the glob before its first special character.
        root: PathBuf,
        /// Below it.
        relative: PathBuf,
    },
    /// The standard input of the process.
    Stdin,
}

impl Listed {
    /// The name as guests and messages see it.
    pub(super) fn name(&self) -> String {
        match self {
            Listed::Stdin => "-".into(),
            _ => self.path().to_string_lossy().into_owned(),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Listed::File(path) => path.clone(),
            Listed::Within { root, relative } => root.join(relative),
            Listed::Stdin => PathBuf::from("-"),
        }
    }

    /// Opens it for reading. Blocks; a named pipe until somebody writes to it.
    pub(super) fn open(&self) -> Result<File, String> {
        let file = match self {
            Listed::Within { root, relative } => open_beneath(root, relative),
            _ => File::open(self.path()),
        };
        file.map_err(|error| unreadable(&self.path(), &error))
    }
}

/// The files behind a granted path, sorted. Blocks.
pub(super) fn list(path: &str) -> Result<Vec<Listed>, String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => list_folder(Path::new(path)),
        Ok(_) => Ok(vec![Listed::File(path.into())]),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_glob(path) => list_glob(path),
        Err(error) => Err(unreadable(Path::new(path), &error)),
    }
}

fn list_folder(folder: &Path) -> Result<Vec<Listed>, String> {
    let refused = |error: &io::Error| unreadable(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| refused(&error))? {
        let entry = entry.map_err(|error| refused(&error))?;
        let kind = entry.file_type().map_err(|error| refused(&error))?;
        let relative = PathBuf::from(entry.file_name());
        if kind.is_file() || (kind.is_symlink() && leads_to_file(folder, &relative)?) {
            files.push(Listed::Within { root: folder.into(), relative });
        }
    }
    sort(&mut files);
    Ok(files)
}

fn list_glob(pattern: &str) -> Result<Vec<Listed>, String> {
    let (root, _) = glob_root(pattern);
    let matches = glob::glob(pattern).map_err(|error| format!("{pattern:?} is no glob: {error}"))?;
    let mut files = Vec::new();
    for found in matches {
        let found = found.map_err(|error| unreadable(error.path(), error.error()))?;
        let relative = found.strip_prefix(&root).unwrap_or(&found).to_owned();
        if leads_to_file(&root, &relative)? {
            files.push(Listed::Within { root: root.clone(), relative });
        }
    }
    if files.is_empty() {
        return Err(format!("no file matches {pattern:?}"));
    }
    sort(&mut files);
    Ok(files)
}

fn sort(files: &mut [Listed]) {
    files.sort_by_key(Listed::path);
}

/// The part of a glob before its first special character, and the rest.
pub(super) fn glob_root(pattern: &str) -> (PathBuf, PathBuf) {
    let is_plain = |part: &&std::ffi::OsStr| !is_glob(&part.to_string_lossy());
    let parts = Path::new(pattern).iter();
    let root: PathBuf = parts.clone().take_while(is_plain).collect();
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    (root, parts.skip_while(is_plain).collect())
}

pub(super) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether a path below a root is a regular file. One that leads out of the root is an error: leaving it out silently
/// would lose the tuples in it.
fn leads_to_file(root: &Path, relative: &Path) -> Result<bool, String> {
    let path = root.join(relative);
    // Not opened if it is something else: opening a pipe waits, and opening a device may do anything.
    let kind = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
    if !kind.is_file() {
        return Ok(false);
    }
    open_beneath(root, relative).map(|_| true).map_err(|error| unreadable(&path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read {path:?}: {error}")
}

fn leads_out() -> io::Error {
    io::Error::other("a symbolic link on the way leads out of what is granted; grant its target instead")
}

/// Opens a file below a root. No symbolic link on the way leads out, whoever changes the folders meanwhile.
#[cfg(target_os = "linux")]
fn open_beneath(root: &Path, relative: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
    use rustix::io::Errno;
    let folder = openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match openat2(&folder, relative, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS) {
        Ok(file) => Ok(file.into()),
        // An absolute link counts as leading out, even back in.
        Err(Errno::XDEV) => open_inside(root, relative),
        Err(Errno::NOSYS) => open_inside(root, relative),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(root: &Path, relative: &Path) -> io::Result<File> {
    open_inside(root, relative)
}

/// The same where the kernel cannot do it: follows the links first and looks where they end. The path opened then has
/// no link in it.
fn open_inside(root: &Path, relative: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let target = root.join(relative).canonicalize()?;
    if !target.starts_with(root.canonicalize()?) {
        return Err(leads_out());
    }
    Ok(openat(CWD, &target, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(path: &Path) -> Vec<String> {
        list(path.to_str().unwrap())
            .unwrap()
            .iter()
            .map(|file| file.path().file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.txt", "a.txt", "c.log", "deep/d.txt"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_stands_for_its_regular_files() {
        let folder = folder();
        assert_eq!(names(folder.path()), ["a.txt", "b.txt", "c.log"]);
        assert_eq!(names(&folder.path().join("a.txt")), ["a.txt"]);
        assert_eq!(names(&folder.path().join("*.txt")), ["a.txt", "b.txt"]);
        assert_eq!(names(&folder.path().join("**/*.txt")), ["a.txt", "b.txt", "d.txt"]);
    }

    #[test]
    fn a_file_whose_name_looks_like_a_glob_is_that_file() {
        let folder = folder();
        fs::write(folder.path().join("[a].txt"), "").unwrap();
        assert_eq!(names(&folder.path().join("[a].txt")), ["[a].txt"]);
    }

    #[test]
    fn what_is_not_there_is_named_with_the_reason() {
        let folder = folder();
        let message = list(folder.path().join("none.txt").to_str().unwrap()).unwrap_err();
        assert!(message.contains("none.txt") && message.contains("No such file"), "{message}");
        let message = list(folder.path().join("none*.txt").to_str().unwrap()).unwrap_err();
        assert!(message.contains("no file matches"), "{message}");
        let message = list("/x/[").unwrap_err();
        assert!(message.contains("is no glob"), "{message}");
    }

    #[test]
    fn links_are_followed_within_and_refused_beyond() {
        let folder = folder();
        symlink("a.txt", folder.path().join("inside.txt")).unwrap();
        symlink(folder.path().join("b.txt"), folder.path().join("inside-too.txt")).unwrap();
        assert_eq!(names(folder.path()).len(), 5);
        for file in list(folder.path().to_str().unwrap()).unwrap() {
            file.open().unwrap();
        }
        let secret = tempfile::NamedTempFile::new().unwrap();
        symlink(secret.path(), folder.path().join("z.txt")).unwrap();
        for path in [folder.path().to_owned(), folder.path().join("*.txt")] {
            let message = list(path.to_str().unwrap()).unwrap_err();
            assert!(message.contains("z.txt") && message.contains("leads out"), "{message}");
        }
        fs::remove_file(folder.path().join("z.txt")).unwrap();
        symlink("/etc", folder.path().join("etc")).unwrap();
        let message = list(folder.path().join("*/hostname").to_str().unwrap()).unwrap_err();
        assert!(message.contains("leads out"), "{message}");
    }

    #[test]
    fn a_link_put_there_after_the_listing_is_refused_when_opened() {
        let folder = folder();
        let files = list(folder.path().to_str().unwrap()).unwrap();
        fs::remove_file(folder.path().join("a.txt")).unwrap();
        symlink("/etc/passwd", folder.path().join("a.txt")).unwrap();
        let message = files[0].open().unwrap_err();
        assert!(message.contains("leads out"), "{message}");
    }
}
