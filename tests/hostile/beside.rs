//! A hostile topology and its neighbour, run in one process and measured.
//!
//! The neighbour counts the words of sentences that come at a constant rate: half of what one core can do. What it does beside a
//! hostile plugin is compared with what it does alone at the same rate, never with a number from elsewhere. A rate that was
//! not kept is measured again, alone and beside, because machines have hiccups; a plugin that starves its neighbour does so
//! each time.

use crate::guests::guest;
use crate::process::Process;
use petrel_tests::{Finished, Sandbox};
use serde_json::Value;
use std::fs::File;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So long the neighbour is watched.
const WATCHED: Duration = Duration::from_millis(1_000);

/// So long a topology that never will drain has before it is stopped.
const GRACE: Duration = Duration::from_millis(300);

/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A rate that was not kept is measured so often in all.
const ATTEMPTS: usize = 4;

/// This much of its rate the neighbour keeps. Where other processes leave this one less than it and the hostile tasks ask for, so
/// much of its fair part of that.
const KEPT: f64 = 0.9;

/// What the process may take at most. One hostile instance may have 64 MiB and hand over as much again, twice while frames
/// are copied; the rest is the process, its two topologies and their queues.
const MEMORY_KIB: u64 = 400 << 10;

/// A hostile topology.
pub(crate) struct Harm<'a> {
    /// What the plugin does.
    pub(crate) how: &'a str,
    /// At the multiples of this number.
    pub(crate) every: u32,
    /// Limits beside that of memory, as in the topology.
    pub(crate) limits: &'a str,
    /// Further lines of the component.
    pub(crate) more: &'a str,
    /// Its tasks.
    pub(crate) parallelism: u32,
    /// That of the topology.
    pub(crate) guarantee: &'a str,
    /// The path of the plugin, if it is not that of `tests/guests/system/hostile.rs`.
    pub(crate) plugin: Option<String>,
}

impl Harm<'_> {
    /// At every number, with the limits of time that these tests can wait for.
    pub(crate) fn always(how: &str) -> Harm<'_> {
        Harm {
            how,
            every: 1,
            limits: "batch_ms = 100, io_ms = 100",
            more: "",
            parallelism: 1,
            guarantee: "best-effort",
            plugin: None,
        }
    }

    pub(crate) fn topology(&self) -> String {
        let Harm { how, every, limits, more, parallelism, guarantee, .. } = self;
        let plugin = self.plugin.clone().unwrap_or_else(|| guest("hostile"));
        // In small frames, so that the row that fails alone is soon found; but many where only some of them are bad.
        let numbers = if *every == 1 { "rate = 20_000" } else { "" };
        format!(
            r#"
            name = "hostile"
            guarantee = "{guarantee}"
            [component.numbers]
            plugin = "numbers"
            config = {{ {numbers} }}
            [component.hostile]
            plugin = "{plugin}"
            parallelism = {parallelism}
            config = {{ how = "{how}", every = {every}, path = "readable/file.txt" }}
            limits = {{ memory_bytes = 67_108_864, {limits} }}
            inputs = [{{ from = "numbers", grouping = "fields", fields = ["number"] }}]
            {more}
            [component.sink]
            plugin = "file-sink"
            config = {{ path = "hostile.tsv" }}
            inputs = [{{ from = "hostile", grouping = "global" }}]
            "#
        )
    }
}

/// A hostile spout with a sink.
pub(crate) fn hostile_spout(how: &str) -> String {
    format!(
        r#"
        name = "hostile"
        guarantee = "best-effort"
        [component.hostile]
        plugin = "{}"
        config = {{ how = "{how}" }}
        limits = {{ memory_bytes = 67_108_864, batch_ms = 100, io_ms = 100 }}
        [component.sink]
        plugin = "file-sink"
        config = {{ path = "hostile.tsv" }}
        inputs = [{{ from = "hostile", grouping = "global" }}]
        "#,
        guest("hostile_spout")
    )
}

/// A run of a hostile topology beside a neighbour that kept its rate.
pub(crate) struct Beside {
    sandbox: Sandbox,
    /// The report of the hostile topology.
    pub(crate) report: Value,
    /// What the process told.
    pub(crate) stderr: String,
}

