//! Chunks of a file to lines.

use memchr::memchr;
use petrel_sdk::frame::MAX_FRAME_BYTES;

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
    /// Where a line begins that is too long and whose end has not been read.
    skipping: Option<u64>,
}

/// A line that no frame can hold, and that was left out.
#[derive(Debug, PartialEq)]
pub(crate) struct LineTooLong {
    /// The byte of the file where it begins.
    pub(crate) offset: u64,
    /// Its length.
    pub(crate) bytes: u64,
}

impl Text {
    /// A file of which nothing before this byte is wanted.
    pub(crate) fn at(offset: u64) -> Text {
        Text { begun: Vec::new(), chunk: Vec::new(), taken: 0, read_to: offset, skipping: None }
    }

    /// Where to read on.
    pub(crate) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Where the first line begins that was not taken.
    pub(crate) fn unread(&self) -> u64 {
        if let Some(offset) = self.skipping {
            return offset;
        }
        self.read_to - (self.chunk.len() - self.taken) as u64 - self.begun.len() as u64
    }

    /// The next bytes of the file, after [`take`](Text::take) returned 0: then only the beginning of a line is left. Of a
    /// line that is too long nothing is kept; it is returned when its end is found.
    pub(crate) fn feed(&mut self, chunk: Vec<u8>) -> Option<LineTooLong> {
        let end = memchr(b'\n', &chunk);
        let length = self.begun.len() + (self.chunk.len() - self.taken) + end.unwrap_or(chunk.len());
        if self.skipping.is_none() && length > LINE_BYTES_MAX {
            self.skipping = Some(self.unread());
            (self.begun, self.chunk, self.taken) = (Vec::new(), Vec::new(), 0);
        }
        let start = self.read_to;
        self.read_to += chunk.len() as u64;
        if self.skipping.is_some() {
            let end = end?;
            (self.chunk, self.taken) = (chunk, end + 1);
            return self.skipped(start + end as u64);
        }
        self.begun.extend_from_slice(&self.chunk[self.taken..]);
        (self.chunk, self.taken) = (chunk, 0);
        None
    }

    /// Whether the end of a line that is too long is still to come.
    pub(crate) fn is_skipping(&self) -> bool {
        self.skipping.is_some()
    }

    /// The end of the file is the end of a line that is too long.
    pub(crate) fn finish(&mut self) -> Option<LineTooLong> {
        self.skipped(self.read_to)
    }

    fn skipped(&mut self, end: u64) -> Option<LineTooLong> {
        self.skipping.take().map(|offset| LineTooLong { offset, bytes: end - offset })
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
            assert_eq!(text.feed(bytes[from..bytes.len().min(from + chunk)].to_vec()), None);
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
        text.feed(b"0123456789\n".repeat(10));
        assert_eq!(text.take(100, 30, |_, _| {}), 3);
        assert_eq!(text.take(100, 1_000, |_, _| {}), 7);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_nothing_else() {
        let long = vec![b'x'; LINE_BYTES_MAX];
        let mut text = Text::at(100);
        assert_eq!(text.feed(b"short\n".to_vec()), None);
        text.take(10, 1 << 20, |_, _| {});
        assert_eq!(text.feed(long.clone()), None, "just short enough");
        assert_eq!(text.take(10, 1 << 20, |_, _| {}), 0);
        for _ in 0..3 {
            assert_eq!(text.feed(long.clone()), None, "its end is not known yet");
            assert_eq!(text.unread(), 106, "who goes on from here meets it again");
            assert_eq!(text.take(10, 1 << 20, |_, _| {}), 0);
        }
        let bytes = 4 * LINE_BYTES_MAX as u64 + 1;
        assert_eq!(text.feed(b"y\nnext\nla".to_vec()), Some(LineTooLong { offset: 106, bytes }));
        let mut lines = Vec::new();
        assert_eq!(text.take(10, 1 << 20, |tail, length| lines.push(tail[..length].to_vec())), 1);
        assert_eq!(lines, [b"next"]);
        assert_eq!(text.unread(), 106 + bytes + 1 + 5);
        assert_eq!(text.feed(b"st".to_vec()), None);
        assert_eq!((text.finish(), text.last()), (None, Some(b"last".to_vec())));
    }

    #[test]
    fn a_line_that_is_too_long_may_be_the_last() {
        let mut text = Text::at(0);
        assert_eq!(text.feed(vec![b'x'; LINE_BYTES_MAX + 1]), None);
        assert_eq!(text.finish(), Some(LineTooLong { offset: 0, bytes: LINE_BYTES_MAX as u64 + 1 }));
        assert_eq!((text.finish(), text.last()), (None, None));
        assert_eq!(text.unread(), LINE_BYTES_MAX as u64 + 1);
    }

    #[test]
    fn the_longest_line_there_may_be_is_one() {
        let mut text = Text::at(0);
        let mut line = vec![b'x'; LINE_BYTES_MAX];
        line.push(b'\n');
        assert_eq!(text.feed(line), None);
        assert_eq!(text.take(10, 1 << 20, |_, length| assert_eq!(length, LINE_BYTES_MAX)), 1);
    }
}
