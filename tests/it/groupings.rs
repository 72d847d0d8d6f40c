//! Every grouping, with real plugins: which task got which tuple.
//!
//! `numbers → where (4 tasks) → file-sink`, where the bolt `where` puts its task before each tuple.

use crate::guests::guest;
use petrel_tests::Sandbox;
use std::collections::{BTreeMap, BTreeSet};

const TASKS: i64 = 4;

/// Runs numbers 0 to `count` through a bolt with four tasks and returns (task, number) for each tuple.
fn spread(count: u64, grouping: &str) -> Vec<(i64, i64)> {
    run(&format!("count = {count}"), "", &format!("from = \"numbers\", {grouping}"))
}

fn run(numbers: &str, between: &str, input: &str) -> Vec<(i64, i64)> {
    let sandbox = Sandbox::new();
    sandbox.write("spread.toml", topology(numbers, between, input));
    sandbox.run(&["run", "spread.toml"]).ok();
    let text = sandbox.read("out.tsv");
    text.lines()
        .map(|line| {
            let (task, number) = line.split_once('\t').expect("two fields");
            (task.parse().expect("a task"), number.parse().expect("a number"))
        })
        .collect()
}

pub(crate) fn topology(numbers: &str, between: &str, input: &str) -> String {
    format!(
        r#"
        name = "spread"
        guarantee = "best-effort"
        [component.numbers]
        plugin = "numbers"
        config = {{ {numbers} }}
        {between}
        [component.where]
        plugin = "{}"
        parallelism = {TASKS}
        inputs = [{{ {input} }}]
        [component.sink]
        plugin = "file-sink"
        config = {{ path = "out.tsv" }}
        inputs = [{{ from = "where", grouping = "global" }}]
        "#,
        guest("where")
    )
}

/// How many tuples each task got.
fn loads(spread: &[(i64, i64)]) -> BTreeMap<i64, usize> {
    let mut loads = BTreeMap::new();
    for (task, _) in spread {
        *loads.entry(*task).or_default() += 1;
    }
    loads
}

/// Fails unless each number from 0 up came exactly once, to a task that exists.
#[track_caller]
fn assert_each_once(spread: &[(i64, i64)], count: i64) {
    let mut numbers: Vec<i64> = spread.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..count), "each number once: {} came", numbers.len());
    assert!(spread.iter().all(|(task, _)| (0..TASKS).contains(task)));
}

#[test]
fn shuffle_spreads_evenly() {
    let spread = spread(1_000, "grouping = \"shuffle\"");
    assert_each_once(&spread, 1_000);
    // Idle tasks share a frame in equal parts, so a quarter each were exact. A task that is behind gets less of the next
    // frame, and a thousand numbers are one frame or a few: half and twice the share leave room for that and for nothing
    // that favours a task.
    for (task, load) in loads(&spread) {
        assert!((125..=500).contains(&load), "task {task} got {load} of 1000");
    }
    assert_eq!(loads(&spread).len(), 4);
}

#[test]
fn shuffle_spreads_a_slow_stream_too() {
    // At 2,000 a second a frame has a few tuples. All tasks are idle, so none must be preferred.
    let spread = run("count = 1000, rate = 2000", "", "from = \"numbers\", grouping = \"shuffle\"");
    assert_each_once(&spread, 1_000);
    for (task, load) in loads(&spread) {
        assert!((100..=500).contains(&load), "task {task} got {load} of 1000");
    }
    assert_eq!(loads(&spread).len(), 4);
}

#[test]
fn local_or_shuffle_and_none_spread_as_shuffle_does() {
    for grouping in ["local-or-shuffle", "none"] {
        let spread = spread(1_000, &format!("grouping = \"{grouping}\""));
        assert_each_once(&spread, 1_000);
        assert_eq!(loads(&spread).len(), 4, "{grouping}");
        assert!(loads(&spread).values().all(|load| (125..=500).contains(load)), "{grouping}: {:?}", loads(&spread));
    }
}

