use crate::bench::{Bench, With};
use petrel_flow::{Returned, Write};
use petrel_model::{Grants, PathAccess, PathGrant};
use petrel_sandbox::{LogLevel, SandboxError};
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;

fn granted(configuration: &str, grants: Grants) -> Bench {
    Bench::with(configuration, With { grants, ..With::default() })
}

fn path(key: &str, access: PathAccess, path: &Path) -> Grants {
    let path = path.to_str().unwrap().into();
    Grants { paths: vec![PathGrant { key: key.into(), access, path }], ..Grants::default() }
}

#[test]
fn without_grants_there_is_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for (configuration, expected) in [
        ("env PATH".to_string(), "Err(NotPresent) of 0"),
        ("arguments".into(), "[]"),
        ("stdin".into(), "Ok(0)"),
        (format!("file-read {}", file.path().display()), "Err("),
        ("file-read /etc/passwd".into(), "Err("),
        ("file-write /tmp/petrel-test-breakout x".into(), "Err("),
        (format!("connect {address}"), "Err("),
        ("connect localhost:80".into(), "Err("),
        ("listen 127.0.0.1:0".into(), "Err("),
        ("secret password".into(), "Err(\"the secret \\\"password\\\" is not granted"),
        ("list-files path".into(), "Err(\"the configuration key \\\"path\\\" grants no file to read"),
        ("read path 0 0 10".into(), "Err("),
    ] {
        let said = Bench::new(&configuration).says();
        assert!(said.starts_with(expected), "{configuration}: {said}");
    }
    assert!(!Path::new("/tmp/petrel-test-breakout").exists());
}

#[test]
fn variables_are_given_by_name() {
    let grants = Grants { env: vec!["CARGO_MANIFEST_DIR".into(), "NO_SUCH_VARIABLE".into()], ..Grants::default() };
    let said = granted("env CARGO_MANIFEST_DIR", grants).says();
    assert!(said.starts_with("Ok(") && said.contains("sandbox") && said.ends_with("of 1"), "{said}");
}

#[test]
fn folders_are_given_for_reading_or_for_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.txt"), "content").unwrap();
    let path = folder.path().to_str().unwrap();
    let read = Grants { dirs: vec![path.into()], ..Grants::default() };
    let both = Grants { dirs: vec![format!("{path}:rw")], ..Grants::default() };
    assert_eq!(granted(&format!("file-read {path}/in.txt"), read.clone()).says(), "Ok(\"content\")");
    assert!(granted(&format!("file-write {path}/out.txt x"), read.clone()).says().starts_with("Err("));
    assert!(granted(&format!("file-read {path}/../../etc/passwd"), read).says().starts_with("Err("));
    assert_eq!(granted(&format!("file-write {path}/out.txt x"), both.clone()).says(), "Ok(())");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    assert!(granted(&format!("file-read {path}/link"), both).says().starts_with("Err("));
}

#[test]
fn addresses_are_given_by_name_and_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(b"welcome").unwrap();
        }
    });
    let net = |rule: String| Grants { net: Some(vec![rule]), ..Grants::default() };
    let connect = format!("connect 127.0.0.1:{port}");
    assert_eq!(granted(&connect, net(format!("127.0.0.1:{port}"))).says(), "Ok(\"welcome\")");
    assert_eq!(granted(&connect, net("localhost:*".into())).says(), "Ok(\"welcome\")");
    assert_eq!(
        granted(&format!("connect localhost:{port}"), net(format!("localhost:{port}"))).says(),
        "Ok(\"welcome\")"
    );
    assert!(granted(&connect, net(format!("127.0.0.1:{}", port ^ 1))).says().starts_with("Err("));
    assert!(granted(&connect, net(format!("10.1.2.3:{port}"))).says().starts_with("Err("));
    assert!(granted("listen 127.0.0.1:0", net("*:*".into())).says().starts_with("Err("));
}

