//! Run records as a list: what hosts without a record of their own hand in.

use std::collections::HashMap;

use crate::eval::{ReadError, Status, Value, read_json, read_json_items};

use super::fields::{Fields, ReadFieldError, form};
use super::record::{RunRecord, Spoken, Standing};
use super::samples::Samples;
use super::words::{OverrideStatus, Stage};

const RUN_KEYS: &[&str] = &["strategy_id", "run_id", "stage", "created_at", "updated_at", "summary", "metrics"];
const SUMMARY_KEYS: &[&str] = &["status", "active_set", "override_status"];

/// Why run records cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunsError {
    /// The text is no JSON.
    #[error(transparent)]
    Syntax(#[from] ReadError),
    /// A record is none.
    #[error(transparent)]
    Record(#[from] ReadFieldError),
}

/// Reads a list of run records: `{strategy_id, run_id, stage, created_at, updated_at, summary: {status,
/// active_set, override_status}, metrics}`. Summary and metrics may be absent; then nothing is known.
///
/// # Errors
/// At the first record that is not one, or that repeats another.
pub fn read_runs(value: &Value) -> Result<Vec<RunRecord>, ReadFieldError> {
    let Value::List(items) = value else { return Err(form("runs", "a list of run records", value.describe())) };
    let runs = items.iter().enumerate().map(|(index, item)| read_run(item, &format!("runs[{index}]")));
    all_different(runs.collect::<Result<_, _>>()?)
}

/// The same from a text, which may be long: 100,000 records are read in a fraction of a second.
///
/// # Errors
/// If the text is no JSON, or at the first record that is not one or repeats another.
pub fn read_runs_json(text: &str) -> Result<Vec<RunRecord>, RunsError> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('[') {
        return Ok(read_runs(&read_json(text)?)?);
    }
    let mut runs = Vec::new();
    read_json_items(text, |item| {
        runs.push(read_run(&item, &format!("runs[{}]", runs.len()))?);
        Ok::<(), RunsError>(())
    })?;
    Ok(all_different(runs)?)
}

fn all_different(runs: Vec<RunRecord>) -> Result<Vec<RunRecord>, ReadFieldError> {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::with_capacity(runs.len());
    for (index, run) in runs.iter().enumerate() {
        if let Some(first) = seen.insert((&run.strategy_id, &run.run_id), index) {
            return Err(ReadFieldError::Repeated {
                path: format!("runs[{index}]"),
                strategy: run.strategy_id.clone(),
                run: run.run_id.clone(),
                first: format!("runs[{first}]"),
            });
        }
    }
    Ok(runs)
}

fn read_run(value: &Value, path: &str) -> Result<RunRecord, ReadFieldError> {
    let fields = Fields::new(value, path, RUN_KEYS)?;
    let stages = "backtest, paper, shadow or live";
    let stage = fields.word("stage", stages, Stage::from_name)?.ok_or_else(|| fields.wrong("stage", stages))?;
    let (created_at, updated_at) = (fields.needed_time("created_at")?, fields.needed_time("updated_at")?);
    if updated_at < created_at {
        return Err(fields.wrong("updated_at", "at or after `created_at`"));
    }
    let place = fields.place("summary");
    let summary = fields.value("summary").map(|value| Fields::new(value, &place, SUMMARY_KEYS)).transpose()?;
    let (status, active_set, spoken) = summary.map(read_summary).transpose()?.unwrap_or_default();
    let metrics = fields.value("metrics");
    if metrics.is_some_and(|metrics| !matches!(metrics, Value::Map(_))) {
        return Err(fields.wrong("metrics", "a mapping of metrics"));
    }
    Ok(RunRecord {
        stopped: false,
        live: false,
        strategy_id: fields.id("strategy_id")?.to_owned(),
        run_id: fields.id("run_id")?.to_owned(),
        stage,
        created_at,
        updated_at,
        status,
        active_set,
        spoken,
        samples: metrics.map(Samples::of).unwrap_or_default(),
        standing: Standing::Full,
    })
}

type Summary = (Option<Status>, Option<Vec<String>>, Spoken);

fn read_summary(fields: Fields<'_>) -> Result<Summary, ReadFieldError> {
    let status = |name: &str| match name.trim().to_lowercase().as_str() {
        "pass" => Some(Status::Pass),
        "warn" => Some(Status::Warn),
        "fail" => Some(Status::Fail),
        _ => None,
    };
    let spoken = |name: &str| OverrideStatus::from_name(&name.trim().to_lowercase());
    let status = fields.word("status", "pass, warn or fail", status)?;
    let spoken = fields.word("override_status", "none, approved or rejected", spoken)?;
    let spoken = Spoken { status: spoken.unwrap_or_default(), source: None };
    Ok((status, fields.texts("active_set")?, spoken))
}
