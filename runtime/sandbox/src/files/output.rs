//! Files behind `path-write` grants, and standard output: opened during a call, written when it has returned ok.

use super::{blocking, not_granted};
use petrel_flow::Write;
use petrel_model::{PathAccess, PathGrant};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes to one file are gathered up to this size.
const BUFFER_BYTES: usize = 256 << 10;

/// A write that the operating system refused. What was staged before it in the same call may have been written; where only
/// the reader of standard output has gone, everything else has.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {target}: {source}")]
pub struct WriteError {
    /// The file's path in quotes, or `standard output`.
    pub target: String,
    /// The operating system's reason.
    #[source]
    pub source: io::Error,
}

impl WriteError {
    /// Whether whoever read our standard output has gone, as `head` does when it has enough.
    pub fn is_broken_pipe(&self) -> bool {
        self.target == PrintTarget::Stdout.name() && self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Where what guests print goes.
#[derive(Clone, Copy, Debug, Default)]
pub enum PrintTarget {
    /// Standard output of the process.
    #[default]
    Stdout,
    /// Standard error, for a process whose standard output belongs to something else.
    Stderr,
    /// Standard output by way of somebody who also draws on the terminal.
    Shared(fn(&[u8]) -> io::Result<()>),
}

impl PrintTarget {
    fn name(self) -> &'static str {
        match self {
            PrintTarget::Stdout | PrintTarget::Shared(_) => "standard output",
            PrintTarget::Stderr => "standard error",
        }
    }

    fn write(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            PrintTarget::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
            PrintTarget::Stderr => io::stderr().lock().write_all(bytes),
            PrintTarget::Shared(print) => print(bytes),
        }
    }
}

/// The files an instance may write.
#[derive(Default)]
pub(crate) struct Outputs {
    keys: BTreeMap<String, String>,
    /// An instance that goes on where another of the same run stopped keeps what that one wrote.
    again: bool,
    open: Vec<OpenFile>,
    prints: PrintTarget,
}

struct OpenFile {
    key: String,
    name: String,
    path: PathBuf,
    file: Arc<File>,
}

impl Outputs {
    pub(crate) fn new(grants: &[PathGrant], again: bool) -> Outputs {
        let writable = grants.iter().filter(|grant| grant.access == PathAccess::Write);
        Outputs {
            keys: writable.map(|grant| (grant.key.clone(), grant.path.clone())).collect(),
            again,
            open: Vec::new(),
            prints: PrintTarget::default(),
        }
    }

    /// Sets where prints go.
    pub(crate) fn print_to(&mut self, target: PrintTarget) {
        self.prints = target;
    }

    /// Whether that file may be opened where so many may be open.
    pub(crate) fn has_room(&self, key: &str, name: &str, most: u64) -> bool {
        (self.open.len() as u64) < most || self.handle(key, name).is_some()
    }

    fn handle(&self, key: &str, name: &str) -> Option<u32> {
        self.open.iter().position(|file| file.key == key && file.name == name).map(|handle| handle as u32)
    }

    /// Opens the file of a key, or the file of that name in its folder, and empties it unless what is in it is to be kept.
    /// Returns its handle and how many bytes were kept. Opening it twice gives the same handle, and empties nothing.
    pub(crate) async fn open(&mut self, key: &str, name: &str, keep: bool) -> Result<(u32, u64), String> {
        if let Some(handle) = self.handle(key, name) {
            return Ok((handle, size(&self.open[handle as usize].file)));
        }
        let granted = self.granted(key)?;
        let (keep, wanted) = (keep || self.again, name.to_owned());
        let (path, file) = blocking(move || open(&granted, &wanted, keep)).await?;
        let kept = size(&file);
        self.open.push(OpenFile { key: key.into(), name: name.into(), path, file: Arc::new(file) });
        Ok((self.open.len() as u32 - 1, kept))
    }

    /// The names of the files in the folder of a key, sorted; none where it is no folder.
    pub(crate) async fn list(&self, key: &str) -> Result<Vec<String>, String> {
        let granted = self.granted(key)?;
        blocking(move || list(&granted)).await
    }

