//! Words of guests that are kept have a limit: whatever is longer is cut where it comes in, and says so.

/// A reason, the words of an error or of a panic: more is cut.
pub(crate) const MAX_WORDS_BYTES: usize = 8 << 10;
/// A function's name in a backtrace.
pub(crate) const MAX_NAME_BYTES: usize = 256;

/// The text, cut at the end of a character so that at most `most` bytes of it are left, with how many were cut.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    let kept = text.floor_char_boundary(most);
    let gone = text.len() - kept;
    if gone > 0 {
        text.truncate(kept);
        text.push_str(&note(gone as u64));
        // A long text's memory is given back, not only its bytes.
        text.shrink_to_fit();
    }
    text
}

/// How it is told that so many bytes are missing.
pub(crate) fn note(bytes: u64) -> String {
    format!("… ({bytes} more bytes cut)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_cut_between_characters_and_counted() {
        assert_eq!(cut("as it was".into(), 9), "as it was");
        assert_eq!(cut("äöü".into(), 3), "ä… (4 more bytes cut)");
        let long = cut("x".repeat(10 << 20), MAX_WORDS_BYTES);
        assert!(long.ends_with("x… (10477568 more bytes cut)"));
        assert!(long.capacity() < 2 * MAX_WORDS_BYTES);
    }
}
