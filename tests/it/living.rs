//! Runs that are told to end: signals, times, readers that go away; runs beside each other; memory that stays bounded.

use crate::faults::trouble;
use crate::guests::guest;
use petrel_tests::{Finished, Sandbox};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes on the slowest machine; what waits for something fails then.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run in the background, ended with the test.
pub(crate) struct Living {
    child: Option<Child>,
}

impl Living {
    pub(crate) fn start(sandbox: &Sandbox, arguments: &[&str]) -> Living {
        Living::spawn(sandbox.command(arguments))
    }

    pub(crate) fn spawn(mut command: Command) -> Living {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Living { child: Some(command.spawn().expect("petrel starts")) }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().expect("kill runs");
        assert!(status.success());
    }

    /// Reads standard error up to a line with this text.
    pub(crate) fn wait_for_line(&mut self, text: &str) {
        let child = self.child.as_mut().expect("it runs");
        let mut stderr = BufReader::with_capacity(1, child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(stderr.read_line(&mut line).expect("standard error is text"), 0, "ended without {text:?}");
        }
        child.stderr = Some(stderr.into_inner());
    }

    pub(crate) fn end(mut self) -> Finished {
        let mut child = self.child.take().expect("it runs");
        let begun = Instant::now();
        // The pipes hold 64 KiB, which no report here fills.
        while child.try_wait().expect("it can be asked").is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        Finished(child.wait_with_output().expect("its output can be read"))
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn has_lines(path: &Path, lines: usize) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count() >= lines)
}

/// Numbers without an end, a thousand a second.
pub(crate) fn endless(sandbox: &Sandbox, name: &str, config: &str, more: &str) {
    let text = trouble(name, "rate = 1000", config, more).replace("out.tsv", &format!("{name}.tsv"));
    sandbox.write(&format!("{name}.toml"), text);
}

/// Fails unless the sink has the numbers from 0 up, without a gap, as many as the report says the spout emitted.
#[track_caller]
fn assert_drained(sandbox: &Sandbox, name: &str, finished: Finished) {
    let report = finished.ok().json();
    assert_eq!(report["status"], "drained", "that is not the end of its spouts");
    let emitted = report["components"]["numbers"]["emitted"].as_i64().expect("a number");
    assert!(emitted > 0);
    for component in ["trouble", "sink"] {
        assert_eq!(report["components"][component]["executed"], emitted, "{component}");
        assert_eq!(report["components"][component]["queued_bytes"], 0, "{component}");
    }
    let text = sandbox.read(&format!("{name}.tsv"));
    let numbers = text.lines().map(|line| line.trim_end().parse::<i64>().expect("a number"));
    assert!(numbers.eq(0..emitted), "the sink has each of {emitted} numbers once, in order");
}

#[test]
fn one_signal_drains() {
    for signal in ["INT", "TERM", "HUP"] {
        let sandbox = Sandbox::new();
        endless(&sandbox, "drain", "sleep_ms = 1", "");
        let run = Living::start(&sandbox, &["run", "drain.toml", "-o", "json"]);
        wait_until("tuples arrive", || has_lines(&sandbox.path().join("drain.tsv"), 50));
        run.signal(signal);
        assert_drained(&sandbox, "drain", run.end());
    }
}

#[test]
fn a_hang_up_that_is_to_be_ignored_is_ignored() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "kept", "", "");
    // As `nohup` starts it.
    let petrel = sandbox.command(&["run", "kept.toml", "-o", "json"]);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(petrel.get_program()).args(petrel.get_args());
    command.current_dir(sandbox.path()).envs(petrel.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = Living::spawn(command);
    wait_until("tuples arrive", || has_lines(&sandbox.path().join("kept.tsv"), 50));
    run.signal("HUP");
    wait_until("many more arrive", || has_lines(&sandbox.path().join("kept.tsv"), 2_500));
    run.signal("TERM");
    assert_drained(&sandbox, "kept", run.end());
}

