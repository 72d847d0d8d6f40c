//! Every standard plugin in a topology, and every topology of plugins/topologies on the input that comes with it, against
//! what is computed here.

use crate::texts::{assert_same, count_words, read_counts};
use petrel_tests::{Finished, Sandbox, repository};
use std::collections::BTreeMap;

// The topologies that come with the plugins.

/// Runs one from the root of the repository, where its input is.
fn shipped(name: &str, arguments: &[&str]) -> (Sandbox, Finished) {
    let sandbox = Sandbox::new();
    let path = format!("plugins/topologies/{name}.toml");
    let mut command = sandbox.command(&[&["run", &path, "--until-done"], arguments].concat());
    let finished = Finished(command.current_dir(repository()).output().expect("petrel starts")).ok();
    (sandbox, finished)
}

fn input(name: &str) -> String {
    std::fs::read_to_string(repository().join("plugins/topologies").join(name)).expect("the input is there")
}

#[test]
fn every_shipped_topology_is_tried_here() {
    let tests = include_str!("plugins.rs");
    for entry in std::fs::read_dir(repository().join("plugins/topologies")).expect("the folder is there") {
        let name = entry.expect("it can be read").file_name().into_string().expect("names are text");
        if let Some(name) = name.strip_suffix(".toml") {
            assert!(tests.contains(&format!("shipped(\"{name}\"")), "{name} has no test");
        }
    }
}

#[test]
fn word_count_counts() {
    let folder = Sandbox::new();
    let sink = format!("sink.path={}", folder.path().join("out.tsv").display());
    shipped("word_count", &["--set", "lines.path=plugins/topologies/text.txt", "--set", &sink]);
    assert_same(&read_counts(&folder.read_bytes("out.tsv")), &count_words(input("text.txt").as_bytes()));
}

#[test]
fn poison_counts_where_there_is_none() {
    let text = input("poison.txt");
    let poisoned = text.lines().filter(|line| line.split_ascii_whitespace().any(|word| word == "POISON")).count();
    assert_eq!((poisoned, text.lines().count()), (2, 2_000), "about one line in a thousand");
    let folder = Sandbox::new();
    let sink = format!("sink.path={}", folder.path().join("out.tsv").display());
    let lines = "lines.path=plugins/topologies/poison.txt";
    shipped("poison", &["--set", lines, "--set", &sink, "--set", "split.poison=NEEDLE"]);
    assert_same(&read_counts(&folder.read_bytes("out.tsv")), &count_words(text.as_bytes()));
}

/// The `k` most frequent words: rank, word, count; of equal ones those first that sort lower.
fn top(text: &str, k: usize) -> Vec<(usize, String, u64)> {
    let counts = count_words(text.as_bytes());
    let mut ranked: Vec<_> = counts.into_iter().collect();
    ranked.sort_by(|(word, count), (other, others)| others.cmp(count).then_with(|| word.cmp(other)));
    let named = |(index, (word, count)): (usize, (Vec<u8>, u64))| {
        (index + 1, String::from_utf8(word).expect("the text is UTF-8"), count)
    };
    ranked.into_iter().take(k).enumerate().map(named).collect()
}

#[test]
fn top_words_are_the_most_frequent() {
    let expected: String =
        top(&input("text.txt"), 20).iter().map(|(rank, word, count)| format!("{rank}\t{word}\t{count}\n")).collect();
    for count in ["count=1", "count=2"] {
        let (_, finished) = shipped("top_words", &["--parallelism", count]);
        assert_eq!(finished.stdout(), expected);
    }
}

