//! Runs for people.

use std::fmt::Write;

use serde_json::Value;

use super::runs::{RunView, RunsView, Submitted, WholeRun};
use super::table::table;
use super::terminal::Terminal;

pub(super) fn submitted_page(submitted: &Submitted) -> String {
    let mut out = standing(&submitted.run);
    if let Some(hint) = &submitted.requested_mode {
        let _ = writeln!(out, "{:<13}{hint}", "hoped for");
    }
    out + "\n" + &submitted.recorded.page()
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
            run.state.to_string().replace('_', " "),
            word(run.status.as_ref()).to_owned(),
            run.override_status.as_str().replace("none", ""),
            run.updated_at.clone(),
        ]
    };
    let header = ["strategy", "run", "stage", "state", "status", "override", "updated"];
    head + "\n" + &table(&header, found.runs.iter().map(row).collect(), terminal.width)
}

pub(super) fn run_page(whole: &WholeRun) -> String {
    let mut out = standing(&whole.run);
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
