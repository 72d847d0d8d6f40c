//! Reading what can only be read once: standard input, named pipes, devices.
//!
//! A thread of its own reads ahead, a bounded number of bytes. Standard input has one reader for the whole process, so
//! that nothing is lost with an instance that is thrown away. The last megabyte stays, so that a call whose effects
//! were discarded can be made again.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use tokio::sync::Notify;

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// How far the thread is ahead at most, but for its last chunk.
const AHEAD_BYTES: u64 = 1 << 20;
/// How far back a reader may go.
const KEPT_BYTES: u64 = 1 << 20;

/// The one reader of the process's standard input.
pub(super) fn stdin() -> Arc<StreamReader> {
    static STDIN: OnceLock<Arc<StreamReader>> = OnceLock::new();
    STDIN.get_or_init(|| Arc::new(StreamReader::start("standard input".into(), || Ok(io::stdin())))).clone()
}

/// Bytes of a stream, in order. When it is dropped, its thread ends with the next bytes that it reads.
pub(super) struct StreamReader {
    name: String,
    shared: Arc<Shared>,
}

struct Shared {
    window: Mutex<Window>,
    /// Told when there is something new for whoever reads.
    arrived: Notify,
    /// Told when the thread may read on.
    room: Condvar,
}

#[derive(Default)]
struct Window {
    /// Bytes that were read from the source, from `start` on.
    bytes: Vec<u8>,
    start: u64,
    /// Up to where they were handed out.
    taken: u64,
    /// After the bytes: the end, or why there are no more.
    end: Option<Result<(), String>>,
    /// Nobody will read any more.
    abandoned: bool,
}

impl Window {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn push(&mut self, bytes: &[u8]) {
        // Twice as much is let grow before the older half goes, so that bytes are moved once at most.
        let old = self.taken.saturating_sub(self.start);
        if old > 2 * KEPT_BYTES {
            let gone = old - KEPT_BYTES;
            self.bytes.drain(..gone as usize);
            self.start += gone;
        }
        self.bytes.extend_from_slice(bytes);
    }
}

impl Shared {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamReader {
    /// Opens a source and reads it, both in a thread of its own: opening a named pipe waits for whoever writes to it.
    pub(super) fn start<R: Read>(name: String, open: impl FnOnce() -> io::Result<R> + Send + 'static) -> StreamReader {
        let shared = Arc::new(Shared { window: Mutex::default(), arrived: Notify::new(), room: Condvar::new() });
        let reader = StreamReader { name, shared: shared.clone() };
        let work = move || {
            let outcome = open().and_then(|source| read_all(source, &shared));
            shared.window().end = Some(outcome.map_err(|error| error.to_string()));
            shared.arrived.notify_waiters();
        };
        thread::Builder::new().name("petrel-stream".into()).spawn(work).expect("a thread can be started");
        reader
    }

    /// Up to `max` bytes at an offset, as soon as there are any; none when the stream has ended. Whoever waits can be
    /// dropped without losing bytes.
    pub(super) async fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>, String> {
        loop {
            let mut arrived = std::pin::pin!(self.shared.arrived.notified());
            // Before looking, so that nothing can arrive in between unnoticed.
            arrived.as_mut().enable();
            if let Some(bytes) = self.read_ready(offset, max)? {
                return Ok(bytes);
            }
            arrived.await;
        }
    }