#[test]
fn access_log_counts_by_minute_and_status() {
    let log = input("access.log");
    let (mut expected, mut dashes) = (BTreeMap::<(String, String), u64>::new(), 0);
    for line in log.lines() {
        let (before, request) = line.split_once("] \"").expect("a request");
        let (request, after) = request.rsplit_once("\" ").expect("a status");
        // A dash is what a server writes when no request came in time.
        assert!(request == "-" || request.split(' ').count() == 3, "{request}");
        dashes += usize::from(request == "-");
        // 31/Jan/2026:12:00:00 +0000, all of one month and in UTC.
        let time = before.rsplit_once('[').expect("a time").1;
        let (day, clock) = (&time[..2], &time[12..17]);
        assert!(time[2..11] == *"/Jan/2026" && time.ends_with(" +0000"), "{time}");
        let minute = format!("2026-01-{day}T{clock}:00Z");
        let status = after.split(' ').next().expect("a status").to_owned();
        *expected.entry((minute, status)).or_default() += 1;
    }
    let (_, finished) = shipped("access_log", &["-o", "json"]);
    assert_eq!(finished.json()["components"]["parse"]["rejected"], 0);
    let (_, finished) = shipped("access_log", &[]);
    let text = finished.stdout();
    let (header, rows) = text.split_once('\n').expect("a header");
    assert_eq!(header, "minute\tstatus\trequests");
    let mut counted = BTreeMap::new();
    for row in rows.lines() {
        let [minute, status, requests] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let before = counted.insert((minute.to_owned(), status.to_owned()), requests.parse().expect("a number"));
        assert_eq!(before, None, "{row}");
    }
    assert_eq!(counted, expected);
    assert!(dashes > 0, "a check of the check");
}

#[test]
fn even_numbers_and_their_squares() {
    let (_, finished) = shipped("even_numbers", &["--set", "numbers.rate=10000"]);
    let expected: String = (1..=50)
        .map(|half| (2 * half, 4 * half * half))
        .map(|(n, square)| format!("{{\"number\":{n},\"square\":{square},\"text\":\"the square of {n}\"}}\n"))
        .collect();
    assert_eq!(finished.stdout(), expected);
}

#[test]
fn trending_ends_with_the_most_frequent_words() {
    let sentences = run("[component.a]\nplugin = \"sentences\"\nconfig = { count = 500 }\n", "a").ok().stdout();
    assert_eq!(sentences.lines().count(), 500);
    let (_, finished) = shipped("trending", &["--set", "sentences.count=500", "--set", "sentences.rate=5000"]);
    let printed: Vec<(usize, String, u64)> = finished
        .stdout()
        .lines()
        .map(|line| {
            let tuple: serde_json::Value = serde_json::from_str(line).expect("a document a line");
            let number = |name: &str| tuple[name].as_u64().expect("a number");
            (number("rank") as usize, tuple["word"].as_str().expect("a word").to_owned(), number("count"))
        })
        .collect();
    // On a slow machine there may be a tick before the end.
    assert_eq!(printed[printed.len() - 10..], top(&sentences, 10));
}

// Plugin by plugin. What the last component emits is printed.

/// Runs these components; what `last` emits is printed. `text.txt` has what [`run_on`] was given.
fn run(components: &str, last: &str) -> Finished {
    run_on("", components, last, "", &[])
}

fn run_on(text: impl AsRef<[u8]>, components: &str, last: &str, print: &str, arguments: &[&str]) -> Finished {
    let sandbox = Sandbox::new();
    sandbox.write("text.txt", text);
    sandbox.write(
        "try.toml",
        format!(
            "name = \"try\"\nguarantee = \"best-effort\"\n{components}\n[component.out]\nplugin = \"print\"\n\
             config = {{ {print} }}\ninputs = [{{ from = \"{last}\", grouping = \"global\" }}]\n"
        ),
    );
    sandbox.run(&[&["run", "try.toml"], arguments].concat())
}

/// The lines of `text.txt` through one bolt.
fn bolt(text: impl AsRef<[u8]>, plugin: &str, config: &str, grouping: &str, print: &str) -> Finished {
    let components = format!(
        "[component.lines]\nplugin = \"lines\"\nconfig = {{ path = \"text.txt\" }}\n\
         [component.bolt]\nplugin = \"{plugin}\"\nconfig = {{ {config} }}\n\
         inputs = [{{ from = \"lines\", {grouping} }}]\n"
    );
    run_on(text, &components, "bolt", print, &[])
}