impl Beside {
    /// Runs it, and sees to it that the neighbour keeps its rate and the process stays small.
    #[track_caller]
    pub(crate) fn of(harm: &Harm<'_>) -> Beside {
        let grace = if harm.every == 1 { GRACE } else { PATIENCE };
        let beside = Beside::of_measured(harm.how, &harm.topology(), harm.parallelism, grace);
        let figures = &beside.report["components"]["hostile"];
        let told = ["dead_letters", "faults", "limits_hit", "dropped_log_lines"].map(|name| figures[name].to_string());
        println!("{:<20} letters {}, faults {}, limits {}, lines lost {}", "", told[0], told[1], told[2], told[3]);
        beside
    }

    /// The same for any topology named `hostile`.
    #[track_caller]
    pub(crate) fn of_topology(what: &str, topology: &str) -> Beside {
        Beside::of_measured(what, topology, 1, GRACE)
    }

    #[track_caller]
    fn of_measured(what: &str, topology: &str, tasks: u32, grace: Duration) -> Beside {
        let _turn = turn();
        let mut attempts = Vec::new();
        for _ in 0..ATTEMPTS {
            let alone = alone();
            let ran = run(Some(topology), &neighbour(Some(alone.sentences_per_s)), grace);
            let kept = ran.words_per_s() / alone.words_per_s;
            let fair = (ran.cores / (f64::from(tasks) + 1.0) / alone.cores).min(1.0);
            println!(
                "{what:<20} neighbour {:>5.1} % of {:>5.1} %, p99 {} µs (alone {} µs), process {} MiB",
                kept * 100.0,
                fair * 100.0,
                ran.p99_us(),
                alone.p99_us,
                ran.memory_kib >> 10
            );
            assert!((1..MEMORY_KIB).contains(&ran.memory_kib), "{what}: the process took {} KiB", ran.memory_kib);
            if kept >= KEPT * fair {
                let stderr = ran.stderr();
                let report = ran.report("hostile").clone();
                return Beside { sandbox: ran.sandbox, report, stderr };
            }
            attempts.push((kept, fair));
            forget_alone();
        }
        panic!("{what}: the neighbour kept these parts of its rate, of these that are fair: {attempts:?}");
    }

    /// What the report says of the hostile component.
    pub(crate) fn figures(&self) -> &Value {
        &self.report["components"]["hostile"]
    }

    /// The first dead letter: of that kind, with these words in its reason.
    #[track_caller]
    pub(crate) fn assert_letter(&self, kind: &str, words: &[&str]) -> Value {
        self.assert_letter_of(&[kind], words)
    }

    /// The first dead letter: of one of those kinds, with these words in its reason.
    #[track_caller]
    pub(crate) fn assert_letter_of(&self, kinds: &[&str], words: &[&str]) -> Value {
        let letter = self.sandbox.run(&["dead-letters", "show", "hostile", "1", "-o", "json"]).ok().json();
        assert!(kinds.iter().any(|kind| letter["kind"] == *kind), "{letter}");
        assert_eq!(letter["component"], "hostile", "{letter}");
        let reason = letter["reason"].as_str().expect("a reason is text");
        words.iter().for_each(|word| assert!(reason.contains(word), "{word:?}: {reason}"));
        letter
    }

    /// The same, where it is a limit, which the report counts.
    #[track_caller]
    pub(crate) fn assert_limit(&self, limit: &str, words: &[&str]) {
        self.assert_letter(limit, words);
        assert!(self.figures()["limits_hit"][limit].as_u64() >= Some(1), "{}", self.figures());
    }

    /// Reads a file of the run.
    pub(crate) fn read(&self, name: &str) -> String {
        self.sandbox.read(name)
    }
}

/// Where only the messages count: `petrel run` with a topology that is refused, and its neighbour.
pub(crate) fn refused(topology: &str) -> (Sandbox, Finished) {
    let _turn = turn();
    let sandbox = prepared(Some(topology), &neighbour(Some(1_000.0)));
    let finished = sandbox.run(&["run", "hostile.toml", "neighbour.toml", "-o", "json"]);
    (sandbox, finished)
}

/// Tests take turns, whether one of them failed or not.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The neighbour without anybody beside it.
#[derive(Clone, Copy)]
struct Alone {
    sentences_per_s: f64,
    words_per_s: f64,
    p99_us: u64,
    /// What the process took of the machine.
    cores: f64,
}

static ALONE: Mutex<Option<Alone>> = Mutex::new(None);

