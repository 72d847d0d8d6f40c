//! The chapters that are for looking up have everything there is to look up.

use super::chapter::text;
use super::markdown::{headings, section};
use petrel_tests::Sandbox;
use std::collections::BTreeSet;

/// The subcommands that a help text lists.
fn listed(help: &str) -> BTreeSet<String> {
    let commands = help.split("Commands:\n").nth(1).expect("a help text lists commands");
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// All commands, those within others too, as they are typed.
fn commands(sandbox: &Sandbox, within: &[&str]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for name in listed(&sandbox.run(&[within, &["--help"]].concat()).ok().stdout()) {
        let typed = [within, &[name.as_str()]].concat();
        let help = sandbox.run(&[typed.as_slice(), &["--help"]].concat()).ok().stdout();
        if help.contains("\nCommands:\n") {
            all.extend(commands(sandbox, &typed));
        }
        all.insert(typed.join(" "));
    }
    all
}

#[test]
fn every_command_and_its_flags_are_in_the_book() {
    let chapter = text("command-line.md");
    let sandbox = Sandbox::new();
    let commands = commands(&sandbox, &[]);
    let described: BTreeSet<String> = headings(&chapter)
        .iter()
        .filter_map(|(_, heading)| Some(heading.strip_prefix("petrel ")?.to_owned()))
        .collect();
    assert_eq!(described, commands, "left: the headings of command-line.md; right: what petrel --help lists");
    for command in &commands {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = sandbox.run(&arguments).ok().stdout();
        let level = headings(&chapter).iter().find(|(_, heading)| *heading == format!("petrel {command}")).unwrap().0;
        let heading = format!("{} petrel {command}", "#".repeat(level));
        let described = section(&chapter, &heading).expect("the heading was found above");
        for flag in flags(&help).iter().filter(|flag| *flag != "--help" && *flag != "--version") {
            assert!(
                described.contains(flag.as_str()),
                "`petrel {command}` takes {flag}, which command-line.md leaves out"
            );
        }
    }
}

/// The long flags that a help text lists.
fn flags(help: &str) -> BTreeSet<String> {
    let starts = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = starts.flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).take(3));
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

#[test]
fn every_standard_plugin_and_its_keys_are_in_the_book() {
    let chapter = text("plugins.md");
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["plugin", "list", "-o", "json"]).ok().json();
    let names: BTreeSet<String> = list["plugins"]
        .as_array()
        .expect("the document has plugins")
        .iter()
        .map(|plugin| plugin["name"].as_str().expect("a plugin has a name").to_owned())
        .collect();
    let described: BTreeSet<String> =
        headings(&chapter).into_iter().filter(|(level, _)| *level == 2).map(|(_, heading)| heading).collect();
    assert_eq!(described, names, "left: the headings of plugins.md; right: what petrel plugin list lists");
    for name in &names {
        let keys = sandbox.run(&["plugin", "inspect", name, "-o", "json"]).ok().json();
        let section = section(&chapter, &format!("## {name}")).expect("the heading was found above");
        for key in keys["config"].as_array().expect("the document has configuration keys") {
            let key = key["name"].as_str().expect("a key has a name");
            assert!(section.contains(&format!("`{key}`")), "plugins.md leaves out the key `{key}` of {name}");
        }
    }
}

#[test]
fn help_texts_are_read() {
    let help = "What it does\n\nUsage: petrel <COMMAND>\n\nCommands:\n  run    Run\n           on and on\n  check  Check\n\n\
                Options:\n  -o, --output <FORMAT>  How\n      --set <NAME.KEY=VALUE>\n          Set --this\n  -h, --help  Help\n";
    assert_eq!(listed(help), ["check", "run"].map(str::to_owned).into());
    assert_eq!(flags(help), ["--help", "--output", "--set"].map(str::to_owned).into());
}
