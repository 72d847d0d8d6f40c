//! The plugins of tests/guests/system, built once.

use petrel_tests::repository;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The path of the component of that name, for the `plugin` of a topology.
pub(crate) fn guest(name: &str) -> String {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let target = repository().join("target/guests-tests");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--locked", "--target", "wasm32-wasip2", "--examples", "--quiet"]);
        cargo.args(["-p", "petrel-system-guests"]);
        cargo.current_dir(repository().join("tests/guests")).env("CARGO_TARGET_DIR", &target);
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
            cargo.env_remove(variable);
        }
        let built = cargo.status().expect("cargo runs").success();
        assert!(built, "the guests do not build; is the target there? rustup target add wasm32-wasip2");
        target.join("wasm32-wasip2/release/examples")
    });
    let path = folder.join(name).with_extension("wasm");
    assert!(path.exists(), "there is no guest {name}");
    path.to_str().expect("the repository's path is text").to_owned()
}
