//! A text to count: words drawn with the skew of a natural language.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Different words in the text.
const VOCABULARY: usize = 30_000;

/// Writes about so many bytes of lines of words. The same text for the same length.
pub(crate) fn write_text(path: &Path, bytes: u64) -> std::io::Result<()> {
    let mut language = Language::new();
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut written = 0;
    while written < bytes {
        let line = language.line();
        file.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    file.flush()
}

/// Writes so many lines, every so manieth of which begins with a certain word; with 0, none does.
pub(crate) fn write_lines(path: &Path, lines: u64, every: u64, word: &str) -> std::io::Result<()> {
    let mut language = Language::new();
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for number in 1..=lines {
        if every > 0 && number % every == 0 {
            write!(file, "{word} ")?;
        }
        file.write_all(language.line().as_bytes())?;
    }
    file.flush()
}

/// Makes lines of words, always the same.
struct Language {
    random: SplitMix,
    vocabulary: Vec<String>,
    /// The n-th most frequent word comes about 1/n as often as the first; these are sums.
    shares: Vec<f64>,
    line: String,
}

impl Language {
    fn new() -> Language {
        let mut random = SplitMix(1);
        let vocabulary = (0..VOCABULARY).map(|rank| word(rank, &mut random)).collect();
        let sums = (0..VOCABULARY).scan(0.0, |sum, rank| {
            *sum += 1.0 / (rank as f64 + 2.7);
            Some(*sum)
        });
        Language { random, vocabulary, shares: sums.collect(), line: String::new() }
    }

    /// The next line, with its end.
    fn line(&mut self) -> &str {
        self.line.clear();
        let sum = self.shares[VOCABULARY - 1];
        let words = 4 + self.random.next() % 16;
        for position in 0..words {
            let share = (self.random.next() >> 11) as f64 / (1u64 << 53) as f64 * sum;
            let rank = self.shares.partition_point(|&upper| upper < share).min(VOCABULARY - 1);
            self.line.push_str(&self.vocabulary[rank]);
            self.line.push(if position + 1 == words { '\n' } else { ' ' });
        }
        &self.line
    }
}

/// Frequent words are short.
fn word(rank: usize, random: &mut SplitMix) -> String {
    let length = 1 + (usize::BITS - rank.leading_zeros()) as usize / 2 + (random.next() % 4) as usize;
    let mut word: String = (0..length).map(|_| char::from(b'a' + (random.next() % 26) as u8)).collect();
    // Makes the words different from each other.
    word.push_str(&format!("{rank:x}"));
    word
}

/// SplitMix64, by Sebastiano Vigna: enough for a text, the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
