//! Judging against floors and peers, on one policy: four gates, a score, the best eight.
//!
//! `cargo bench --bench eval` runs everything and prints the ratios at its end. All ways must first
//! agree on who is selected. Floors are written by hand for this policy and get the same choice of
//! vector instructions at run time as the kernels. One floor only reads the six columns. Another is the
//! loop that a programmer would write who trusts the data and looks for nobody; a third does the whole job:
//! like the policy it takes values that are infinite or outside the range of their metric as missing, and
//! it finds the best eight.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench stops at what is wrong"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use multiversion::multiversion;
use qmtl_policy::{Batch, BatchOptions, Column, Options, Policy, PrepareOptions, Prepared};

const POLICY: &str = "\
world: bench
selection:
  gates:
    - sample_days >= 30
    - trades_60d >= 40
    - sharpe_mid >= 0.60
    - { when: max_dd_120d <= 18%, keep: max_dd_120d <= 25% }
  score: sharpe_mid + 0.1 * winrate_long - 0.2 * ulcer_mid
  topk: { total: 8 }
";

const METRICS: [&str; 6] = ["sample_days", "trades_60d", "sharpe_mid", "max_dd_120d", "winrate_long", "ulcer_mid"];
const SIZES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// A row that passes, and one snapshot of it.
const ROW: [f64; 6] = [252.0, 96.0, 1.13, 0.12, 0.55, 0.047];
const JSON: &str = r#"{"as_of": "2026-01-31T21:00:00Z", "metrics": {"btc_mom_24h": {"sample_days": 252, "trades_60d": 96, "sharpe_mid": 1.13, "max_dd_120d": 0.12, "winrate_long": 0.55, "ulcer_mid": 0.047}}}"#;

/// Columns of which about a fifth of the rows passes.
fn columns(rows: usize) -> Vec<Vec<f64>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut columns: Vec<Vec<f64>> = (0..6).map(|_| Vec::with_capacity(rows)).collect();
    for _ in 0..rows {
        let ranges = [(0.0, 400.0), (0.0, 200.0), (-0.5, 1.5), (0.0, 0.3), (0.3, 0.7), (0.0, 0.2)];
        for (column, (low, high)) in columns.iter_mut().zip(ranges) {
            column.push(low + (high - low) * random());
        }
    }
    columns
}

fn hand_row(row: &[f64; 6]) -> Option<f64> {
    let [days, trades, sharpe, drawdown, winrate, ulcer] = *row;
    let passes = days >= 30.0 && trades >= 40.0 && sharpe >= 0.60 && drawdown <= 0.18;
    passes.then_some(sharpe + 0.1 * winrate - 0.2 * ulcer)
}

/// The same doing the whole job: a value that is infinite or out of range is missing, and so is such a score.
fn hand_row_whole(row: &[f64; 6]) -> Option<f64> {
    let [days, trades, sharpe, drawdown, winrate, ulcer] = *row;
    let up_to = |value: f64, low: f64, high: f64| value >= low && value <= high;
    let enough = up_to(days, 30.0, f64::MAX) && up_to(trades, 40.0, f64::MAX);
    let passes = enough && up_to(sharpe, 0.60, f64::MAX) && up_to(drawdown, 0.0, 0.18);
    let known = up_to(winrate, 0.0, 1.0) && up_to(ulcer, 0.0, f64::MAX);
    let score = sharpe + 0.1 * winrate - 0.2 * ulcer;
    (passes && known && score.is_finite()).then_some(score)
}

/// Only reads the columns: no way of judging them can be faster.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn read(columns: &[&[f64]; 6]) -> u64 {
    let mut all = [0_u64; 16];
    for start in (0..columns[0].len() / 16 * 16).step_by(16) {
        for column in columns {
            for (bits, value) in all.iter_mut().zip(&column[start..start + 16]) {
                *bits |= value.to_bits();
            }
        }
    }
    all.iter().fold(0, |left, right| left ^ right)
}

/// The loop of a programmer who trusts the data: a byte and a score a row.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn plain(columns: &[&[f64]; 6], passed: &mut [u8], scores: &mut [f64]) {
    let rows = passed.len();
    let [days, trades, sharpe, drawdown, winrate, ulcer] = columns.map(|column| &column[..rows]);
    let scores = &mut scores[..rows];
    for row in 0..rows {
        let passes = (days[row] >= 30.0) & (trades[row] >= 40.0) & (sharpe[row] >= 0.60) & (drawdown[row] <= 0.18);
        let score = sharpe[row] + 0.1 * winrate[row] - 0.2 * ulcer[row];
        passed[row] = u8::from(passes);
        scores[row] = if passes { score } else { f64::NAN };
    }
}

