//! Splitting text into words, 64 bytes at a time.
//!
//! Words are what ASCII whitespace separates: space, tab, line feed, form feed and carriage return, as
//! `str::split_ascii_whitespace` of the standard library has it. [`words`] takes any text; [`emit_words`] is the
//! fast path from an input column to an output stream.
//!
//! ```
//! let words: Vec<&[u8]> = petrel_sdk::split::words(b"  a storm\tpetrel ").collect();
//! assert_eq!(words, [&b"a"[..], b"storm", b"petrel"]);
//! ```

mod column;
mod mask;

pub use column::{emit_words, push_words};

use mask::{CHUNK, whitespace};

/// The words of a text.
pub fn words(text: &[u8]) -> Words<'_> {
    Words { text, chunk: 0, next_chunk: 0, starts: 0, ends: 0, open: NONE }
}

/// No word is open.
const NONE: usize = usize::MAX;

/// The words of a text. See [`words`].
#[derive(Clone, Debug)]
pub struct Words<'a> {
    text: &'a [u8],
    chunk: usize,
    next_chunk: usize,
    /// Bits of the chunk where words start and end that were not handed out yet. Starts and ends come in pairs; the
    /// start of a word that began in an earlier chunk is in `open`. What follows the text counts as whitespace.
    starts: u64,
    ends: u64,
    open: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if self.ends != 0 {
                let end = self.chunk + self.ends.trailing_zeros() as usize;
                self.ends &= self.ends - 1;
                let start = match std::mem::replace(&mut self.open, NONE) {
                    NONE => {
                        let start = self.chunk + self.starts.trailing_zeros() as usize;
                        self.starts &= self.starts - 1;
                        start
                    }
                    open => open,
                };
                return Some(&self.text[start..end]);
            }
            if self.starts != 0 {
                self.open = self.chunk + self.starts.trailing_zeros() as usize;
                self.starts = 0;
            }
            if self.next_chunk >= self.text.len() {
                let open = std::mem::replace(&mut self.open, NONE);
                return if open == NONE { None } else { Some(&self.text[open..]) };
            }
            self.load();
        }
    }
}

impl Words<'_> {
    fn load(&mut self) {
        self.chunk = self.next_chunk;
        self.next_chunk += CHUNK;
        let rest = &self.text[self.chunk..];
        let spaces = match rest.first_chunk::<CHUNK>() {
            Some(chunk) => whitespace(chunk),
            None => {
                let mut chunk = [0; CHUNK];
                chunk[..rest.len()].copy_from_slice(rest);
                whitespace(&chunk) | (!0 << rest.len())
            }
        };
        (self.starts, self.ends) = edges(spaces, self.open != NONE);
    }
}

/// Where words start, and where they have ended, by a mask of whitespace.
#[inline(always)]
fn edges(spaces: u64, open: bool) -> (u64, u64) {
    let after_word = (!spaces << 1) | u64::from(open);
    (!spaces & !after_word, spaces & after_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(text: &[u8]) -> Vec<&[u8]> {
        text.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn words_around_the_borders_of_chunks() {
        for length in 0..200 {
            for space_at in 0..=length {
                let mut text = vec![b'x'; length];
                if space_at < length {
                    text[space_at] = b' ';
                }
                assert_eq!(words(&text).collect::<Vec<_>>(), reference(&text), "{length} bytes, a space at {space_at}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn words_are_those_of_the_standard_library(text in proptest::collection::vec(prop_oneof![
            2 => Just(b' '), 1 => Just(b'\n'), 1 => Just(b'\t'), 1 => Just(0x0c), 1 => Just(b'\r'), 1 => Just(0x0b), 8 => any::<u8>(),
        ], 0..400)) {
            prop_assert_eq!(words(&text).collect::<Vec<_>>(), reference(&text));
        }
    }
}
