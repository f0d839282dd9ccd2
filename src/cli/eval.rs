//! `eval`: judges a snapshot by a policy.

use std::io::Write;
use std::path::Path;

use super::args::{Detail, EvalArguments, EvalFormat};
use super::check::refuse;
use super::decision_table::decision_table;
use super::files::{FileLoader, display_name, is_standard_input, read_data, read_policy, write_whole};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::eval::{
    Correlations, Decision, Notes, Options, Snapshot, Status, Value, parse_instant, read_json, read_previous, read_yaml,
};
use crate::policy::{CompileError, Policy};
use crate::render::Report;
use crate::source::Limits;

pub(super) fn run(arguments: &EvalArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let inputs = [
        Some(&arguments.policy),
        Some(&arguments.snapshot),
        arguments.previous.as_ref(),
        arguments.correlations.as_ref(),
    ];
    if inputs.into_iter().flatten().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::new("standard input can be read once: name a file for the others"));
    }
    let Some(policy) = policy(&arguments.policy, terminal)? else { return Ok(Outcome::Findings) };
    let snapshot = snapshot(arguments)?;
    let options = Options { world: arguments.world.clone(), profile: arguments.profile.clone() };
    let decision = policy.evaluate(&snapshot, &options).map_err(|error| {
        let hint = match error {
            crate::eval::EvaluateError::NoWorld => " with --world",
            _ => "",
        };
        Failure::new(format!("{error}{hint}"))
    })?;
    let outcome = required(&decision, &arguments.require)?;
    let format = arguments.format.unwrap_or(if terminal.interactive && arguments.out.is_none() {
        EvalFormat::Table
    } else {
        EvalFormat::Json
    });
    let text = match format {
        EvalFormat::Table => decision_table(&decision, arguments.detail.unwrap_or(Detail::Selected), terminal),
        EvalFormat::Json => json(&decision, arguments.detail, true)?,
        EvalFormat::Ndjson => json(&decision, arguments.detail, false)?,
    };
    match &arguments.out {
        Some(path) => write_whole(path, &text)?,
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(outcome)
}

/// Compiles a policy; its errors go to standard error.
fn policy(path: &Path, terminal: &Terminal) -> Result<Option<Policy>, Failure> {
    let text = read_policy(path)?;
    match Policy::compile_with(&display_name(path), &text, &FileLoader, &Limits::default()) {
        Ok(policy) => Ok(Some(policy)),
        Err(CompileError(checked)) => {
            refuse(&Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document: None }, terminal)?;
            Ok(None)
        }
    }
}

/// The snapshot with what the arguments put in its place.
fn snapshot(arguments: &EvalArguments) -> Result<Snapshot, Failure> {
    let name = display_name(&arguments.snapshot);
    let failed = |name: &str, error: &dyn std::fmt::Display| Failure::new(format!("{name}: {error}"));
    let tree = tree(&arguments.snapshot)?;
    let mut snapshot = Snapshot::from_value(&tree).map_err(|error| failed(&name, &error))?;
    if let Some(stage) = &arguments.stage {
        snapshot.stage = Some(stage.clone());
    }
    if let Some(time) = &arguments.as_of {
        let instant = parse_instant(time);
        let instant = instant
            .ok_or_else(|| Failure::new(format!("--as-of `{time}` is not a time such as 2026-01-31T21:00:00Z")))?;
        snapshot.as_of = Some(instant);
    }
    if let Some(path) = &arguments.previous {
        let previous = read_previous(&self::tree(path)?).map_err(|error| failed(&display_name(path), &error))?;
        snapshot.previous = Some(previous);
    }
    if let Some(path) = &arguments.correlations {
        snapshot.correlations = Some(correlations(path, &mut snapshot.notes)?);
    }
    Ok(snapshot)
}

/// Reads JSON or YAML: by the file's ending, else JSON where the text begins like JSON.
fn tree(path: &Path) -> Result<Value, Failure> {
    let name = display_name(path);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if ["csv", "jsonl", "parquet", "arrow"].contains(&ending.as_str()) {
        return Err(Failure::new(format!("{name}: tables are not read yet; give a snapshot as JSON or YAML")));
    }
    let text = read_data(path)?;
    let json = match ending.as_str() {
        "json" => true,
        "yaml" | "yml" => false,
        _ => text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']),
    };
    let read = if json { read_json(&text) } else { read_yaml(&text) };
    read.map_err(|error| Failure::new(format!("{name}:{}:{}: {}", error.line, error.column, error.message)))
}

/// Reads pairs from CSV with the columns `a,b,rho`.
fn correlations(path: &Path, notes: &mut Notes) -> Result<Correlations, Failure> {
    let name = display_name(path);
    let text = read_data(path)?;
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let header: Vec<_> = lines.next().map_or("", |(_, line)| line).split(',').map(str::trim).collect();
    if header != ["a", "b", "rho"] {
        return Err(Failure::new(format!("{name}:1: the first line must be `a,b,rho`")));
    }
    let mut found = Correlations::default();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let place = |problem: &dyn std::fmt::Display| Failure::new(format!("{name}:{}: {problem}", index + 1));
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        let [first, second, rho] = fields.as_slice() else {
            return Err(place(&format!("three fields are needed, not {}", fields.len())));
        };
        let rho: f64 = rho.parse().map_err(|_| place(&format!("`{rho}` is not a number")))?;
        found.add(first, second, rho, notes).map_err(|error| place(&error))?;
    }
    Ok(found)
}

/// Whether all required strategies are selected, or lack nothing but data.
fn required(decision: &Decision, ids: &[String]) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Fine;
    for id in ids {
        if decision.selected.contains(id) {
            continue;
        }
        let strategy = decision.strategies.iter().find(|(known, _)| known == id).map(|(_, strategy)| strategy);
        let Some(strategy) = strategy else {
            outcome = if outcome == Outcome::Findings { outcome } else { Outcome::Inconclusive };
            continue;
        };
        let failed: Vec<_> = strategy.checks.iter().filter(|check| check.status == Status::Fail).collect();
        let only_missing = !failed.is_empty() && failed.iter().all(|check| check.outcome == "missing");
        let code = strategy.rejected_by.as_ref().map_or("", |rejection| rejection.code.as_str());
        let missing_step = matches!(
            code,
            "score_missing" | "correlation_missing" | "side_missing" | "sector_missing" | "weight_missing"
        );
        let inconclusive = only_missing || (failed.is_empty() && missing_step);
        outcome = if inconclusive && outcome != Outcome::Findings { Outcome::Inconclusive } else { Outcome::Findings };
    }
    Ok(outcome)
}

fn json(decision: &Decision, detail: Option<Detail>, pretty: bool) -> Result<String, Failure> {
    let mut decision = decision.clone();
    match detail.unwrap_or(Detail::All) {
        Detail::None => decision.strategies.clear(),
        Detail::Selected => decision.strategies.retain(|(_, strategy)| strategy.selected),
        Detail::All => {}
    }
    let text = if pretty { serde_json::to_string_pretty(&decision) } else { serde_json::to_string(&decision) };
    text.map(|text| text + "\n").map_err(|error| Failure::new(error.to_string()))
}
