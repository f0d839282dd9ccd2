//! Compile and analysis: an example, and policies of a thousand to a hundred thousand gates.
//!
//! `cargo bench --bench compile`. Growth is printed as time a gate, which must stay near level.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, reason = "a bench stops at what is wrong")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use qmtl_policy::check::check as run_lints;
use qmtl_policy::compile::{NoFiles, compile};
use qmtl_policy::{Limits, check};

/// A policy of so many gates over the metrics of the catalogue: plain bounds, some compound ones.
fn gates(count: usize) -> String {
    let metrics = ["sharpe", "sharpe_mid", "sortino", "calmar", "trades_60d", "sample_days", "n_trades_total"];
    let mut text = "world: bench\nselection:\n  gates:\n".to_owned();
    for index in 0..count {
        let metric = metrics[index % metrics.len()];
        let window = 2 + index / metrics.len();
        let _ = match index % 10 {
            0 => writeln!(text, "    - sharpe_{window}d >= 0.1 or sortino_{window}d >= 0.2"),
            1 => writeln!(text, "    - max_dd_{window}d + 0.5 * ulcer_{window}d <= 40%"),
            _ => writeln!(text, "    - {metric} >= 0.{index:06}"),
        };
    }
    text
}

fn compiling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    let example = include_str!("../examples/crypto_mom/policy.yaml");
    group.bench_function("crypto_mom", |bench| {
        bench.iter(|| compile("bench", black_box(example), &NoFiles, &Limits::default()));
    });
    for count in [1_000, 10_000, 100_000] {
        let text = gates(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::new("gates", count), &text, |bench, text| {
            bench.iter(|| compile("bench", black_box(text), &NoFiles, &Limits::default()));
        });
    }
    group.finish();
}

fn analysing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("analyse");
    group.sample_size(10);
    let limits = Limits::default();
    let example = compile("bench", include_str!("../examples/crypto_mom/policy.yaml"), &NoFiles, &limits);
    let example = example.program.expect("the example compiles");
    group.bench_function("crypto_mom", |bench| {
        bench.iter(|| run_lints(black_box(&example), false, limits.analysis_steps));
    });
    for count in [1_000, 10_000, 100_000] {
        let program = compile("bench", &gates(count), &NoFiles, &limits).program.expect("gates compile");
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::new("gates", count), &program, |bench, program| {
            bench.iter(|| run_lints(black_box(program), false, limits.analysis_steps));
        });
    }
    group.finish();
}

fn checking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    let text = gates(10_000);
    group.bench_function("gates/10000", |bench| {
        bench.iter(|| check("bench", black_box(&text), &NoFiles, &Limits::default()));
    });
    group.finish();
}

criterion_group!(benches, compiling, analysing, checking);
criterion_main!(benches);
