//! Reading what can only be read once: standard input, named pipes, devices.
//!
//! A thread of its own reads ahead into a bounded channel. Standard input has one reader for the whole process, so
//! that nothing is lost with an instance that is thrown away while it waits. The last megabyte stays, so that a call
//! whose effects were discarded can be made again.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::thread;
use tokio::sync::{Mutex, mpsc};

const CHUNK_BYTES: usize = 256 << 10;
const CHUNKS_AHEAD: usize = 4;
/// How far back a reader may go.
const KEPT_BYTES: usize = 1 << 20;

/// A stream's reader. Whoever waits for it can be dropped without losing bytes.
pub(super) type SharedStream = Arc<Mutex<StreamReader>>;

/// The one reader of the process's standard input.
pub(super) fn stdin() -> SharedStream {
    static STDIN: OnceLock<SharedStream> = OnceLock::new();
    STDIN.get_or_init(|| StreamReader::start("standard input".into(), io::stdin()).shared()).clone()
}

/// Bytes of a stream, in order.
pub(super) struct StreamReader {
    name: String,
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    /// Bytes that were read, from `start` on.
    window: Vec<u8>,
    start: u64,
}

impl StreamReader {
    /// Starts reading.
    pub(super) fn start(name: String, mut source: impl Read + Send + 'static) -> StreamReader {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        thread::Builder::new()
            .name("petrel-stream".into())
            .spawn(move || {
                loop {
                    let mut bytes = vec![0; CHUNK_BYTES];
                    let read = match source.read(&mut bytes) {
                        Ok(0) => return,
                        Ok(count) => {
                            bytes.truncate(count);
                            Ok(bytes)
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        Err(error) => Err(error),
                    };
                    let failed = read.is_err();
                    if sender.blocking_send(read).is_err() || failed {
                        return;
                    }
                }
            })
            .expect("a thread can be started");
        StreamReader { name, chunks, window: Vec::new(), start: 0 }
    }

    pub(super) fn shared(self) -> SharedStream {
        Arc::new(Mutex::new(self))
    }

    /// Up to `max` bytes at an offset, as soon as there are any; none when the stream has ended.
    pub(super) async fn read(&mut self, offset: u64, max: usize) -> Result<Vec<u8>, String> {
        let end = self.start + self.window.len() as u64;
        if offset < self.start || offset > end {
            return Err(format!(
                "{} can only be read in order, by one task: byte {offset} was asked for, and the last read ended at {end}",
                self.name
            ));
        }
        if offset == end {
            match self.chunks.recv().await {
                None => return Ok(Vec::new()),
                Some(Err(error)) => return Err(format!("cannot read {:?}: {error}", self.name)),
                Some(Ok(bytes)) => self.keep(bytes),
            }
        }
        let bytes = &self.window[(offset - self.start) as usize..];
        Ok(bytes[..bytes.len().min(max)].to_vec())
    }

    fn keep(&mut self, bytes: Vec<u8>) {
        // Twice as much is let grow before the older half goes, so that bytes are moved once at most.
        if self.window.len() > 2 * KEPT_BYTES {
            let gone = self.window.len() - KEPT_BYTES;
            self.window.drain(..gone);
            self.start += gone as u64;
        }
        self.window.extend_from_slice(&bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn gives_what_there_is_without_waiting_for_more() {
        let (source, mut sink) = io::pipe().unwrap();
        let mut reader = StreamReader::start("pipe".into(), source);
        sink.write_all(b"first").unwrap();
        assert_eq!(block_on(reader.read(0, 100)).unwrap(), b"first");
        sink.write_all(b"second").unwrap();
        assert_eq!(block_on(reader.read(5, 3)).unwrap(), b"sec");
        assert_eq!(block_on(reader.read(8, 100)).unwrap(), b"ond");
        drop(sink);
        assert_eq!(block_on(reader.read(11, 100)).unwrap(), b"");
        assert_eq!(block_on(reader.read(11, 100)).unwrap(), b"", "the end stays the end");
    }

    #[test]
    fn goes_back_over_what_a_discarded_call_read_and_no_further() {
        let content: Vec<u8> = (0..2_000_000u32).flat_map(u32::to_le_bytes).collect();
        let mut reader = StreamReader::start("x".into(), io::Cursor::new(content.clone()));
        let mut at = 0;
        while at < content.len() {
            let bytes = block_on(reader.read(at as u64, 300_000)).unwrap();
            assert!(bytes == content[at..at + bytes.len()], "at {at}");
            at += bytes.len();
        }
        let again = block_on(reader.read((at - KEPT_BYTES) as u64, 100)).unwrap();
        assert_eq!(again, content[at - KEPT_BYTES..][..100]);
        for offset in [0, at as u64 + 1] {
            let message = block_on(reader.read(offset, 1)).unwrap_err();
            assert!(message.contains("in order"), "{message}");
        }
    }

    #[test]
    fn nothing_is_lost_with_a_reader_that_gave_up_waiting() {
        let (source, mut sink) = io::pipe().unwrap();
        let mut reader = StreamReader::start("pipe".into(), source);
        {
            let mut waiting = std::pin::pin!(reader.read(0, 10));
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
        }
        sink.write_all(b"late").unwrap();
        assert_eq!(block_on(reader.read(0, 10)).unwrap(), b"late");
    }
}