const SHUFFLE: &str = "grouping = \"shuffle\"";

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn lines_pass_byte_for_byte() {
    let lines = |config: &str| format!("[component.a]\nplugin = \"lines\"\nconfig = {{ {config} }}\n");
    let text = b"one\r\n\n \xff\xfe\0\t\nlast";
    let finished = run_on(text, &lines("path = \"text.txt\""), "a", "", &[]).ok();
    assert_eq!(finished.0.stdout, [&text[..], b"\n"].concat());
    let finished = run_on(text, &lines("path = \"text.txt\", encoding = \"utf8-lossy\""), "a", "", &[]).ok();
    assert_eq!(finished.stdout(), "one\r\n\n \u{fffd}\u{fffd}\0\t\nlast\n");
    let finished =
        run_on("x\ny", &lines("path = \"text.txt\", file_field = \"file\""), "a", "format = \"json\"", &[]).ok();
    assert_eq!(finished.stdout(), "{\"line\":\"x\",\"file\":\"text.txt\"}\n{\"line\":\"y\",\"file\":\"text.txt\"}\n");
    run_on("", &lines(""), "a", "", &[]).fails(2, &["path"]);
    run_on("", &lines("path = \"text.txt\", stdin = true"), "a", "", &[]).fails(2, &["stdin"]);
    run_on("", &lines("path = \"text.txt\", encoding = \"latin1\""), "a", "", &[])
        .fails(2, &["encoding", "utf8-lossy"]);
    run_on("", &lines("path = 7"), "a", "", &[]).fails(2, &["path"]);
    run_on("", &lines("path = \"text.txt\", pth = 7"), "a", "", &[]).fails(2, &["pth"]);
}

#[test]
fn sentences_are_the_same_whatever_the_parallelism() {
    let sentences = |config: &str, tasks: u32| {
        let components =
            format!("[component.a]\nplugin = \"sentences\"\nparallelism = {tasks}\nconfig = {{ {config} }}\n");
        run(&components, "a")
    };
    let one = sentences("count = 300, seed = 5", 1).ok().stdout();
    assert_eq!(one.lines().count(), 300);
    let three = sentences("count = 300, seed = 5", 3).ok().stdout();
    assert_eq!(sorted(&one), sorted(&three));
    assert_ne!(one, sentences("count = 300, seed = 6", 1).ok().stdout());
    assert_eq!(sentences("count = 0", 1).ok().stdout(), "");
    sentences("count = -1", 1).fails(2, &["count"]);
    sentences("rate = 0", 1).fails(2, &["rate"]);
}

#[test]
fn numbers_count_up() {
    let numbers = |config: &str, tasks: u32| {
        let components =
            format!("[component.a]\nplugin = \"numbers\"\nparallelism = {tasks}\nconfig = {{ {config} }}\n");
        run(&components, "a")
    };
    assert_eq!(numbers("start = -2, count = 5", 1).ok().stdout(), "-2\n-1\n0\n1\n2\n");
    assert_eq!(numbers("count = 0", 1).ok().stdout(), "");
    let mut all: Vec<i64> =
        numbers("count = 10_000", 3).ok().stdout().lines().map(|line| line.parse().expect("a number")).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..10_000));
    numbers("start = 9223372036854775800, count = 100", 1).fails(2, &["count"]);
    numbers("count = \"many\"", 1).fails(2, &["count"]);
}

#[test]
fn split_wants_text() {
    assert_eq!(bolt("a  b\n\n\tc d\r\n", "split", "", SHUFFLE, "").ok().stdout(), "a\nb\nc\nd\n");
    bolt("a", "split", "field = \"lien\"", SHUFFLE, "").fails(2, &["lien", "line"]);
    let numbers = "[component.n]\nplugin = \"numbers\"\n[component.s]\nplugin = \"split\"\n\
                   inputs = [{ from = \"n\", grouping = \"shuffle\" }]\n";
    run(numbers, "s").fails(2, &["number"]);
}

#[test]
fn extract_takes_text_apart() {
    let pattern = "pattern = '^(?<name>\\w+)=(?<value>-?\\d+)( (?<unit>\\w+))?$', \
                   fields = { value = \"i64\", unit = \"optional<string>\" }";
    let text = "a=1\nb=-20 ms\nnothing\nc=99999999999999999999\nbär=3\n";
    let finished = bolt(text, "extract", pattern, SHUFFLE, "format = \"json\"").ok();
    let expected = "{\"name\":\"a\",\"value\":1,\"unit\":null}\n{\"name\":\"b\",\"value\":-20,\"unit\":\"ms\"}\n\
                    {\"name\":\"bär\",\"value\":3,\"unit\":null}\n";
    assert_eq!(finished.stdout(), expected);
    let stderr = finished.stderr();
    assert!(stderr.contains("line=\"nothing\"") && stderr.contains("99999999999999999999"), "{stderr}");
    let finished = bolt("a=1\nnothing\n", "extract", &format!("{pattern}, unmatched = \"drop\""), SHUFFLE, "").ok();
    assert!(!finished.stderr().contains("nothing"), "{}", finished.stderr());
    bolt("", "extract", "pattern = '(?<a>x'", SHUFFLE, "").fails(2, &["pattern", "unclosed group"]);
    bolt("", "extract", "pattern = 'x'", SHUFFLE, "").fails(2, &["pattern"]);
    bolt("", "extract", "pattern = '(?<a>x)', fields = { b = \"i64\" }", SHUFFLE, "").fails(2, &["fields", "b"]);
    bolt("", "extract", "", SHUFFLE, "").fails(2, &["pattern"]);
}