#[test]
fn all_reaches_every_task() {
    let spread = spread(1_000, "grouping = \"all\"");
    assert_eq!(spread.len(), 4_000);
    for task in 0..TASKS {
        let own: Vec<_> = spread.iter().copied().filter(|(of, _)| *of == task).map(|(_, number)| (0, number)).collect();
        assert_each_once(&own, 1_000);
        assert!(own.is_sorted(), "a channel keeps the order");
    }
}

#[test]
fn global_reaches_task_0() {
    let spread = spread(1_000, "grouping = \"global\"");
    assert!(spread.iter().copied().eq((0..1_000).map(|number| (0, number))), "all to task 0, in order");
}

/// Words that occur again and again, through `split`, so that keys are text.
fn spread_words(grouping: &str) -> Vec<(i64, String)> {
    let sandbox = Sandbox::new();
    // 500 keys, each 8 times, and one that is half of everything.
    let text: String = (0..4_000).map(|number| format!("k{} hot\n", number % 500)).collect();
    sandbox.write("text.txt", text);
    let topology =
        topology("", "", "").replace("numbers", "lines").replace("config = {  }", "config = { path = \"text.txt\" }");
    let split = "[component.split]\nplugin = \"split\"\nparallelism = 2\ninputs = [{ from = \"lines\", grouping = \"shuffle\" }]\n";
    let input = format!("inputs = [{{ from = \"split\", grouping = \"{grouping}\", fields = [\"word\"] }}]");
    sandbox.write("words.toml", topology.replace("inputs = [{  }]", &input) + split);
    sandbox.run(&["run", "words.toml"]).ok();
    let spread: Vec<(i64, String)> = sandbox
        .read("out.tsv")
        .lines()
        .map(|line| {
            line.split_once('\t')
                .map(|(task, word)| (task.parse().expect("a task"), word.to_owned()))
                .expect("two fields")
        })
        .collect();
    assert_eq!(spread.len(), 8_000);
    spread
}

fn tasks_of_keys(spread: &[(i64, String)]) -> BTreeMap<&str, BTreeSet<i64>> {
    let mut tasks = BTreeMap::<&str, BTreeSet<i64>>::new();
    for (task, word) in spread {
        tasks.entry(word).or_default().insert(*task);
    }
    assert_eq!(tasks.len(), 501);
    tasks
}

#[test]
fn fields_sends_a_key_to_one_task_and_to_the_same_in_every_run() {
    let first = spread_words("fields");
    let tasks = tasks_of_keys(&first);
    assert!(tasks.values().all(|tasks| tasks.len() == 1));
    let used: BTreeSet<i64> = tasks.values().flatten().copied().collect();
    assert_eq!(used.len(), 4, "500 keys reach every task");
    let second = spread_words("fields");
    assert_eq!(tasks, tasks_of_keys(&second), "the hash has no seed");
}

#[test]
fn fields_works_on_numbers_too() {
    let spread = spread(10_000, "grouping = \"fields\", fields = [\"number\"]");
    assert_each_once(&spread, 10_000);
    // Key groups are equally likely: of 10,000 keys in 1,024 groups a task's share is 2,500 with a standard deviation below
    // 90. The hash is fixed, so what passes once passes always.
    for (task, load) in loads(&spread) {
        assert!((2_100..=2_900).contains(&load), "task {task} got {load} of 10000");
    }
}

#[test]
fn partial_key_sends_a_key_to_two_tasks_at_most() {
    let spread = spread_words("partial-key");
    let tasks = tasks_of_keys(&spread);
    assert!(tasks.values().all(|tasks| tasks.len() <= 2), "{tasks:?}");
    assert_eq!(tasks["hot"].len(), 2, "the frequent key is shared by two");
    // What the one frequent key weighs is why there is this grouping: neither of its tasks gets all of it.
    let hot: Vec<i64> = spread.iter().filter(|(_, word)| word == "hot").map(|(task, _)| *task).collect();
    for task in &tasks["hot"] {
        let load = hot.iter().filter(|of| *of == task).count();
        assert!((1_000..=3_000).contains(&load), "task {task} got {load} of 4000");
    }
}

