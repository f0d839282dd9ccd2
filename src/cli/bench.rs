//! `bench`: how fast a policy judges, on rows made up for it or on those of a snapshot.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::args::{BenchArguments, BenchFormat};
use super::table::table;
use super::tables::{self, is_table};
use super::terminal::Terminal;
use super::{Failure, Outcome, inputs};
use crate::eval::{Batch, BatchOptions, Column, Detail, Metric, MetricColumn, Options, PrepareOptions, Snapshot};
use crate::ir::Expr;
use crate::policy::Policy;

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;
/// Samples of which the median counts.
const SAMPLES: usize = 15;
/// A sample takes at least this long.
const SAMPLE_TIME: Duration = Duration::from_millis(30);
/// Most rows that can be asked for.
const MOST_ROWS: usize = 100_000_000;

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    schema_version: u32,
    rows: usize,
    /// Columns that the policy reads.
    columns: usize,
    /// Rows that meet every blocking rule.
    passed: usize,
    /// Steps beyond rules, score and a total, which only whole decisions take.
    further_steps: Vec<&'static str>,
    measures: Vec<Measure>,
}

#[derive(Debug, Serialize)]
struct Measure {
    what: &'static str,
    threads: usize,
    ns_per_row: f64,
    rows_per_second: f64,
    /// Of the columns that are read, once each.
    gigabytes_per_second: f64,
}

pub(super) fn run(arguments: &BenchArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some(policy) = inputs::policy(&arguments.policy, terminal)? else { return Ok(Outcome::Findings) };
    let (columns, snapshot) = match (&arguments.snapshot, arguments.rows) {
        (Some(path), None) => {
            let snapshot = if is_table(path) { last_of_table(path)? } else { inputs::snapshot(path)? };
            (policy.metric_columns(&snapshot), Some(snapshot))
        }
        (None, Some(rows)) if (1..=MOST_ROWS).contains(&rows) => (made_up(&policy, rows), None),
        (None, Some(_)) => return Err(Failure::new(format!("--rows takes a number from 1 to {MOST_ROWS}"))),
        _ => return Err(Failure::new("say what to judge: --rows N or --snapshot FILE")),
    };
    let report = measured(&policy, arguments, &columns, snapshot.as_ref())?;
    let text = match arguments.format {
        BenchFormat::Table => shown(&report, terminal),
        BenchFormat::Json => {
            let text = crate::render::pretty(&report).map_err(|error| Failure::new(error.to_string()))?;
            text + "\n"
        }
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Outcome::Fine)
}

fn last_of_table(path: &std::path::Path) -> Result<Snapshot, Failure> {
    let mut last = None;
    tables::read_table(path, &mut |snapshot| {
        last = Some(snapshot);
        Ok(())
    })?;
    last.ok_or_else(|| Failure::new("the table has no rows"))
}

/// Values spread over the range of each metric, wide enough that rules tell rows apart; the same on
/// every machine.
fn made_up(policy: &Policy, rows: usize) -> Vec<(String, MetricColumn)> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut column = |metric: &Metric| {
        let (low, high) = spread(policy, metric);
        match MetricColumn::of(metric, (0..rows).map(|_| low + (high - low) * random()).collect()) {
            MetricColumn::Truths(_) => MetricColumn::Truths((0..rows).map(|_| Some(random() < 0.5)).collect()),
            numbers => numbers,
        }
    };
    let metrics = policy.metrics().iter().enumerate();
    let read = metrics.filter(|(index, _)| policy.program().is_first_of_name(*index));
    read.map(|(_, metric)| (metric.name.clone(), column(metric))).collect()
}

/// An interval of values that tells strategies apart: around the constants that rules compare a
/// metric with, within its range.
fn spread(policy: &Policy, metric: &Metric) -> (f64, f64) {
    let program = policy.program();
    let mut constants = Vec::new();
    for expression in program.expressions() {
        expression.walk(&mut |part| {
            for (left, _, right) in part.links() {
                let own = |side: &Expr| side.as_metric().and_then(|id| program.metric(id)) == Some(metric);
                constants.extend(right.as_number().filter(|_| own(left)));
                constants.extend(left.as_number().filter(|_| own(right)));
            }
        });
    }
    let (low, high) = constants.iter().fold((0.0_f64, 0.0_f64), |(low, high), constant| {
        let width = constant.abs().max(0.1);
        (low.min(constant - width), high.max(constant + 2.0 * width))
    });
    let high = if constants.is_empty() { 1.0 } else { high };
    (low.max(metric.range.low), high.min(metric.range.high))
}