#[test]
fn only_granted_names_are_looked_up() {
    let net = |rule: &str| Grants { net: Some(vec![rule.into()]), ..Grants::default() };
    for rule in ["localhost:80", "LOCALHOST:*", "*:80"] {
        assert_eq!(granted("look-up localhost", net(rule)).says(), "Ok(true)", "{rule}");
    }
    for rule in ["redis:6379", "127.0.0.1:*", "localhost.example.com:80"] {
        let said = granted("look-up localhost", net(rule)).says();
        assert!(said.starts_with("Err("), "{rule}: {said}");
    }
    assert!(Bench::new("look-up localhost").says().starts_with("Err("));
}

#[test]
fn a_grant_that_cannot_be_given_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for grants in [
        Grants { dirs: vec!["/no/such/folder:rw".into()], ..Grants::default() },
        Grants { net: Some(vec!["redis".into()]), ..Grants::default() },
    ] {
        let (spec, _lines) = crate::bench::spec("nothing", With { grants, ..With::default() });
        let error = runtime.block_on(crate::bench::plugin("bolt").instantiate(&spec)).unwrap_err();
        assert!(matches!(error, SandboxError::Grant { .. }), "{error}");
    }
}

#[test]
fn secrets_are_given_by_name() {
    let with = With { secret: Some(("password", b"\x01")), ..With::default() };
    assert_eq!(Bench::with("secret password", with).says(), "Ok([1])");
}

#[test]
fn files_are_given_by_their_configuration_key() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.txt", "a.txt"] {
        fs::write(folder.path().join(name), format!("this is {name}")).unwrap();
    }
    let grants = || path("path", PathAccess::Read, folder.path());
    let listed = granted("list-files path", grants()).says();
    assert!(listed.starts_with("Ok([") && listed.find("a.txt") < listed.find("b.txt"), "{listed}");
    assert_eq!(granted("read path 1 5 100", grants()).says(), "Ok(\"is b.txt\")");
    assert_eq!(granted("read path 1 500 100", grants()).says(), "Ok(\"\")");
    assert!(granted("read path 2 0 100", grants()).says().contains("has 2 files"));
    assert!(granted("list-files other", grants()).says().contains("grants no file to read"));
    assert!(granted("write path - x", grants()).says().contains("grants no file to write"));
    let missing = granted("read path 0 0 10", path("path", PathAccess::Read, Path::new("/no/such"))).says();
    assert!(missing.contains("/no/such") && missing.contains("No such file"), "{missing}");
}

#[test]
fn what_leads_out_of_a_folder_is_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "this is a.txt").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("b.txt")).unwrap();
    let mut bench = granted("list-files path", path("path", PathAccess::Read, folder.path()));
    let listed = bench.says();
    assert!(listed.contains("a.txt") && !listed.contains("b.txt"), "{listed}");
    bench.says();
    let log = bench.log();
    assert_eq!(log.len(), 1, "told once: {log:?}");
    assert!(log[0].starts_with("system: ") && log[0].contains("b.txt") && log[0].contains("leads out"), "{log:?}");
    assert_eq!(
        granted("read path 0 0 100", path("path", PathAccess::Read, folder.path())).says(),
        "Ok(\"this is a.txt\")"
    );
}

#[test]
fn a_pipe_says_that_it_has_nothing_yet() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Nobody has opened it for writing: to open it for reading waits, and the guest does not.
    let mut bench = granted("read-ready path 0 0 100", path("path", PathAccess::Read, &pipe));
    assert_eq!(bench.says(), "Ok(None)");
    let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    assert_eq!(bench.says(), "Ok(None)");
    writer.write_all(b"here").unwrap();
    let arrives = (0..10_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        let said = bench.says();
        assert!(said == "Ok(None)" || said == "Ok(Some(\"here\"))", "{said}");
        said != "Ok(None)"
    });
    assert!(arrives);
    // A regular file is never without something.
    let file = folder.path().join("file");
    fs::write(&file, "all").unwrap();
    for (offset, expected) in [(1, "Ok(Some(\"ll\"))"), (3, "Ok(Some(\"\"))")] {
        let mut bench = granted(&format!("read-ready path 0 {offset} 100"), path("path", PathAccess::Read, &file));
        assert_eq!(bench.says(), expected);
    }
}

