//! What state costs a batch: passing, handing back and committing a count per word, against a hash map that a plain
//! native program would use.
//!
//! ```text
//! cargo run --release -p petrel-state --example count_words
//! cargo run --release -p petrel-state --example count_words -- TEXT-FILE
//! ```
//!
//! Words are drawn by Zipf's law; frames are made and checked beforehand. The "guest" here adds up natively, in the passed values.
//! Variants take turns within a round; printed are
//! medians over the rounds, of the time of this thread alone. `tracked` has the changed keys of each epoch noted.

use hashbrown::HashMap;
use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Scalar, Schema};
use petrel_model::{TableKind, TableSpec};
use petrel_state::{KeySpec, Passed, TaskState};
use std::time::{Duration, Instant};

const ROUNDS: usize = 11;
const DRAWS: usize = 800_000;

/// A small generator of numbers that look random; the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Rare words are long, frequent ones short, as in a language.
fn word(rank: usize, numbers: &mut Numbers) -> Vec<u8> {
    let least = 2 + rank.ilog2() as usize / 3;
    let len = least + (numbers.next() % 5) as usize;
    let mut word: Vec<u8> = (0..len).map(|_| b'a' + (numbers.next() % 26) as u8).collect();
    word.extend_from_slice(format!("{rank:x}").as_bytes());
    word
}

/// Draws of words: by Zipf's law, or evenly.
fn draws(distinct: usize, zipf: bool) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(7);
    let words: Vec<Vec<u8>> = (1..=distinct).map(|rank| word(rank, &mut numbers)).collect();
    let mut total = 0.0;
    let sums: Vec<f64> = (1..=distinct)
        .map(|rank| {
            total += if zipf { 1.0 / rank as f64 } else { 1.0 };
            total
        })
        .collect();
    (0..DRAWS)
        .map(|_| {
            let at = numbers.unit() * total;
            words[sums.partition_point(|&sum| sum < at).min(distinct - 1)].clone()
        })
        .collect()
}

/// The words of a file.
fn words_of(file: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
}

fn frames(words: &[Vec<u8>], rows: usize) -> Vec<FrameBuf> {
    let mut builder = FrameBuilder::new(&Schema::new([Field::new("word", Scalar::Bytes)]));
    words
        .chunks(rows)
        .map(|words| {
            builder.clear();
            words.iter().for_each(|word| builder.column(0).push_bytes(word));
            let mut out = FrameBuf::new();
            builder.finish_into(&mut out).expect("the frame is small");
            out
        })
        .collect()
}

/// Everything a call needs, used again for the next.
struct Counter {
    state: TaskState,
    passed: Passed,
    put: FrameBuilder,
    values: FrameBuf,
    counts: Vec<i64>,
}

impl Counter {
    fn new() -> Counter {
        let count = TableSpec {
            name: "count".into(),
            kind: TableKind::Value,
            subkey: None,
            value: Field::new("count", Scalar::I64),
            version: 1,
        };
        let key = KeySpec { fields: vec![Field::new("word", Scalar::Bytes)] };
        Counter {
            state: TaskState::new(key, &[count], 42),
            passed: Passed::default(),
            put: FrameBuilder::new(&Schema::new([Field::new("count", Scalar::I64)])),
            values: FrameBuf::new(),
            counts: vec![],
        }
    }

    fn pass(&mut self, frame: &FrameBuf) {
        // SAFETY: `frames` was made by a `FrameBuilder`.
        let view = unsafe { FrameView::parse_trusted(frame) }.expect("a frame");
        self.state.pass_frame(&view, &[0], &mut self.passed).expect("counts are small");
    }

