//! The log file of a run, of bounded size: what is full moves aside, and the oldest that was moved goes.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file is full with so many bytes.
const FILE_BYTES: u64 = 16 << 20;
/// Files that are kept beside the one that is written.
const OLDER: u32 = 3;

/// `NAME.jsonl`, and beside it `NAME.1.jsonl` with what came before, `NAME.2.jsonl` with what came before that, and so on.
pub(crate) struct RollingLog {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    file_bytes: u64,
}

impl RollingLog {
    /// An empty log. What an earlier run left under that name is removed.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn create(path: &Path) -> io::Result<RollingLog> {
        RollingLog::with_file_bytes(path, FILE_BYTES)
    }

    fn with_file_bytes(path: &Path, file_bytes: u64) -> io::Result<RollingLog> {
        let file = BufWriter::new(File::create(path)?);
        for number in 1..=OLDER {
            match fs::remove_file(older(path, number)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(RollingLog { path: path.to_path_buf(), file, bytes: 0, file_bytes })
    }

    /// The file that is written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a line, without its newline. Lines are never torn between files.
    ///
    /// # Errors
    /// When it cannot be written. The next one may be.
    pub(crate) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let bytes = line.len() as u64 + 1;
        if self.bytes > 0 && self.bytes + bytes > self.file_bytes {
            self.roll()?;
        }
        self.file.write_all(line).and_then(|()| self.file.write_all(b"\n"))?;
        self.bytes += bytes;
        Ok(())
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// When it refuses.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn roll(&mut self) -> io::Result<()> {
        self.file.flush()?;
        for number in (1..OLDER).rev() {
            match fs::rename(older(&self.path, number), older(&self.path, number + 1)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, older(&self.path, 1))?;
        self.file = BufWriter::new(File::create(&self.path)?);
        self.bytes = 0;
        Ok(())
    }
}

fn older(path: &Path, number: u32) -> PathBuf {
    path.with_extension(format!("{number}.jsonl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.jsonl");
        let mut log = RollingLog::with_file_bytes(&path, 10).unwrap();
        (0..20).for_each(|number| log.write(format!("{number:04}").as_bytes()).unwrap());
        log.write(b"longer than a file may be").unwrap();
        log.flush().unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(read(&path), "longer than a file may be\n");
        assert_eq!(read(&older(&path, 1)), "0018\n0019\n");
        assert_eq!(read(&older(&path, 2)), "0016\n0017\n");
        assert_eq!(read(&older(&path, 3)), "0014\n0015\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }

    #[test]
    fn a_new_run_begins_with_an_empty_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.jsonl");
        for _ in 0..2 {
            let mut log = RollingLog::with_file_bytes(&path, 10).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            (0..9).for_each(|_| log.write(b"12345678").unwrap());
        }
    }
}
