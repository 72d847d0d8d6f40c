//! Reading a file at any offset, with the next piece read while the guest works on this one.

use super::blocking;
use super::listing::Listed;
use super::stream::{self, StreamReader};
use crate::deadline::Deadline;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Bytes read, shared so that the reader gets the memory back when the guest has its copy.
pub(crate) type Chunk = Arc<Vec<u8>>;

/// A file being read.
pub(super) enum Reader {
    Regular(RegularReader),
    Stream(Arc<StreamReader>),
}

impl Reader {
    /// Opens a file. Never waits for a pipe.
    pub(super) async fn open(listed: Listed) -> Result<Reader, String> {
        match listed {
            Listed::Stdin => Ok(Reader::Stream(stream::stdin())),
            listed => blocking(move || Reader::open_now(&listed)).await,
        }
    }

    fn open_now(listed: &Listed) -> Result<Reader, String> {
        let name = listed.name();
        if let Listed::File(path) = listed
            && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
        {
            let path = path.clone();
            return Ok(Reader::Stream(Arc::new(StreamReader::start(name, move || File::open(path)))));
        }
        let file = Arc::new(listed.open()?);
        Ok(Reader::Regular(RegularReader { name, file, spare: [Chunk::default(), Chunk::default()], ahead: None }))
    }

    /// Up to `max` bytes at an offset; none at the end. Waits for a pipe.
    pub(super) async fn read(&mut self, offset: u64, max: u32, deadline: &Deadline) -> Result<Chunk, String> {
        match self {
            Reader::Regular(reader) => reader.read(offset, max as usize).await,
            Reader::Stream(reader) => {
                // A pipe may be silent for hours.
                let _silent = deadline.silence();
                reader.read(offset, max as usize).await.map(Arc::new)
            }
        }
    }

    /// The same, but nothing where a pipe has nothing yet.
    pub(super) async fn read_ready(&mut self, offset: u64, max: u32) -> Result<Option<Chunk>, String> {
        match self {
            Reader::Regular(reader) => reader.read(offset, max as usize).await.map(Some),
            Reader::Stream(reader) => Ok(reader.read_ready(offset, max as usize)?.map(Arc::new)),
        }
    }
}

/// A regular file.
pub(super) struct RegularReader {
    name: String,
    file: Arc<File>,
    /// The memory of earlier chunks, used again once the guest has its copy.
    spare: [Chunk; 2],
    ahead: Option<Ahead>,
}

struct Ahead {
    offset: u64,
    max: usize,
    bytes: JoinHandle<io::Result<Vec<u8>>>,
}

impl RegularReader {
    async fn read(&mut self, offset: u64, max: usize) -> Result<Chunk, String> {
        let ahead = match self.ahead.take() {
            Some(ahead) if ahead.offset == offset && ahead.max == max => ahead,
            _ => self.start(offset, max),
        };
        let bytes = match ahead.bytes.await {
            Ok(bytes) => bytes.map_err(|error| format!("cannot read {:?} at byte {offset}: {error}", self.name))?,
            Err(error) => return Err(format!("cannot read {:?}: {error}", self.name)),
        };
        if bytes.len() == max {
            self.ahead = Some(self.start(offset + max as u64, max));
        }
        let chunk = Arc::new(bytes);
        self.spare.swap(0, 1);
        self.spare[0] = chunk.clone();
        Ok(chunk)
    }

    fn start(&mut self, offset: u64, max: usize) -> Ahead {
        let file = self.file.clone();
        let spare = self.spare.iter_mut().find_map(|spare| Arc::get_mut(spare)).map(std::mem::take).unwrap_or_default();
        let bytes = tokio::task::spawn_blocking(move || read_at(&file, offset, max, spare));
        Ahead { offset, max, bytes }
    }
}

fn read_at(file: &File, offset: u64, max: usize, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    bytes.resize(max, 0);
    let mut filled = 0;
    while filled < max {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    async fn open(path: &std::path::Path) -> Reader {
        Reader::open(Listed::File(path.into())).await.unwrap()
    }

    #[test]
    fn reads_in_order_and_out_of_order() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&content).unwrap();
        block_on(async {
            let mut reader = open(file.path()).await;
            let deadline = Deadline::new();
            let mut all = Vec::new();
            loop {
                let chunk = reader.read(all.len() as u64, 1000, &deadline).await.unwrap();
                if chunk.is_empty() {
                    break;
                }
                all.extend_from_slice(&chunk);
            }
            assert!(all == content);
            for (offset, max) in [(399_990, 1000), (7, 50), (57, 50), (107, 3), (500_000, 10)] {
                let chunk = reader.read(offset, max, &deadline).await.unwrap();
                let end = content.len().min(offset as usize + max as usize);
                assert_eq!(**chunk, content[content.len().min(offset as usize)..end]);
            }
        });
    }

    #[test]
    fn a_folder_in_place_of_a_file_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = block_on(async {
            match Reader::open(Listed::File(folder.path().into())).await {
                Ok(mut reader) => reader.read(0, 10, &Deadline::new()).await,
                Err(message) => Err(message),
            }
        });
        let message = outcome.unwrap_err();
        assert!(message.contains(folder.path().to_str().unwrap()) && message.contains("directory"), "{message}");
    }
}
