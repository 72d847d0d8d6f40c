//! What petrel says about itself.

use petrel_tests::Sandbox;

const COMMANDS: [&[&str]; 23] = [
    &["new"],
    &["new", "bolt"],
    &["new", "spout"],
    &["new", "topology"],
    &["build"],
    &["test"],
    &["check"],
    &["run"],
    &["dev"],
    &["dead-letters"],
    &["dead-letters", "list"],
    &["dead-letters", "show"],
    &["dead-letters", "retry"],
    &["dead-letters", "drop"],
    &["top"],
    &["resume"],
    &["graph"],
    &["plugin"],
    &["plugin", "list"],
    &["plugin", "inspect"],
    &["bench"],
    &["bench", "faults"],
    &["completions"],
];

#[test]
fn every_command_explains_itself_with_examples() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        let help = sandbox.run(&[command, &["--help"]].concat()).ok();
        let text = help.stdout();
        assert!(text.contains("Examples:") || text.contains("Example:"), "{command:?} has no examples:\n{text}");
        assert!(text.contains(&format!("petrel {}", command.join(" "))), "{command:?}:\n{text}");
        assert_eq!(help.stderr(), "");
        // No line is wider than what a terminal shows.
        let long = text.lines().find(|line| line.chars().count() > 120);
        assert_eq!(long, None, "{command:?}");
    }
    let short = sandbox.run(&["help", "check"]).ok().stdout();
    assert!(short.contains("Check topologies"), "{short}");
}

#[test]
fn the_version_is_the_crates() {
    let text = Sandbox::new().run(&["--version"]).ok().stdout();
    assert_eq!(text, format!("petrel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_is_not_a_command_is_refused_with_one_that_is() {
    let sandbox = Sandbox::new();
    sandbox.run(&["chek"]).fails(2, &["'chek'", "check"]);
    sandbox.run(&["check"]).fails(2, &["<TOPOLOGY>"]);
    sandbox.run(&["check", "t.toml", "-o", "yaml"]).fails(2, &["yaml", "table", "json"]);
}

#[test]
fn nobody_reading_is_no_failure_and_a_full_disk_is() {
    let sandbox = Sandbox::new();
    // Standard output is closed on the other side before anything is written.
    let (reader, writer) = std::io::pipe().expect("there are pipes");
    drop(reader);
    let output = sandbox.command(&["completions", "bash"]).stdout(writer).output().expect("petrel starts");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("this is Linux");
    let output = sandbox.command(&["completions", "bash"]).stdout(full).output().expect("petrel starts");
    petrel_tests::Finished(output).fails(1, &["cannot write to standard output", "because:"]);
}
