//! The dead letters of a run: tuples that a plugin would not have, kept with everything that is known about them.
//!
//! ```text
//!   tasks ── put ──► bounded queue ──► writer (a thread) ──► Store ──► runs/NAME/dead-letters/*.letters
//!                                                                          │
//!                                             list, show ◄── read ◄────────┘  at any time, without a lock
//! ```
//!
//! - A [`Letter`] is one tuple: where it came from, why it is here, and its bytes.
//! - A [`Store`] is a folder of append-only *segments* of checksummed records. There is one writer at a time: whoever holds
//!   the lock of the run's folder. Its letters are numbered from 1, and a number is never used twice.
//! - [`read`] gives what is there to anybody, also beside a writer, and tells what is damaged.
//! - [`DeadLetters`] is where tasks put letters: they wait only while the queue is full.
//! - [`Fate`] is what becomes of a letter that is tried again: the writer takes it out, or puts the new one in its place.
//!
//! The layout is in docs/formats.md. Segments are deleted from the oldest on, never in between, so that what says of a
//! letter that it was removed is there as long as the letter is.

mod fate;
mod letter;
mod reader;
mod record;
mod segment;
mod store;
mod writer;

pub use fate::Fate;
pub use letter::{FrameOrigin, Letter, LetterBytes, LetterField, LetterInput, LetterPlugin, LetterSource, LetterTimer};
pub use reader::{Contents, read};
pub use segment::Damage;
pub use store::{Appended, Store, StoreError, TakenOut};
pub use writer::{DeadLetterCounts, DeadLetterWriter, DeadLetters};
