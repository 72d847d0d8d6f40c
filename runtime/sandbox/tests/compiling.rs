//! Compiling in a child process. A test program of its own kind: it is its own compiler, as petrel is.

#[path = "it/encoding.rs"]
mod encoding;
#[path = "it/guests.rs"]
mod guests;

use encoding::{leb128, sized};
use guests::guest;
use petrel_model::CompileLimits;
use petrel_sandbox::{Compiler, LoadError, Sandbox, SandboxConfig};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const AS_CHILD: &str = "--compile";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == AS_CHILD) {
        assert_eq!(std::env::vars().count(), 0, "a child gets no environment");
        return petrel_sandbox::compile_as_child(&arguments[2..]);
    }
    let tests: [(&str, fn()); 8] = [
        ("a_plugin_is_compiled_once_for_all", a_plugin_is_compiled_once_for_all),
        ("what_is_no_component_is_told_in_the_compilers_words", what_is_no_component_is_told_in_the_compilers_words),
        ("a_component_too_large_is_refused", a_component_too_large_is_refused),
        ("a_component_too_slow_is_given_up", a_component_too_slow_is_given_up),
        ("a_component_too_hungry_is_given_up", a_component_too_hungry_is_given_up),
        ("a_child_that_is_no_compiler_is_not_trusted", a_child_that_is_no_compiler_is_not_trusted),
        ("a_full_disk_is_no_fault_of_the_component", a_full_disk_is_no_fault_of_the_component),
        ("who_waits_for_a_failure_shares_it", who_waits_for_a_failure_shares_it),
    ];
    let filter = arguments.get(1).filter(|argument| !argument.starts_with('-'));
    for (name, test) in tests.iter().filter(|(name, _)| filter.is_none_or(|filter| name.contains(filter.as_str()))) {
        test();
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

fn sandbox(cache: &Path) -> Sandbox {
    let program = std::env::current_exe().unwrap();
    let compiler = Compiler::Child { program, arguments: vec![AS_CHILD.into()] };
    Sandbox::new(SandboxConfig { cache_dir: cache.into(), compiler }).unwrap()
}

fn files(folder: &Path, ending: &str) -> usize {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(ending)).count()
}

fn a_plugin_is_compiled_once_for_all() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = guest("grouping");
    // Two sandboxes on one cache stand for two processes.
    let sandboxes = [sandbox(cache.path()), sandbox(cache.path())];
    std::thread::scope(|scope| {
        for sandbox in &sandboxes {
            for _ in 0..2 {
                scope.spawn(|| assert_eq!(sandbox.load(&bytes).unwrap().config_keys().unwrap().len(), 0));
            }
        }
    });
    assert_eq!(files(cache.path(), ".cwasm"), 1);
    assert_eq!(files(cache.path(), ".tmp"), 0);
}

fn what_is_no_component_is_told_in_the_compilers_words() {
    let cache = tempfile::tempdir().unwrap();
    // A custom section whose name does not fit: whole, but not valid.
    let error = sandbox(cache.path()).load(b"\0asm\x0d\0\x01\0\0\x01\x7f").unwrap_err();
    assert!(matches!(&error, LoadError::Invalid { reason } if !reason.is_empty()), "{error:?}");
    assert_eq!(files(cache.path(), ".cwasm"), 0);
}

fn a_component_too_large_is_refused() {
    let cache = tempfile::tempdir().unwrap();
    let limits = CompileLimits { component_bytes: 1000, ..CompileLimits::default() };
    let bytes = guest("grouping");
    let message = sandbox(cache.path()).load_within(&bytes, &limits).unwrap_err().to_string();
    let start = format!("the component has {} bytes, and at most 1000 are accepted", bytes.len());
    assert!(message.starts_with(&start) && message.ends_with("or raise `component_bytes`"), "{message}");
}