/// The same loop doing the whole job: infinite values and values out of range are missing.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn whole(columns: &[&[f64]; 6], passed: &mut [u8], scores: &mut [f64]) {
    let rows = passed.len();
    let [days, trades, sharpe, drawdown, winrate, ulcer] = columns.map(|column| &column[..rows]);
    let scores = &mut scores[..rows];
    for row in 0..rows {
        let enough = (days[row] >= 30.0) & (days[row] <= f64::MAX) & (trades[row] >= 40.0) & (trades[row] <= f64::MAX);
        let good = (sharpe[row] >= 0.60) & (sharpe[row] <= f64::MAX) & (drawdown[row] >= 0.0) & (drawdown[row] <= 0.18);
        let known = (winrate[row] >= 0.0) & (winrate[row] <= 1.0) & (ulcer[row] >= 0.0) & (ulcer[row] <= f64::MAX);
        let passes = enough & good;
        let score = sharpe[row] + 0.1 * winrate[row] - 0.2 * ulcer[row];
        passed[row] = u8::from(passes);
        scores[row] = if passes & known { score } else { f64::NAN };
    }
}

/// The best eight of scores, best first, in one pass that keeps the eighth best as the floor. Of equal scores
/// the earlier row is better.
fn best_eight(scores: &[f64]) -> [(f64, u32); 8] {
    let mut best = [(f64::NEG_INFINITY, u32::MAX); 8];
    for (row, score) in scores.iter().enumerate() {
        if *score > best[7].0 {
            let place = best.iter().position(|(known, _)| *score > *known).unwrap_or(7);
            best[place..].rotate_right(1);
            best[place] = (*score, row as u32);
        }
    }
    best
}

/// The best eight of scores by sorting.
fn best(scores: &[f64]) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..scores.len() as u32).filter(|row| !scores[*row as usize].is_nan()).collect();
    rows.sort_by(|left, right| scores[*right as usize].total_cmp(&scores[*left as usize]).then(left.cmp(right)));
    rows.truncate(8);
    rows
}

struct Peers {
    cel: cel::Program,
    evalexpr: evalexpr::Node,
}

impl Peers {
    fn new() -> Self {
        let passes = "sample_days >= 30.0 && trades_60d >= 40.0 && sharpe_mid >= 0.60 && max_dd_120d <= 0.18";
        let score = "sharpe_mid + 0.1 * winrate_long - 0.2 * ulcer_mid";
        Self {
            cel: cel::Program::compile(&format!("{passes} ? {score} : -1e9")).unwrap(),
            evalexpr: evalexpr::build_operator_tree(&format!("if({passes}, {score}, -1e9)")).unwrap(),
        }
    }

    fn contexts(row: &[f64; 6]) -> (cel::Context<'static, 'static>, evalexpr::HashMapContext) {
        use evalexpr::ContextWithMutableVariables as _;
        let (mut cel, mut evalexpr) = (cel::Context::default(), evalexpr::HashMapContext::new());
        for (name, value) in METRICS.iter().zip(row) {
            cel.add_variable(*name, *value).unwrap();
            evalexpr.set_value((*name).to_owned(), evalexpr::Value::Float(*value)).unwrap();
        }
        (cel, evalexpr)
    }

    fn cel(&self, context: &cel::Context<'_, '_>) -> f64 {
        match self.cel.execute(context) {
            Ok(cel::Value::Float(score)) => score,
            other => unreachable!("{other:?}"),
        }
    }

    fn evalexpr(&self, context: &evalexpr::HashMapContext) -> f64 {
        self.evalexpr.eval_float_with_context(context).unwrap()
    }
}

fn agree(policy: &Policy, prepared: &Prepared, peers: &Peers) {
    let score = hand_row(&ROW).expect("the row passes");
    assert_eq!(prepared.row(&ROW).score(), Some(score));
    assert_eq!(policy.select_json(JSON, &Options::default()).unwrap(), [("btc_mom_24h".to_owned(), Some(score))]);
    let (cel, evalexpr) = Peers::contexts(&ROW);
    assert_eq!((peers.cel(&cel), peers.evalexpr(&evalexpr)), (score, score));
    let columns = columns(20_000);
    let slices: [&[f64]; 6] = std::array::from_fn(|index| columns[index].as_slice());
    let (mut passed, mut scores) = (vec![0; 20_000], vec![0.0; 20_000]);
    let mut batch = Batch::default();
    prepared.evaluate(&slices.map(Column::from), BatchOptions::default(), &mut batch).unwrap();
    for way in [plain, whole] {
        way(&slices, &mut passed, &mut scores);
        assert_eq!(batch.passed_count(), passed.iter().map(|byte| usize::from(*byte)).sum::<usize>());
        assert_eq!(batch.selected().unwrap(), best(&scores));
        assert_eq!(batch.selected().unwrap(), best_eight(&scores).map(|(_, row)| row));
        for row in 0..passed.len() {
            let own: [f64; 6] = std::array::from_fn(|index| columns[index][row]);
            assert_eq!(hand_row(&own), Some(scores[row]).filter(|score| !score.is_nan()));
            assert_eq!(prepared.row(&own).score(), hand_row(&own));
            assert_eq!(prepared.row(&own).score(), hand_row_whole(&own));
        }
    }
    println!("all agree; {} of 20000 rows pass", batch.passed_count());
}

