//! Files behind configuration keys of the kinds `path-read`, `path-write` and `stdin`.
//!
//! A plugin never sees a path: it names the configuration key. Writes are staged, so they happen when the call returns
//! ok, and not at all if it does not.

use super::imports;
use crate::error::Error;

/// A file that [`create`] or [`open`] opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileHandle(pub u32);

/// The names of the files behind a key, sorted: the file itself, those in the folder, those that the glob matches.
/// For a `stdin` key that is `-`.
///
/// # Errors
/// The key is not set or not of such a kind, or the folder cannot be read.
pub fn list(key: &str) -> Result<Vec<String>, Error> {
    imports::list_files(key).map_err(|message| at(key, message))
}

/// Up to `max` bytes of a file at an offset; `file` is its position in [`list`]. Empty at the end of the file.
/// A pipe and standard input are read in order: the offset must be where the last read ended.
///
/// Waits until there is something. In a spout use [`read_ready`]: while a call waits, nothing that it has emitted
/// reaches anybody, and it is lost if the topology is drained meanwhile.
///
/// # Errors
/// The file cannot be read, or a pipe was asked for another offset.
pub fn read(key: &str, file: usize, offset: u64, max: usize) -> Result<Vec<u8>, Error> {
    imports::read_file(key, file as u32, offset, max.min(u32::MAX as usize) as u32).map_err(|message| at(key, message))
}

/// As [`read`], but nothing where a pipe or standard input has nothing to give at the moment: then say
/// [`Next::Idle`](crate::Next::Idle) until a little later. A regular file always has something, if only its end.
///
/// # Errors
/// As for [`read`].
pub fn read_ready(key: &str, file: usize, offset: u64, max: usize) -> Result<Option<Vec<u8>>, Error> {
    imports::read_ready_file(key, file as u32, offset, max.min(u32::MAX as usize) as u32)
        .map_err(|message| at(key, message))
}

/// Truncates, or creates, the file of a key. `name` picks a file in a folder and is empty where the key is a file.
///
/// # Errors
/// The key is not set or not of the kind `path-write`, or the file cannot be created.
pub fn create(key: &str, name: &str) -> Result<FileHandle, Error> {
    imports::create_file(key, name).map(FileHandle).map_err(|message| at(key, message))
}

/// Opens, or creates, the file of a key, and empties it unless `keep` is true. An instance that goes on where an earlier
/// one of the same run stopped always keeps what is there. Returns the file and how many bytes were kept.
///
/// # Errors
/// As for [`create`].
pub fn open(key: &str, name: &str, keep: bool) -> Result<(FileHandle, u64), Error> {
    let opened = imports::open_file(key, name, keep).map_err(|message| at(key, message))?;
    Ok((FileHandle(opened.0), opened.1))
}

/// The names of the files in the folder of a key of the kind `path-write`, sorted. None if it is a file, or not there.
///
/// # Errors
/// The key is not set or not of that kind, or the folder cannot be read.
pub fn list_written(key: &str) -> Result<Vec<String>, Error> {
    imports::list_written(key).map_err(|message| at(key, message))
}

/// Removes a file from the folder of a key of the kind `path-write`, at once, whether the call returns ok or not. One
/// that is not there is fine.
///
/// # Errors
/// The key is not set or not of that kind, or the file cannot be removed.
pub fn remove(key: &str, name: &str) -> Result<(), Error> {
    imports::remove_file(key, name).map_err(|message| at(key, message))
}

/// Appends to a file, when the call returns ok.
///
/// # Errors
/// The handle is not one of this instance's.
pub fn append(file: FileHandle, data: &[u8]) -> Result<(), Error> {
    imports::append_file(file.0, data).map_err(Error::new)
}

/// Writes to the standard output of the process, when the call returns ok.
///
/// # Errors
/// The host has no standard output to give.
pub fn print(data: &[u8]) -> Result<(), Error> {
    imports::print(data).map_err(Error::new)
}

fn at(key: &str, message: String) -> Error {
    Error::new(message).context(format_args!("config.{key}"))
}
