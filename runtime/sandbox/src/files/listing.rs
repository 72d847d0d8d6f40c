//! Which files a path grant stands for, and opening them without ever leaving it.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

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

/// The files behind a granted path.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Sorted.
    pub(super) files: Vec<Listed>,
    /// What was found and is not granted, a sentence each.
    pub(super) left_out: Vec<String>,
}

impl Listing {
    /// Takes what was found below a root, if it is a regular file; a link that leads to none that is granted is told.
    fn take(&mut self, root: &Path, relative: PathBuf) {
        match leads_to_file(root, &relative) {
            Ok(true) => self.files.push(Listed::Within { root: root.into(), relative }),
            Ok(false) => {}
            Err(error) => self.left_out.push(format!("{:?} is left out: {error}", root.join(relative))),
        }
    }

    fn sorted(mut self) -> Listing {
        self.files.sort_by_key(Listed::path);
        self.left_out.sort_unstable();
        self
    }
}

/// The files behind a granted path. Blocks.
pub(super) fn list(path: &str) -> Result<Listing, String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => list_folder(Path::new(path)),
        Ok(_) => Ok(Listing { files: vec![Listed::File(path.into())], ..Listing::default() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_glob(path) => list_glob(path),
        Err(error) => Err(unreadable(Path::new(path), &error)),
    }
}

fn list_folder(folder: &Path) -> Result<Listing, String> {
    let refused = |error: &io::Error| unreadable(folder, error);
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder).map_err(|error| refused(&error))? {
        let entry = entry.map_err(|error| refused(&error))?;
        let kind = entry.file_type().map_err(|error| refused(&error))?;
        let relative = PathBuf::from(entry.file_name());
        if kind.is_file() {
            listing.files.push(Listed::Within { root: folder.into(), relative });
        } else if kind.is_symlink() {
            listing.take(folder, relative);
        }
    }
    Ok(listing.sorted())
}

fn list_glob(pattern: &str) -> Result<Listing, String> {
    let (root, _) = glob_root(pattern);
    let matches = glob::glob(pattern).map_err(|error| format!("{pattern:?} is no glob: {error}"))?;
    let mut listing = Listing::default();
    for found in matches {
        let found = found.map_err(|error| unreadable(error.path(), error.error()))?;
        let relative = found.strip_prefix(&root).unwrap_or(&found).to_owned();
        listing.take(&root, relative);
    }
    if listing.files.is_empty() {
        let mut reason = format!("no file matches {pattern:?}");
        for left_out in listing.sorted().left_out {
            reason.push_str("; ");
            reason.push_str(&left_out);
        }
        return Err(reason);
    }
    Ok(listing.sorted())
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

/// Whether a path below a root is a regular file.
///
/// # Errors
/// It leads out of the root, or nowhere.
fn leads_to_file(root: &Path, relative: &Path) -> io::Result<bool> {
    // Not opened if it is something else: opening a pipe waits, and opening a device may do anything.
    if !fs::metadata(root.join(relative))?.is_file() {
        return Ok(false);
    }
    // A file that the system does not let us open, for whatever reason, is for whoever reads it to stop at: leaving it
    // out would lose what is in it. The other errors are ours.
    match open_beneath(root, relative) {
        Err(error) if error.raw_os_error().is_none() => Err(error),
        _ => Ok(true),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read {path:?}: {error}")
}

fn leads_out() -> io::Error {
    io::Error::other("a symbolic link on the way leads out of what is granted; grant its target instead")
}

/// Opens a regular file below a root. No symbolic link on the way leads out, whoever changes the folders meanwhile.
fn open_beneath(root: &Path, relative: &Path) -> io::Result<File> {
    // Without waiting for whoever writes to a pipe that has taken the file's place.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let folder = openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let file = match beneath(&folder, relative, flags) {
        // An absolute link counts as leading out, even back in. Wherever the links are found to end now, what is opened
        // there is beneath the folder.
        Err(Errno::XDEV) => {
            let target = root.join(relative).canonicalize()?;
            let inside = target.strip_prefix(root.canonicalize()?).map_err(|_| leads_out())?;
            beneath(&folder, inside, flags)
                .map_err(|error| if error == Errno::XDEV { leads_out() } else { error.into() })?
        }
        opened => opened?,
    };
    let file = File::from(file);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file any more"));
    }
    Ok(file)
}

