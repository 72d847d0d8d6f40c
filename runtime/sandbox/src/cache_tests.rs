use super::*;
use std::os::unix::fs::PermissionsExt;

const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

struct Bench {
    engine: Engine,
    folder: tempfile::TempDir,
    cache: ArtifactCache,
    name: String,
}

fn stored() -> Bench {
    let engine = crate::engine::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = ArtifactCache::open(folder.path()).unwrap();
    let name = ArtifactCache::name(&engine, Digest([7; 32]));
    cache.store(&name, &engine.precompile_component(EMPTY_COMPONENT).unwrap()).unwrap();
    Bench { engine, folder, cache, name }
}

#[test]
fn an_artifact_comes_back_also_to_a_later_process() {
    let bench = stored();
    assert!(bench.cache.load(&bench.engine, &bench.name).is_some());
    let reopened = ArtifactCache::open(bench.folder.path()).unwrap();
    assert!(reopened.load(&bench.engine, &bench.name).is_some());
    assert!(reopened.load(&bench.engine, "another").is_none());
}

#[test]
fn a_damaged_artifact_is_not_loaded() {
    let bench = stored();
    let path = bench.cache.artifact(&bench.name);
    let good = fs::read(&path).unwrap();
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, bad).unwrap();
        assert!(bench.cache.load(&bench.engine, &bench.name).is_none(), "byte {at}");
    }
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert!(bench.cache.load(&bench.engine, &bench.name).is_none());
    fs::write(&path, &good).unwrap();
    assert!(bench.cache.load(&bench.engine, &bench.name).is_some());
}

#[test]
fn a_forged_artifact_is_not_loaded() {
    let bench = stored();
    // A valid artifact with a code under another secret, as somebody makes who runs this very program elsewhere.
    let elsewhere = stored();
    for path in [ArtifactCache::artifact, ArtifactCache::code] {
        fs::copy(path(&elsewhere.cache, &bench.name), path(&bench.cache, &bench.name)).unwrap();
    }
    assert!(bench.cache.load(&bench.engine, &bench.name).is_none());
    // A valid artifact of this cache under another name.
    let bench = stored();
    let other = ArtifactCache::name(&bench.engine, Digest([8; 32]));
    for path in [ArtifactCache::artifact, ArtifactCache::code] {
        fs::copy(path(&bench.cache, &bench.name), path(&bench.cache, &other)).unwrap();
    }
    assert!(bench.cache.load(&bench.engine, &other).is_none());
    assert!(bench.cache.load(&bench.engine, &bench.name).is_some());
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o770, 0o707, 0o777] {
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
        let error = ArtifactCache::open(folder.path()).unwrap_err();
        assert!(matches!(error, CacheError::NotPrivate { .. }), "{mode:o}: {error}");
        assert!(error.to_string().contains("chmod 700"));
    }
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    ArtifactCache::open(folder.path()).unwrap();
    fs::set_permissions(folder.path().join("secret"), PermissionsExt::from_mode(0o622)).unwrap();
    assert!(matches!(ArtifactCache::open(folder.path()), Err(CacheError::NotPrivate { .. })));
}

#[test]
fn a_new_folder_is_private_and_a_file_in_its_place_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("a/b");
    ArtifactCache::open(&inside).unwrap();
    assert_eq!(fs::metadata(&inside).unwrap().mode() & 0o777, 0o700);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(ArtifactCache::open(&file), Err(CacheError::Unusable { .. })));
}

#[test]
fn the_artifact_that_was_not_used_for_longest_goes_first() {
    let bench = stored();
    let artifact = fs::read(bench.cache.artifact(&bench.name)).unwrap();
    for (name, age) in [("old", 300), ("older", 500), ("young", 100)] {
        bench.cache.store(name, &artifact).unwrap();
        let file = File::open(bench.cache.artifact(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    bench.cache.evict(&bench.name, 2 * artifact.len() as u64).unwrap();
    let left: Vec<bool> = ["old", "older", "young"].map(|name| bench.cache.artifact(name).exists()).into();
    assert_eq!(left, [false, false, true]);
    assert!(!bench.cache.code("old").exists());
    assert!(bench.cache.load(&bench.engine, &bench.name).is_some());
}

#[test]
fn what_a_dead_process_left_behind_is_removed() {
    let bench = stored();
    let path = bench.folder.path().join("writing-abc.tmp");
    fs::write(&path, "half").unwrap();
    bench.cache.evict(&bench.name, MAX_BYTES).unwrap();
    assert!(path.exists(), "it may still be written");
    File::open(&path).unwrap().set_modified(SystemTime::now() - 2 * STALE).unwrap();
    bench.cache.evict(&bench.name, MAX_BYTES).unwrap();
    assert!(!path.exists());
}