#[test]
fn one_signal_drains_a_spout_that_is_held_back() {
    let sandbox = Sandbox::new();
    let text = trouble("full", "", "sleep_ms = 10", "").replace("out.tsv", "full.tsv");
    sandbox.write("full.toml", text);
    let run = Living::start(&sandbox, &["run", "full.toml", "-o", "json"]);
    wait_until("tuples arrive", || has_lines(&sandbox.path().join("full.tsv"), 50_000));
    run.signal("INT");
    assert_drained(&sandbox, "full", run.end());
}

#[test]
fn a_second_signal_stops_at_once() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let sandbox = Sandbox::new();
        // Each batch takes an hour, so that draining never ends.
        endless(&sandbox, "stuck", "sleep_ms = 3_600_000", "limits = { io_ms = 3_600_000 }");
        let mut run = Living::start(&sandbox, &["run", "stuck.toml", "-o", "json"]);
        wait_until("the sink is open", || sandbox.path().join("stuck.tsv").exists());
        run.signal(signal);
        run.wait_for_line("draining");
        run.signal(signal);
        let begun = Instant::now();
        let finished = run.end();
        assert_eq!(finished.code(), Some(code), "{}", finished.stderr());
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(finished.json()["status"], "stopped");
        assert!(finished.stderr().contains("stopping"), "{}", finished.stderr());
    }
}

/// Whether a process has a file open whose name ends like that.
fn has_open(process: u32, end: &str) -> bool {
    let handles = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let mut files = handles.filter_map(|handle| std::fs::read_link(handle.path()).ok());
    files.any(|file| file.to_string_lossy().ends_with(end))
}

#[test]
fn a_signal_while_plugins_compile_says_that_nothing_was_started() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "early", "", "");
    let cache = sandbox.path().join(".home/cache");
    std::fs::create_dir_all(cache.parent().unwrap()).unwrap();
    std::fs::DirBuilder::new().mode(0o700).create(&cache).unwrap();
    sandbox.run(&["check", "early.toml"]).ok();
    // Everything is to be compiled again, and somebody else is at it already.
    let mut claims = Vec::new();
    for entry in std::fs::read_dir(&cache).unwrap().flatten() {
        match entry.path().extension().is_some_and(|extension| extension == "lock") {
            true => {
                let claim = std::fs::File::open(entry.path()).unwrap();
                claim.lock().unwrap();
                claims.push(claim);
            }
            false => std::fs::remove_file(entry.path()).unwrap(),
        }
    }
    assert_eq!(claims.len(), 3, "one for each plugin");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let run = Living::start(&sandbox, &["run", "early.toml", "-o", "json"]);
        wait_until("it compiles", || has_open(run.id(), ".lock"));
        run.signal(signal);
        let finished = run.end().fails(code, &["interrupted while compiling ", "; nothing was started"]);
        assert_eq!(finished.stderr().lines().count(), 1, "{}", finished.stderr());
        assert!(finished.stderr().contains("numbers"), "the plugin's name: {}", finished.stderr());
        assert_eq!(finished.stdout(), "");
        assert!(!sandbox.path().join("early.tsv").exists() && !sandbox.path().join(".home/runs").exists());
    }
    drop(claims);
    let finished = sandbox.run(&["run", "early.toml", "--for", "100ms", "-o", "json"]);
    assert_drained(&sandbox, "early", finished);
}

#[test]
fn a_time_drains() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "timed", "", "");
    let begun = Instant::now();
    let finished = sandbox.run(&["run", "timed.toml", "--for", "300ms", "-o", "json"]);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_drained(&sandbox, "timed", finished);
    sandbox.run(&["run", "timed.toml", "--for", "soon"]).fails(2, &["--for", "soon"]);
}