    /// The same without waiting: nothing if there is nothing yet.
    pub(super) fn read_ready(&self, offset: u64, max: usize) -> Result<Option<Vec<u8>>, String> {
        let mut window = self.shared.window();
        if offset < window.start || offset > window.taken {
            return Err(format!(
                "{} can only be read in order, by one task: byte {offset} was asked for, and the last read ended at {}",
                self.name, window.taken
            ));
        }
        let rest = &window.bytes[(offset - window.start) as usize..];
        if rest.is_empty() {
            return match &window.end {
                None => Ok(None),
                Some(Ok(())) => Ok(Some(Vec::new())),
                Some(Err(reason)) => Err(format!("cannot read {:?}: {reason}", self.name)),
            };
        }
        let bytes = rest[..rest.len().min(max)].to_vec();
        window.taken = window.taken.max(offset + bytes.len() as u64);
        drop(window);
        self.shared.room.notify_one();
        Ok(Some(bytes))
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.shared.window().abandoned = true;
        self.shared.room.notify_one();
    }
}

fn read_all(mut source: impl Read, shared: &Shared) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match source.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut window = shared.window();
        if count == 0 || window.abandoned {
            return Ok(());
        }
        window.push(&chunk[..count]);
        shared.arrived.notify_waiters();
        let is_full = |window: &mut Window| !window.abandoned && window.end() - window.taken >= AHEAD_BYTES;
        drop(shared.room.wait_while(window, is_full).unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn start(source: impl Read + Send + 'static) -> StreamReader {
        StreamReader::start("pipe".into(), || Ok(source))
    }

    #[test]
    fn gives_what_there_is_without_waiting_for_more() {
        let (source, mut sink) = io::pipe().unwrap();
        let reader = start(source);
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
    fn says_that_there_is_nothing_yet() {
        let (source, mut sink) = io::pipe().unwrap();
        let reader = start(source);
        assert_eq!(reader.read_ready(0, 100), Ok(None));
        sink.write_all(b"first").unwrap();
        assert_eq!(block_on(reader.read(0, 2)).unwrap(), b"fi");
        assert_eq!(reader.read_ready(2, 100), Ok(Some(b"rst".to_vec())));
        assert_eq!(reader.read_ready(5, 100), Ok(None));
        drop(sink);
        assert_eq!(block_on(reader.read(5, 100)).unwrap(), b"");
        assert_eq!(reader.read_ready(5, 100), Ok(Some(Vec::new())), "the end is something");
    }

    #[test]
    fn goes_back_over_what_a_discarded_call_read_and_no_further() {
        let content: Vec<u8> = (0..2_000_000u32).flat_map(u32::to_le_bytes).collect();
        let reader = start(io::Cursor::new(content.clone()));
        let mut at = 0;
        while at < content.len() {
            let bytes = block_on(reader.read(at as u64, 300_000)).unwrap();
            assert!(bytes == content[at..at + bytes.len()], "at {at}");
            at += bytes.len();
        }
        let again = block_on(reader.read(at as u64 - KEPT_BYTES, 100)).unwrap();
        assert_eq!(again, content[at - KEPT_BYTES as usize..][..100]);
        for offset in [0, at as u64 + 1] {
            let message = block_on(reader.read(offset, 1)).unwrap_err();
            assert!(message.contains("in order"), "{message}");
        }
    }

    #[test]
    fn reads_ahead_so_far_and_no_further() {
        let reader = start(io::repeat(b'x'));
        let ahead = || reader.shared.window().end();
        while ahead() < AHEAD_BYTES {
            thread::yield_now();
        }
        for _ in 0..100 {
            thread::yield_now();
            assert!(ahead() < AHEAD_BYTES + CHUNK_BYTES as u64);
        }
        let mut at = 0;
        while at < 10 * AHEAD_BYTES {
            at += block_on(reader.read(at, 100_000)).unwrap().len() as u64;
        }
        assert!(reader.shared.window().bytes.len() as u64 <= 2 * KEPT_BYTES + AHEAD_BYTES + 2 * CHUNK_BYTES as u64);
    }

    #[test]
    fn what_fails_is_told_after_what_was_read() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("unplugged"));
                }
                buffer[..4].copy_from_slice(b"last");
                Ok(4)
            }
        }
        let reader = start(Breaks(false));
        assert_eq!(block_on(reader.read(0, 100)).unwrap(), b"last");
        for _ in 0..2 {
            let message = block_on(reader.read(4, 100)).unwrap_err();
            assert!(message.contains("pipe") && message.contains("unplugged"), "{message}");
        }
        let absent = StreamReader::start("gone".into(), || std::fs::File::open("/no/such/pipe"));
        let message = block_on(absent.read(0, 1)).unwrap_err();
        assert!(message.contains("gone") && message.contains("No such file"), "{message}");
    }

    #[test]
    fn nothing_is_lost_with_a_reader_that_gave_up_waiting() {
        let (source, mut sink) = io::pipe().unwrap();
        let reader = start(source);
        {
            let mut waiting = std::pin::pin!(reader.read(0, 10));
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
        }
        sink.write_all(b"late").unwrap();
        assert_eq!(block_on(reader.read(0, 10)).unwrap(), b"late");
    }
}
