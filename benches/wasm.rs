//! The module under wasmtime against the library itself: the price of the sandbox.
//!
//! `cargo bench --bench wasm` builds the module, runs everything and prints the ratios at its end. Both
//! must first give the same. `metered` counts fuel, so that a host can stop what takes too long; `free`
//! does not.

#![allow(
    missing_docs,
    unsafe_code,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench stops at what is wrong"
)]

#[path = "../tests/guest.rs"]
mod guest;
#[path = "../examples/embed/rust/qmtl_policy.rs"]
mod qmtl_policy;

use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ::qmtl_policy::render::pretty;
use ::qmtl_policy::{Batch, BatchOptions, Column, Options, Policy, PrepareOptions, Snapshot};
use criterion::{Criterion, Throughput};
use qmtl_policy::{Guest, Limits, Module, Settings};

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
const ROWS: usize = 100_000;

/// A name, a policy, and a snapshot of it.
const SNAPSHOTS: [(&str, &str, &str); 2] = [
    ("crypto_mom", "examples/crypto_mom/policy.yaml", "examples/crypto_mom/monday.json"),
    ("sp500_rules", "examples/sp500_rules/policy.yaml", "examples/sp500_rules/snapshot.json"),
];

/// The folder of the project.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Columns of which about a fifth of the rows passes.
fn columns() -> Vec<Vec<f64>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut columns: Vec<Vec<f64>> = (0..6).map(|_| Vec::with_capacity(ROWS)).collect();
    for _ in 0..ROWS {
        let ranges = [(0.0, 400.0), (0.0, 200.0), (-0.5, 1.5), (0.0, 0.3), (0.3, 0.7), (0.0, 0.2)];
        for (column, (low, high)) in columns.iter_mut().zip(ranges) {
            column.push(low + (high - low) * random());
        }
    }
    columns
}

/// The module with and without fuel, from machine code that was made before.
fn modules(wasm: &[u8]) -> [(&'static str, Settings, Vec<u8>, Module); 2] {
    [("metered", true), ("free", false)].map(|(name, metered)| {
        let settings = Settings { metered, ..Settings::default() };
        let code = Module::precompile(&settings, wasm).expect("the module compiles");
        // SAFETY: the code was made just now.
        let module = unsafe { Module::from_precompiled(&settings, &code) }.expect("the code is taken");
        (name, settings, code, module)
    })
}

fn starts(criterion: &mut Criterion, name: &str, (settings, code): (&Settings, &[u8]), module: &Module) {
    let mut group = criterion.benchmark_group("start");
    group.bench_function(format!("load/{name}"), |bench| {
        // SAFETY: the code was made by this program.
        bench.iter(|| unsafe { Module::from_precompiled(settings, black_box(code)) }.unwrap());
    });
    let limits = Limits::default();
    group.bench_function(format!("instantiate/{name}"), |bench| bench.iter(|| module.guest(&limits).unwrap()));
    let mut guest = module.guest(&limits).unwrap();
    group.bench_function(format!("call/{name}"), |bench| bench.iter(|| guest.ping().unwrap()));
    group.finish();
}

fn rows_natively(criterion: &mut Criterion, columns: &[Vec<f64>]) -> Batch {
    let policy = Policy::compile(POLICY).expect("the policy compiles");
    let prepared = policy.prepare(&METRICS, &PrepareOptions::default()).expect("the columns fit");
    let given: Vec<Column<'_>> = columns.iter().map(Column::from).collect();
    let mut batch = Batch::default();
    let mut group = criterion.benchmark_group("rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("native", |bench| {
        bench.iter(|| prepared.evaluate(black_box(&given), BatchOptions::default(), &mut batch).unwrap());
    });
    group.finish();
    prepared.evaluate(&given, BatchOptions::default(), &mut batch).unwrap();
    batch
}