/// Measured now, or by an earlier test.
fn alone() -> Alone {
    let mut known = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    *known.get_or_insert_with(|| {
        // As fast as it can, on all cores: what it takes of them says what one of them can do.
        let ran = run(None, &neighbour(None), PATIENCE);
        let report = ran.report("neighbour");
        let all_per_s = number(&report["components"]["sentences"]["emitted"]) / number(&report["elapsed_s"]);
        let sentences_per_s = all_per_s / ran.cores / 2.0;
        let ran = run(None, &neighbour(Some(sentences_per_s)), PATIENCE);
        let (words_per_s, p99_us) = (ran.words_per_s(), ran.p99_us());
        println!("alone: {words_per_s:.0} words/s, p99 {p99_us} µs, {:.2} cores", ran.cores);
        Alone { sentences_per_s, words_per_s, p99_us, cores: ran.cores }
    })
}

fn forget_alone() {
    *ALONE.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a figure is a number")
}

/// The neighbour, with so many sentences a second or as many as it can.
fn neighbour(sentences_per_s: Option<f64>) -> String {
    let config = sentences_per_s.map_or(String::new(), |rate| format!("config = {{ rate = {rate:.1} }}"));
    format!(
        r#"
        name = "neighbour"
        guarantee = "best-effort"
        [component.sentences]
        plugin = "sentences"
        {config}
        [component.split]
        plugin = "split"
        inputs = [{{ from = "sentences", grouping = "shuffle" }}]
        [component.count]
        plugin = "count"
        config = {{ emit = "final" }}
        inputs = [{{ from = "split", grouping = "fields", fields = ["word"] }}]
        [component.sink]
        plugin = "file-sink"
        config = {{ path = "neighbour.tsv" }}
        inputs = [{{ from = "count", grouping = "global" }}]
        "#
    )
}

/// A run that has ended.
struct Ran {
    sandbox: Sandbox,
    report: Value,
    memory_kib: u64,
    /// What the process took of the machine while it was watched.
    cores: f64,
}

impl Ran {
    fn report(&self, topology: &str) -> &Value {
        let reports = self.report["topologies"].as_array();
        let mut reports = reports.map_or(std::slice::from_ref(&self.report), Vec::as_slice).iter();
        reports.find(|report| report["topology"] == topology).expect("each topology has a report")
    }

    /// What the neighbour counted in a second; nothing if it did not come to its end.
    fn words_per_s(&self) -> f64 {
        let report = self.report("neighbour");
        if report["status"] != "drained" {
            return 0.0;
        }
        number(&report["components"]["count"]["executed"]) / number(&report["elapsed_s"])
    }

    fn p99_us(&self) -> u64 {
        self.report("neighbour")["components"]["count"]["latency_us"]["p99"].as_u64().expect("a whole number")
    }

    fn stderr(&self) -> String {
        self.sandbox.read("stderr.txt")
    }
}

fn prepared(hostile: Option<&str>, neighbour: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("neighbour.toml", neighbour);
    sandbox.write("readable/file.txt", vec![b'x'; 100_000]);
    hostile.iter().for_each(|hostile| drop(sandbox.write("hostile.toml", hostile)));
    sandbox
}

/// Runs the neighbour for its time, with a hostile topology or without.
fn run(hostile: Option<&str>, neighbour: &str, grace: Duration) -> Ran {
    let sandbox = prepared(hostile, neighbour);
    let mut arguments = vec!["run", "neighbour.toml", "-o", "json"];
    hostile.iter().for_each(|_| arguments.push("hostile.toml"));
    // Files take all that is printed, where a pipe would make the process wait.
    let file = |name: &str| File::create(sandbox.path().join(name)).expect("files can be created");
    let mut command = sandbox.command(&arguments);
    command.stdin(Stdio::null()).stdout(file("stdout.json")).stderr(file("stderr.txt"));
    let mut process = Process::start(&mut command);
    let sink = sandbox.path().join("neighbour.tsv");
    let mut ended = process.watch(PATIENCE, || sink.exists());
    let (cpu_s, begun) = (process.cpu_s, Instant::now());
    ended = ended || process.watch(WATCHED, || false);
    let cores = (process.cpu_s - cpu_s) / begun.elapsed().as_secs_f64();
    assert!(!ended, "the neighbour runs for ever: {}", sandbox.read("stderr.txt"));
    process.interrupt();
    if !process.watch(grace, || false) {
        process.interrupt();
        assert!(process.watch(PATIENCE, || false), "it does not stop");
    }
    let memory_kib = process.memory_kib;
    let stdout = sandbox.read("stdout.json");
    let report = serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("no report ({error}): {stdout}\n{}", sandbox.read("stderr.txt")));
    Ran { sandbox, report, memory_kib, cores }
}
