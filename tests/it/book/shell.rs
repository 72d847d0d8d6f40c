//! The shell of a chapter: what one reader types into one terminal, block by block.

use petrel_tests::{Sandbox, petrel, repository};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

/// A shell in a folder of its own. Its variables and its folder stay from one script to the next.
pub(super) struct Shell {
    sandbox: Sandbox,
    kept: PathBuf,
}

/// What a script did.
pub(super) struct Ran {
    pub(super) succeeded: bool,
    /// Standard output and standard error, as a terminal shows them.
    pub(super) output: String,
}

impl Shell {
    /// A shell in an empty folder that has nothing but the repository's clone, as `petrel`.
    pub(super) fn new() -> Shell {
        let sandbox = Sandbox::new();
        std::os::unix::fs::symlink(repository(), sandbox.path().join("petrel")).expect("links can be made");
        let kept = sandbox.write(".home/variables", "");
        Shell { sandbox, kept }
    }

    /// The folder that the shell is in.
    pub(super) fn folder(&self) -> PathBuf {
        let printed = self.run("pwd");
        assert!(printed.succeeded, "{}", printed.output);
        PathBuf::from(printed.output.trim_end())
    }

    /// Runs a script. It ends at the first command that fails.
    pub(super) fn run(&self, script: &str) -> Ran {
        let kept = self.kept.to_str().expect("temporary folders have plain names");
        let script =
            format!("set -euo pipefail\nsource '{kept}'\ncd \"$PWD\"\ntrap 'declare -px >\"{kept}\"' EXIT\n{script}");
        let (mut reader, writer) = std::io::pipe().expect("pipes can be made");
        let binaries = petrel().parent().expect("a binary lies in a folder");
        let path = std::env::join_paths(
            std::iter::once(binaries.to_path_buf())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        );
        let mut child = {
            let mut bash = Command::new("bash");
            bash.arg("-c").arg(script).current_dir(self.sandbox.path());
            // The home of the sandbox, and what else a petrel command of a test is given.
            for (name, value) in self.sandbox.command(&[]).get_envs() {
                match value {
                    Some(value) => bash.env(name, value),
                    None => bash.env_remove(name),
                };
            }
            bash.env("PATH", path.expect("the folder of the binary has a plain name"));
            bash.stdin(std::process::Stdio::null());
            bash.stdout(writer.try_clone().expect("pipes can be shared")).stderr(writer);
            bash.spawn().expect("the book's scripts need bash")
        };
        let mut output = Vec::new();
        reader.read_to_end(&mut output).expect("pipes can be read");
        let succeeded = child.wait().expect("bash ends").success();
        Ran { succeeded, output: String::from_utf8_lossy(&output).into_owned() }
    }
}

#[test]
fn folder_and_variables_stay() {
    let shell = Shell::new();
    assert!(shell.run("mkdir a && cd a && export WORD=storm").succeeded);
    let ran = shell.run("basename \"$PWD\"; echo $WORD >&2; false; echo never");
    assert_eq!((ran.output.as_str(), ran.succeeded), ("a\nstorm\n", false));
    assert_eq!(shell.folder().file_name(), Some("a".as_ref()));
}