fn a_component_too_slow_is_given_up() {
    let cache = tempfile::tempdir().unwrap();
    let limits = CompileLimits { compile_ms: 50, ..CompileLimits::default() };
    let started = Instant::now();
    let sandbox = sandbox(cache.path());
    let error = sandbox.load_within(&endless(300_000), &limits).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let expected = "compiling the component took longer than 50 ms: make it smaller, or raise `compile_ms`";
    assert_eq!(error.to_string(), expected);
    assert_eq!((files(cache.path(), ".cwasm"), files(cache.path(), ".tmp")), (0, 0));
}

fn a_component_too_hungry_is_given_up() {
    let cache = tempfile::tempdir().unwrap();
    let limits = CompileLimits { compile_memory_bytes: 256 << 20, ..CompileLimits::default() };
    let error = sandbox(cache.path()).load_within(&endless(1_000_000), &limits).unwrap_err();
    let expected = "compiling the component took more than 268435456 bytes of memory: make it smaller, or raise \
                    `compile_memory_bytes`";
    assert_eq!(error.to_string(), expected);
}

fn a_child_that_is_no_compiler_is_not_trusted() {
    let load = |program: &str, arguments: &[&str]| {
        let cache = tempfile::tempdir().unwrap();
        let arguments = arguments.iter().map(Into::into).collect();
        let compiler = Compiler::Child { program: program.into(), arguments };
        let sandbox = Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler }).unwrap();
        let message = sandbox.load(&guest("grouping")).unwrap_err().to_string();
        assert_eq!(files(cache.path(), ".cwasm"), 0);
        message
    };
    assert!(load("/bin/echo", &["rubbish"]).contains("no artifact of a component"));
    assert!(load("/no/such/program", &[]).contains("/no/such/program"));
    let message = load("/bin/sh", &["-c", "echo a word >&2; exit 9"]);
    assert!(message.contains("exit status: 9") && message.contains("a word"), "{message}");
}

fn a_full_disk_is_no_fault_of_the_component() {
    let cache = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    // The real compiler with nowhere to write, neither the artifact nor why.
    let script = format!("exec env -i \"$0\" {AS_CHILD} \"$@\" >/dev/full 2>/dev/full");
    let compiler =
        Compiler::Child { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into(), this.into()] };
    let sandbox = Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler }).unwrap();
    let error = sandbox.load(&guest("grouping")).unwrap_err();
    assert!(matches!(&error, LoadError::NoSpace { folder } if folder == cache.path()), "{error:?}");
    let expected =
        format!("there is no space left in the folder {}, which plugins are compiled in", cache.path().display());
    assert_eq!(error.to_string(), expected);
}

fn who_waits_for_a_failure_shares_it() {
    let cache = tempfile::tempdir().unwrap();
    let sandbox = sandbox(cache.path());
    let bytes = endless(1_000_000);
    let limits = CompileLimits { compile_ms: 60_000, compile_memory_bytes: 64 << 20, ..CompileLimits::default() };
    let slow = CompileLimits { compile_ms: 300, ..CompileLimits::default() };
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert!(sandbox.load_within(&bytes, &slow).is_err()));
        }
    });
    assert!(started.elapsed() < Duration::from_secs(4), "one after the other they take six seconds");
    // With other limits it is tried again, and fails in another way.
    let error = sandbox.load_within(&bytes, &limits).unwrap_err();
    assert!(matches!(error, LoadError::CompileMemory { limit: 67_108_864 }), "{error:?}");
}

/// A component with one function of so many multiplications: little to read, much to compile.
fn endless(steps: u32) -> Vec<u8> {
    let mut body = vec![0]; // no locals
    for number in 0..steps {
        // local.get 0, i32.const NUMBER, i32.mul, local.set 0
        body.extend([0x20, 0, 0x41, (number % 63) as u8, 0x6c, 0x21, 0]);
    }
    body.push(0x0b);
    let code = sized(&[&leb128(1)[..], &sized(&body)].concat());
    let module = [b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\0\x03\x02\x01\0\x0a", &code[..]].concat();
    [b"\0asm\x0d\0\x01\0\x01", &sized(&module)[..]].concat()
}
