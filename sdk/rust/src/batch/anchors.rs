//! Which input rows an output row comes from.

/// Which input rows the rows of an emitted frame come from. Ignored, at no cost, where nothing is tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchors<'a> {
    /// Every output row comes from every input row of the call: always correct, and the coarsest.
    All,
    /// One number per input row: how many output rows, in order, come from it. They add up to the output rows.
    Counts(&'a [u32]),
    /// One number per output row: the input row it comes from.
    PerRow(&'a [u32]),
    /// For each output row any number of input rows: those from `offsets[row]` to `offsets[row + 1]` of `rows`.
    Lists {
        /// One more than there are output rows, starting at 0.
        offsets: &'a [u32],
        /// Input rows.
        rows: &'a [u32],
    },
}

impl Anchors<'_> {
    /// The words of docs/formats.md.
    pub(crate) fn encode(self, words: &mut Vec<u32>) {
        words.clear();
        match self {
            Anchors::All => {}
            Anchors::Counts(counts) => {
                words.push(0);
                words.extend_from_slice(counts);
            }
            Anchors::PerRow(rows) => {
                words.push(1);
                words.extend_from_slice(rows);
            }
            Anchors::Lists { offsets, rows } => {
                words.push(2);
                words.extend_from_slice(offsets);
                words.extend_from_slice(rows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_have_the_documented_words() {
        let mut words = vec![9];
        Anchors::All.encode(&mut words);
        assert!(words.is_empty());
        Anchors::Counts(&[2, 0]).encode(&mut words);
        assert_eq!(words, [0, 2, 0]);
        Anchors::PerRow(&[5, 5]).encode(&mut words);
        assert_eq!(words, [1, 5, 5]);
        Anchors::Lists { offsets: &[0, 1, 3], rows: &[7, 8, 9] }.encode(&mut words);
        assert_eq!(words, [2, 0, 1, 3, 7, 8, 9]);
    }
}
