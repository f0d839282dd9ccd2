//! The module that hosts load, built once for all tests that need it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::root;

/// The way that the README says to build it.
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

/// Where the module stands: where `QMTL_POLICY_WASM` says, or where it is built. None where this machine
/// cannot build it; the tests that need it are skipped then, unless `QMTL_POLICY_REQUIRE_HOSTS` is set.
pub fn module() -> Option<PathBuf> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| std::env::var_os("QMTL_POLICY_WASM").map(PathBuf::from).or_else(build)).clone()
}

/// Fails, or says that something is skipped, where this machine lacks what a test needs.
pub fn lacking(what: &str) {
    assert!(std::env::var_os("QMTL_POLICY_REQUIRE_HOSTS").is_none(), "this machine lacks {what}");
    eprintln!("skipped: this machine lacks {what}");
}

/// The folder of its own that the module is built in: the one of the project is locked while cargo works there.
pub fn target() -> PathBuf {
    root().join("target/guest")
}

fn build() -> Option<PathBuf> {
    if !has_target() {
        lacking("the target wasm32-unknown-unknown: install it with `rustup target add wasm32-unknown-unknown`");
        return None;
    }
    let output = Command::new(env!("CARGO"))
        .args(BUILD)
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target())
        // Flags for this machine are none for the guest.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the module is not built\n{says}");
    Some(target().join("wasm32-unknown-unknown/wasm/qmtl_policy.wasm"))
}

fn has_target() -> bool {
    let asked = ["--print", "target-libdir", "--target", "wasm32-unknown-unknown"];
    let output = Command::new("rustc").args(asked).current_dir(root()).output();
    let folder = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    folder.is_ok_and(|folder| !folder.is_empty() && PathBuf::from(folder).is_dir())
}