    /// Removes the file of that name from the folder of a key, if it is there.
    pub(crate) async fn remove(&self, key: &str, name: &str) -> Result<(), String> {
        let (granted, name) = (self.granted(key)?, name.to_owned());
        blocking(move || remove(&granted, &name)).await
    }

    fn granted(&self, key: &str) -> Result<PathBuf, String> {
        self.keys.get(key).map(PathBuf::from).ok_or_else(|| not_granted(key, "write"))
    }

    /// Whether that handle was given.
    pub(crate) fn has(&self, handle: u32) -> bool {
        (handle as usize) < self.open.len()
    }

    /// Performs staged writes in order, and hands them over to the operating system before it returns.
    pub(crate) async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        if writes.is_empty() {
            return Ok(());
        }
        let files: Vec<(PathBuf, Arc<File>)> =
            self.open.iter().map(|open| (open.path.clone(), open.file.clone())).collect();
        let prints = self.prints;
        blocking(move || perform(&files, prints, writes)).await
    }
}

fn perform(files: &[(PathBuf, Arc<File>)], prints: PrintTarget, writes: Vec<Write>) -> Result<(), WriteError> {
    let mut gathered = Vec::new();
    let mut target = None;
    let mut no_reader = None;
    let mut write_out = |target, bytes: &[u8]| match write_out(files, prints, target, bytes) {
        // No reason to keep back what goes to files.
        Err(error) if error.is_broken_pipe() => {
            no_reader = Some(error);
            Ok(())
        }
        outcome => outcome,
    };
    for write in writes {
        let (next, bytes) = match write {
            Write::Append(handle, bytes) => (Some(handle as usize), bytes),
            Write::Print(bytes) => (None, bytes),
        };
        if next != target || gathered.len() + bytes.len() > BUFFER_BYTES {
            write_out(target, &gathered)?;
            gathered.clear();
        }
        target = next;
        if bytes.len() > BUFFER_BYTES {
            write_out(target, &bytes)?;
        } else {
            gathered.extend_from_slice(&bytes);
        }
    }
    write_out(target, &gathered)?;
    no_reader.map_or(Ok(()), Err)
}

fn write_out(
    files: &[(PathBuf, Arc<File>)],
    prints: PrintTarget,
    target: Option<usize>,
    bytes: &[u8],
) -> Result<(), WriteError> {
    if bytes.is_empty() {
        return Ok(());
    }
    let Some(handle) = target else {
        return prints.write(bytes).map_err(|source| WriteError { target: prints.name().into(), source });
    };
    let (path, file) = &files[handle];
    (&**file).write_all(bytes).map_err(|source| WriteError { target: format!("{path:?}"), source })
}

fn open(granted: &Path, name: &str, keep: bool) -> Result<(PathBuf, File), String> {
    // Where nothing is yet, the plugin decides by naming a file in it or not.
    let is_folder = granted.as_os_str().as_encoded_bytes().ends_with(b"/")
        || granted.is_dir()
        || !name.is_empty() && !granted.exists();
    let refused = |path: &Path, error: io::Error| format!("cannot write to {path:?}: {error}");
    // Always at the end, wherever somebody else who writes to the file has moved that.
    let mut flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::APPEND;
    if !keep {
        flags |= OFlags::TRUNC;
    }
    let path = match (is_folder, name) {
        (false, "") => granted.to_owned(),
        (false, name) => {
            return Err(format!(
                "{granted:?} is a file, so a file {name:?} in it cannot be written: set a folder, with a / at its end"
            ));
        }
        (true, "") => return Err(format!("{granted:?} is a folder, and the plugin writes to a file: set a file")),
        (true, name) => {
            check_name(name)?;
            fs::create_dir_all(granted).map_err(|error| refused(granted, error))?;
            // The folder may hold anything; a link in it would lead out of what is granted.
            flags |= OFlags::NOFOLLOW;
            granted.join(name)
        }
    };
    match openat(CWD, &path, flags, Mode::from_raw_mode(0o666)) {
        Ok(file) => Ok((path, file.into())),
        Err(error) => Err(match missing_folder(&path) {
            Some(folder) => {
                format!("{}. Make the folder {folder:?}, or set another path", refused(&path, error.into()))
            }
            None => refused(&path, error.into()),
        }),
    }
}