#[test]
fn json_becomes_fields_and_fields_become_json() {
    let fields = "mode = \"parse\", fields = { n = \"i64\", s = \"optional<string>\", l = \"optional<list<i64>>\" }";
    let text = concat!(
        "{\"n\": 1, \"s\": \"\\u00e4\\n\", \"l\": [1, 2], \"other\": {}}\n",
        "{\"n\": -9223372036854775808}\n",
        "{\"n\": 3, \"s\": null}\n",
        "{\"n\": \"four\"}\n",
        "{\"n\": 9223372036854775808}\n",
        "{\"s\": \"no n\"}\n",
        "no document\n",
        "[5]\n",
        "\n",
        "{\"n\": 6} trailing\n",
        "{\"n\": 7, \"s\": \"\"}\n",
    );
    let finished = bolt(text, "json", fields, SHUFFLE, "format = \"json\"").ok();
    let expected = concat!(
        "{\"l\":[1,2],\"n\":1,\"s\":\"ä\\n\"}\n",
        "{\"l\":null,\"n\":-9223372036854775808,\"s\":null}\n",
        "{\"l\":null,\"n\":3,\"s\":null}\n",
        "{\"l\":null,\"n\":7,\"s\":\"\"}\n",
    );
    assert_eq!(finished.stdout(), expected);
    assert_eq!(finished.stderr().matches("rejected a tuple").count(), 7, "{}", finished.stderr());
    let finished = bolt("a\"b\n\u{1}\n", "json", "mode = \"format\", into = \"document\"", SHUFFLE, "").ok();
    assert_eq!(finished.stdout(), "{\"line\":\"a\\\"b\"}\n{\"line\":\"\\u0001\"}\n");
    bolt("", "json", "mode = \"guess\"", SHUFFLE, "").fails(2, &["mode"]);
    bolt("", "json", "mode = \"parse\"", SHUFFLE, "").fails(2, &["fields"]);
    bolt("", "json", "mode = \"parse\", fields = { n = \"int\" }", SHUFFLE, "").fails(2, &["int", "i64"]);
}

/// Numbers from -5 to 5 through one bolt.
fn numbers(plugin: &str, config: &str, print: &str) -> Finished {
    let components = format!(
        "[component.n]\nplugin = \"numbers\"\nconfig = {{ start = -5, count = 11 }}\n\
         [component.bolt]\nplugin = \"{plugin}\"\nconfig = {{ {config} }}\n\
         inputs = [{{ from = \"n\", grouping = \"shuffle\" }}]\n"
    );
    run_on("", &components, "bolt", print, &[])
}

#[test]
fn filter_keeps_what_is_true() {
    assert_eq!(numbers("filter", "where = \"number > 3\"", "").ok().stdout(), "4\n5\n");
    assert_eq!(numbers("filter", "where = \"false\"", "").ok().stdout(), "");
    let finished = numbers("filter", "where = \"10 / number == 5\"", "").ok();
    assert_eq!(finished.stdout(), "2\n");
    assert!(
        finished.stderr().contains("rejected a tuple") && finished.stderr().contains("number=0"),
        "{}",
        finished.stderr()
    );
    numbers("filter", "where = \"number\"", "").fails(2, &["where", "bool"]);
    numbers("filter", "where = \"numbr > 3\"", "").fails(2, &["where", "numbr"]);
    numbers("filter", "where = \"number > 'three'\"", "").fails(2, &["where"]);
    numbers("filter", "where = \"number >\"", "").fails(2, &["where"]);
    numbers("filter", "", "").fails(2, &["where"]);
}

