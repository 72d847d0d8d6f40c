//! The guests of `tests/guests`, built once.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The component of that name, built by cargo the first time.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guests");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--target", "wasm32-wasip2", "--examples", "--quiet"]);
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests")).env("CARGO_TARGET_DIR", &target);
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
            cargo.env_remove(variable);
        }
        assert!(
            cargo.status().unwrap().success(),
            "the guests do not build; is the target there? rustup target add wasm32-wasip2"
        );
        target.join("wasm32-wasip2/release/examples")
    });
    std::fs::read(folder.join(name).with_extension("wasm")).unwrap()
}
