//! Where the control socket of a run is, and how it is reached however long its path is.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Its name in the folder of the run.
pub(crate) const NAME: &str = "control.sock";
/// The address of a unix socket has so many bytes, the zero at its end not counted.
const PATH_BYTES: usize = 107;

/// A path to the socket that fits into an address.
struct Address {
    path: PathBuf,
    /// The path leads through this handle.
    _folder: Option<File>,
}

impl Address {
    fn of(folder: &Path) -> Result<Address> {
        let path = folder.join(NAME);
        if path.as_os_str().as_bytes().len() <= PATH_BYTES {
            return Ok(Address { path, _folder: None });
        }
        let handle = File::open(folder)?;
        let short = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
        if !short.exists() {
            let message = format!(
                "{} is longer than the address of a socket may be, which is {PATH_BYTES} bytes: set PETREL_HOME to a shorter path",
                path.display()
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(Address { path: short.join(NAME), _folder: Some(handle) })
    }
}

/// Listens in the folder of a run, in the place of whoever listened there before. The caller holds the folder's lock, so
/// that nobody does any more.
///
/// # Errors
/// When the operating system does not let it.
pub(crate) fn listen(folder: &Path) -> Result<UnixListener> {
    let address = Address::of(folder)?;
    match std::fs::remove_file(&address.path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&address.path)?;
    std::fs::set_permissions(&address.path, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Connects to whoever listens in the folder of a run.
///
/// # Errors
/// When nobody does.
pub(crate) fn connect(folder: &Path) -> Result<UnixStream> {
    UnixStream::connect(Address::of(folder)?.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileTypeExt;

    #[test]
    fn a_socket_is_private_replaces_a_stale_one_and_may_lie_deep() {
        let place = tempfile::tempdir().unwrap();
        for folder in ["short".to_owned(), "long/".repeat(60)] {
            let folder = place.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            assert_eq!(connect(&folder).unwrap_err().kind(), ErrorKind::NotFound);
            // Dropping a listener leaves its socket behind, as a process that was killed does.
            drop(listen(&folder).unwrap());
            assert_eq!(connect(&folder).unwrap_err().kind(), ErrorKind::ConnectionRefused);
            let _listener = listen(&folder).unwrap();
            connect(&folder).unwrap();
            let metadata = std::fs::symlink_metadata(folder.join(NAME)).unwrap();
            assert!(metadata.file_type().is_socket());
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        }
    }
}