#[test]
fn a_second_live_run_of_the_same_name_is_refused() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "one", "", "");
    endless(&sandbox, "other", "", "");
    let run = Living::start(&sandbox, &["run", "one.toml", "-o", "json"]);
    wait_until("it runs", || has_lines(&sandbox.path().join("one.tsv"), 1));
    sandbox.run(&["run", "one.toml", "--for", "100ms"]).fails(1, &["a topology named one is running already"]);
    // What runs is not disturbed by that, and another name is no matter.
    sandbox.run(&["run", "other.toml", "--for", "100ms"]).ok();
    run.signal("INT");
    assert_drained(&sandbox, "one", run.end());
    // The name is free again, also after a death without farewell.
    let run = Living::start(&sandbox, &["run", "one.toml"]);
    wait_until("it runs", || has_lines(&sandbox.path().join("one.tsv"), 1));
    run.signal("KILL");
    run.end();
    sandbox.run(&["run", "one.toml", "--for", "100ms"]).ok();
}

#[test]
fn a_reader_that_has_enough_ends_the_run_quietly() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "print.toml",
        r#"
        name = "print"
        guarantee = "best-effort"
        [component.numbers]
        plugin = "numbers"
        [component.out]
        plugin = "print"
        inputs = [{ from = "numbers", grouping = "global" }]
        [component.kept]
        plugin = "file-sink"
        config = { path = "kept.tsv" }
        inputs = [{ from = "numbers", grouping = "global" }]
        "#,
    );
    // Beside it one that prints nothing, and does not care.
    sandbox.write("beside.toml", trouble("beside", "rate = 1000, count = 1500", "", ""));
    let mut run = Living::start(&sandbox, &["run", "print.toml", "beside.toml"]);
    let mut stdout = run.child.as_mut().and_then(|child| child.stdout.take()).expect("it is piped");
    let mut first = [0; 6];
    stdout.read_exact(&mut first).expect("something is printed");
    assert_eq!(&first, b"0\n1\n2\n");
    drop(stdout);
    let finished = run.end().ok();
    let stderr = finished.stderr();
    assert!(!stderr.contains("error"), "{stderr}");
    assert_eq!(stderr.matches("nobody reads standard output any more").count(), 1, "{stderr}");
    assert!(stderr.contains("print: Drained in") && stderr.contains("beside: Done in"), "{stderr}");
    let row = stderr.lines().find(|line| line.starts_with("numbers")).expect("the report has the spout");
    let emitted: i64 = row.split_whitespace().nth(3).and_then(|text| text.parse().ok()).expect("a number");
    let kept = sandbox.read("kept.tsv");
    assert!(kept.lines().map(|line| line.parse::<i64>().expect("a number")).eq(0..emitted), "the other sink is whole");
    assert_eq!(sandbox.read("out.tsv").lines().count(), 1500);
}

#[test]
fn spouts_that_ended_by_themselves_are_done_whatever_comes_after() {
    let sandbox = Sandbox::new();
    // The spout ends at once; the bolt has a second's work left when the time is over.
    let text = trouble("late", "count = 100", "sleep_ms = 1000", "");
    sandbox.write("late.toml", text);
    let report = sandbox.run(&["run", "late.toml", "--for", "500ms", "-o", "json"]).ok().json();
    assert_eq!((&report["status"], &report["components"]["sink"]["executed"]), (&"done".into(), &100.into()));
}

