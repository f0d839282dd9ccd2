//! A decision for people: what was selected, where the others were left, what to know.

use std::fmt::Write;

use super::table::table;
use super::terminal::Terminal;
use crate::eval::{Decision, Detail, Status, StrategyDecision};

/// Most causes shown of those that kept strategies out.
const MOST_CAUSES: usize = 8;

/// The decision as text.
pub(super) fn decision_table(decision: &Decision, detail: Detail, terminal: &Terminal) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", headline(decision));
    let _ = writeln!(out, "{}\n", funnel(decision));
    if detail != Detail::None {
        out.push_str(&strategies(decision, terminal));
    }
    if detail != Detail::All {
        out.push_str(&kept_out(decision));
    }
    for note in &decision.notes {
        let count = if note.count > 1 { format!(" ({} times)", note.count) } else { String::new() };
        let more = if note.count > note.examples.len() { ", …" } else { "" };
        let _ = writeln!(out, "note: {}{count}: {}{more}", note.message, note.examples.join(", "));
    }
    out
}

fn headline(decision: &Decision) -> String {
    let mut parts = vec![decision.world.clone().unwrap_or_default()];
    parts.extend(decision.policy_version.as_ref().map(|version| format!("version {version}")));
    parts.extend(decision.stage.as_ref().map(|stage| format!("stage {stage}")));
    parts.extend(decision.profile.as_ref().map(|profile| format!("profile {profile}")));
    parts.extend(decision.as_of.as_ref().map(|time| format!("as of {time}")));
    parts.join(", ")
}

fn funnel(decision: &Decision) -> String {
    let steps: Vec<_> = decision.funnel.iter().map(|step| format!("{} {}", step.step, step.count)).collect();
    steps.join(" → ")
}

fn strategies(decision: &Decision, terminal: &Terminal) -> String {
    let mut shown: Vec<_> = decision.strategies.iter().collect();
    if shown.is_empty() {
        return "nothing is selected\n\n".to_owned();
    }
    let place = |id: &str| decision.selected.iter().position(|known| known == id).unwrap_or(usize::MAX);
    shown.sort_by_key(|(id, strategy)| (place(id), strategy.rank.unwrap_or(usize::MAX)));
    let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
    let row = |(id, strategy): &&(String, StrategyDecision)| {
        vec![
            id.clone(),
            if strategy.selected { "selected" } else { "out" }.to_owned(),
            strategy.action.as_str().to_owned(),
            strategy.effective_mode.to_owned(),
            strategy.status.as_str().to_owned(),
            strategy.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            number(strategy.score),
            because(strategy),
        ]
    };
    let rows = shown.iter().map(row).collect();
    let header = ["strategy", "", "action", "mode", "status", "rank", "score", "because"];
    table(&header, rows, terminal.width) + "\n\n"
}

/// What kept it out, else what is wrong with it.
fn because(strategy: &StrategyDecision) -> String {
    if let Some(rejection) = &strategy.rejected_by {
        let what = rejection.rule.as_deref().map_or_else(|| rejection.code.replace('_', " "), short);
        let by = if rejection.by.is_empty() { String::new() } else { format!(" by {}", rejection.by.join(", ")) };
        return what + &by;
    }
    if let Some(reason) = strategy.downgrade_reason {
        return reason.to_owned();
    }
    let concern = strategy.rules.iter().find(|(_, result)| result.status != Status::Pass);
    concern.map(|(_, result)| result.reason.clone()).unwrap_or_default()
}

/// A rule's id without the part that every rule of its section shares.
fn short(id: &str) -> String {
    let id =
        id.strip_prefix("validation_profiles.").map_or(id, |rest| rest.split_once('.').map_or(rest, |(_, rest)| rest));
    ["validation.", "selection.", "thresholds."]
        .iter()
        .find_map(|prefix| id.strip_prefix(prefix))
        .unwrap_or(id)
        .to_owned()
}

/// How many strategies each cause kept out first.
fn kept_out(decision: &Decision) -> String {
    let causes = &decision.causes;
    if causes.is_empty() {
        return String::new();
    }
    let mut out = "kept out first by\n".to_owned();
    for (cause, count) in causes.iter().take(MOST_CAUSES) {
        let _ = writeln!(out, "  {count:>6}  {cause}");
    }
    if causes.len() > MOST_CAUSES {
        let rest: usize = causes.iter().skip(MOST_CAUSES).map(|(_, count)| count).sum();
        let _ = writeln!(out, "  {rest:>6}  other causes");
    }
    out.push('\n');
    out
}
