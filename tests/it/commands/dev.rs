//! `petrel dev`: runs anew when something is saved.

use petrel_tests::Sandbox;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A build of a small crate on a busy machine is the longest that is waited for.
const PATIENCE: Duration = Duration::from_secs(180);

/// `petrel dev` while it runs.
struct Dev {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Dev {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Dev {
        let mut command = sandbox.command(&[&["dev"], arguments].concat());
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("petrel starts");
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Dev { child, lines, seen: Vec::new() }
    }

    /// Waits for a line with a text.
    #[track_caller]
    fn says(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let found = line.contains(text);
                    self.seen.push(line);
                    if found {
                        return;
                    }
                }
                Err(_) => panic!("it does not say {text:?}:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// As Ctrl-C does.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &id]).status().expect("there is a kill");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn topology(sandbox: &Sandbox, text: &str) {
    sandbox.write("t.toml", format!("name = \"t\"\nguarantee = \"best-effort\"\n{text}"));
}

#[test]
fn a_saved_topology_runs_anew_and_a_broken_one_does_not() {
    let sandbox = Sandbox::new();
    let numbers = |count: u32| format!("[component.numbers]\nplugin = \"numbers\"\nconfig = {{ count = {count} }}\n");
    topology(&sandbox, &numbers(10));
    let mut dev = Dev::start(&sandbox, &["t.toml"]);
    dev.says("t runs");
    dev.says("waiting for changes");
    topology(&sandbox, "[component.numbers]\nplugin = \"nubmers\"\n");
    dev.says("did you mean \"numbers\"?");
    dev.says("waiting for changes");
    topology(&sandbox, &numbers(20));
    dev.says("t runs");
    dev.says("20");
    assert_eq!(dev.interrupt(), Some(0));
}

#[test]
fn a_saved_plugin_is_built_and_runs_while_one_that_does_not_build_leaves_the_old_one_running() {
    let sandbox = Sandbox::new();
    sandbox.run(&["new", "bolt", "murmur"]).ok();
    // Its dependencies were compiled for other tests.
    let shared = super::build_and_new::target();
    std::fs::create_dir_all(&shared).unwrap();
    std::os::unix::fs::symlink(shared, sandbox.path().join("murmur/target")).unwrap();
    sandbox.write("text.txt", "storm\n");
    topology(
        &sandbox,
        "[component.lines]\nplugin = \"lines\"\nconfig = { path = \"text.txt\" }\n\
         [component.murmur]\nplugin = \"./murmur/target/wasm32-wasip2/release/murmur.wasm\"\n\
         inputs = [{ from = \"lines\", grouping = \"shuffle\" }]\n\
         [component.sink]\nplugin = \"file-sink\"\nconfig = { path = \"loud.tsv\" }\n\
         inputs = [{ from = \"murmur\", grouping = \"global\" }]\n",
    );
    let mut dev = Dev::start(&sandbox, &["t.toml"]);
    dev.says("t runs");
    dev.says("waiting for changes");
    assert_eq!(sandbox.read("loud.tsv"), "STORM!\n");
    let source = sandbox.read("murmur/src/lib.rs");
    sandbox.write("murmur/src/lib.rs", "fn broken(");
    dev.says("does not build");
    dev.says("waiting for changes");
    sandbox.write("murmur/src/lib.rs", source.replace("to_ascii_uppercase", "to_ascii_lowercase"));
    dev.says("t runs");
    dev.says("waiting for changes");
    assert_eq!(sandbox.read("loud.tsv"), "storm!\n");
    assert_eq!(dev.interrupt(), Some(0));
}

#[test]
fn standard_input_cannot_be_watched() {
    Sandbox::new().run(&["dev", "-"]).fails(2, &["name a topology file"]);
}