#[test]
fn files_are_opened_kept_listed_and_removed_by_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path().join("parts/");
    let ask = |command: &str, append| {
        Bench::with(command, With { grants: path("path", PathAccess::Write, &parts), append, ..With::default() }).says()
    };
    assert_eq!(ask("list-written path", false), "Ok([])");
    assert_eq!(ask("open path part-0 keep", false), "Ok(0)");
    fs::write(parts.join("part-0"), "12345").unwrap();
    assert_eq!(ask("open path part-0 keep", false), "Ok(5)");
    assert_eq!(ask("open path part-0 empty", true), "Ok(5)", "an instance that takes over empties nothing");
    assert_eq!(ask("open path part-0 empty", false), "Ok(0)");
    assert_eq!(ask("list-written path", false), "Ok([\"part-0\"])");
    assert_eq!(ask("remove path part-0", false), "Ok(())");
    assert_eq!(ask("remove path part-0", false), "Ok(())", "it is gone already");
    assert_eq!(ask("list-written path", false), "Ok([])");
    assert!(ask("remove path ../parts", false).contains("no file name"));
    assert!(ask("remove other x", false).contains("grants no file to write"));
}

#[test]
fn writes_are_staged_and_done_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.txt");
    let mut bench = granted("write path - hello", path("path", PathAccess::Write, &file));
    assert_eq!(bench.process(), Ok(Returned::Done));
    assert_eq!(fs::read(&file).unwrap(), b"", "created, and nothing written yet");
    let mut writes = std::mem::take(&mut bench.effects.writes);
    assert_eq!(writes, [Write::Append(0, b"hello".to_vec()), Write::Print(b"printed\n".to_vec())]);
    writes.pop();
    bench.block_on(async |instance| instance.write(writes).await).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"hello");
    let mut bench = granted("append-nowhere", path("path", PathAccess::Write, &file));
    let trap = bench.process().unwrap_err();
    assert!(trap.message.contains("which was never opened"), "{}", trap.message);
}

#[test]
fn an_instance_that_takes_over_keeps_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let grants = || path("path", PathAccess::Write, &folder.path().join("parts/"));
    for append in [false, true] {
        let with = With { grants: grants(), append, ..With::default() };
        let mut bench = Bench::with("write path part-0 x", with);
        bench.process().unwrap();
        let writes = bench.effects.writes.drain(..).filter(|write| matches!(write, Write::Append(..))).collect();
        bench.block_on(async |instance| instance.write(writes).await).unwrap();
    }
    assert_eq!(fs::read(folder.path().join("parts/part-0")).unwrap(), b"xx");
}

#[test]
fn a_folder_that_is_missing_is_to_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("no/x.tsv");
    let said = granted("write path - x", path("path", PathAccess::Write, &target)).says();
    let missing = folder.path().join("no").display().to_string();
    assert!(said.contains("Make the folder") && said.contains(&missing), "{said}");
}

#[test]
fn a_full_disk_is_an_error_with_its_path() {
    let mut bench = granted("write path - x", path("path", PathAccess::Write, Path::new("/dev/full")));
    bench.process().unwrap();
    let writes = vec![bench.effects.writes.remove(0)];
    let error = bench.block_on(async |instance| instance.write(writes).await).unwrap_err();
    assert_eq!(error.to_string(), "cannot write to \"/dev/full\": No space left on device (os error 28)");
}

#[test]
fn logs_and_metrics_arrive() {
    let mut bench = Bench::new("log hello");
    bench.process().unwrap();
    let metrics = bench.instance.take_usage().metrics;
    assert_eq!((metrics.counters["seen"], metrics.gauges["level"]), (5, 0.5));
    assert!(bench.instance.take_usage().metrics.is_empty(), "it was taken");
    let line = bench.logs.try_next().unwrap();
    assert_eq!((line.level, line.message.as_str()), (LogLevel::Error, "hello"));
    assert_eq!((line.topology.as_str(), line.component.as_str(), line.task.0), ("topology", "component", 0));
    assert_eq!(bench.log(), ["stderr: on stderr"]);
}
