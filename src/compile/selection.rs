//! Selection steps: score, constraints, cut, hysteresis; and those of threshold documents.

use crate::diag::{Diagnostic, documents};
use crate::ir::{
    CorrelationLimit, Cut, ExposureLimits, MetricHysteresis, MissingMode, RiskExit, Setting, Step, Streaks, TopK,
};
use crate::source::Node;
use crate::syntax::document::{duration, number, text};

use super::context::{Context, Scope};
use super::expression::compile_number;
use super::thresholds::any_metric;

/// Compiles the steps of a native policy in the order in which they apply.
pub(super) fn native(context: &mut Context<'_>, root: &Node) -> Vec<Step> {
    refuse_threshold_steps(context, root);
    let Some(selection) = root.get("selection") else { return Vec::new() };
    let mut steps = Vec::new();
    if let Some(score) = selection.get("score") {
        steps.extend(compile_number(context, score, &Scope::default()).map(Step::Score));
    }
    if let Some(constraints) = selection.get("constraints") {
        steps.extend(constraints.get("correlation").and_then(correlation).map(Step::Correlation));
        steps.extend(constraints.get("exposure").map(|node| Step::Exposure(exposure(node))));
    }
    if let Some(topk) = selection.get("topk") {
        let by_side = pairs(topk.get("by_side"), setting);
        let keys = topk.as_mapping().map(|map| map.entries()).unwrap_or_default();
        // A key that is only misspelt has been reported.
        let misspelt = keys.iter().any(|entry| !matches!(entry.name(), Some("total" | "by_side")));
        if topk.get("total").is_none() && by_side.is_empty() && !misspelt {
            let message = "`topk` says no number";
            let span = topk.resolve().span;
            let help = "write `total`, `by_side`, or both";
            context.report(Diagnostic::new(&documents::MISSING_KEY, span, message).help(help));
        }
        steps.push(Step::Cut(Cut { total: topk.get("total").and_then(setting), by_side }));
    }
    if let Some(hysteresis) = selection.get("hysteresis") {
        steps.push(Step::Streaks(streaks(hysteresis)));
    }
    steps
}

/// Compiles the steps of a threshold document; what stands under `selection` wins.
pub(super) fn threshold(context: &mut Context<'_>, root: &Node) -> Vec<Step> {
    let find = |key: &str| root.get("selection").and_then(|selection| selection.get(key)).or_else(|| root.get(key));
    let mut steps = Vec::new();
    if let Some(node) = find("top_k")
        && let (Some(metric), Some(k)) = (metric(context, node), node.get("k").and_then(setting))
    {
        steps.push(Step::TopK(TopK { metric, k }));
    }
    steps.extend(find("correlation").and_then(|node| node.get("max")).and_then(setting).map(Step::PostCorrelation));
    if let Some(node) = find("hysteresis") {
        for key in ["metric", "enter", "exit"].into_iter().filter(|key| node.get(key).is_none()) {
            let message = format!("`hysteresis` of a threshold document needs `{key}`");
            let span = node.resolve().span;
            context.report(
                Diagnostic::new(&documents::MISSING_KEY, span, message).help("write `metric`, `enter` and `exit`"),
            );
        }
        let levels = (node.get("enter").and_then(setting), node.get("exit").and_then(setting));
        if let (Some(metric), (Some(enter), Some(exit))) = (metric(context, node), levels) {
            steps.push(Step::MetricHysteresis(MetricHysteresis { metric, enter, exit }));
        }
    }
    steps
}

fn metric(context: &mut Context<'_>, node: &Node) -> Option<crate::ir::Expr> {
    let node = node.get("metric")?;
    Some(any_metric(context, text(node)?, node.resolve().span))
}

/// The keys of `hysteresis` that belong to each dialect.
pub(super) const STREAK_KEYS: [&str; 4] = ["promote_after", "demote_after", "min_dwell", "risk_exit"];
const LEVEL_KEYS: [&str; 3] = ["metric", "enter", "exit"];

fn refuse_threshold_steps(context: &mut Context<'_>, root: &Node) {
    let places = [root.get("selection"), Some(root)];
    for mapping in places.into_iter().flatten().filter_map(Node::as_mapping) {
        for entry in mapping.entries() {
            let native = match entry.name() {
                Some("top_k") => "rank by `selection.score` and cut with `selection.topk: { total: … }`",
                Some("correlation") => "write `selection.constraints.correlation: { max_pairwise: … }`",
                Some("hysteresis") if LEVEL_KEYS.iter().any(|key| entry.value.get(key).is_some()) => {
                    "write a gate with `when` (to enter) and `keep` (to stay)"
                }
                _ => continue,
            };
            let name = entry.name().unwrap_or_default();
            let message = format!("`{name}` in this form belongs to threshold documents; this policy is native");
            context.report(Diagnostic::new(&documents::DIALECT_MIXTURE, entry.key.span, message).help(native));
        }
    }
    if let Some(node) = root.get("hysteresis").filter(|node| STREAK_KEYS.iter().any(|key| node.get(key).is_some())) {
        let message = "streak hysteresis stands under `selection`";
        let span = node.resolve().span;
        context
            .report(Diagnostic::new(&documents::UNKNOWN_KEY, span, message).help("move it to `selection.hysteresis`"));
    }
}

/// A number with its place.
pub(super) fn setting(node: &Node) -> Option<Setting<f64>> {
    number(node).map(|value| Setting::written(value, node.resolve().span))
}

/// A duration in seconds with its place.
pub(super) fn time_setting(node: &Node) -> Option<Setting<f64>> {
    duration(node).map(|value| Setting::written(value, node.resolve().span))
}

fn pairs<T>(node: Option<&Node>, read: impl Fn(&Node) -> Option<T>) -> Vec<(String, T)> {
    let entries = node.and_then(Node::as_mapping).map(|map| map.entries()).unwrap_or_default();
    entries.into_iter().filter_map(|entry| Some((entry.name()?.to_owned(), read(&entry.value)?))).collect()
}

fn correlation(node: &Node) -> Option<CorrelationLimit> {
    let on_missing = node.get("on_missing").and_then(text).and_then(MissingMode::from_name).unwrap_or_default();
    let on_missing_span = node.get("on_missing").map(|node| node.resolve().span);
    Some(CorrelationLimit { max_pairwise: node.get("max_pairwise").and_then(setting)?, on_missing, on_missing_span })
}

fn exposure(node: &Node) -> ExposureLimits {
    ExposureLimits {
        gross_budget: pairs(node.get("gross_budget"), number),
        per_sector: node.get("sector_cap").and_then(|cap| cap.get("per_sector")).and_then(number),
        max_leverage: node.get("max_leverage").and_then(number),
    }
}

fn streaks(node: &Node) -> Streaks {
    let count = |key: &str| node.get(key).and_then(setting).unwrap_or(Setting::unwritten(1.0));
    let slow = node.get("risk_exit").and_then(text) == Some("hysteresis");
    Streaks {
        promote_after: count("promote_after"),
        demote_after: count("demote_after"),
        min_dwell: node.get("min_dwell").and_then(time_setting).unwrap_or(Setting::unwritten(0.0)),
        risk_exit: if slow { RiskExit::Hysteresis } else { RiskExit::Immediate },
    }
}
