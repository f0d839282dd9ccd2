//! The life of strategies at scale: what campaigns cost, and what it takes to read a world from its log.
//!
//! `cargo bench --bench lifecycle` prints how the times grow with the number of runs.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, reason = "a bench stops at what is wrong")]

use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use jiff::Timestamp;
use qmtl_policy::Policy;
use qmtl_policy::lifecycle::{WorldRules, campaign_status, read_runs_json, tick};
use qmtl_policy::store::{AppendOptions, Clock, EventLog, Ledger, NewEvent, SqliteLog};
use serde_json::json;

/// As in the program.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const POLICY: &str = "\
world: bench
allow_live: true
selection: { gates: [sharpe >= 0.8], score: sharpe, topk: { total: 20 } }
campaign:
  backtest: { window: 30d }
  paper: { window: 20d }
  common: { min_sample_days: 20, min_trades_total: 50 }
";

/// Runs; a hundred of each strategy.
const SIZES: [u64; 3] = [1_000, 10_000, 100_000];
const OF_A_STRATEGY: u64 = 100;

fn at(minute: u64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + 60 * minute as i64).expect("an instant")
}

fn metrics(number: u64) -> serde_json::Value {
    json!({ "sharpe": 0.5 + (number % 100) as f64 / 100.0, "max_drawdown": 0.12, "n_trades_total": number % 400,
        "sample_days": 63 })
}

fn names(number: u64) -> (String, String, &'static str) {
    let stage = if number.is_multiple_of(3) { "paper" } else { "backtest" };
    (format!("s{}", number / OF_A_STRATEGY), format!("r{number}"), stage)
}

/// Run records as `--runs` takes them.
fn records(runs: u64) -> String {
    let record = |number: u64| {
        let (strategy_id, run_id, stage) = names(number);
        let summary = json!({ "status": "pass", "active_set": [strategy_id] });
        json!({ "strategy_id": strategy_id, "run_id": run_id, "stage": stage, "created_at": at(number),
            "updated_at": at(number + 60_000), "summary": summary, "metrics": metrics(number) })
    };
    serde_json::Value::from_iter((0..runs).map(record)).to_string()
}

/// Submitted and judged runs.
fn events(runs: u64) -> Vec<NewEvent> {
    let pair = |number: u64| {
        let (strategy, run, stage) = names(number);
        let submitted = json!({ "world": "bench", "strategy": strategy, "run": run, "stage": stage, "window": null,
            "policy_version": "1", "ruleset_hash": "blake3:0", "selection_hash": "blake3:0" });
        let own = json!({ "status": "pass", "effective_mode": "paper" });
        let decision = json!({ "selected": [strategy], "strategies": { &strategy: own }, "state": null });
        let evaluated = json!({ "world": "bench", "strategy": strategy, "run": run, "metrics": metrics(number),
            "decision": decision });
        let event =
            |kind: &str, body| NewEvent { id: format!("{kind}:{run}"), at: at(number), kind: kind.to_owned(), body };
        [event("run_submitted", submitted), event("run_evaluated", evaluated)]
    };
    (0..runs).flat_map(pair).collect()
}

fn campaigns(criterion: &mut Criterion) {
    let policy = Policy::compile(POLICY).expect("the policy compiles");
    let rules = WorldRules::new(&policy, None, None).expect("a world");
    let mut group = criterion.benchmark_group("campaign");
    for runs in SIZES {
        let text = records(runs);
        let records = read_runs_json(&text).expect("records");
        group.throughput(Throughput::Elements(runs));
        group.bench_function(BenchmarkId::new("read", runs), |bench| {
            bench.iter(|| read_runs_json(black_box(&text)).expect("records"));
        });
        let status = || campaign_status(&rules, black_box(&records), None, at(200_000));
        assert_eq!(status().strategies.len() as u64, runs / OF_A_STRATEGY);
        group.bench_function(BenchmarkId::new("status", runs), |bench| bench.iter(status));
        group.bench_function(BenchmarkId::new("tick", runs), |bench| {
            let status = status();
            bench.iter(|| tick(&rules, black_box(&status)));
        });
    }
    group.finish();
}

/// A new store with runs in it, and its directory.
fn store(runs: u64) -> (PathBuf, PathBuf) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-world-{runs}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("a directory");
    let path = directory.join("store.db");
    let mut log = SqliteLog::create(&path, Clock::Simulated).expect("a store");
    log.append(&events(runs), &AppendOptions::at(at(0))).expect("an append");
    (path, directory)
}

fn worlds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("world");
    group.sample_size(10);
    for runs in SIZES {
        let (path, directory) = store(runs);
        group.throughput(Throughput::Elements(2 * runs));
        group.bench_function(BenchmarkId::new("from_store", runs), |bench| {
            bench.iter(|| {
                let log = SqliteLog::open(&path).expect("a store");
                let ledger = Ledger::open(log, "bench").expect("a sound log");
                assert_eq!(ledger.record().runs().count() as u64, runs);
            });
        });
        drop(std::fs::remove_dir_all(directory));
    }
    group.finish();
}

/// The median of a finished bench, in nanoseconds.
fn median(path: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let text = std::fs::read_to_string(target.join("criterion").join(path).join("new/estimates.json")).ok()?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?["median"]["point_estimate"].as_f64()
}

fn growth() -> Option<String> {
    let mut out = format!("\n{:<18}{:>12}{:>12}{:>12}   growth a step\n", "ms", SIZES[0], SIZES[1], SIZES[2]);
    for name in ["campaign/read", "campaign/status", "campaign/tick", "world/from_store"] {
        let times: Option<Vec<f64>> = SIZES.iter().map(|runs| Some(median(&format!("{name}/{runs}"))? / 1e6)).collect();
        let times = times?;
        let steps: Vec<String> = times.windows(2).map(|pair| format!("{:.1}x", pair[1] / pair[0])).collect();
        let each: String = times.iter().map(|time| format!("{time:>12.3}")).collect();
        writeln!(out, "{name:<18}{each}   {}", steps.join(", ")).ok()?;
    }
    Some(out)
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    campaigns(&mut criterion);
    worlds(&mut criterion);
    criterion.final_summary();
    match growth() {
        Some(text) => println!("{text}"),
        None => println!("growth is printed when all benches of this file have run"),
    }
}
