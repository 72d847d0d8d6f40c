//! What becomes of a letter that is tried again.

/// What became of a letter that was given to its component again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was processed, and is not in the store any more; in a run whose purpose is to retry it is still there.
    Processed,
    /// It failed again. A new letter has taken its place.
    Failed {
        /// The new letter's number.
        number: u64,
        /// `rejected`, or the kind of fault.
        kind: String,
        /// The plugin's own words, or which limit and its value.
        reason: String,
        /// How often it was tried, over all its letters.
        attempts: u32,
    },
    /// Its task was paused meanwhile. It is still in the store, and is tried when the task is resumed.
    Waits,
    /// Its task ended before it was tried. It is still in the store.
    Ended,
    /// It was tried, and the store could not be changed for this reason: it is still there as it was.
    Unsettled {
        /// Whether it was processed.
        processed: bool,
        /// Why the store could not be changed.
        why: String,
    },
}