#[cfg(target_os = "linux")]
fn beneath(folder: &OwnedFd, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    match openat2(folder, relative, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS) {
        Err(Errno::NOSYS) => step_by_step(folder, relative, flags),
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn beneath(folder: &OwnedFd, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    step_by_step(folder, relative, flags)
}

/// Where the kernel cannot tell whether a link leads out, nothing is followed on the way; to the caller a link looks as
/// one that leads out does, and where it ends is looked up.
fn step_by_step(folder: &OwnedFd, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let names: Vec<&OsStr> = relative
        .components()
        .map(|part| match part {
            Component::Normal(name) => Ok(name),
            _ => Err(Errno::XDEV),
        })
        .collect::<Result<_, _>>()?;
    let (last, above) = names.split_last().ok_or(Errno::NOENT)?;
    let as_link = |error| if error == Errno::LOOP || error == Errno::NOTDIR { Errno::XDEV } else { error };
    let mut within: Option<OwnedFd> = None;
    for name in above {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        within = Some(openat(within.as_ref().unwrap_or(folder), *name, flags, Mode::empty()).map_err(as_link)?);
    }
    openat(within.as_ref().unwrap_or(folder), *last, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(as_link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(path: &Path) -> Vec<String> {
        list(path.to_str().unwrap())
            .unwrap()
            .files
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
    fn links_are_followed_within_and_left_out_beyond() {
        let folder = folder();
        symlink("a.txt", folder.path().join("inside.txt")).unwrap();
        symlink(folder.path().join("b.txt"), folder.path().join("inside-too.txt")).unwrap();
        let secret = tempfile::NamedTempFile::new().unwrap();
        symlink(secret.path(), folder.path().join("y.txt")).unwrap();
        symlink("/no/such/file", folder.path().join("z.txt")).unwrap();
        for (path, files) in [(folder.path().to_owned(), 5), (folder.path().join("*.txt"), 4)] {
            let listing = list(path.to_str().unwrap()).unwrap();
            assert_eq!(listing.files.len(), files);
            listing.files.iter().for_each(|file| drop(file.open().unwrap()));
            let [out, nowhere] = &listing.left_out[..] else { panic!("{:?}", listing.left_out) };
            assert!(out.contains("y.txt") && out.contains("leads out"), "{out}");
            assert!(nowhere.contains("z.txt") && nowhere.contains("No such file"), "{nowhere}");
        }
        symlink("/etc", folder.path().join("etc")).unwrap();
        let message = list(folder.path().join("*/hostname").to_str().unwrap()).unwrap_err();
        assert!(message.contains("no file matches") && message.contains("leads out"), "{message}");
    }

    #[test]
    fn a_link_put_there_after_the_listing_is_refused_when_opened() {
        let folder = folder();
        let files = list(folder.path().to_str().unwrap()).unwrap().files;
        fs::remove_file(folder.path().join("a.txt")).unwrap();
        symlink("/etc/passwd", folder.path().join("a.txt")).unwrap();
        let message = files[0].open().unwrap_err();
        assert!(message.contains("leads out"), "{message}");
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
        let folder = folder();
        let files = list(folder.path().to_str().unwrap()).unwrap().files;
        fs::remove_file(folder.path().join("a.txt")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("a.txt")).status().unwrap();
        assert!(made.success());
        let message = files[0].open().unwrap_err();
        assert!(message.contains("no regular file"), "{message}");
    }

    /// What is done where the kernel has no call for it.
    #[test]
    fn step_by_step_no_link_is_followed() {
        let folder = folder();
        symlink("a.txt", folder.path().join("inside.txt")).unwrap();
        symlink("deep", folder.path().join("link")).unwrap();
        let root = File::open(folder.path()).unwrap().into();
        let open = |path: &str| step_by_step(&root, Path::new(path), OFlags::RDONLY);
        assert!(open("a.txt").is_ok() && open("deep/d.txt").is_ok());
        for link in ["inside.txt", "link/d.txt", "../a.txt", "/etc/passwd", "deep/../a.txt"] {
            assert_eq!(open(link).unwrap_err(), Errno::XDEV, "{link}");
        }
        assert_eq!(open("none.txt").unwrap_err(), Errno::NOENT);
    }
}
