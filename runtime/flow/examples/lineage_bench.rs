//! What acking costs in a word count, in ns a word: `cargo run --release -p petrel-flow --example lineage_bench`.
//!
//! Everything that is done for acking and for nothing else: a spout emits frames of lines, a splitter makes ten words of each
//! line, which are spread over the counting tasks by a hash; every batch is settled, an acker takes what all of them tell, and the
//! spout takes the acker's notices. Each step is also shown alone. No guest runs and no frame is built. The second
//! table is the worst case: a row is a tree, and nothing is shared. Each figure is the best of several runs.

use petrel_flow::acker::{Acker, Notice, Reports};
use petrel_flow::lineage::{Account, EdgeNumbers, Line, Lineage, Lines, Trails};
use petrel_flow::pending::{Pending, PendingLimits};
use petrel_model::{ComponentIndex, Generation, TaskId, TaskIndex};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Lines of a frame, as in 64 KiB of usual text.
const LINES: u32 = 600;
const STEPS: [&str; 6] = ["emit", "open", "anchor", "spread", "settle", "acker"];

fn main() {
    print!("{:<28}", "ns a word");
    STEPS.iter().for_each(|step| print!(" {step:>8}"));
    println!(" {:>8}", "total");
    for words in [10, 1] {
        for targets in [1, 2, 4, 8] {
            let mut best = [f64::INFINITY; STEPS.len()];
            let mut total = f64::INFINITY;
            for _ in 0..40 {
                let costs = Bench::new(words, targets).run(200);
                total = total.min(costs.iter().sum());
                best.iter_mut().zip(costs).for_each(|(best, cost)| *best = best.min(cost));
            }
            print!("{:<28}", format!("{words} words a line, {targets} tasks"));
            best.iter().for_each(|cost| print!(" {cost:>8.2}"));
            println!(" {total:>8.2}");
        }
    }
}

struct Bench {
    words: u32,
    targets: usize,
    pending: Pending,
    acker: Acker,
    edges: EdgeNumbers,
    spout: Trails,
    bolt: Trails,
    reports: Reports,
    /// For each word of a frame its task.
    tasks: Vec<u32>,
    anchors: Vec<u32>,
    spent: [Duration; STEPS.len()],
}

impl Bench {
    fn new(words: u32, targets: usize) -> Bench {
        let lines = Lines::new(1, NonZeroU32::MIN);
        let tasks = (0..u64::from(LINES * words)).map(|word| {
            let hash = (word + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            ((hash ^ hash >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) as u32 % targets as u32
        });
        Bench {
            words,
            targets,
            pending: Pending::new(0, lines, PendingLimits { max_pending: 1_000_000, timeout_ticks: 30 }),
            acker: Acker::new(0, lines, 90),
            edges: EdgeNumbers::new(1, Generation(1)),
            spout: Trails::new(TaskId { component: ComponentIndex(0), task: TaskIndex(0) }),
            bolt: Trails::new(TaskId { component: ComponentIndex(1), task: TaskIndex(0) }),
            reports: Reports::new(TaskId { component: ComponentIndex(0), task: TaskIndex(0) }, Generation(1), lines),
            tasks: tasks.collect(),
            anchors: [0]
                .into_iter()
                .chain((0..LINES).map(|line| words - line % 3 % words + (line + 1) % 3 % words))
                .collect(),
            spent: [Duration::ZERO; STEPS.len()],
        }
    }

    /// So many frames; what each step costs.
    fn run(mut self, frames: u32) -> [f64; STEPS.len()] {
        for frame in 0..frames {
            self.frame(frame);
        }
        assert_eq!(self.pending.report().acked, u64::from(frames * LINES), "everything is through");
        let words = f64::from(frames) * f64::from(LINES * self.words);
        self.spent.map(|spent| spent.as_nanos() as f64 / words)
    }

    fn frame(&mut self, frame: u32) {
        let mut start = Instant::now();
        let mut lap = |spent: &mut Duration| {
            let now = Instant::now();
            *spent += now - start;
            start = now;
        };
        let ids: Vec<u64> = (u64::from(frame * LINES)..).take(LINES as usize).collect();
        let first = self.pending.emit(&ids, vec![0; 16]).expect("the rows have ids");
        let (account, origins) = Account::of_roots(first, LINES);
        let mut account = account.on_trail(self.spout.begin(first, LINES, &[0; 16]));
        let sent = Lineage::of(account.send(&origins, self.edges.draw()));
        let mut messages = vec![self.reports.roots(first, account)];
        lap(&mut self.spent[0]);

        let (mut account, origins) = Account::of_rows(&sent);
        lap(&mut self.spent[1]);
        let emitted = origins.anchored(&self.anchors, LINES * self.words);
        lap(&mut self.spent[2]);
        let tasks = &self.tasks;
        let parts = account.spread(&emitted, self.targets, |row| tasks[row], &mut self.edges);
        lap(&mut self.spent[3]);
        self.reports.settle(account);
        self.reports.flush(&mut messages);
        lap(&mut self.spent[4]);

        for mut part in parts.into_iter().flatten() {
            part.trail = self.bolt.through(part.trail);
            let (account, _) = Account::of_rows(&Lineage::of(part));
            lap(&mut self.spent[1]);
            self.reports.settle(account);
            self.reports.flush(&mut messages);
            lap(&mut self.spent[4]);
        }

        let mut notices: Vec<(Line, Notice)> = Vec::new();
        for message in messages {
            self.acker.take(&message);
            self.acker.notices(&mut notices);
        }
        notices.iter().for_each(|(line, notice)| self.pending.notice(*line, notice));
        assert_eq!(self.pending.take_acked().len(), LINES as usize);
        lap(&mut self.spent[5]);
    }
}
