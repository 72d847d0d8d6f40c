//! Chunks of a file to lines.

use memchr::memchr;
use petrel_sdk::frame::MAX_FRAME_BYTES;

/// What a line may have at most: a frame less room for what else is in it.
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

impl Text {
    /// A file of which nothing before this byte is wanted.
    pub(crate) fn at(offset: u64) -> Text {
        Text { begun: Vec::new(), chunk: Vec::new(), taken: 0, read_to: offset }
    }

    /// Where to read on.
    pub(crate) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Where the first line, or piece of one, begins that was not taken.
    pub(crate) fn unread(&self) -> u64 {
        self.read_to - (self.chunk.len() - self.taken) as u64 - self.begun.len() as u64
    }

    /// The next bytes of the file, after [`take`](Text::take) returned 0 and [`cut`](Text::cut) nothing: then only the
    /// beginning of a line is left.
    pub(crate) fn feed(&mut self, chunk: Vec<u8>) {
        self.begun.extend_from_slice(&self.chunk[self.taken..]);
        self.read_to += chunk.len() as u64;
        (self.chunk, self.taken) = (chunk, 0);
    }

    /// After [`take`](Text::take) returned 0: a piece of a line that has more bytes than this and no end yet. It ends after the last
    /// white space in it; where there is none, at the limit, but not within a character.
    pub(crate) fn cut(&mut self, limit: usize) -> Option<Vec<u8>> {
        if self.begun.len() + self.chunk.len() - self.taken <= limit {
            return None;
        }
        self.begun.extend_from_slice(&self.chunk[self.taken..]);
        self.taken = self.chunk.len();
        let space = self.begun[..limit].iter().rposition(u8::is_ascii_whitespace);
        let end = space.map_or_else(|| before_a_character(&self.begun, limit), |space| space + 1);
        let rest = self.begun.split_off(end);
        Some(std::mem::replace(&mut self.begun, rest))
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

/// The last place up to this one that is not within a character of UTF-8; this one in bytes that are none.
fn before_a_character(bytes: &[u8], place: usize) -> usize {
    let goes_on = |place: &usize| bytes.get(*place).is_some_and(|byte| byte & 0xc0 == 0x80);
    (1..=place).rev().take(4).find(|place| !goes_on(place)).unwrap_or(place)
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
            text.feed(bytes[from..bytes.len().min(from + chunk)].to_vec());
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

    /// What becomes of some bytes where pieces have a limit.
    fn pieces(bytes: &[u8], chunk: usize, limit: usize) -> Vec<Vec<u8>> {
        let (mut text, mut pieces) = (Text::at(0), Vec::new());
        for chunk in bytes.chunks(chunk) {
            while text.take(10, 1 << 20, |tail, length| pieces.push(tail[..length].to_vec())) > 0 {}
            while let Some(piece) = text.cut(limit) {
                assert!(!piece.is_empty() && piece.len() <= limit);
                pieces.push(piece);
            }
            text.feed(chunk.to_vec());
        }
        while text.take(10, 1 << 20, |tail, length| pieces.push(tail[..length].to_vec())) > 0 {}
        pieces.extend(text.last());
        assert_eq!(text.unread(), bytes.len() as u64);
        pieces
    }

    #[test]
    fn a_long_line_comes_in_pieces_and_nothing_is_lost() {
        let text = b"short\nthe words of a long line, of any length\nnext".as_slice();
        for chunk in 1..8 {
            for limit in 8..60 {
                let got = pieces(text, chunk, limit);
                let (first, last) = (got.first().unwrap(), got.last().unwrap());
                assert_eq!((first.as_slice(), last.as_slice()), (&b"short"[..], &b"next"[..]));
                let middle = got[1..got.len() - 1].concat();
                assert_eq!(middle, b"the words of a long line, of any length", "{chunk} {limit}");
                let words: Vec<&[u8]> = got.iter().flat_map(|it| it.split(|byte| *byte == b' ')).collect();
                assert!(words.contains(&&b"length"[..]) && words.contains(&&b"words"[..]), "cut between words");
            }
        }
        assert_eq!(pieces(text, 3, 60), [&b"short"[..], b"the words of a long line, of any length", b"next"]);
    }

    #[test]
    fn without_white_space_characters_stay_whole() {
        let text = "äöüßéñ".repeat(50);
        for limit in 8..20 {
            let got = pieces(text.as_bytes(), 5, limit);
            assert!(got.iter().all(|piece| std::str::from_utf8(piece).is_ok()), "{limit}");
            assert_eq!(got.concat(), text.as_bytes());
        }
        assert_eq!(pieces(&[0x80; 100], 7, 10).concat(), [0x80; 100], "bytes that are no text at all");
    }
}