fn one_row(criterion: &mut Criterion, policy: &Policy, prepared: &Prepared, peers: &Peers) {
    let mut group = criterion.benchmark_group("row");
    group.bench_function("closure_plain", |bench| bench.iter(|| hand_row(black_box(&ROW))));
    group.bench_function("closure_whole", |bench| bench.iter(|| hand_row_whole(black_box(&ROW))));
    group.bench_function("prepared", |bench| bench.iter(|| prepared.row(black_box(&ROW))));
    let (cel, evalexpr) = Peers::contexts(&ROW);
    group.bench_function("cel", |bench| bench.iter(|| peers.cel(black_box(&cel))));
    group.bench_function("evalexpr", |bench| bench.iter(|| peers.evalexpr(black_box(&evalexpr))));
    group.finish();
    let mut group = criterion.benchmark_group("json");
    group.throughput(Throughput::Bytes(JSON.len() as u64));
    group.bench_function("serde_json_value", |bench| {
        bench.iter(|| serde_json::from_str::<serde_json::Value>(black_box(JSON)).unwrap());
    });
    let options = Options::default();
    group.bench_function("select_json", |bench| bench.iter(|| policy.select_json(black_box(JSON), &options).unwrap()));
    group.finish();
}

fn batches(criterion: &mut Criterion, prepared: &Prepared) {
    let all = columns(SIZES[SIZES.len() - 1]);
    for rows in SIZES {
        let slices: [&[f64]; 6] = std::array::from_fn(|index| &all[index][..rows]);
        let (mut passed, mut scores) = (vec![0; rows], vec![0.0; rows]);
        let mut batch = Batch::default();
        let mut group = criterion.benchmark_group("rows");
        group.sample_size(if rows > 1_000_000 { 30 } else { 60 }).throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new("read", rows), |bench| bench.iter(|| read(black_box(&slices))));
        group.bench_function(BenchmarkId::new("hand_plain", rows), |bench| {
            bench.iter(|| plain(black_box(&slices), &mut passed, &mut scores));
        });
        group.bench_function(BenchmarkId::new("hand_whole", rows), |bench| {
            bench.iter(|| {
                whole(black_box(&slices), &mut passed, &mut scores);
                best_eight(black_box(&scores))
            });
        });
        let columns = slices.map(Column::from);
        for threads in [1, 2] {
            let options = BatchOptions { threads, ..BatchOptions::default() };
            group.bench_function(BenchmarkId::new(format!("prepared_{threads}"), rows), |bench| {
                bench.iter(|| prepared.evaluate(black_box(&columns), options, &mut batch).unwrap());
            });
        }
        group.finish();
    }
}

/// The median of a finished bench, in nanoseconds.
fn median(path: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), std::path::PathBuf::from);
    let text = std::fs::read_to_string(target.join("criterion").join(path).join("new/estimates.json")).ok()?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?["median"]["point_estimate"].as_f64()
}

fn ratios() -> Option<String> {
    let mut out = "\nmedians and ratios of this run\n".to_owned();
    let row = median("row/prepared")?;
    for closure in ["plain", "whole"] {
        let time = median(&format!("row/closure_{closure}"))?;
        writeln!(out, "one row: {closure} closure {time:.2} ns, prepared {row:.2} ns: {:.2}x", row / time).ok()?;
    }
    for peer in ["cel", "evalexpr"] {
        let time = median(&format!("row/{peer}"))?;
        writeln!(out, "one row: {peer} {time:.0} ns: {:.0}x as long as prepared", time / row).ok()?;
    }
    let (tree, json) = (median("json/serde_json_value")?, median("json/select_json")?);
    writeln!(out, "JSON: serde_json Value {tree:.0} ns, select_json {json:.0} ns: {:.2}x", json / tree).ok()?;
    let largest = SIZES[SIZES.len() - 1];
    let reading = median(&format!("rows/read/{largest}"))? / largest as f64;
    writeln!(out, "reading at {largest} rows: {reading:.3} ns a row").ok()?;
    writeln!(
        out,
        "{:>10} {:>7} {:>7} {:>7} {:>7} {:>7}   of reading, of plain, of whole",
        "rows", "read", "plain", "whole", "1", "2"
    )
    .ok()?;
    for rows in SIZES {
        let each = |name: &str| Some(median(&format!("rows/{name}/{rows}"))? / rows as f64);
        let [read, plain, whole] = [each("read")?, each("hand_plain")?, each("hand_whole")?];
        let (one, two) = (each("prepared_1")?, each("prepared_2")?);
        let against = format!("{:.2}x, {:.2}x, {:.2}x", one / reading, one / plain, one / whole);
        writeln!(out, "{rows:>10} {read:>7.3} {plain:>7.3} {whole:>7.3} {one:>7.3} {two:>7.3}   {against}").ok()?;
    }
    Some(out)
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let policy = Policy::compile(POLICY).expect("the policy compiles");
    let prepared = policy.prepare(&METRICS, &PrepareOptions::default()).expect("the columns fit");
    let peers = Peers::new();
    agree(&policy, &prepared, &peers);
    one_row(&mut criterion, &policy, &prepared, &peers);
    batches(&mut criterion, &prepared);
    criterion.final_summary();
    match ratios() {
        Some(text) => println!("{text}"),
        None => println!("ratios are printed when all benches of this file have run"),
    }
}
