//! Chunks of a file to lines.

use memchr::memchr;
use petrel_sdk::frame::MAX_FRAME_BYTES;
use std::fmt;

/// The longest line there may be: a frame less room for what else is in it.
pub(crate) const LINE_BYTES_MAX: usize = MAX_FRAME_BYTES - (64 << 10);

/// A file, chunk by chunk.
#[derive(Debug)]
pub(crate) struct Text {
    /// The beginning of a line whose end has not been read.
    begun: Vec<u8>,
    chunk: Vec<u8>,
    /// How much of the chunk has been taken.
    taken: usize,
    /// Where the chunk ends in the file.
    read_to: u64,
}

/// A line that no frame can hold.
#[derive(Debug, PartialEq)]
pub(crate) struct LineTooLong {
    /// The byte of the file where it begins.
    pub(crate) offset: u64,
}

impl fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the line that begins at byte {} is longer than {LINE_BYTES_MAX} bytes, the most a tuple can hold",
            self.offset
        )
    }
}

impl std::error::Error for LineTooLong {}

impl Text {
    /// A file of which nothing before this byte is wanted.
    pub(crate) fn at(offset: u64) -> Text {
        Text { begun: Vec::new(), chunk: Vec::new(), taken: 0, read_to: offset }
    }

    /// Where to read on.
    pub(crate) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Where the first line begins that was not taken.
    pub(crate) fn unread(&self) -> u64 {
        self.read_to - (self.chunk.len() - self.taken) as u64 - self.begun.len() as u64
    }

    /// The next bytes of the file, after [`take`](Text::take) returned 0: then only the beginning of a line is left.
    ///
    /// # Errors
    /// That line is too long already.
    pub(crate) fn feed(&mut self, chunk: Vec<u8>) -> Result<(), LineTooLong> {
        self.begun.extend_from_slice(&self.chunk[self.taken..]);
        let length = self.begun.len() + memchr(b'\n', &chunk).unwrap_or(chunk.len());
        self.read_to += chunk.len() as u64;
        (self.chunk, self.taken) = (chunk, 0);
        if length > LINE_BYTES_MAX { Err(LineTooLong { offset: self.unread() }) } else { Ok(()) }
    }

    /// Takes complete lines, up to about so many rows and bytes, at least one if there is one. Each is pushed as what
    /// begins with it and its length. Returns how many there were.
    #[inline]
    pub(crate) fn take(&mut self, max_rows: usize, max_bytes: usize, mut push: impl FnMut(&[u8], usize)) -> usize {
        let mut rest = &self.chunk[self.taken..];
        let (available, mut rows) = (rest.len(), 0);
        while rows == 0 || (rows < max_rows && available - rest.len() < max_bytes) {
            let Some(end) = memchr(b'\n', rest) else { break };
            if self.begun.is_empty() {
                push(rest, end);
            } else {
                self.begun.extend_from_slice(&rest[..end]);
                push(&self.begun, self.begun.len());
                self.begun.clear();
            }
            rest = &rest[end + 1..];
            rows += 1;
        }
        self.taken += available - rest.len();
        rows
    }

    /// At the end of the file: a last line that has no newline.
    pub(crate) fn last(&mut self) -> Option<Vec<u8>> {
        let mut line = std::mem::take(&mut self.begun);
        line.extend_from_slice(&self.chunk[self.taken..]);
        self.taken = self.chunk.len();
        if line.is_empty() { None } else { Some(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of some bytes that are read in chunks of one size, and where each ended.
    fn lines(bytes: &[u8], chunk: usize, max_rows: usize, max_bytes: usize) -> Vec<(Vec<u8>, u64)> {
        let (mut text, mut lines) = (Text::at(0), Vec::new());
        loop {
            let mut taken = Vec::new();
            if text.take(max_rows, max_bytes, |tail, length| taken.push(tail[..length].to_vec())) > 0 {
                assert!(taken.len() <= max_rows.max(1));
                let unread = text.unread();
                lines.extend(taken.into_iter().map(|line| (line, unread)));
                continue;
            }
            let from = text.read_to() as usize;
            if from == bytes.len() {
                let last = text.last();
                lines.extend(last.map(|line| (line, text.unread())));
                return lines;
            }
            text.feed(bytes[from..bytes.len().min(from + chunk)].to_vec()).unwrap();
        }
    }

    #[test]
    fn chunks_do_not_matter() {
        let bytes = b"one\r\n\ntwo two two\n\xff\xfe\nlast";
        let expected: Vec<&[u8]> = vec![b"one\r", b"", b"two two two", b"\xff\xfe", b"last"];
        for chunk in 1..=bytes.len() {
            for max_rows in [1, 2, 100] {
                let lines = lines(bytes, chunk, max_rows, 1 << 20);
                assert_eq!(
                    lines.iter().map(|(line, _)| line.as_slice()).collect::<Vec<_>>(),
                    expected,
                    "{chunk} {max_rows}"
                );
            }
        }
    }

    #[test]
    fn any_place_between_lines_can_be_gone_on_from() {
        let bytes = b"a\nbb\n\nccc\nd";
        for (taken, (_, unread)) in lines(bytes, 4, 1, 1).into_iter().enumerate() {
            let rest = lines(&bytes[unread as usize..], 3, 1, 1);
            assert_eq!(rest.len(), 5 - taken - 1, "after line {taken}");
        }
    }

    #[test]
    fn empty_and_newline_at_the_end() {
        assert!(lines(b"", 8, 8, 8).is_empty());
        assert_eq!(lines(b"\n", 8, 8, 8).len(), 1);
        assert_eq!(lines(b"a\nb\n", 8, 8, 8).len(), 2);
    }

    #[test]
    fn bytes_are_respected_about() {
        let mut text = Text::at(0);
        text.feed(b"0123456789\n".repeat(10)).unwrap();
        assert_eq!(text.take(100, 30, |_, _| {}), 3);
        assert_eq!(text.take(100, 1_000, |_, _| {}), 7);
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut text = Text::at(100);
        text.feed(b"short\n".to_vec()).unwrap();
        text.take(10, 1 << 20, |_, _| {});
        text.feed(vec![b'x'; LINE_BYTES_MAX]).unwrap();
        assert_eq!(text.take(10, 1 << 20, |_, _| {}), 0);
        let error = text.feed(b"y".to_vec()).unwrap_err();
        assert_eq!(error, LineTooLong { offset: 106 });
        assert!(error.to_string().contains("byte 106"));
    }
}