#[test]
fn direct_reaches_the_task_that_the_producer_names() {
    let deal = format!(
        "[component.deal]\nplugin = \"{}\"\ninputs = [{{ from = \"numbers\", grouping = \"shuffle\" }}]",
        guest("deal")
    );
    let spread = run("count = 1000", &deal, "from = \"deal\", grouping = \"direct\"");
    assert_each_once(&spread, 1_000);
    assert!(spread.iter().all(|(task, number)| *task == number % TASKS));
}

#[test]
fn a_direct_stream_takes_a_task_that_exists_and_no_other_grouping() {
    let sandbox = Sandbox::new();
    let deal = |config: &str| {
        format!(
            "[component.deal]\nplugin = \"{}\"\nconfig = {{ {config} }}\ninputs = [{{ from = \"numbers\", grouping = \"shuffle\" }}]",
            guest("deal")
        )
    };
    sandbox.write("far.toml", topology("count = 10", &deal("always = 4"), "from = \"deal\", grouping = \"direct\""));
    sandbox.run(&["run", "far.toml"]).ok();
    let letters = sandbox.run(&["dead-letters", "list", "spread", "-o", "json"]).ok().json().to_string();
    assert!(letters.contains("task 4") && letters.contains("4 tasks"), "{letters}");
    sandbox.write("shuffled.toml", topology("count = 10", &deal(""), "from = \"deal\", grouping = \"shuffle\""));
    sandbox.run(&["run", "shuffled.toml"]).fails(2, &["direct"]);
    sandbox.write("undirected.toml", topology("count = 10", "", "from = \"numbers\", grouping = \"direct\""));
    sandbox.run(&["run", "undirected.toml"]).fails(2, &["direct"]);
}

#[test]
fn a_plugin_chooses() {
    let grouping =
        |config: &str| format!("grouping = {{ plugin = \"{}\", config = {{ {config} }} }}", guest("remainder"));
    let by_task = spread(1_000, &grouping(""));
    assert_each_once(&by_task, 1_000);
    assert!(by_task.iter().all(|(task, number)| *task == number % TASKS));
    let by_three = spread(1_000, &grouping("of = 3"));
    assert_each_once(&by_three, 1_000);
    assert!(by_three.iter().all(|(task, number)| *task == number % 3));
}

#[test]
fn tuples_for_which_a_plugin_chooses_a_task_that_is_not_there_are_dead_letters() {
    let sandbox = Sandbox::new();
    let input =
        format!("from = \"numbers\", grouping = {{ plugin = \"{}\", config = {{ of = 5 }} }}", guest("remainder"));
    sandbox.write("far.toml", topology("count = 10", "", &input));
    sandbox.run(&["run", "far.toml"]).ok();
    let letters = sandbox.run(&["dead-letters", "list", "spread", "-o", "json"]).ok().json().to_string();
    assert!(letters.contains("task 4") && letters.contains("4 tasks"), "{letters}");
    assert_eq!(sandbox.read("out.tsv").lines().count(), 8, "4 and 9 have no task");
}

#[test]
fn several_producers_and_small_frames_lose_nothing() {
    for grouping in ["shuffle", "local-or-shuffle", "none"] {
        let sandbox = Sandbox::new();
        let text = topology("count = 5000", "", &format!("from = \"numbers\", grouping = \"{grouping}\""));
        sandbox.write("spread.toml", text);
        sandbox.run(&["run", "spread.toml", "--parallelism", "numbers=3", "--frame-bytes", "64"]).ok();
        let mut numbers: Vec<i64> = sandbox
            .read("out.tsv")
            .lines()
            .map(|line| line.split_once('\t').expect("two fields").1.parse().expect("a number"))
            .collect();
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(0..5_000), "{grouping}: {} came", numbers.len());
    }
}
