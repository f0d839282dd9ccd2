//! The rules: failed ones in full, the others briefly.

use super::page::{Mark, Page};
use crate::eval::{Explanation, RuleFacts, Status};
use crate::ir::{Layer, RuleSeverity};
use crate::render::amounts::{compared, distance, reading};

pub(super) fn write(page: &mut Page, story: &Explanation) {
    let of = |status: Status| story.rules.iter().filter(move |rule| rule.status == status);
    let (failed, warned) = (of(Status::Fail).count(), of(Status::Warn).count());
    let total = story.rules.len();
    let warnings = if warned > 0 { format!(", {warned} warned") } else { String::new() };
    let failed = if failed == 0 { "none".to_owned() } else { failed.to_string() };
    page.heading(&format!("Rules: {failed} of {total} failed{warnings}"));
    for layer in Layer::ALL {
        for rule in of(Status::Fail).filter(|rule| rule.layer == layer && rule.severity == RuleSeverity::Blocking) {
            in_full(page, rule, Mark::Bad);
        }
    }
    for layer in Layer::ALL {
        let lesser = of(Status::Fail).filter(|rule| rule.severity != RuleSeverity::Blocking).chain(of(Status::Warn));
        for rule in lesser.filter(|rule| rule.layer == layer) {
            in_full(page, rule, Mark::Doubtful);
        }
    }
    for layer in Layer::ALL {
        let passed = || of(Status::Pass).filter(|rule| rule.layer == layer);
        if passed().next().is_some() {
            page.item(Mark::Good, &layer.as_str().replace('_', " "));
            page.columns(6, &passed().filter_map(briefly).collect::<Vec<_>>());
            for rule in passed().filter(|rule| briefly(rule).is_none()) {
                page.line(6, &in_words(rule));
            }
        }
    }
}

fn in_full(page: &mut Page, rule: &RuleFacts, mark: Mark) {
    let severity = rule.severity.as_str();
    let layer = rule.layer.as_str().replace('_', " ");
    page.item(mark, &format!("`{}` ({layer}, {severity}, owner {})", rule.id, rule.owner));
    page.line(6, &finding(rule));
    if rule.keep {
        page.line(6, "It was active, so `keep` was asked of it.");
    }
    if let Some(reason) = &rule.reason {
        page.line(6, &format!("The policy says: {reason}"));
    }
}

/// What was compared, what is asked, and by how much it is missed.
fn finding(rule: &RuleFacts) -> String {
    match (&rule.operand, rule.value, rule.threshold) {
        (Some(operand), Some(value), Some(threshold)) => {
            let (value, limit) = compared(value, threshold, rule.quantity);
            let margin = rule.margin.map(libm::fabs).filter(|margin| *margin > 0.0);
            let missed = margin.map(|margin| format!(", {} {}", distance(margin, rule.quantity), side(rule)));
            format!("`{operand}` is {value}; {} {limit}{}.", asked(rule), missed.unwrap_or_default())
        }
        (Some(operand), None, Some(threshold)) => {
            let (_, limit) = compared(threshold, threshold, rule.quantity);
            let consequence = if rule.status == Status::Warn { " The policy takes that as a warning." } else { "" };
            format!("`{operand}` is missing; {} {limit}.{consequence}", asked(rule))
        }
        _ if rule.readings.iter().any(|known| known.metric == rule.condition) => {
            format!("`{}` is {}.", rule.condition, rule.outcome)
        }
        _ => {
            let values: Vec<_> =
                rule.readings.iter().map(|known| format!("`{}` is {}", known.metric, reading(known))).collect();
            format!("{} is {}; {}.", rule.condition, rule.outcome, values.join(", "))
        }
    }
}

fn asked(rule: &RuleFacts) -> &'static str {
    match rule.operator {
        Some("<=") => "asked is at most",
        Some(">=") => "asked is at least",
        Some("<") => "asked is less than",
        Some(">") => "asked is more than",
        Some("!=") => "asked is anything but",
        _ => "asked is exactly",
    }
}

fn side(rule: &RuleFacts) -> &'static str {
    match rule.operator {
        Some("<=" | "<") => "too much",
        Some(">=" | ">") => "too little",
        _ => "off",
    }
}

/// What was compared, and the margin; none where the rule is no comparison with a constant.
fn briefly(rule: &RuleFacts) -> Option<Vec<String>> {
    let (value, limit) = compared(rule.value?, rule.threshold?, rule.quantity);
    let margin = rule.margin.map(|margin| match margin {
        0.0 => "nothing to spare".to_owned(),
        margin => format!("{} to spare", distance(margin, rule.quantity)),
    });
    let keep = if rule.keep { " (keep)" } else { "" };
    let asked = format!("{} {limit}{keep}", rule.operator?);
    Some(vec![rule.operand.clone()?, value, asked, margin.unwrap_or_default()])
}

/// The condition with the values of its metrics.
fn in_words(rule: &RuleFacts) -> String {
    if rule.readings.iter().any(|known| known.metric == rule.condition) {
        return format!("{} is {}", rule.condition, rule.outcome);
    }
    let values: Vec<_> = rule.readings.iter().map(|known| format!("{} {}", known.metric, reading(known))).collect();
    format!("{}: {} ({})", rule.condition, rule.outcome, values.join(", "))
}
