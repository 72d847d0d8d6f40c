//! `petrel completions`.

use petrel_tests::Sandbox;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.run(&["completions", shell]).ok().stdout();
        for word in ["check", "parallelism", "inspect"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    sandbox.run(&["completions", "cmd"]).fails(2, &["cmd", "bash"]);
}

#[test]
fn bash_accepts_its_script() {
    let sandbox = Sandbox::new();
    let script = sandbox.write("petrel.bash", sandbox.run(&["completions", "bash"]).ok().stdout());
    let checked = std::process::Command::new("bash").arg("-n").arg(script).output();
    assert!(checked.expect("bash is there").status.success());
}
