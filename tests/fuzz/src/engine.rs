//! How targets are run where no fuzzer drives them.

use crate::watch::Watch;
use crate::{Noise, mutate};
use bolero_engine::input::Bytes;
use bolero_engine::{Engine, Test, driver, panic, rng};
use std::fmt::{Debug, Display};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Tries every file of a target's corpus and crashes, then inputs made of them from seeds counted up from 0.
///
/// The variables of bolero's own random engine mean here what they mean there: `BOLERO_RANDOM_ITERATIONS` for how many
/// inputs, `BOLERO_RANDOM_TEST_TIME_MS` for how long at most, `BOLERO_RANDOM_SEED` for one seed to be tried before all else.
/// Where inputs are made, seeds are numbers of 64 bits.
#[derive(Debug)]
pub struct Seeded {
    package: &'static str,
    name: &'static str,
    folder: PathBuf,
    words: &'static [&'static [u8]],
    iterations: u64,
}

impl Seeded {
    /// For the target of that name in that package, whose files are in that folder.
    pub fn new(
        package: &'static str,
        name: &'static str,
        folder: &str,
        words: &'static [&'static [u8]],
        iterations: u64,
    ) -> Seeded {
        Seeded { package, name, folder: folder.into(), words, iterations }
    }
}

impl<T: Test> Engine<T> for Seeded
where
    T::Value: Debug,
{
    type Output = ();

    fn run(self, test: T, options: driver::Options) {
        let asked = rng::Options::default();
        let mut corpus = files(&self.folder.join("crashes"));
        corpus.extend(files(&self.folder.join("corpus")));
        let inputs: Vec<Vec<u8>> = corpus.iter().map(|(_, bytes)| bytes.clone()).collect();
        let mut trial = Trial { test, options, watch: Watch::new(), of: &self };

        let iterations = asked.iterations.map_or(self.iterations, |iterations| iterations as u64);
        let until = asked.test_time.and_then(|time| Instant::now().checked_add(time));
        let mut seeds = asked.seed.map(|seed| seed as u64).into_iter().chain(0..iterations);
        if asked.seed.is_some() {
            seeds.next().into_iter().for_each(|seed| trial.seed(seed, &inputs, self.words));
        }
        corpus.iter().for_each(|(path, bytes)| trial.file(path, bytes));
        let mut tried = 0;
        for seed in seeds {
            if until.is_some_and(|until| Instant::now() > until) {
                break;
            }
            trial.seed(seed, &inputs, self.words);
            tried += 1;
        }
        println!("{}: {} files, then seeds 0 to {tried}, the last left out", self.name, corpus.len());
    }
}

/// The files of a folder in the order of their names; none if there is no such folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// One target that is being tried.
struct Trial<'a, T> {
    test: T,
    options: driver::Options,
    watch: Watch,
    of: &'a Seeded,
}

impl<T: Test> Trial<'_, T>
where
    T::Value: Debug,
{
    fn file(&mut self, path: &Path, bytes: &[u8]) {
        if let Err(problem) = self.attempt(path.display(), bytes) {
            panic!("{}", self.failure(bytes, None, &problem, format!("it is {}", path.display())));
        }
    }

    fn seed(&mut self, seed: u64, corpus: &[Vec<u8>], words: &[&[u8]]) {
        let bytes = mutate(&mut Noise::new(seed), corpus, words);
        if let Err(problem) = self.attempt(format_args!("{} with seed {seed}", self.of.name), &bytes) {
            let kept = self.of.folder.join("crashes").join(format!("seed-{seed}"));
            let note = match std::fs::create_dir_all(self.of.folder.join("crashes"))
                .and_then(|()| std::fs::write(&kept, &bytes))
            {
                Ok(()) => format!("it is kept in {}, which every run tries first", kept.display()),
                Err(error) => format!("it cannot be kept in {}: {error}", kept.display()),
            };
            panic!("{}", self.failure(&bytes, Some(seed), &problem, note));
        }
    }

    fn attempt(&mut self, input: impl Display, bytes: &[u8]) -> Result<(), String> {
        self.watch.begin(input.to_string());
        panic::set_hook();
        // What is expected to panic now and then should not fill the terminal.
        let forward = panic::forward_panic(false);
        let outcome = self.test.test(&mut Bytes::new(bytes, &self.options));
        panic::forward_panic(forward);
        outcome.map(|_| ()).map_err(|error| error.to_string())
    }

    /// What a person wants to know of an input that failed; the input made smaller, if it can be.
    fn failure(&mut self, bytes: &[u8], seed: Option<u64>, problem: &str, note: String) -> String {
        let options = self.options.clone().with_shrink_time(Duration::from_secs(5));
        self.watch.begin(format!("{}: making an input smaller", self.of.name));
        let smaller = self.test.shrink(bytes.to_vec(), seed.map(u128::from), &options);
        let smaller = smaller.map_or_else(String::new, |failure| format!("{failure:#}"));
        let name = self.of.name;
        let again = seed.map_or_else(String::new, |seed| format!("BOLERO_RANDOM_SEED={seed} "));
        format!(
            "the target {name} failed: {problem}\nits input has {} bytes: {note}\nrun it again: {again}cargo test --release -p {} {name}\n{smaller}",
            bytes.len(),
            self.of.package,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bolero::TestTarget;
    use tempfile::TempDir;

    fn run(folder: &TempDir, iterations: u64, target: fn(&[u8])) -> Result<(), String> {
        let path = folder.path().to_str().expect("a temporary path is text");
        let outcome = std::panic::catch_unwind(|| {
            TestTarget::new(Seeded::new("a-package", "a-target", path, &[], iterations))
                .for_each(|input: &[u8]| target(input));
        });
        outcome.map_err(|payload| *payload.downcast::<String>().expect("the engine says what failed"))
    }

    fn folder() -> TempDir {
        let folder = TempDir::new().expect("a temporary folder can be made");
        std::fs::create_dir(folder.path().join("corpus")).expect("folders can be made");
        std::fs::write(folder.path().join("corpus/zeros"), [0; 64]).expect("the file can be written");
        folder
    }

    #[test]
    fn a_mistake_is_found_kept_and_found_again() {
        let (first, second) = (folder(), folder());
        let target = |input: &[u8]| assert!(input.iter().filter(|&&byte| byte == 0xff).count() < 4, "four of them");
        let found = run(&first, 100_000, target).expect_err("there is an input with four such bytes");
        assert!(found.contains("four of them") && found.contains("BOLERO_RANDOM_SEED="), "{found}");
        assert!(found.contains("cargo test --release -p a-package a-target"), "{found}");
        let name =
            |found: &str| found.split("crashes/seed-").nth(1).map(|rest| rest.split(',').next().unwrap().to_owned());
        assert_eq!(name(&found), name(&run(&second, 100_000, target).unwrap_err()), "the same seeds in every run");
        // What it keeps is tried first, without any seed.
        let again = run(&first, 0, target).expect_err("the input was kept");
        assert!(again.contains("crashes/seed-") && !again.contains("BOLERO_RANDOM_SEED="), "{again}");
    }

    #[test]
    fn a_target_without_a_mistake_passes() {
        run(&folder(), 1000, |input| assert!(input.len() < crate::MAX_INPUT_BYTES)).unwrap();
        let empty = TempDir::new().expect("a temporary folder can be made");
        run(&empty, 1000, |_| ()).unwrap();
    }
}
