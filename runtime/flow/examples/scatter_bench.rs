//! What spreading words over tasks costs, in ns a row: `cargo run --release -p petrel-flow --example scatter_bench`.
//!
//! A spout's task is stepped with frames as a splitter emits them (words drawn by Zipf's law), and everything it sends
//! is credited at once. Measured is all that the sender does: routing, building, sending. Each figure is the
//! best of several runs, since other programs only ever make it worse.

use petrel_flow::{Call, Effects, Emitted, Frame, Input, Origin, Output, Returned, Task, Tuning};
use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema};
use petrel_model::{
    Acking, Assignment, Component, ComponentIndex, ComponentName, DeadLetterLimits, Digest, Generation, Grants,
    Grouping, Guarantee, Limits, OutputIndex, OutputStream, StreamName, TaskId, TaskIndex, TopologyName, World,
};
use std::time::Instant;

fn main() {
    println!("{:<34} {:>8} {:>8} {:>8} {:>8}", "ns a row", "N=1", "N=2", "N=4", "N=8");
    println!("{:<34} {:>8.2}   to set the others against", "XXH3 of each word, nothing else", hash_alone());
    let only = std::env::args().nth(1).unwrap_or_default();
    for (name, rows, words, grouping, dictionary_rows) in [
        ("fields, 6,000 rows of 400 words", 6_000, 400, Grouping::Fields(vec![0]), 1_000),
        ("… without a dictionary", 6_000, 400, Grouping::Fields(vec![0]), u32::MAX),
        ("fields, 6,000 rows of 4,000 words", 6_000, 4_000, Grouping::Fields(vec![0]), 1_000),
        ("fields, 1,000 rows of 4,000 words", 1_000, 4_000, Grouping::Fields(vec![0]), 1_000),
        ("fields, 6,000 rows, all different", 6_000, 50_000_000, Grouping::Fields(vec![0]), 1_000),
        ("partial-key, 6,000 rows", 6_000, 4_000, Grouping::PartialKey(vec![0]), 1_000),
        ("shuffle, 6,000 rows, idle", 6_000, 4_000, Grouping::Shuffle, 1_000),
        ("fields, 100 rows", 100, 4_000, Grouping::Fields(vec![0]), 1_000),
        ("fields, 1 row", 1, 4_000, Grouping::Fields(vec![0]), 1_000),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let frames: Vec<Frame> = (0..64).map(|seed| frame(rows, words, seed)).collect();
        let cost = |tasks| measure(&frames, rows, tasks, grouping.clone(), dictionary_rows);
        println!("{name:<34} {:>8.2} {:>8.2} {:>8.2} {:>8.2}", cost(1), cost(2), cost(4), cost(8));
    }
}

fn measure(frames: &[Frame], rows: usize, tasks: u32, grouping: Grouping, dictionary_rows: u32) -> f64 {
    let id = TaskId { component: ComponentIndex(0), task: TaskIndex(0) };
    let tuning = Tuning { dictionary_rows, ..Tuning::default() };
    let mut task = Task::new(&assignment(tasks, grouping), id, tuning, 0, 1);
    let mut outputs = Vec::new();
    task.step(Input::Start, &mut outputs);
    let mut state = take_state(&mut outputs);
    // Short runs, so that some are not interrupted.
    let rounds = (200_000 / rows / frames.len()).max(1);
    let mut best = f64::INFINITY;
    for _ in 0..60 {
        let start = Instant::now();
        for frame in (0..rounds).flat_map(|_| frames) {
            let emitted =
                Emitted { output: 0, direct: None, frame: frame.clone(), origin: Origin::Anchors(Vec::new()) };
            let effects = Effects { emitted: vec![emitted], ..Effects::default() };
            let call = Call::Next { max_rows: 0, max_bytes: 0 };
            task.step(Input::Returned { call, result: Ok(Returned::More), effects, state, now_us: 0 }, &mut outputs);
            let credits: Vec<_> = outputs
                .iter()
                .filter_map(|output| match output {
                    Output::Send(message) => {
                        Some((message.envelope.channel, message.frame.as_ref().map_or(0, |frame| frame.len() as u64)))
                    }
                    _ => None,
                })
                .collect();
            state = take_state(&mut outputs);
            for (channel, bytes) in credits {
                task.step(Input::Credit { channel, bytes }, &mut outputs);
            }
        }
        best = best.min(start.elapsed().as_nanos() as f64 / (rounds * frames.len() * rows) as f64);
    }
    best
}

/// What a hash for each row costs here and now.
fn hash_alone() -> f64 {
    let frames: Vec<Frame> = (0..64).map(|seed| frame(6_000, 4_000, seed)).collect();
    let mut best = f64::INFINITY;
    for _ in 0..30 {
        let start = Instant::now();
        for frame in &frames {
            let words = frame.view().column(0).strings().expect("words are plain");
            std::hint::black_box(words.iter().fold(0, |all, word| all ^ xxhash_rust::xxh3::xxh3_64(word)));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / (64 * 6_000) as f64);
    }
    best
}

fn take_state(outputs: &mut Vec<Output>) -> Box<petrel_state::TaskState> {
    let mut found = None;
    for output in outputs.drain(..) {
        if let Output::Call { state, .. } = output {
            found = Some(state);
        }
    }
    found.expect("the spout is asked for more")
}

/// Words by Zipf's law, of 2 to 11 letters, the frequent ones shorter.
fn frame(rows: usize, words: u64, seed: u64) -> Frame {
    let mut builder = FrameBuilder::new(&schema());
    let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..rows {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let uniform = (chance >> 11) as f64 / (1u64 << 53) as f64;
        let rank = (words as f64).powf(uniform) as u64;
        let mut word = format!("w{rank:x}");
        word.extend((0..rank % 6).map(|n| (b'a' + n as u8) as char));
        builder.column(0).push_str(&word);
    }
    let mut bytes = FrameBuf::new();
    builder.finish_into(&mut bytes).expect("the rows fit into a frame");
    Frame::validate(bytes).expect("a built frame is valid")
}

fn schema() -> Schema {
    Schema::new([Field::new("word", Scalar::String)])
}

fn assignment(tasks: u32, grouping: Grouping) -> Assignment {
    let component = |name: &str, world, parallelism| Component {
        name: ComponentName::from(name),
        plugin: Digest([0; 32]),
        world,
        parallelism,
        configuration: String::from("{}"),
        grants: Grants::default(),
        limits: Limits::default(),
        tick_ms: 0,
        inputs: Vec::new(),
        outputs: Vec::new(),
        on_reject: None,
        tables: Vec::new(),
        state_key: Vec::new(),
    };
    let mut words = component("words", World::Spout, 1);
    words.outputs =
        vec![OutputStream { name: String::from("default"), schema: schema(), direct: false, event_time: None }];
    let mut count = component("count", World::Bolt, tasks);
    count.inputs = vec![petrel_model::Input {
        from: ComponentIndex(0),
        output: OutputIndex(0),
        stream: StreamName::from("words.default"),
        grouping,
        key: vec![String::from("word")],
        columns: vec![0],
        schema: schema(),
    }];
    let task = |component, task| TaskId { component: ComponentIndex(component), task: TaskIndex(task) };
    Assignment {
        topology: TopologyName::from("bench"),
        generation: Generation(1),
        guarantee: Guarantee::BestEffort,
        acking: Acking::default(),
        dead_letters: DeadLetterLimits::default(),
        components: vec![words, count],
        tasks: [task(0, 0)].into_iter().chain((0..tasks).map(|n| task(1, n))).collect(),
    }
}
