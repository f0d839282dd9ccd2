//! Runs for people.

use std::fmt::Write;

use serde_json::Value;

use super::record::recorded_page;
use super::runs::Submitted;
use super::table::table;
use super::terminal::Terminal;
use crate::lifecycle::RunState;
use crate::render::{RunView, RunsView, WholeRun};

pub(super) fn submitted_page(submitted: &Submitted) -> String {
    let mut out = standing(&submitted.run);
    if let Some(hint) = &submitted.requested_mode {
        let _ = writeln!(out, "{:<13}{hint}", "hoped for");
    }
    out + "\n" + &recorded_page(&submitted.recorded)
}

pub(super) fn list_table(found: &RunsView, terminal: &Terminal) -> String {
    let head = format!("{}\nhead {}\n", found.world_id, found.head);
    if found.runs.is_empty() {
        return head + "there are no runs";
    }
    let row = |run: &RunView| {
        vec![
            run.strategy_id.clone(),
            run.run_id.clone(),
            run.stage.as_str().to_owned(),
            verdict(run),
            run.updated_at.chars().take("2026-01-31".len()).collect(),
        ]
    };
    let header = ["strategy", "run", "stage", "standing", "updated"];
    head + "\n" + &table(&header, found.runs.iter().map(row).collect(), terminal.width)
}

/// How it was judged, where it is beyond that or not there yet, and what people said.
fn verdict(run: &RunView) -> String {
    let state = run.state.as_str().replace('_', " ");
    let judged = word(run.status.as_ref()).to_owned();
    let mut parts = vec![judged];
    parts.extend(Some(state).filter(|_| run.state != RunState::Evaluated));
    parts.extend(run.superseded_by.as_ref().map(|_| "superseded".to_owned()));
    parts.extend(Some(run.override_status.as_str().to_owned()).filter(|said| said != "none"));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

pub(super) fn run_page(whole: &WholeRun) -> String {
    let mut out = standing(&whole.run);
    if let Some(window) = &whole.data_window {
        let _ = writeln!(out, "{:<13}{} to {}", "judged on", window.start, window.end);
    }
    let _ = writeln!(out, "rules {}", whole.ruleset_hash);
    if let Some(spoken) = &whole.spoken {
        let text = |key: &str| word(spoken.get(key));
        let void = if spoken.get("void") == Some(&Value::Bool(true)) { " (void)" } else { "" };
        let (status, actor, reason) = (text("status"), text("actor"), text("reason"));
        let _ = writeln!(out, "{:<13}{status} by {actor}: {reason}{void}", "override");
    }
    let of_strategy =
        |decision: &Value| decision.get("strategies")?.get(&whole.run.strategy_id)?.get("checks").cloned();
    for check in whole.decision.as_ref().and_then(of_strategy).iter().flat_map(|checks| checks.as_array()).flatten() {
        let number = |key: &str| check.get(key).filter(|value| !value.is_null()).map(Value::to_string);
        let (value, threshold) = (number("value"), number("threshold"));
        let against = value.map(|value| format!(" {value}")).unwrap_or_default()
            + &threshold.map(|threshold| format!(" against {threshold}")).unwrap_or_default();
        let _ = writeln!(out, "  {:<5}{}{against}", word(check.get("status")), word(check.get("id")));
    }
    let _ = writeln!(out, "head {}", whole.head);
    out
}

fn standing(run: &RunView) -> String {
    let selected = match run.selected {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not judged yet",
    };
    let lines = [
        ("strategy", run.strategy_id.as_str()),
        ("run", &run.run_id),
        ("stage", run.stage.as_str()),
        ("state", run.state.as_str()),
        ("status", word(run.status.as_ref())),
        ("selected", selected),
        ("may run as", word(run.effective_mode.as_ref())),
        ("observed", &format!("{} to {}", run.created_at, run.updated_at)),
        ("replaced by", run.superseded_by.as_deref().unwrap_or("")),
    ];
    let told = lines.iter().filter(|(_, text)| !text.is_empty());
    told.map(|(name, text)| format!("{name:<13}{text}\n")).collect()
}

fn word(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