#[test]
fn a_slow_bolt_holds_back_a_fast_spout() {
    let sandbox = Sandbox::new();
    let text = trouble("slow", "", "sleep_ms = 5", "").replace("out.tsv", "/dev/null");
    sandbox.write("slow.toml", text);
    let run = Living::start(&sandbox, &["run", "slow.toml", "--for", "3s", "-o", "json"]);
    let status = format!("/proc/{}/status", run.id());
    let mut greatest = 0;
    // The last reading before the process is gone may find nothing.
    while let Some(kib) = resident_kib(&status) {
        greatest = kib.max(greatest);
        std::thread::sleep(Duration::from_millis(20));
    }
    let report = run.end().ok().json();
    let numbers = &report["components"]["numbers"];
    let emitted = numbers["emitted"].as_u64().expect("a number");
    assert!(emitted > 1_000_000, "millions pass: {emitted}");
    assert!(numbers["back_pressured"].as_f64().expect("a share") > 0.5, "the spout waits most of the time: {numbers}");
    // Unchecked, the spout makes more than 100 MB of numbers a second. A window is 1 MiB, instances and the process
    // itself take some tens of MiB.
    assert!((1..300 << 10).contains(&greatest), "{greatest} KiB");
}

fn resident_kib(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn one_signal_drains_while_standard_input_is_silent() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "silent.toml",
        r#"
        name = "silent"
        guarantee = "best-effort"
        [component.lines]
        plugin = "lines"
        config = { stdin = true }
        [component.split]
        plugin = "split"
        inputs = [{ from = "lines", grouping = "shuffle" }]
        [component.count]
        plugin = "count"
        config = { emit = "final" }
        inputs = [{ from = "split", grouping = "fields", fields = ["word"] }]
        [component.sink]
        plugin = "file-sink"
        config = { path = "counts.tsv" }
        inputs = [{ from = "count", grouping = "global" }]
        [component.heard]
        plugin = "file-sink"
        config = { path = "heard.txt" }
        inputs = [{ from = "lines", grouping = "global" }]
        "#,
    );
    let mut command = sandbox.command(&["run", "silent.toml", "-o", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = Living { child: Some(command.spawn().expect("petrel starts")) };
    let mut stdin = run.child.as_mut().and_then(|child| child.stdin.take()).expect("it is piped");
    stdin.write_all(b"storm petrel\nstorm\nhalf a li").expect("petrel reads it");
    wait_until("the lines arrive", || has_lines(&sandbox.path().join("heard.txt"), 2));
    run.signal("INT");
    let finished = run.end().ok();
    // The pipe is open to the end: nobody waits for it to close.
    drop(stdin);
    assert_eq!(finished.json()["status"], "drained");
    let counts = sandbox.read("counts.tsv");
    let mut counts: Vec<&str> = counts.lines().collect();
    counts.sort_unstable();
    assert_eq!(counts, ["petrel\t1", "storm\t2"], "complete lines are counted, half a line is none");
}

/// The processor time of a process, in seconds.
fn processor_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let (_, after_name) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = |field: usize| after_name.split_whitespace().nth(field).and_then(|text| text.parse::<u32>().ok());
    // A hundred ticks a second on every Linux.
    f64::from(ticks(11).expect("user time") + ticks(12).expect("system time")) / 100.0
}

