//! The module that hosts load, built once for all tests that need it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::root;

/// The way that the README says to build it. The target folder is its own: the one of the project is locked while
/// `cargo test` runs in it.
const BUILD: [&str; 12] = [
    "rustc",
    "--locked",
    "--profile",
    "wasm",
    "--lib",
    "--no-default-features",
    "--features",
    "wasm",
    "--crate-type",
    "cdylib",
    "--target",
    "wasm32-unknown-unknown",
];

/// Where the module stands.
pub fn module() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> PathBuf {
    let target = root().join("target/guest");
    let output = Command::new(env!("CARGO"))
        .args(BUILD)
        .current_dir(root())
        .env("CARGO_TARGET_DIR", &target)
        // Flags for this machine are none for the guest.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the module is not built (is the target wasm32-unknown-unknown installed?)\n{says}"
    );
    target.join("wasm32-unknown-unknown/wasm/qmtl_policy.wasm")
}
