//! A host of the module in Rust: `cargo run --example embed_wasmtime -- PATH-OF-THE-MODULE`.

#![allow(clippy::indexing_slicing, reason = "a JSON document gives null for what it lacks")]

pub mod qmtl_policy;

use std::error::Error as Problem;

use qmtl_policy::{Error, Guest, Limits, Module, Settings};
use serde_json::{Value, json};

/// Where `cargo rustc --profile wasm …` leaves the module.
const MODULE: &str = "target/wasm32-unknown-unknown/wasm/qmtl_policy.wasm";

const COLUMNS: &str = r#"{"columns": ["sharpe", "max_drawdown"]}"#;
const COLUMN_POLICY: &str = "\
world: columns
selection:
  gates: [sharpe >= 0.6, max_drawdown <= 20%]
  score: sharpe - max_drawdown
  topk: { total: 5 }
";
const ROWS: u32 = 100_000;

fn main() -> Result<(), Box<dyn Problem>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| MODULE.to_owned());
    let wasm = std::fs::read(&path).map_err(|error| format!("{path}: {error}: build the module first"))?;
    // A host that starts often keeps the machine code; one that runs for long compiles at its start.
    let settings = Settings::default();
    let code = Module::precompile(&settings, &wasm)?;
    #[allow(unsafe_code, reason = "the code is what was compiled above")]
    // SAFETY: these are the bytes that `precompile` gave.
    let module = unsafe { Module::from_precompiled(&settings, &code) }?;
    tour(&module)
}

/// All that a guest can do.
pub fn tour(module: &Module) -> Result<(), Box<dyn Problem>> {
    let mut guest = module.guest(&Limits::default())?;
    let engine: Value = serde_json::from_str(&guest.engine()?)?;
    println!("engine: {} with interface {}", text(&engine["name"]), engine["abi_version"]);
    findings(&mut guest)?;
    decision(&mut guest)?;
    columns(&mut guest)?;
    log(module, &mut guest)?;
    hostile(module)
}

/// A policy with a typo: what is wrong, where, and what to write instead.
fn findings(guest: &mut Guest) -> Result<(), Box<dyn Problem>> {
    let policy = "world: demo\nselection: { gates: [sharp >= 0.5] }\n";
    let (has_errors, document) = guest.check(policy)?;
    let document: Value = serde_json::from_str(&document)?;
    println!("\na typo: errors {has_errors}");
    for finding in document["diagnostics"].as_array().into_iter().flatten() {
        println!("  {}: {}", text(&finding["code"]), text(&finding["message"]));
    }
    Ok(())
}

/// Two snapshots judged, the second on the state that the first left, and the story of one strategy.
fn decision(guest: &mut Guest) -> Result<(), Box<dyn Problem>> {
    let policy = guest.compile(std::fs::read("examples/crypto_mom/policy.yaml")?)?;
    println!();
    let mut options = json!({});
    for day in ["monday", "tuesday"] {
        let snapshot = std::fs::read(format!("examples/crypto_mom/{day}.json"))?;
        let decision: Value = serde_json::from_str(&guest.evaluate(policy, &snapshot, options.to_string())?)?;
        println!("{day}: selected {}", decision["selected"]);
        options["strategy"] = json!("btc_mom_24h");
        let story: Value = serde_json::from_str(&guest.explain(policy, &snapshot, options.to_string())?)?;
        println!("  {}: selected {}", text(&story["strategy"]), story["selected"]);
        options = json!({ "previous": decision["state"] });
    }
    guest.release(policy)?;
    Ok(())
}

/// A hundred thousand rows, written where the guest reads them.
fn columns(guest: &mut Guest) -> Result<(), Box<dyn Problem>> {
    let policy = guest.compile(COLUMN_POLICY)?;
    let (prepared, _) = guest.prepare(policy, COLUMNS)?;
    let frame = guest.frame(prepared, ROWS)?;
    for (row, sharpe) in (0_u32..).zip(guest.column(frame, 0)?) {
        *sharpe = f64::from(row % 1009) / 1000.0;
    }
    for (row, drawdown) in (0_u32..).zip(guest.column(frame, 1)?) {
        *drawdown = f64::from(row % 397) / 1000.0;
    }
    guest.judge(frame, ROWS)?;
    let judged = guest.judged(frame, ROWS)?;
    println!("\ncolumns: {} of {ROWS} rows pass, the best are {:?}", judged.count, judged.selected.unwrap_or_default());
    guest.release(frame)?;
    Ok(())
}

/// A run in the record of a world, persisted line by line and taken back by another guest.
fn log(module: &Module, guest: &mut Guest) -> Result<(), Box<dyn Problem>> {
    let policy = guest.compile(std::fs::read("examples/crypto_mom/policy.yaml")?)?;
    let options = r#"{"world": "crypto_mom_1h", "clock": "simulated"}"#;
    let log = guest.log(options)?;
    let snapshot: Value = serde_json::from_slice(&std::fs::read("examples/crypto_mom/monday.json")?)?;
    let command = json!({
        "command": "submit", "now": "2026-02-02T21:00:00Z", "run": "p1",
        "strategy": "btc_mom_24h", "snapshot": snapshot,
    });
    let recorded: Value = serde_json::from_str(&guest.command(log, policy, command.to_string())?)?;
    println!("\nlog: {} events, head {}", recorded["number"], text(&recorded["head"]));
    let file = std::env::temp_dir().join(format!("qmtl-policy-{}.jsonl", std::process::id()));
    std::fs::write(&file, text(&recorded["lines"]))?;
    let lines = std::fs::read(&file)?;
    std::fs::remove_file(&file)?;
    let mut other = module.guest(&Limits::default())?;
    let again = other.log(options)?;
    let loaded: Value = serde_json::from_str(&other.load(again, &lines, "2026-02-02T21:00:00Z")?)?;
    println!("  taken back: {} events, the same head: {}", loaded["events"], loaded["head"] == recorded["head"]);
    let forged = String::from_utf8(lines)?.replacen("btc_mom_24h", "btc_mom_25h", 1);
    let another = other.log(options)?;
    if let Err(error) = other.load(another, forged, "2026-02-02T21:00:00Z") {
        println!("  forged: {error}");
    }
    Ok(())
}

/// A policy made to take long is stopped; the host goes on.
fn hostile(module: &Module) -> Result<(), Box<dyn Problem>> {
    let mut policy = "world: hostile\nselection:\n  gates:\n".to_owned();
    for gate in 0..10_000 {
        policy.push_str(&format!("    - sharpe + {gate} * sortino >= 0.5\n"));
    }
    let mut guest = module.guest(&Limits { fuel: 100_000_000, ..Limits::default() })?;
    println!();
    for call in ["the policy", "the next call"] {
        match guest.compile(&policy) {
            Err(error @ Error::Trapped(_)) => println!("hostile: {call}: {error}"),
            other => return Err(format!("{call} should have been stopped: {other:?}").into()),
        }
    }
    let mut guest = module.guest(&Limits::default())?;
    guest.compile(COLUMN_POLICY)?;
    println!("hostile: another guest works");
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
