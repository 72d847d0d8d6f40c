//! What fuzz targets share: how they are run without a fuzzer, and how their inputs are made.
//!
//! A target is a function that takes bytes and panics if the code under test does what it must not. [`check!`] makes a
//! test of it, whose folder is `__fuzz__/NAME` beside the file it is written in:
//!
//! * `corpus/` has inputs that are worth starting from, and every input that ever showed a mistake;
//! * `crashes/` has inputs that show one now. Every run tries them first.
//!
//! In an ordinary test run, [`Seeded`] tries all of them and then a number of inputs made of them by [`mutate`], each from
//! a seed that is counted up from 0: every run tries the same, and one number is enough to make an input again. Under a
//! coverage-guided fuzzer the same targets take their inputs from it; `docs/testing.md` has the commands.

mod corpus;
mod engine;
mod mutation;
mod noise;
mod watch;

pub use bolero;
pub use corpus::{keep_corpus, renew_corpus};
pub use engine::Seeded;
pub use mutation::{MAX_INPUT_BYTES, mutate};
pub use noise::Noise;

/// Runs a target: `check!("name", iterations, [words…], function)`, in a test function of its own.
///
/// `iterations` is how many inputs an ordinary test run makes; the words are pieces that the format is made of, from
/// which noise would hardly be put together.
#[macro_export]
macro_rules! check {
    ($name:literal, $iterations:expr, $words:expr, $target:expr) => {{
        let target = $crate::bolero::check!(name = $name);
        // A fuzzer that drives the target brings an engine of its own, which knows nothing of these.
        #[cfg(fuzzing)]
        let _ = $words;
        #[cfg(not(fuzzing))]
        let target = {
            let _ = target;
            $crate::bolero::TestTarget::new($crate::Seeded::new(
                env!("CARGO_PKG_NAME"),
                $name,
                concat!(env!("CARGO_MANIFEST_DIR"), "/targets/__fuzz__/", $name),
                $words,
                $iterations,
            ))
        };
        target.for_each(|input: &[u8]| $target(input))
    }};
}