fn measured(
    policy: &Policy,
    arguments: &BenchArguments,
    columns: &[(String, MetricColumn)],
    snapshot: Option<&Snapshot>,
) -> Result<Report, Failure> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    // Rows and whole decisions are judged by the same rules.
    let stage = arguments.stage.clone().or_else(|| snapshot.and_then(|snapshot| snapshot.stage.clone()));
    let profile = arguments.profile.clone().or_else(|| snapshot.and_then(|snapshot| snapshot.profile.clone()));
    let options = PrepareOptions { stage: stage.as_deref(), profile: profile.as_deref() };
    let prepared = policy.prepare(&names, &options).map_err(|error| Failure::new(error.to_string()))?;
    let rows = columns.first().map_or(0, |(_, column)| column.rows());
    if rows == 0 {
        return Err(Failure::new("there is nothing to judge: the snapshot is empty, or the policy reads no metric"));
    }
    let bits: Vec<_> = columns.iter().map(|(_, column)| column.bits()).collect();
    let given: Vec<Column<'_>> = columns.iter().zip(&bits).map(|((_, column), bits)| column.borrowed(bits)).collect();
    let bytes = given.iter().map(Column::bytes).sum::<usize>() as f64;
    let measure = |what, threads, rows: usize, seconds: f64, bytes: f64| Measure {
        what,
        threads,
        ns_per_row: seconds * 1e9 / rows as f64,
        rows_per_second: rows as f64 / seconds,
        gigabytes_per_second: bytes / seconds / 1e9,
    };
    let mut measures = Vec::new();
    let reading = time(|| given.iter().map(Column::read).fold(0, |left, right| left ^ right));
    measures.push(measure("only reading the columns", 1, rows, reading, bytes));
    let row: Vec<f64> = columns.iter().map(|(_, column)| column.number(0)).collect();
    let one = time(|| (0..ROWS_IN_A_ROW).map(|_| usize::from(prepared.row(black_box(&row)).passes())).sum::<usize>());
    measures.push(measure("one prepared row", 1, ROWS_IN_A_ROW, one, bytes / rows as f64 * ROWS_IN_A_ROW as f64));
    let mut batch = Batch::default();
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        let options = BatchOptions { threads, ..BatchOptions::default() };
        let seconds = time(|| prepared.evaluate(black_box(&given), options, &mut batch).is_ok());
        measures.push(measure("prepared columns", threads, rows, seconds, bytes));
    }
    if let Some(snapshot) = snapshot {
        let snapshot = &Snapshot { stage: stage.clone(), ..snapshot.clone() };
        let options =
            |detail| Options { world: arguments.world.clone(), profile: profile.clone(), detail, ..Options::default() };
        policy.evaluate(snapshot, &options(Detail::None)).map_err(inputs::failure)?;
        for (what, detail) in [("decision without details", Detail::None), ("decision with all details", Detail::All)] {
            let options = options(detail);
            let seconds = time(|| policy.evaluate(black_box(snapshot), &options).is_ok());
            measures.push(measure(what, 1, rows, seconds, bytes));
        }
    }
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        rows,
        columns: columns.len(),
        passed: batch.passed_count(),
        further_steps: prepared.further_steps().to_vec(),
        measures,
    })
}

/// Single rows judged between two looks at the clock.
const ROWS_IN_A_ROW: usize = 1_000;

/// Seconds that a piece of work takes: the median of samples that each are long enough to time.
fn time<R>(mut work: impl FnMut() -> R) -> f64 {
    let mut repeats = 1_u32;
    loop {
        let taken = sample(repeats, &mut work);
        if taken >= SAMPLE_TIME || repeats >= 1 << 20 {
            break;
        }
        repeats *= 2;
    }
    let mut samples: Vec<f64> =
        (0..SAMPLES).map(|_| sample(repeats, &mut work).as_secs_f64() / f64::from(repeats)).collect();
    samples.sort_by(f64::total_cmp);
    samples.get(SAMPLES / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this verb is for")]
fn sample<R>(repeats: u32, work: &mut impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    for _ in 0..repeats {
        black_box(work());
    }
    start.elapsed()
}

fn shown(report: &Report, terminal: &Terminal) -> String {
    let passed = report.passed as f64 / report.rows as f64 * 100.0;
    let mut out = format!(
        "{} rows, {} columns; {} rows ({passed:.1}%) meet every blocking rule\n",
        report.rows, report.columns, report.passed
    );
    if !report.further_steps.is_empty() {
        let steps = report.further_steps.join(", ");
        out.push_str(&format!("prepared rows and columns stop before: {steps}\n"));
    }
    let row = |measure: &Measure| {
        vec![
            measure.what.to_owned(),
            measure.threads.to_string(),
            format!("{:.2}", measure.ns_per_row),
            format!("{:.1}", measure.rows_per_second / 1e6),
            format!("{:.2}", measure.gigabytes_per_second),
        ]
    };
    let header = ["", "threads", "ns a row", "million rows/s", "GB/s"];
    out.push('\n');
    out + &table(&header, report.measures.iter().map(row).collect(), terminal.width) + "\n"
}
