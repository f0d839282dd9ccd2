//! The record: events a second, durable and batched, and how fast a chain is verified.
//!
//! `cargo bench --bench store`. What a durable append costs is what the disk takes to say that it is
//! done: the numbers are those of the disk under `target/`.

#![allow(missing_docs, clippy::expect_used, reason = "a bench stops at what is wrong")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use qmtl_policy::store::{AppendOptions, Clock, EventLog, Lines, MemoryLog, NewEvent, SqliteLog, export, import};
use serde_json::json;

/// Events of one batch.
const BATCH: u64 = 1_000;
/// Events of the chains that are verified.
const CHAIN: u64 = 100_000;

/// A submitted run, with about as many metrics as runs have.
fn event(number: u64) -> NewEvent {
    let metrics = json!({
        "sharpe": 0.5 + (number % 100) as f64 / 100.0, "max_drawdown": 0.12, "n_trades_total": number % 400,
        "sample_days": 63, "winrate": 0.54, "ulcer": 0.031, "sortino": 1.21, "turnover": 3.7,
    });
    let body = json!({ "strategy": format!("s{}", number % 360), "stage": "paper", "metrics": metrics });
    NewEvent { id: format!("run-{number}"), at: at(number), kind: "run_submitted".to_owned(), body }
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second as i64).expect("an instant")
}

fn options() -> AppendOptions {
    AppendOptions::at(at(u64::from(u32::MAX)))
}

/// A new store under a name of its own.
fn fresh(name: &str) -> (SqliteLog, PathBuf) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("a directory");
    let path = directory.join("store.db");
    (SqliteLog::create(&path, Clock::Simulated).expect("a store"), directory)
}

fn appending(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    let (mut log, directory) = fresh("durable");
    let mut number = 0;
    group.throughput(Throughput::Elements(1));
    group.bench_function("durable, one commit each", |bench| {
        bench.iter(|| {
            number += 1;
            log.append(&[event(number)], &options()).expect("an append")
        });
    });
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("durable, a thousand a commit", |bench| {
        let batch = || {
            number += BATCH;
            (number - BATCH + 1..=number).map(event).collect::<Vec<_>>()
        };
        bench.iter_batched(batch, |events| log.append(&events, &options()), BatchSize::PerIteration);
    });
    drop(std::fs::remove_dir_all(directory));
    let mut log = MemoryLog::new(Clock::Simulated);
    let mut number = 0;
    group.bench_function("memory, a thousand at once", |bench| {
        let batch = || {
            number += BATCH;
            (number - BATCH + 1..=number).map(event).collect::<Vec<_>>()
        };
        bench.iter_batched(batch, |events| log.append(&events, &options()), BatchSize::PerIteration);
    });
    group.finish();
}

fn walking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("walk");
    group.sample_size(10).throughput(Throughput::Elements(CHAIN));
    let (mut log, directory) = fresh("walk");
    let events: Vec<_> = (1..=CHAIN).map(event).collect();
    log.append(&events, &options()).expect("an append");
    group.bench_function("verify", |bench| bench.iter(|| log.verify(None).expect("a sound chain")));
    let mut lines = Vec::new();
    export(&log, &mut lines).expect("an export");
    group.bench_function("export", |bench| bench.iter(|| export(&log, &mut std::io::sink()).expect("an export")));
    group.bench_function("import into memory", |bench| {
        bench.iter(|| {
            let mut log = MemoryLog::new(Clock::Simulated);
            import(&mut log, &mut Lines::new(black_box(lines.as_slice())), at(0)).expect("an import")
        });
    });
    drop(std::fs::remove_dir_all(directory));
    group.finish();
}

criterion_group!(benches, appending, walking);
criterion_main!(benches);
