//! What whole-system tests share: the real binary, run in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}

/// The petrel binary: the one that `PETREL_BINARY` names, such as one about to be released, else that of the repository, built
/// if it is not up to date.
///
/// # Panics
/// When it does not build.
pub fn petrel() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(binary) = std::env::var_os("PETREL_BINARY") {
            return PathBuf::from(binary);
        }
        let output = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "-p", "petrel", "--message-format", "json"])
            .current_dir(repository())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let messages = String::from_utf8_lossy(&output.stdout);
        let built = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == "petrel")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .expect("cargo says where the binary is");
        under_test(&built)
    })
}

/// Another name for the binary: tests of the build have cargo put the first one in place again, and for a moment it is not there.
fn under_test(built: &Path) -> PathBuf {
    let target =
        built.parent().and_then(Path::parent).expect("a binary lies in the target directory, in that of its profile");
    let folder = target.join("under-test");
    std::fs::create_dir_all(&folder).expect("the target directory may be written");
    let (fresh, path) = (folder.join(format!("petrel.{}", std::process::id())), folder.join("petrel"));
    std::fs::hard_link(built, &fresh)
        .or_else(|_| std::fs::copy(built, &fresh).map(drop))
        .and_then(|()| std::fs::rename(&fresh, &path))
        .expect("the target directory may be written");
    // Where both are the same file already, renaming leaves both names.
    let _ = std::fs::remove_file(&fresh);
    path
}

/// A folder of its own with a home of its own, in which petrel is run.
pub struct Sandbox {
    folder: TempDir,
}

impl Default for Sandbox {
    fn default() -> Self {
        Sandbox::new()
    }
}

/// Compiled plugins are shared by all tests: compiling them once is slow enough.
fn shared_home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let path = petrel().parent().expect("a binary lies in a folder").join("test-home");
        std::fs::create_dir_all(&path).expect("the target directory may be written");
        path
    })
}

impl Sandbox {
    /// An empty folder.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new() -> Sandbox {
        Sandbox { folder: TempDir::with_prefix("petrel-test-").expect("a temporary folder can be made") }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and returns its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders can be made");
        std::fs::write(&path, content).expect("the file can be written");
        path
    }

    /// Reads a file as text.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.read_bytes(name)).into_owned()
    }

    /// Reads a file.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn read_bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap_or_else(|error| panic!("cannot read {name}: {error}"))
    }

    /// A petrel command to be run in the folder. Each run's folder is private to it; compiled plugins are shared.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let home = self.path().join(".home");
        std::fs::create_dir_all(&home).expect("folders can be made");
        let cache = home.join("cache");
        if !cache.exists() {
            let shared = shared_home().join("cache");
            std::fs::create_dir_all(&shared).expect("folders can be made");
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&shared, PermissionsExt::from_mode(0o700)).expect("permissions can be set");
            std::os::unix::fs::symlink(shared, cache).expect("links can be made");
        }
        let mut command = Command::new(petrel());
        command.args(arguments).current_dir(self.path()).env("PETREL_HOME", home).env("NO_COLOR", "1");
        command
    }

    /// Runs petrel to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished(self.command(arguments).output().expect("petrel starts"))
    }
}

/// A petrel command that has ended.
#[derive(Debug)]
pub struct Finished(pub Output);

impl Finished {
    /// Its exit code.
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// Its standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Its standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Its standard output as one JSON document.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.0.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document ({error}): {}\n{}", self.stdout(), self.stderr()))
    }

    /// Fails unless the exit code is 0.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn ok(self) -> Finished {
        assert_eq!(self.code(), Some(0), "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        self
    }

    /// Fails unless the exit code is this and standard error has all these texts.
    ///
    /// # Panics
    /// When it is not so.
    #[track_caller]
    pub fn fails(self, code: i32, texts: &[&str]) -> Finished {
        let stderr = self.stderr();
        assert_eq!(self.code(), Some(code), "stdout: {}\nstderr: {stderr}", self.stdout());
        // Diagnostics are wrapped to the width of the terminal: compare by words.
        let words = |text: &str| text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        for text in texts {
            assert!(words(&stderr).contains(&words(text)), "standard error lacks {text:?}:\n{stderr}");
        }
        self
    }
}