    /// What a guest does: adds one for each row.
    fn guest(&mut self) {
        let block = &self.passed.block;
        let word = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().expect("four bytes")) as usize;
        let (rows, keys) = (word(0), word(4));
        let values = (8 + 4 * rows).next_multiple_of(8) + (4 * keys).next_multiple_of(8);
        let view = FrameView::parse(&block[values..]).expect("a values frame");
        self.counts.clear();
        self.counts.extend_from_slice(view.column(0).i64s().expect("counts"));
        for number in block[8..8 + 4 * rows].chunks_exact(4) {
            self.counts[u32::from_le_bytes(number.try_into().expect("four bytes")) as usize] += 1;
        }
        self.put.clear();
        self.put.column(0).extend_i64s(&self.counts);
        self.put.finish_into(&mut self.values).expect("counts are small");
    }

    fn put(&mut self) {
        self.state.put(0, &self.values).expect("the values that were passed");
        self.state.commit();
    }

    fn distinct_and_total(&mut self) -> (usize, i64) {
        let mut out = FrameBuf::new();
        let (mut at, mut rows, mut total) = (0, 0, 0);
        loop {
            at = self.state.scan(0, at, 10_000, &mut out).expect("a table");
            let view = FrameView::parse(&out).expect("a frame");
            if view.rows() == 0 {
                return (rows, total);
            }
            rows += view.rows();
            total += view.column(1).i64s().expect("counts").iter().sum::<i64>();
        }
    }
}

/// Nanoseconds a row for passing, put and commit.
fn petrel(frames: &[FrameBuf], rows: usize, tracked: bool) -> (f64, (usize, i64)) {
    let mut counter = Counter::new();
    let mut guest = Duration::ZERO;
    let start = cpu_ns();
    for (i, frame) in frames.iter().enumerate() {
        if tracked && i % (frames.len() / 4).max(1) == 0 {
            counter.state.next_epoch();
        }
        counter.pass(frame);
        let start = Instant::now();
        counter.guest();
        guest += start.elapsed();
        counter.put();
    }
    let time = (cpu_ns() - start - guest.as_nanos() as f64) / rows as f64;
    (time, counter.distinct_and_total())
}

fn native(frames: &[FrameBuf], rows: usize) -> (f64, (usize, i64)) {
    let mut map: HashMap<Box<[u8]>, i64> = HashMap::new();
    let start = cpu_ns();
    for frame in frames {
        // SAFETY: `frames` was made by a `FrameBuilder`.
        let view = unsafe { FrameView::parse_trusted(frame) }.expect("a frame");
        for word in view.column(0).strings().expect("words").iter() {
            match map.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    map.insert(word.into(), 1);
                }
            }
        }
    }
    ((cpu_ns() - start) / rows as f64, (map.len(), map.values().sum()))
}

/// What this thread has used of a processor, in nanoseconds: others on the machine do not count.
fn cpu_ns() -> f64 {
    #[repr(C)]
    struct Time {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    }
    const THREAD_CPU_TIME_ON_LINUX: i32 = 3;
    let mut time = Time { seconds: 0, nanoseconds: 0 };
    // SAFETY: the C library of 64-bit Linux fills in such a struct.
    let failed = unsafe { clock_gettime(THREAD_CPU_TIME_ON_LINUX, &mut time) };
    assert_eq!(failed, 0, "this is measured on 64-bit Linux only");
    time.seconds as f64 * 1e9 + time.nanoseconds as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    println!("ns a row, medians of {ROUNDS} rounds");
    println!("{:>16} {:>6}  {:>7} {:>7} {:>6}  ratio", "words", "rows", "petrel", "tracked", "map");
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut samples: Vec<(&str, Vec<Vec<u8>>)> = files.iter().map(|file| (file.as_str(), words_of(file))).collect();
    if samples.is_empty() {
        samples.push(("28 k by Zipf", draws(28_000, true)));
        samples.push(("400 k by Zipf", draws(400_000, true)));
        samples.push(("1 M evenly", draws(1_000_000, false)));
    }
    for (name, words) in samples {
        for rows in [1_000, 6_000, 11_000] {
            let frames = frames(&words, rows);
            let mut times = [vec![], vec![], vec![]];
            for _ in 0..ROUNDS {
                let (time, result) = petrel(&frames, words.len(), false);
                times[0].push(time);
                times[1].push(petrel(&frames, words.len(), true).0);
                let (time, expected) = native(&frames, words.len());
                times[2].push(time);
                assert_eq!(result, expected, "the same words and the same total");
            }
            let [petrel, tracked, map] = times.map(median);
            println!("{name:>16} {rows:>6}  {petrel:>7.1} {tracked:>7.1} {map:>6.1}  {:.2}", petrel / map);
        }
    }
}