#[test]
fn map_sets_keeps_and_drops() {
    let finished =
        numbers("map", "set = { b = \"number + 1\", a = \"number < 0 ? 'minus' : 'plus'\" }", "header = true").ok();
    assert!(finished.stdout().starts_with("number\ta\tb\n-5\tminus\t-4\n"), "{}", finished.stdout());
    assert!(finished.stdout().ends_with("\n5\tplus\t6\n"), "{}", finished.stdout());
    let finished =
        numbers("map", "set = { half = \"double(number) / 2.0\" }, drop = [\"number\"]", "header = true").ok();
    assert!(finished.stdout().starts_with("half\n-2.5\n"), "{}", finished.stdout());
    let finished = numbers("map", "set = { number = \"number * number\" }, keep = []", "").ok();
    assert!(finished.stdout().starts_with("25\n16\n"), "{}", finished.stdout());
    let finished = numbers("map", "set = { big = \"number * 9223372036854775807\" }", "").ok();
    assert_eq!(finished.stdout().lines().count(), 3, "beyond -1 to 1 it does not fit: {}", finished.stdout());
    numbers("map", "keep = [\"number\"], drop = [\"number\"]", "").fails(2, &["keep", "drop"]);
    numbers("map", "keep = [\"numbr\"]", "").fails(2, &["numbr"]);
    numbers("map", "set = { a = \"nothing()\" }", "").fails(2, &["set", "nothing"]);
}

#[test]
fn count_counts_by_its_key() {
    let by_line = "grouping = \"fields\", fields = [\"line\"]";
    let text = "a\nb\na\n\na\n";
    assert_eq!(bolt(text, "count", "", by_line, "").ok().stdout(), "a\t1\nb\t1\na\t2\n\t1\na\t3\n");
    let finished = bolt(text, "count", "emit = \"final\", into = \"hits\"", by_line, "header = true").ok();
    let stdout = finished.stdout();
    assert_eq!(stdout.lines().next(), Some("line\thits"));
    assert_eq!(sorted(&stdout), ["\t1", "a\t3", "b\t1", "line\thits"]);
    assert_eq!(bolt(text, "count", "fields = [], emit = \"final\"", "grouping = \"global\"", "").ok().stdout(), "5\n");
    bolt(text, "count", "emit = \"sometimes\"", by_line, "").fails(2, &["emit"]);
    bolt(text, "count", "into = \"line\"", by_line, "").fails(2, &["into", "line"]);
    bolt(text, "count", "fields = [\"lien\"]", by_line, "").fails(2, &["lien"]);
    bolt(text, "count", "", SHUFFLE, "").fails(2, &["fields"]);
}

#[test]
fn top_ranks() {
    assert_eq!(
        numbers("top", "by = \"number\", k = 3", "fields = [\"rank\", \"number\"]").ok().stdout(),
        "1\t5\n2\t4\n3\t3\n"
    );
    assert_eq!(numbers("top", "by = \"number\", k = 100", "").ok().stdout().lines().count(), 11);
    numbers("top", "by = \"number\", k = 0", "").fails(2, &["`k`"]);
    numbers("top", "by = \"numbr\"", "").fails(2, &["`by`", "numbr"]);
    bolt("a", "top", "by = \"line\"", "grouping = \"global\"", "").fails(2, &["`by`", "line"]);
}

#[test]
fn print_writes_what_can_be_read_back() {
    let fields = "mode = \"parse\", fields = { a = \"string\", b = \"optional<f64>\" }";
    let text = "{\"a\": \"x,\\\"y\\\"\\nz\", \"b\": 0.1}\n{\"a\": \"\"}\n";
    let finished = bolt(text, "json", fields, SHUFFLE, "format = \"csv\", header = true").ok();
    assert_eq!(finished.stdout(), "a,b\n\"x,\"\"y\"\"\nz\",0.1\n,\n");
    let finished = bolt(text, "json", fields, SHUFFLE, "format = \"tsv\", fields = [\"b\", \"a\"]").ok();
    assert_eq!(finished.stdout(), "0.1\tx,\"y\"\nz\n\t\n");
    let finished = bolt(b"\xff\n", "split", "", SHUFFLE, "format = \"json\", bytes = \"base64\"").ok();
    assert_eq!(finished.stdout(), "{\"word\":\"/w==\"}\n");
    bolt("", "split", "", SHUFFLE, "format = \"xml\"").fails(2, &["format"]);
    bolt("", "split", "", SHUFFLE, "fields = [\"wrd\"]").fails(2, &["wrd", "word"]);
}

