use crate::bench::{guest, plugin, sandbox};
use petrel_model::World;
use petrel_sandbox::{Compiler, LoadError, Sandbox, SandboxConfig};
use std::fs;

#[test]
fn guests_of_every_world_load() {
    for (name, world) in [("bolt", World::Bolt), ("spout", World::Spout), ("grouping", World::Grouping)] {
        let plugin = plugin(name);
        assert_eq!(plugin.world(), world);
        assert_eq!(plugin.size_bytes(), guest(name).len());
        assert!(plugin.imports().iter().any(|import| import.starts_with("petrel:plugin/configuration@0.1")));
        assert_eq!(plugin.wants_net(), name == "bolt", "{:?}", plugin.imports());
    }
}

#[test]
fn the_same_bytes_are_the_same_plugin() {
    let (first, second) = (plugin("bolt"), plugin("bolt"));
    assert_eq!(first.digest(), second.digest());
    assert_ne!(first.digest(), plugin("spout").digest());
}

#[test]
fn what_is_no_plugin_is_refused_with_its_reason() {
    let load = |bytes: &[u8]| sandbox().load(bytes).unwrap_err();
    assert!(matches!(load(b"hello"), LoadError::NotWasm { .. }));
    assert!(matches!(load(b"\0asm\x01\0\0\0"), LoadError::CoreModule));
    let error = load(b"\0asm\x0d\0\x01\0");
    assert!(matches!(&error, LoadError::WrongWorld { exports } if exports.is_empty()), "{error}");
    assert!(error.to_string().contains("exports nothing"));
    // A custom section whose name does not fit: whole, but not valid.
    assert!(matches!(load(b"\0asm\x0d\0\x01\0\0\x01\x7f"), LoadError::Invalid { .. }));
}

#[test]
fn a_cut_plugin_is_seen_as_cut_wherever_it_is_cut() {
    let bytes = guest("grouping");
    let mut cut = 0;
    for length in (0..bytes.len()).step_by(997) {
        match sandbox().load(&bytes[..length]) {
            Err(LoadError::Truncated { .. }) => cut += 1,
            // Cut between two sections.
            Err(LoadError::Invalid { .. } | LoadError::WrongWorld { .. }) => {}
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    assert!(cut > bytes.len() / 997 * 9 / 10);
}

#[test]
fn a_damaged_plugin_is_an_error_and_never_worse() {
    let bytes = guest("grouping");
    for at in (8..bytes.len()).step_by(4001) {
        let mut bad = bytes.clone();
        bad[at] ^= 0xff;
        // Some bytes do not matter: names, data.
        let _ = sandbox().load(&bad);
    }
}

#[test]
fn an_artifact_is_compiled_once_and_again_when_it_is_damaged() {
    let cache = tempfile::tempdir().unwrap();
    let load = || {
        let sandbox =
            Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler: Compiler::InProcess }).unwrap();
        sandbox.load(&guest("grouping")).unwrap().config_keys().unwrap()
    };
    load();
    let artifact = fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().path());
    let artifact = artifact.filter(|path| path.extension().is_some_and(|end| end == "cwasm")).collect::<Vec<_>>();
    let [artifact] = &artifact[..] else { panic!("{artifact:?}") };
    let good = fs::read(artifact).unwrap();
    let written = || fs::metadata(artifact).unwrap().ino();
    use std::os::unix::fs::MetadataExt;
    let first = written();
    load();
    assert_eq!(written(), first, "taken from the cache");
    let mut bad = good.clone();
    bad[good.len() / 3] ^= 1;
    fs::write(artifact, bad).unwrap();
    load();
    assert_ne!(written(), first, "compiled anew");
    assert!(fs::read(artifact).unwrap().len() == good.len());
}

#[test]
fn plugins_nobody_holds_are_forgotten() {
    let cache = tempfile::tempdir().unwrap();
    let sandbox =
        Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler: Compiler::InProcess }).unwrap();
    let held = sandbox.load(&guest("spout")).unwrap();
    drop(sandbox.load(&guest("grouping")).unwrap());
    sandbox.forget_unused();
    assert_eq!(sandbox.load(&guest("spout")).unwrap().digest(), held.digest());
    sandbox.load(&guest("grouping")).unwrap();
}

#[test]
fn threads_that_load_at_once_share_the_work() {
    let cache = tempfile::tempdir().unwrap();
    let sandbox =
        Sandbox::new(SandboxConfig { cache_dir: cache.path().into(), compiler: Compiler::InProcess }).unwrap();
    let bytes = guest("spout");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| sandbox.load(&bytes).unwrap().digest())).collect();
        let digests: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
    });
}