/// The folder that a file would lie in, if it is not there.
fn missing_folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
}

/// What a file holds; nothing for what has no size, such as a pipe.
fn size(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

fn list(folder: &Path) -> Result<Vec<String>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let refused = |error: io::Error| format!("cannot read {folder:?}: {error}");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if !entry.file_type().map_err(refused)?.is_dir() {
            // A name that is not text is none that a plugin has written.
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn remove(folder: &Path, name: &str) -> Result<(), String> {
    check_name(name)?;
    if name.is_empty() || !folder.is_dir() {
        return Err(format!("only files in a folder are removed, and not {name:?} of {folder:?}"));
    }
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!("cannot remove {path:?}: {error}")),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        return Err(format!("{name:?} is no file name: it must not hold / or \\, nor be . or .."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn outputs(path: &Path, again: bool) -> Outputs {
        let grant = PathGrant { key: "path".into(), access: PathAccess::Write, path: path.to_str().unwrap().into() };
        Outputs::new(&[grant], again)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn writes_in_order_and_truncates_unless_told_to_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.tsv");
        fs::write(&path, "old").unwrap();
        block_on(async {
            let mut outputs = outputs(&path, false);
            let (handle, kept) = outputs.open("path", "", false).await.unwrap();
            assert_eq!(kept, 0);
            assert_eq!(fs::read(&path).unwrap(), b"", "truncated at once");
            assert_eq!(outputs.open("path", "", false).await.unwrap(), (handle, 0));
            let big = vec![b'x'; 2 * BUFFER_BYTES];
            let pieces = [b"a".to_vec(), b"b".to_vec(), big.clone(), b"c".to_vec()];
            outputs.write(pieces.into_iter().map(|bytes| Write::Append(handle, bytes)).collect()).await.unwrap();
            assert_eq!(fs::read(&path).unwrap(), [&b"ab"[..], &big, b"c"].concat());
        });
        let size = 2 * BUFFER_BYTES as u64 + 3;
        for (again, keep, kept) in [(true, false, size), (true, true, size + 4), (false, true, size + 8)] {
            block_on(async {
                let mut outputs = outputs(&path, again);
                let (handle, found) = outputs.open("path", "", keep).await.unwrap();
                assert_eq!(found, kept, "{again} {keep}");
                outputs.write(vec![Write::Append(handle, b"more".to_vec())]).await.unwrap();
                assert_eq!(outputs.open("path", "", false).await.unwrap(), (handle, kept + 4));
            });
        }
        assert!(fs::read(&path).unwrap().ends_with(b"cmoremoremore"));
    }

    #[test]
    fn files_of_a_folder_are_listed_and_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parts");
        let kept = folder.path().join("kept");
        fs::write(&kept, "mine").unwrap();
        block_on(async {
            let outputs = outputs(&path, false);
            assert_eq!(outputs.list("path").await, Ok(Vec::new()), "it is not there yet");
            fs::create_dir_all(path.join("deep")).unwrap();
            fs::write(path.join("b"), "").unwrap();
            fs::write(path.join("a"), "").unwrap();
            symlink(&kept, path.join("link")).unwrap();
            assert_eq!(outputs.list("path").await.unwrap(), ["a", "b", "link"]);
            for name in ["a", "link", "never-there"] {
                outputs.remove("path", name).await.unwrap();
            }
            assert_eq!(outputs.list("path").await.unwrap(), ["b"]);
            for (name, why) in
                [("../kept", "no file name"), ("..", "no file name"), ("", "only files"), ("deep", "deep")]
            {
                let message = outputs.remove("path", name).await.unwrap_err();
                assert!(message.contains(why), "{message}");
            }
            assert!(outputs.list("other").await.unwrap_err().contains("grants no file"));
            assert!(outputs.remove("other", "b").await.unwrap_err().contains("grants no file"));
        });
        assert_eq!(fs::read(&kept).unwrap(), b"mine", "what a link leads to stays");
        block_on(async {
            let outputs = outputs(&kept, false);
            assert_eq!(outputs.list("path").await, Ok(Vec::new()), "a file has none in it");
            assert!(outputs.remove("path", "").await.is_err() && outputs.remove("path", "x").await.is_err());
        });
        assert!(kept.exists());
    }

    #[test]
    fn a_folder_takes_names_and_nothing_but_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parts/");
        block_on(async {
            let mut outputs = outputs(&path, false);
            let (first, _) = outputs.open("path", "part-0", false).await.unwrap();
            let (second, _) = outputs.open("path", "part-1", false).await.unwrap();
            let writes = vec![Write::Append(second, b"2".to_vec()), Write::Append(first, b"1".to_vec())];
            outputs.write(writes).await.unwrap();
            for name in ["../x", "a/b", "..", ".", "a\\b"] {
                assert!(outputs.open("path", name, false).await.unwrap_err().contains("no file name"), "{name}");
            }
            assert!(outputs.open("path", "", false).await.unwrap_err().contains("is a folder"));
            symlink("/tmp/elsewhere", path.join("part-2")).unwrap();
            assert!(outputs.open("path", "part-2", false).await.is_err());
            assert!(outputs.open("other", "", false).await.unwrap_err().contains("grants no file"));
            assert!(outputs.has(1) && !outputs.has(2));
        });
        assert_eq!(fs::read(path.join("part-0")).unwrap(), b"1");
        assert_eq!(fs::read(path.join("part-1")).unwrap(), b"2");
    }

    #[test]
    fn what_is_not_there_yet_becomes_a_folder_for_a_name_and_a_file_without_one() {
        let folder = tempfile::tempdir().unwrap();
        block_on(outputs(&folder.path().join("parts"), false).open("path", "part-0", false)).unwrap();
        assert!(folder.path().join("parts/part-0").is_file());
        block_on(outputs(&folder.path().join("whole"), false).open("path", "", false)).unwrap();
        assert!(folder.path().join("whole").is_file());
    }

    #[test]
    fn a_full_disk_is_told_with_the_path_and_the_reason() {
        let error = block_on(async {
            let mut outputs = outputs(Path::new("/dev/full"), false);
            let (handle, _) = outputs.open("path", "", false).await.unwrap();
            outputs.write(vec![Write::Append(handle, b"x".to_vec())]).await.unwrap_err()
        });
        let message = error.to_string();
        assert!(message.contains("/dev/full") && message.contains("No space left"), "{message}");
    }

    #[test]
    fn a_reader_that_has_gone_keeps_no_file_back() {
        let gone: fn(&[u8]) -> io::Result<()> = |_| Err(io::ErrorKind::BrokenPipe.into());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.tsv");
        block_on(async {
            let mut outputs = outputs(&path, false);
            outputs.print_to(PrintTarget::Shared(gone));
            let (handle, _) = outputs.open("path", "", false).await.unwrap();
            let append = |bytes: &[u8]| Write::Append(handle, bytes.to_vec());
            let writes = vec![append(b"a"), Write::Print(b"nobody".to_vec()), append(b"b")];
            assert!(outputs.write(writes).await.unwrap_err().is_broken_pipe());
        });
        assert_eq!(fs::read(&path).unwrap(), b"ab");
    }

    #[test]
    fn a_path_that_cannot_be_opened_is_told_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let message =
            block_on(outputs(&folder.path().join("no/such/file"), false).open("path", "", false)).unwrap_err();
        assert!(message.contains("no/such/file") && message.contains("No such file"), "{message}");
        fs::write(folder.path().join("file"), "").unwrap();
        let message = block_on(outputs(&folder.path().join("file"), false).open("path", "part-0", false)).unwrap_err();
        assert!(message.contains("set a folder"), "{message}");
    }
}