#[test]
fn file_sink_writes_a_file_or_one_for_each_task() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "sink.toml",
        r#"
        name = "sink"
        guarantee = "best-effort"
        [component.numbers]
        plugin = "numbers"
        config = { count = 10_000 }
        [component.sink]
        plugin = "file-sink"
        config = { path = "out" }
        inputs = [{ from = "numbers", grouping = "shuffle" }]
        "#,
    );
    sandbox.run(&["run", "sink.toml"]).ok();
    let all: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(sandbox.read("out"), all);
    // A second run empties it first.
    sandbox.run(&["run", "sink.toml", "--set", "numbers.count=3", "--set", "sink.header=true"]).ok();
    assert_eq!(sandbox.read("out"), "number\n0\n1\n2\n");
    sandbox.run(&["run", "sink.toml", "--parallelism", "sink=3", "--set", "sink.path=parts"]).ok();
    let parts: Vec<String> = (0..3).map(|task| sandbox.read(&format!("parts/part-0000{task}.tsv"))).collect();
    assert!(parts.iter().all(|part| !part.is_empty()));
    let mut numbers: Vec<i64> = parts.concat().lines().map(|line| line.parse().expect("a number")).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..10_000));
}

#[test]
fn a_folder_has_what_this_run_wrote_or_what_all_wrote() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "parts.toml",
        "name = \"parts\"\nguarantee = \"best-effort\"\n\
         [component.numbers]\nplugin = \"numbers\"\nconfig = { count = 1000 }\n\
         [component.sink]\nplugin = \"file-sink\"\nconfig = { path = \"parts/\", format = \"csv\", header = true }\n\
         inputs = [{ from = \"numbers\", grouping = \"shuffle\" }]\n",
    );
    let run = |tasks: u32, append: bool| {
        let (tasks, append) = (format!("sink={tasks}"), format!("sink.append={append}"));
        sandbox.run(&["run", "parts.toml", "--parallelism", &tasks, "--set", &append]).ok()
    };
    let parts = || {
        let folder = std::fs::read_dir(sandbox.path().join("parts")).expect("the folder is there");
        let mut names: Vec<_> = folder.map(|entry| entry.expect("it can be read").file_name()).collect();
        names.sort_unstable();
        let texts = names.iter().map(|name| sandbox.read(&format!("parts/{}", name.to_str().expect("text"))));
        let texts: Vec<String> = texts.collect();
        for text in &texts {
            assert_eq!(text.lines().filter(|line| *line == "number").count(), 1, "one header: {text}");
        }
        let lines =
            texts.iter().flat_map(|text| text.lines().skip(1)).map(|line| line.parse::<i64>().expect("a number"));
        let mut numbers: Vec<i64> = lines.collect();
        numbers.sort_unstable();
        (names.len(), numbers)
    };
    let once: Vec<i64> = (0..1000).collect();
    run(3, false);
    assert_eq!(parts(), (3, once.clone()));
    let finished = run(2, false);
    assert_eq!(parts(), (2, once), "what the third task of the first run wrote is no result of this one");
    assert!(finished.stderr().contains("removed part-00002.csv"), "{}", finished.stderr());
    run(1, true);
    assert_eq!(parts(), (2, (0..1000).flat_map(|number| [number; 2]).collect()));
}

#[test]
fn a_link_that_leads_out_of_the_folder_is_left_out_and_told() {
    let sandbox = Sandbox::new();
    sandbox.write("outside.txt", "secret\n");
    sandbox.write("in/a.txt", "open\n");
    std::os::unix::fs::symlink("../outside.txt", sandbox.path().join("in/b.txt")).expect("links can be made");
    sandbox.write(
        "links.toml",
        "name = \"links\"\nguarantee = \"best-effort\"\n\
         [component.lines]\nplugin = \"lines\"\nconfig = { path = \"in\" }\n\
         [component.out]\nplugin = \"print\"\ninputs = [{ from = \"lines\", grouping = \"global\" }]\n",
    );
    sandbox.run(&["check", "links.toml"]).ok();
    let finished = sandbox.run(&["run", "links.toml"]).ok();
    assert_eq!(finished.stdout(), "open\n");
    let told = finished.stderr();
    assert!(told.contains("in/b.txt") && told.contains("leads out of what is granted"), "{told}");
}