fn rows(criterion: &mut Criterion, name: &str, guest: &mut Guest, columns: &[Vec<f64>], wanted: &Batch) {
    let policy = guest.compile(POLICY).expect("the policy compiles");
    let names = serde_json::json!({ "columns": METRICS }).to_string();
    let (prepared, _) = guest.prepare(policy, names).expect("the columns fit");
    let frame = guest.frame(prepared, ROWS as u32).expect("room");
    for (index, values) in (0..).zip(columns) {
        guest.column(frame, index).unwrap().copy_from_slice(values);
    }
    guest.judge(frame, ROWS as u32).unwrap();
    let judged = guest.judged(frame, ROWS as u32).unwrap();
    assert_eq!((judged.passed.as_slice(), judged.selected.as_deref()), (wanted.passed_bits(), wanted.selected()));
    let mut group = criterion.benchmark_group("rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(name, |bench| bench.iter(|| guest.judge(frame, ROWS as u32).unwrap()));
    group.finish();
}

fn snapshots(criterion: &mut Criterion, guests: &mut [(&str, Guest)]) {
    for (name, policy, snapshot) in SNAPSHOTS {
        let (policy, snapshot) = (read(policy), read(snapshot));
        let native = Policy::compile(&policy).expect("the policy compiles");
        let decide = || {
            let snapshot = Snapshot::from_json(black_box(&snapshot)).unwrap();
            pretty(&native.evaluate(&snapshot, &Options::default()).unwrap()).unwrap()
        };
        let mut group = criterion.benchmark_group(format!("json/{name}"));
        group.throughput(Throughput::Bytes(snapshot.len() as u64));
        group.bench_function("native", |bench| bench.iter(decide));
        for (way, guest) in &mut *guests {
            let policy = guest.compile(&policy).expect("the policy compiles");
            assert_eq!(guest.evaluate(policy, &snapshot, "").unwrap(), decide());
            group.bench_function(*way, |bench| {
                bench.iter(|| guest.evaluate(policy, black_box(&snapshot), "").unwrap());
            });
        }
        group.finish();
    }
}

/// The median of a finished bench, in nanoseconds.
fn median(path: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let text = std::fs::read_to_string(target.join("criterion").join(path).join("new/estimates.json")).ok()?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?["median"]["point_estimate"].as_f64()
}

fn ratios() -> Option<String> {
    let mut out = "\nmedians and ratios of this run\n".to_owned();
    for way in ["metered", "free"] {
        let each = |name: &str| median(&format!("start/{name}_{way}"));
        let (load, instantiate, call) = (each("load")?, each("instantiate")?, each("call")?);
        let (load, instantiate) = (load / 1000.0, instantiate / 1000.0);
        writeln!(out, "{way}: load {load:.0} us, instantiate {instantiate:.1} us, call {call:.0} ns").ok()?;
    }
    let paths = ["rows", "json/crypto_mom", "json/sp500_rules"];
    for path in paths {
        let folder = path.replace('/', "_");
        let each = |name: &str| Some(median(&format!("{folder}/{name}"))? / 1000.0);
        let (native, metered, free) = (each("native")?, each("metered")?, each("free")?);
        write!(out, "{path}: native {native:.1} us, metered {metered:.1} us: {:.2}x, ", metered / native).ok()?;
        writeln!(out, "free {free:.1} us: {:.2}x", free / native).ok()?;
    }
    Some(out)
}

/// How large the module is, plain and as it travels.
fn size(path: &Path, wasm: &[u8]) -> String {
    let gzip = Command::new("gzip").arg("-9c").arg(path).stderr(Stdio::null()).output();
    let packed = gzip.ok().filter(|output| output.status.success());
    let packed = packed.map_or("gzip is not here".to_owned(), |output| format!("{} gzipped", output.stdout.len()));
    format!("module: {} bytes, {packed}", wasm.len())
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let Some(path) = guest::module() else { return };
    let wasm = std::fs::read(&path).expect("the module");
    let modules = modules(&wasm);
    let columns = columns();
    let wanted = rows_natively(&mut criterion, &columns);
    let mut guests = Vec::new();
    for (name, settings, code, module) in &modules {
        starts(&mut criterion, name, (settings, code), module);
        let mut guest = module.guest(&Limits::default()).expect("a guest");
        rows(&mut criterion, name, &mut guest, &columns, &wanted);
        guests.push((*name, guest));
    }
    snapshots(&mut criterion, &mut guests);
    criterion.final_summary();
    match ratios() {
        Some(text) => println!("{text}{}", size(&path, &wasm)),
        None => println!("ratios are printed when all benches of this file have run\n{}", size(&path, &wasm)),
    }
}
