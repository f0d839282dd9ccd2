//! All tests that look at the project from outside, in one program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cli;
mod cli_contract;
mod corpus;
mod corpus_eval;
mod embed_hosts;
mod embed_playground;
mod embed_wasm;
mod explain;
mod fast_paths;
mod guest;
mod hash_changes;
mod hashes;
mod history;
mod hostile;
mod hostile_inputs;
mod judging;
mod lifecycle;
mod misspelt;
mod properties;
mod readme;
mod reference;
mod report;
mod shown;
mod store;
mod store_processes;
mod story;
mod support;
mod tables;
mod three_valued;
mod threshold_oracle;
mod tidy;
mod wasm_host;
mod wasm_limits;

/// The folder of the project.
fn root() -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The policies of the examples.
fn example_policies() -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = folders.map(|folder| folder.join("policy.yaml")).filter(|path| path.exists()).collect();
    found.sort();
    found
}