/// What a spout has emitted is on its way while it waits for more, whatever it is written with, and waiting costs nothing.
#[test]
fn silent_standard_input_keeps_nothing_back() {
    let lines = ("lines".to_owned(), "line", "a\nb\n".to_owned(), "c\n");
    let bytes = (guest("hear"), "byte", "97\n10\n98\n10\n".to_owned(), "99\n10\n");
    for (plugin, field, first, last) in [lines, bytes] {
        let sandbox = Sandbox::new();
        sandbox.write(
            "silent.toml",
            format!(
                "name = \"silent\"\nguarantee = \"best-effort\"\n\
                 [component.source]\nplugin = \"{plugin}\"\nconfig = {{ stdin = true }}\n\
                 [component.sink]\nplugin = \"file-sink\"\nconfig = {{ path = \"heard.txt\", fields = [\"{field}\"] }}\n\
                 inputs = [{{ from = \"source\", grouping = \"global\" }}]\n"
            ),
        );
        let mut command = sandbox.command(&["run", "silent.toml", "-o", "json"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = Living { child: Some(command.spawn().expect("petrel starts")) };
        let mut stdin = run.child.as_mut().and_then(|child| child.stdin.take()).expect("it is piped");
        let heard = sandbox.path().join("heard.txt");
        let has = |text: &str| std::fs::read_to_string(&heard).is_ok_and(|heard| heard == text);
        stdin.write_all(b"a\nb\n").expect("petrel reads it");
        wait_until("what came is through", || has(&first));
        let before = processor_seconds(run.id());
        std::thread::sleep(Duration::from_secs(1));
        let spent = processor_seconds(run.id()) - before;
        assert!(spent < 0.25, "{plugin} waits with {spent} s of processor time a second");
        stdin.write_all(b"c\n").expect("petrel reads it");
        let all = first + last;
        wait_until("what came later is through", || has(&all));
        run.signal("INT");
        let finished = run.end().ok();
        drop(stdin);
        assert_eq!(finished.json()["status"], "drained");
        assert!(has(&all), "{plugin}: {}", sandbox.read("heard.txt"));
    }
}

#[test]
fn signals_end_a_run_whose_standard_error_takes_nothing() {
    let sandbox = Sandbox::new();
    endless(&sandbox, "mute", "sleep_ms = 1", "");
    let (_unread, mut full) = std::io::pipe().expect("a pipe can be made");
    // What a pipe holds: nothing more goes in, and whoever writes waits.
    full.write_all(&[b'.'; 64 << 10]).expect("a pipe holds as much");
    let mut command = sandbox.command(&["run", "mute.toml"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(full);
    let run = Living { child: Some(command.spawn().expect("petrel starts")) };
    wait_until("it runs", || has_lines(&sandbox.path().join("mute.tsv"), 10));
    run.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    run.signal("INT");
    let finished = run.end();
    assert_eq!(finished.0.status.code(), Some(130));
}

#[test]
fn one_name_twice_is_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    let kept = sandbox.write("kept.tsv", "what was there before\n");
    let topology = "name = \"twin\"\nguarantee = \"best-effort\"\n\
        [component.numbers]\nplugin = \"numbers\"\nconfig = { count = 10 }\n\
        [component.sink]\nplugin = \"file-sink\"\nconfig = { path = \"kept.tsv\" }\n\
        inputs = [{ from = \"numbers\", grouping = \"global\" }]\n";
    sandbox.write("a.toml", topology);
    sandbox.write("b.toml", topology);
    sandbox.run(&["run", "a.toml", "b.toml"]).fails(2, &["two of the topologies are named twin"]);
    assert_eq!(std::fs::read_to_string(kept).expect("the file is there"), "what was there before\n");
}

#[test]
fn a_name_that_runs_elsewhere_keeps_the_others_from_starting() {
    let sandbox = Sandbox::new();
    let kept = sandbox.write("kept.tsv", "what was there before\n");
    let topology = |name: &str, spout: &str, path: &str| {
        format!(
            "name = \"{name}\"\nguarantee = \"best-effort\"\n\
             [component.numbers]\nplugin = \"numbers\"\nconfig = {spout}\n\
             [component.sink]\nplugin = \"file-sink\"\nconfig = {{ path = \"{path}\" }}\n\
             inputs = [{{ from = \"numbers\", grouping = \"global\" }}]\n"
        )
    };
    sandbox.write("first.toml", topology("first", "{ count = 10 }", "kept.tsv"));
    sandbox.write("busy.toml", topology("busy", "{ rate = 100 }", "busy.tsv"));
    let run = Living::start(&sandbox, &["run", "busy.toml"]);
    wait_until("it runs", || has_lines(&sandbox.path().join("busy.tsv"), 1));
    sandbox.run(&["run", "first.toml", "busy.toml"]).fails(1, &["a topology named busy is running already"]);
    assert_eq!(std::fs::read_to_string(kept).expect("the file is there"), "what was there before\n");
    run.signal("INT");
    run.end().ok();
}
